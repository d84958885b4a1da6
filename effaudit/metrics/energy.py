"""What 1,000 inferences take in energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from effaudit.core.notes import coded
from effaudit.core.observed import Ready, Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning, Measurement
from effaudit.figures.codecarbon_windows import watch
from effaudit.figures.power import Figure, marginal, with_idle

_TITLES = {
    "per_1000": "Energy that 1,000 inferences add to the idle machine",
    "with_idle": "Energy of 1,000 inferences, the machine's idle power included",
    "codecarbon": "Energy of 1,000 inferences, as CodeCarbon models it",
}


@dataclass(frozen=True)
class Energy(Metric):
    """Joules per 1,000 inferences, asked in requests of the workload's first batch size.

    Measured where the machine counts joules (RAPL, NVML): windows in which one candidate works, beside windows in which all rest.
    Elsewhere modelled, for every candidate alike, from the processor seconds of the timed blocks times the stated watts of a
    busy virtual core; with one thread that ranks as latency does. How a machine's power grows with its load is not known then:
    a rule on a modelled figure passes only if it passes under each of three power curves.

    `energy.per_1000` is what the work adds to the idle machine, for choosing. `energy.with_idle` is what the whole machine takes
    meanwhile, for accounting; modelled, it needs `assumptions: {idle_watts: …}`.
    `energy.codecarbon` is CodeCarbon's own figure, in the candidate's process, for the baseline and the finalists.
    """

    probes: ClassVar[Literal["never", "always", "finalists"]] = "finalists"

    def meaning(self, metric: str) -> Meaning | None:
        """Joules."""
        found = _TITLES.get(metric.removeprefix("energy."))
        return Meaning("J", "lower", "modelled", True, (), found) if found else None

    def examples(self) -> Sequence[str]:
        """All."""
        return tuple(f"energy.{name}" for name in _TITLES)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the windows or the timed blocks, and from CodeCarbon's probe where there was one."""
        return {
            "energy.per_1000": marginal(seen, Figure("energy.per_1000", "J")),
            "energy.with_idle": with_idle(seen, Figure("energy.with_idle", "J")),
            "energy.codecarbon": _codecarbons(seen),
        }

    def probe(self, ready: Ready) -> Mapping[str, Any] | None:
        """Lets CodeCarbon watch the process for some seconds of work."""
        return watch(ready)


def _codecarbons(seen: Seen) -> Result:
    probes = seen.probes.get("energy", ())
    if not probes:
        return Result(
            Failure(
                "not_chosen", "codecarbon", "CodeCarbon watches the baseline and the finalists only (`measure: {codecarbon: all}`)"
            )
        )
    failed = next((probe["failed"] for probe in probes if "failed" in probe), None)
    if failed is not None:
        return Result(Failure("not_read", "codecarbon", str(failed)))
    windows = [1000 * joules for probe in probes for joules in probe["joules_per_row"]]
    value = sorted(windows)[len(windows) // 2]
    notes = coded("method", *map(str, probes[0]["notes"]))
    return Result(Measurement(value, min(windows), max(windows), "J", "lower", "modelled", len(windows), notes=notes))
