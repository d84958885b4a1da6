"""When a panel has been timed enough: the ratios to the baseline are narrow, or the time is up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from effaudit.core.observed import Block
from effaudit.core.store import Array

LEAST_BLOCKS = 20
"""All incarnations together play so many rounds whatever the budget: percentiles need 20 blocks."""
FULL_ROUNDS = 20
"""Before this many rounds nothing counts as narrow."""
_DRAWN = 1.645


@dataclass(frozen=True)
class Enough:
    """The rule of one incarnation: stop when every ratio's half-width within it is under `precision`, or at `until_s`."""

    precision: float
    until_s: float
    restarts: int = 3

    def __call__(self, rounds: int, now_s: float, blocks: Mapping[str, Sequence[Block]], baseline: str | None) -> bool:
        """Has this incarnation been played enough?"""
        if rounds * self.restarts < LEAST_BLOCKS:
            return False
        if now_s >= self.until_s:
            return True
        return rounds >= FULL_ROUNDS and all(width <= self.precision for width in widths(blocks, baseline).values())


def widths(blocks: Mapping[str, Sequence[Block]], baseline: str | None) -> dict[tuple[str, int], float]:
    """The half-width of each candidate's median log-ratio to the baseline, by name and batch size, within one incarnation."""
    if baseline is None or baseline not in blocks:
        return {}
    reference = _medians(blocks[baseline])
    found = {}
    for name, own in blocks.items():
        if name == baseline:
            continue
        mine = _medians(own)
        for batch in sorted({place[1] for place in mine}):
            ratios = np.array([math.log(mine[p] / reference[p]) for p in mine if p[1] == batch and p in reference])
            found[name, batch] = _half_width(ratios)
    return found


def _medians(blocks: Sequence[Block]) -> dict[tuple[int, int], float]:
    return {(block.key, block.batch): float(np.median(block.nanos)) for block in blocks}


def _half_width(ratios: Array) -> float:
    """Of a median, from the middle half of the values: 1.2533 σ/√n with σ from the interquartile range."""
    if len(ratios) < 4:
        return math.inf
    low, high = np.percentile(ratios, [25, 75])
    return float(_DRAWN * 1.2533 * (high - low) / 1.349 / math.sqrt(len(ratios)))
