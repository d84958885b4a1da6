"""Five planned looks at what is decided so far: when they are, and who still needs to be measured after each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.notes import Note, coded
from effaudit.measure.panels import TWIN
from effaudit.measure.timings import Timings

PLANNED = 5


@dataclass(frozen=True)
class Looks:
    """Stop when everything is decided. `still_open` names the candidates that more timing could still decide something of.

    Each look takes its part of the budget. Whoever looks several times must share the chance of a mistake between the looks.
    """

    still_open: Callable[[Timings], Collection[str]]
    count: int = PLANNED


def ended_after(looks: int) -> tuple[Note, ...]:
    """What the record says of it. 0: nobody looked."""
    if not looks:
        return ()
    why = "when every verdict was settled" if looks < PLANNED else "with the budget"
    words = f"Timing ended after look {looks} of {PLANNED} planned, {why}; a rule on timings may err a fifth as often each time."
    return coded("looks", words)


def plan_of(restarts: int, looks: Looks | None) -> list[range]:
    """The incarnations that are played before each look: all of `restarts` before the first one, another before each later."""
    if looks is None:
        return [range(restarts)]
    return [range(restarts), *(range(restarts + more, restarts + more + 1) for more in range(looks.count - 1))]


def rested(panels: Mapping[int, Sequence[str]], still_open: Collection[str], baseline: str | None) -> dict[int, tuple[str, ...]]:
    """The panels that have something to decide, by their place: the baseline and its twin, and who is open.

    An open baseline is measured in every panel, and in the first one if nobody else is open.
    """
    leaders = (baseline, TWIN) if baseline is not None else ()
    kept = {
        place: tuple(name for name in panel if name in leaders or name in still_open)
        for place, panel in panels.items()
        if any(name in still_open and name not in leaders for name in panel)
    }
    if not kept and baseline in still_open:
        place, panel = next(iter(panels.items()))
        kept[place] = tuple(name for name in panel if name in leaders)
    return kept
