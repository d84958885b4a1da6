"""When a panel has been timed enough: the ratios to the baseline are narrow, and so are the tails, or the time is up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from effaudit.core.notes import Note, coded
from effaudit.core.observed import Block
from effaudit.core.stats import percentiles
from effaudit.core.stats.estimate import TooFew
from effaudit.core.store import Array
from effaudit.core.units import show

LEAST_BLOCKS = 20
"""All incarnations together play so many rounds whatever the budget: percentiles need 20 blocks."""
FULL_ROUNDS = 20
"""Before this many rounds nothing counts as narrow."""
TAIL = 0.95
TAIL_FACTOR = 5.0
"""A p95 is wanted to five times the precision of the median: ±10 % beside ±2 %."""
_LOOK_AFTER = 0.1
"""After so many more rounds, as a share, the widths are looked at again: each look costs as much as some blocks do."""
_DRAWN = 1.645


OVER = 1.1
"""Rounds that took this many times the budget are told."""


def over_budget(budget_s: float, rounds_s: float, starts_s: float) -> tuple[Note, ...]:
    """Says so when the rounds that are played in any case took longer than the budget."""
    if rounds_s <= OVER * budget_s:
        return ()
    return coded(
        "over_budget",
        f"The budget of {show(budget_s, 's')} was too short: percentiles need {LEAST_BLOCKS} rounds, which took "
        f"{show(rounds_s, 's')}; starting the candidates took {show(starts_s, 's')} on top.",
    )


@dataclass(frozen=True)
class Enough:
    """The rule of one incarnation: stop when all its ratios' half-widths are under `precision` and its tails are known, or at
    `until_s`. With a precision of 0 it is the time alone.
    """

    precision: float
    until_s: float
    restarts: int

    def __call__(self, rounds: int, now_s: float, blocks: Mapping[str, Sequence[Block]], baseline: str | None) -> bool:
        """Has this incarnation been played enough?"""
        if rounds * self.restarts < LEAST_BLOCKS:
            return False
        if now_s >= self.until_s:
            return True
        if self.precision <= 0.0 or rounds < FULL_ROUNDS or rounds % max(1, int(rounds * _LOOK_AFTER)):
            return False
        return self._narrow(widths(blocks, baseline), self.precision) and self._narrow(
            tails(blocks, self.restarts), TAIL_FACTOR * self.precision
        )

    def _narrow(self, found: Mapping[tuple[str, int], float], limit: float) -> bool:
        return all(width <= limit for width in found.values())


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


def tails(blocks: Mapping[str, Sequence[Block]], restarts: int) -> dict[tuple[str, int], float]:
    """The relative half-width that each p95 will have when all incarnations are like this one; infinite where calls are too few."""
    found = {}
    for name, all_own in blocks.items():
        for batch in sorted({block.batch for block in all_own if not block.callers}):
            own = [block.nanos for block in all_own if block.batch == batch and not block.callers]
            located = percentiles.percentile(own * restarts, TAIL)
            few = isinstance(located, TooFew)
            found[name, batch] = math.inf if few else math.log(located.high / located.low) / 2  # type: ignore[union-attr]
    return found


def _medians(blocks: Sequence[Block]) -> dict[tuple[int, int], float]:
    return {(block.key, block.batch): float(np.median(block.nanos)) for block in blocks if not block.callers}


def _half_width(ratios: Array) -> float:
    """Of a median, from the middle half of the values: 1.2533 σ/√n with σ from the interquartile range."""
    if len(ratios) < 4:
        return math.inf
    low, high = np.percentile(ratios, [25, 75])
    return float(_DRAWN * 1.2533 * (high - low) / 1.349 / math.sqrt(len(ratios)))
