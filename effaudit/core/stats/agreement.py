"""Tango's score interval for the difference of two proportions that were counted on the same rows, and its exact tails.

Tango (1998), "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
Statistics in Medicine 17:891-908. It holds its level where b and c are few or zero, as Wald's interval and the percentile
bootstrap do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from effaudit.core.stats.student import normal_quantile, normal_tail


@dataclass(frozen=True)
class Tango:
    """The difference (b − c) / n of two proportions seen on the same `n` independent rows.

    b: rows that count for the first only; c: rows that count for the second only. With b the rows that only the baseline
    gets right, and c those that only the candidate gets right, it is the accuracy that the candidate loses.
    """

    b: int
    c: int
    n: int

    def __post_init__(self) -> None:
        if min(self.b, self.c) < 0 or self.n < 1 or self.b + self.c > self.n:
            raise ValueError(f"{self.b} and {self.c} discordant rows of {self.n}")

    @property
    def value(self) -> float:
        """The difference of the two proportions."""
        return (self.b - self.c) / self.n

    def interval(self, level: float) -> tuple[float, float]:
        """Its lower and upper bound, each at the one-sided `level`: where the score is plus and minus the normal quantile."""
        z = normal_quantile(level)
        return self._where(z), self._where(-z)

    def tail_above(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or more."""
        return normal_tail(-self._score(limit))

    def tail_below(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or less."""
        return normal_tail(self._score(limit))

    def _score(self, difference: float) -> float:
        """Tango's statistic: how many standard errors the data lie above a true difference. It falls as that rises."""
        if math.isnan(difference):
            raise ValueError("a limit of NaN")
        if difference < 0.0:
            return -_score(self.c, self.b, self.n, -difference)
        return _score(self.b, self.c, self.n, difference)

    def _where(self, score: float) -> float:
        """The true difference at which the statistic has this value.

        By the Illinois method (Dowell and Jarratt 1971), halving the interval where an end has no finite statistic.
        """
        (low, above), (high, below) = ((end, self._score(end) - score) for end in (-1.0, 1.0))
        if above <= 0.0 or below > 0.0:  # every row is discordant, and to one side
            return low if above <= 0.0 else high
        side, last = 0, math.nan
        for _ in range(200):
            finite = math.isfinite(above) and math.isfinite(below)
            middle = high - below * (high - low) / (below - above) if finite and below < above else (low + high) / 2
            if not low < middle < high or abs(middle - last) <= 1e-16:
                break
            found, last = self._score(middle) - score, middle
            if found > 0.0:
                low, above, below, side = middle, found, (below / 2 if side > 0 else below), 1
            else:
                high, below, above, side = middle, found, (above / 2 if side < 0 else above), -1
        return last


def _score(b: int, c: int, n: int, difference: float) -> float:
    """The statistic for a true difference >= 0, with the second proportion at its likeliest value under that difference."""
    excess = b - c - n * difference
    if difference > 1.0:
        return -math.inf
    linear = (2 * n - b + c) * difference - b - c
    constant = c * difference * (1.0 - difference)
    root = math.sqrt(linear * linear + 8 * n * constant)
    likeliest = 2 * constant / (linear + root) if linear > 0.0 else (root - linear) / (4 * n)
    variance = n * (2 * likeliest + difference * (1.0 - difference))
    if variance > 0.0:
        return excess / math.sqrt(variance)
    return math.copysign(math.inf, excess) if excess else 0.0
