"""Memory that grows with every request, from what a candidate held after each timed block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.observed import Block, Seen
from effaudit.core.units import show

PARTS = 4
FEWEST_BLOCKS = 12
LEAST_BYTES, LEAST_SHARE = 2 * 10**6, 0.01
"""Growth after the first quarter of a start that is no more than this, or this share of what is held, may be an allocator's."""
STILL = 0.3
"""Who still grows: in the last quarter by at least this share of what a quarter brought on average. Caches that fill do not."""


def growth(seen: Seen) -> tuple[Note, ...]:
    """Says how much it grows a request, where it grew through every start until timing ended."""
    starts = sorted({block.incarnation for block in seen.blocks})
    found = [_of_start([block for block in seen.blocks if block.incarnation == start]) for start in starts]
    enough = [one for one in found if one is not None]
    if not enough or not all(grown for grown, _ in enough):
        return ()
    each = float(np.median([grown / calls for grown, calls in enough]))
    calls = int(np.median([calls for _, calls in enough]))
    words = f"its memory grows with what it is asked, by {show(each, 'B')} a request over {calls:,} requests after each start"
    return (Note("memory_grows", f"{words}: this is its peak so far"),)


def highest(seen: Seen, start: int) -> int:
    """The most that was held in the timed blocks of a start."""
    return max((max(block.peak, block.resident) for block in seen.blocks if block.incarnation == start), default=0)


def _of_start(blocks: Sequence[Block]) -> tuple[float, int] | None:
    """Bytes grown, or 0 where it does not grow on and on, and for how many requests; None where there are too few blocks."""
    ordered = [block for block in sorted(blocks, key=lambda block: block.key) if block.resident]
    if len(ordered) < FEWEST_BLOCKS:
        return None
    parts = [list(part) for part in np.array_split(np.arange(len(ordered)), PARTS)]
    held = [float(np.median([ordered[at].resident for at in part])) for part in parts]
    steps = np.diff(held)
    grown = held[-1] - held[0]
    late = held[-1] - held[1]
    on_and_on = bool((steps > 0).all()) and steps[-1] >= STILL * grown / (PARTS - 1)
    calls = sum(block.calls + block.untimed for block in ordered[len(parts[0]) // 2 + 1 : len(ordered) - len(parts[-1]) // 2])
    return (grown if on_and_on and late > max(LEAST_BYTES, LEAST_SHARE * held[0]) else 0.0, calls)
