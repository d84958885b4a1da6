"""What 1,000 inferences take in energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from effaudit.core.observed import Ready, Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning, Measurement
from effaudit.core.settings import Assumptions
from effaudit.metrics import _blocks, _codecarbon

_TITLES = {
    "per_1000": "Energy of 1,000 inferences, from processor time",
    "codecarbon": "Energy of 1,000 inferences, as CodeCarbon models it",
}


@dataclass(frozen=True)
class Energy(Metric):
    """Joules per 1,000 inferences, asked in requests of the workload's first batch size.

    `energy.per_1000` is modelled from the processor seconds of the timed blocks times the stated watts of a busy virtual core:
    the same for every candidate, marginal (idle power is not in it). With one thread it ranks as latency does.
    `energy.codecarbon` is CodeCarbon's own figure, in the candidate's process, for the baseline and the finalists.
    """

    probes: ClassVar[Literal["never", "always", "finalists"]] = "finalists"

    def meaning(self, metric: str) -> Meaning | None:
        """Joules."""
        found = _TITLES.get(metric.removeprefix("energy."))
        return Meaning("J", "lower", "modelled", True, (), found) if found else None

    def examples(self) -> Sequence[str]:
        """Both."""
        return tuple(f"energy.{name}" for name in _TITLES)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the timed blocks, and from CodeCarbon's probe where there was one."""
        return {"energy.per_1000": _modelled(seen), "energy.codecarbon": _codecarbons(seen)}

    def probe(self, ready: Ready) -> Mapping[str, Any] | None:
        """Lets CodeCarbon watch the process for some seconds of work."""
        return _codecarbon.watch(ready)


def missing_watts(assumptions: Assumptions) -> Failure | None:
    """Energy is not guessed: without stated watts there is none."""
    if assumptions.watts_per_vcpu is not None:
        return None
    return Failure(
        "assume", "nothing says what a busy core draws; write `assumptions: {watts_per_vcpu: 4.0}` with your machine's figure"
    )


def _modelled(seen: Seen) -> Result:
    blocks = _blocks.of_batch(seen, seen.workload.batch_sizes[0])
    missing = missing_watts(seen.assumptions)
    if missing or isinstance(blocks, Failure):
        return Result(missing or blocks)  # type: ignore[arg-type]
    watts = seen.assumptions.watts_per_vcpu or 0.0
    kind = _blocks.Kind("J", "lower", "modelled", (f"processor seconds × {watts:g} W",), seen.spreads.get("energy.per_1000"))
    return _blocks.per_block(blocks, lambda block: 1000 * watts * _blocks.cpu_seconds_per_row(block), kind)


def _codecarbons(seen: Seen) -> Result:
    probes = seen.probes.get("energy", ())
    if not probes:
        return Result(
            Failure("not_chosen", "CodeCarbon watches the baseline and the finalists only (`measure: {codecarbon: all}`)")
        )
    failed = next((probe["failed"] for probe in probes if "failed" in probe), None)
    if failed is not None:
        return Result(Failure("codecarbon", str(failed)))
    windows = [1000 * joules for probe in probes for joules in probe["joules_per_row"]]
    value = sorted(windows)[len(windows) // 2]
    notes = tuple(str(note) for note in probes[0]["notes"])
    return Result(Measurement(value, min(windows), max(windows), "J", "lower", "modelled", len(windows), notes=notes))
