"""Joules of a candidate's work: counted by the machine's sensors where it has some, else modelled from processor seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from effaudit.core import curves
from effaudit.core.notes import Note, coded
from effaudit.core.observed import Block, Seen, Window
from effaudit.core.plugin import Result
from effaudit.core.reading import Failure, Measurement
from effaudit.core.settings import Assumptions
from effaudit.core.stats import ratios
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, TooFew
from effaudit.core.store import Array
from effaudit.figures import blocks as figures_blocks


@dataclass(frozen=True)
class Figure:
    """What joules are made into: an id, its unit, how much of it one joule per row is, and notes."""

    metric: str
    unit: str
    per_joule: float = 1000.0
    notes: tuple[Note, ...] = ()


def marginal(seen: Seen, figure: Figure) -> Result:
    """What the work adds to the idle machine: for choosing between candidates."""
    if seen.windows:
        return _lost_to_memory(seen) or _counted(
            seen, figure, lambda window: window.joules - window.idle_watts * window.seconds, "idle power taken off"
        )
    blocks = _blocks_of(seen)
    if isinstance(blocks, Failure):
        return Result(blocks)
    watts, processors = seen.assumptions.watts_per_vcpu or 0.0, seen.processors
    result = _modelled(seen, figure, blocks, lambda block: watts * figures_blocks.cpu_seconds_per_row(block), ())
    load = _load(blocks, processors)

    def under(curve: str) -> Array:
        unit = figure.per_joule * watts * curves.above_idle(curve, load) / load
        return figures_blocks.evidence(blocks, lambda block: unit * figures_blocks.cpu_seconds_per_row(block))

    others = {curve: under(curve) for curve in curves.OTHERS}
    return replace(result, others=others) if result.evidence is not None else result


def with_idle(seen: Seen, figure: Figure) -> Result:
    """What the whole machine takes while it works on nothing else: for saying what the work is answerable for."""
    if seen.windows:
        return _lost_to_memory(seen) or _counted(seen, figure, lambda window: window.joules, "idle power included")
    blocks = _blocks_of(seen)
    if isinstance(blocks, Failure):
        return Result(blocks)
    idle = seen.assumptions.idle_watts
    if idle is None:
        reason = "nothing says what the idle machine draws; write `assumptions: {idle_watts: 20.0}` with your machine's figure"
        return Result(Failure("not_stated", "assume", reason))
    watts = seen.assumptions.watts_per_vcpu or 0.0
    note = coded("method", f"{idle:g} W of the idle machine, for as long as the work takes")
    return _modelled(
        seen,
        figure,
        blocks,
        lambda block: watts * figures_blocks.cpu_seconds_per_row(block) + idle * figures_blocks.seconds_per_row(block),
        note,
    )


def _lost_to_memory(seen: Seen) -> Result | None:
    """Windows ask the same rows again and again: what a memory saves there is not saved on new ones."""
    note = seen.remembered.get(seen.workload.batch_sizes[0])
    return Result(Failure("remembers_rows", "energy", f"{note}; windows of energy ask known ones")) if note else None


def missing_watts(assumptions: Assumptions) -> Failure | None:
    """Energy is not guessed: without sensors or stated watts there is none."""
    if assumptions.watts_per_vcpu is not None:
        return None
    return Failure(
        "not_stated",
        "assume",
        "nothing says what a busy core draws; write `assumptions: {watts_per_vcpu: 4.0}` with your machine's figure",
    )


def _blocks_of(seen: Seen) -> tuple[Block, ...] | Failure:
    return missing_watts(seen.assumptions) or figures_blocks.of_batch(seen, seen.workload.batch_sizes[0])


def _modelled(
    seen: Seen, figure: Figure, blocks: Sequence[Block], joules: Callable[[Block], float], notes: tuple[Note, ...]
) -> Result:
    watts = seen.assumptions.watts_per_vcpu or 0.0
    said = (Note("method", f"processor seconds × {watts:g} W"), *notes, *figure.notes)
    kind = figures_blocks.Kind(figure.unit, "lower", "modelled", said, seen.spreads.get(figure.metric))
    return figures_blocks.per_block(blocks, lambda block: figure.per_joule * joules(block), kind)


def _load(blocks: Sequence[Block], processors: int) -> float:
    """The share of all processors that a candidate keeps busy: that of its least disturbed blocks.

    Others can only take the processor away from it, so that a block or an incarnation of its own would show their load, too.
    """
    walls = [(figures_blocks.cpu_seconds_per_row(block), figures_blocks.seconds_per_row(block)) for block in blocks]
    found = [cpu / wall for cpu, wall in walls if wall > 0]
    return max(float(np.quantile(found, figures_blocks.UNDISTURBED)) if found else 0.0, 1e-9) / processors


def _counted(seen: Seen, figure: Figure, joules: Callable[[Window], float], note: str) -> Result:
    """The middle of the incarnations' medians over windows, as of any figure that is read once in a while."""
    windows = seen.windows
    lost = sum(joules(window) <= 0.0 or window.rows <= 0 for window in windows)
    if lost:
        reason = f"in {lost} of {len(windows)} windows it took no more than the idle machine does: too little to be told from noise"
        return Result(Failure("too_small", "noise", reason))
    rows = [(w.incarnation, w.key, np.log(figure.per_joule * joules(w) / w.rows)) for w in windows]
    evidence = np.asarray(rows, dtype=np.float64)
    found = ratios.location(evidence, seen.spreads.get(figure.metric))
    if isinstance(found, TooFew):
        return Result(Failure("too_few_samples", "energy", str(found)))
    low, high = found.interval(DRAWN_ONE_SIDED)
    notes = (Note("method", f"counted by {windows[0].sensors}; {note}"), *figure.notes)
    reading = Measurement(found.value, low, high, figure.unit, "lower", "measured", len(windows), found.dof, notes=notes)
    return Result(reading, evidence)
