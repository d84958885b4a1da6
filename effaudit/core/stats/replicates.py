"""Estimates from replicates: a figure computed again in every resample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from effaudit.core.stats.estimate import Student
from effaudit.core.stats.student import binomial_at_most, binomial_upper

Floats = NDArray[np.float64]


def of_replicates(value: float, replicates: Floats, groups: int) -> Student:
    """Student's t around the value, with the spread of its replicates (n,).

    `groups`: how many independent groups (or rows) the resamples drew from.
    """
    drawn = np.asarray(replicates, dtype=np.float64)
    if drawn.ndim != 1 or drawn.size < 2 or groups < 2:
        raise ValueError(f"replicates of shape {drawn.shape} from {groups} groups say nothing of a spread")
    if not np.isfinite(drawn).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(drawn))} of {drawn.size} replicates are not finite")
    se = float(np.std(drawn, ddof=1)) * math.sqrt(groups / (groups - 1))
    dof = 1.0 / (1.0 / (groups - 1) + 1.0 / (drawn.size - 1))
    return Student(value, se, dof)


def difference(value_a: float, replicates_a: Floats, value_b: float, replicates_b: Floats, groups: int) -> Student:
    """The difference a − b of two figures whose replicates were made with the same resamples."""
    return of_replicates(value_a - value_b, np.asarray(replicates_a) - np.asarray(replicates_b), groups)


def few_discordant(differing: int, rows: int, scale: float, value: float = 0.0) -> FewDiscordant:
    """A cautious estimate of a difference between two candidates whose labels differ on `differing` of `rows` rows.

    `scale`: by how much the metric can change at most, per unit share of rows that differ. `value`: the difference seen.
    """
    return FewDiscordant(differing, rows, scale, value)


@dataclass(frozen=True)
class FewDiscordant:
    """A difference bounded by the share of rows that can differ at all: ± scale × Clopper and Pearson's upper bound of it.

    It assumes nothing of the differing rows, and so holds with none at all, where a spread of replicates would be zero.
    """

    differing: int
    rows: int
    scale: float
    value: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.differing <= self.rows or self.rows < 1:
            raise ValueError(f"{self.differing} of {self.rows} rows differ")
        if not 0.0 < self.scale < math.inf or not math.isfinite(self.value):
            raise ValueError(f"a difference of {self.value} that changes by {self.scale} per share of rows")

    def interval(self, level: float) -> tuple[float, float]:
        """Its lower and upper bound, each holding with probability `level`."""
        reach = self.scale * binomial_upper(self.differing, self.rows, level)
        return -reach, reach

    def tail_above(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or more."""
        if math.isnan(limit):
            raise ValueError("a limit of NaN")
        return 0.0 if limit > self.scale else binomial_at_most(self.differing, self.rows, limit / self.scale)

    def tail_below(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or less."""
        return self.tail_above(-limit)
