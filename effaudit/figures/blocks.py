"""Figures of single blocks, and what follows from many of them: the ground of latency, throughput, energy, carbon and cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.observed import Block, Seen
from effaudit.core.plugin import Result
from effaudit.core.reading import Better, Failure, Measurement, Method, Spread
from effaudit.core.stats import percentiles
from effaudit.core.stats.estimate import TooFew
from effaudit.core.store import Array
from effaudit.core.text import counted


def of_batch(seen: Seen, batch: int) -> tuple[Block, ...] | Failure:
    """The blocks of one batch size, or why there are none."""
    blocks = tuple(block for block in seen.blocks if block.batch == batch and not block.callers)
    return blocks or _none(seen, batch)


def of_callers(seen: Seen, callers: int) -> tuple[Block, ...] | Failure:
    """The blocks in which so many callers asked at once, or why there are none."""
    blocks = tuple(block for block in seen.blocks if block.callers == callers)
    return blocks or _none(seen, seen.workload.batch_sizes[0])


def _none(seen: Seen, batch: int) -> Failure:
    if seen.fallen is None and batch in seen.remembered:
        return Failure("remembers_rows", "time", f"{seen.remembered[batch]}, of which there were too few here")
    return seen.fallen or Failure("not_timed", "time", "it was not timed")


def batches(seen: Seen) -> tuple[int, ...]:
    """The batch sizes that readings are wanted for: all of the workload; in a sweep those that this candidate was swept through."""
    timed = {block.batch for block in seen.blocks}
    every = seen.workload.batch_sizes
    return tuple(batch for batch in every if batch in timed) or every[:1] if seen.workload.sweep else every


def evidence(blocks: Sequence[Block], figure: Callable[[Block], float]) -> Array:
    """Rows of (incarnation, round key, natural log of the block's figure)."""
    rows = [(block.incarnation, block.key, np.log(max(figure(block), 1e-300))) for block in blocks]
    return np.asarray(rows, dtype=np.float64)


@dataclass(frozen=True)
class Kind:
    """What the figures of blocks are, beside their numbers. `spread`: how much incarnations differ, by all candidates."""

    unit: str
    better: Better
    method: Method
    notes: tuple[Note, ...] = ()
    spread: Spread | None = None


def per_block(blocks: Sequence[Block], figure: Callable[[Block], float], kind: Kind) -> Result:
    """The median over blocks of a figure that each block gives, with the interval of a median over blocks."""
    figures = [np.array([figure(block)]) for block in blocks]
    found = percentiles.percentile(figures, 0.5, [block.incarnation for block in blocks], kind.spread)
    if isinstance(found, TooFew):
        return Result(Failure("too_few_samples", "time", str(found)))
    calls = sum(block.calls for block in blocks)
    reading = Measurement(
        found.value, found.low, found.high, kind.unit, kind.better, kind.method, calls, found.dof, notes=kind.notes
    )
    return Result(reading, evidence(blocks, figure))


def seconds_per_row(block: Block) -> float:
    """Wall seconds that one row took."""
    return float(block.nanos.mean()) / 1e9 / block.batch


def cpu_seconds_per_row(block: Block) -> float:
    """Processor seconds, of all threads, that one row took."""
    return block.cpu_nanos / 1e9 / (block.calls * block.batch)


UNDISTURBED = 0.9
"""The quantile of blocks, by the processors that they had, that stands for a machine left alone."""
LEAST_WALL_NANOS = 500_000
"""In shorter blocks what the clocks themselves take would count."""
BUSY_SHARE = 1.25
"""Who keeps more than so many processors busy for each thread that it was given uses more than it was given."""


def more_processors(seen: Seen, blocks: Sequence[Block]) -> tuple[Note, ...]:
    """Says so where single requests kept more processors busy than the candidate's `threads`."""
    walls = [(block.cpu_nanos, float(block.nanos.sum()) * block.grouped) for block in blocks]
    found = float(np.quantile([cpu / wall for cpu, wall in walls if wall > LEAST_WALL_NANOS] or [0.0], UNDISTURBED))
    threads = seen.candidate.threads
    if found <= BUSY_SHARE * threads:
        return ()
    words = f"a request keeps {found:.1f} processors busy, and its `threads` are {threads}: a service gives it no more"
    return (Note("more_processors", words),)


def batch_unscored(seen: Seen, batch: int) -> tuple[Note, ...]:
    """Says so where requests of this size get other answers than those whose quality was read."""
    first = seen.workload.batch_sizes[0]
    if batch == first or "answers_depend_on_batch" not in {note.code for note in seen.notes}:
        return ()
    words = f"quality was read at {counted(first, 'row')} a request, not at {batch:,}"
    return (Note("batch_unscored", f"its answers depend on which rows are asked together: {words}"),)


def rows_repeat(seen: Seen, batch: int) -> tuple[Note, ...]:
    """Says so when the same rows come round so often that caches make them look fast, or are seen to do so."""
    if batch in seen.remembered:
        return (seen.remembered[batch],)
    rows = len(seen.store.distinct())
    if rows >= 1000 and batch * 4 <= rows:
        return ()
    kind = "certify rows" if rows == seen.workload.splits["certify"] else "distinct certify rows"
    return (Note("rows_repeat", f"the {rows:,} {kind} come round again and again: caches may make it look fast"),)
