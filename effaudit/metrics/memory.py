"""How much memory a candidate's process holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.notes import Note, coded
from effaudit.core.observed import Seen, Start
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Meaning
from effaudit.core.units import show
from effaudit.figures.growth import growth, highest
from effaudit.figures.restarts import once_each

_PHASES = {
    "load": "Most memory held while loading",
    "steady": "Memory held after answering 1,000 rows",
    "peak": "Most memory held while answering",
}


@dataclass(frozen=True)
class Memory(Metric):
    """Resident bytes of all its processes: `memory.load`, `memory.steady` and `memory.peak`, the highest of the incarnations.

    On Linux the kernel's own high-water mark, reset before each phase; of processes that the candidate starts, what they hold at
    the phase's end, shared memory counted once. The peak also is the most that was held after any timed block; where that still
    grows when timing ends, a note says so, and rules on it are inconclusive. A note tells the share of the interpreter and the
    imported libraries, which a model in the same process would not pay for twice.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """Bytes."""
        found = _PHASES.get(metric.removeprefix("memory."))
        return Meaning("B", "lower", "measured", True, ("max",), found) if found else None

    def examples(self) -> Sequence[str]:
        """All of them."""
        return tuple(f"memory.{phase}" for phase in _PHASES)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the incarnations."""
        libraries = max((start.memory.get("libraries", 0) for start in seen.starts), default=0)
        notes = coded("libraries", f"of which {show(libraries, 'B')} interpreter and libraries" if libraries else "")
        grows = growth(seen)
        told = {"load": notes, "steady": (*notes, *grows), "peak": (*notes, *grows)}
        return {f"memory.{phase}.max": _held(seen, phase, told[phase]) for phase in _PHASES}


def _held(seen: Seen, phase: str, notes: tuple[Note, ...]) -> Result:
    def figure(start: Start) -> float:
        timed = highest(seen, start.incarnation) if phase == "peak" else 0
        return float(max(start.memory[phase], timed))

    return once_each(seen, f"memory.{phase}.max", figure, "B", highest=True, notes=notes)
