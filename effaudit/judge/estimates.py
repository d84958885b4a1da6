"""Estimates that are made from others: moved and scaled, a share of counted rows, and the change that a ratio makes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, Estimate, Student
from effaudit.core.stats.student import normal_tail, t_quantile, wilson


@dataclass(frozen=True)
class Moved:
    """`scale` × another estimate + `shift`. A negative scale swaps its sides."""

    of: Estimate
    scale: float = 1.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.scale) or self.scale == 0.0 or not math.isfinite(self.shift):
            raise ValueError(f"an estimate cannot be moved by {self.scale} and {self.shift}")

    @property
    def value(self) -> float:
        """The moved figure."""
        return self._there(self.of.value)

    def interval(self, level: float) -> tuple[float, float]:
        """Its lower and upper bound, each holding with probability `level`."""
        low, high = (self._there(bound) for bound in self.of.interval(level))
        return (low, high) if self.scale > 0 else (high, low)

    def tail_above(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or more."""
        back = (limit - self.shift) / self.scale
        return self.of.tail_above(back) if self.scale > 0 else self.of.tail_below(back)

    def tail_below(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or less."""
        back = (limit - self.shift) / self.scale
        return self.of.tail_below(back) if self.scale > 0 else self.of.tail_above(back)

    def _there(self, figure: float) -> float:
        return self.scale * figure + self.shift


@dataclass(frozen=True)
class Share:
    """A share of independent rows, seen `k` times in `n`: Wilson's (1927) score interval and its own tails."""

    k: int
    n: int

    @property
    def value(self) -> float:
        """The share."""
        return self.k / self.n

    def interval(self, level: float) -> tuple[float, float]:
        """Its lower and upper bound, each holding with probability `level`."""
        return wilson(self.k, self.n, level)

    def tail_above(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or more."""
        return _score_tail(self.k, self.n, limit)

    def tail_below(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or less."""
        return _score_tail(self.n - self.k, self.n, 1.0 - limit)


@dataclass(frozen=True)
class Agreed:
    """One figure under several assumptions of which nobody knows the right one: decided is only what all of them decide.

    The first is the one that is shown.
    """

    each: tuple[Estimate, ...]

    @property
    def value(self) -> float:
        """Under the first assumption."""
        return self.each[0].value

    def interval(self, level: float) -> tuple[float, float]:
        """From the lowest of all lower bounds to the highest of all upper bounds."""
        bounds = [one.interval(level) for one in self.each]
        return min(low for low, _ in bounds), max(high for _, high in bounds)

    def tail_above(self, limit: float) -> float:
        """The greatest p-value of the hypothesis that the truth is `limit` or more."""
        return max(one.tail_above(limit) for one in self.each)

    def tail_below(self, limit: float) -> float:
        """The greatest p-value of the hypothesis that the truth is `limit` or less."""
        return max(one.tail_below(limit) for one in self.each)


@dataclass(frozen=True)
class Within:
    """An estimate of a figure that cannot be below `least` or above `most`: neither can its interval."""

    of: Estimate
    least: float
    most: float

    @property
    def value(self) -> float:
        """The figure."""
        return self.of.value

    def interval(self, level: float) -> tuple[float, float]:
        """Its lower and upper bound, each holding with probability `level`."""
        low, high = self.of.interval(level)
        return min(self.value, max(low, self.least)), max(self.value, min(high, self.most))

    def tail_above(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or more."""
        return self.of.tail_above(limit)

    def tail_below(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or less."""
        return self.of.tail_below(limit)


def agreed(each: Sequence[Estimate]) -> Estimate:
    """What several assumptions agree on; one alone stands for itself."""
    return each[0] if len(each) == 1 else Agreed(tuple(each))


def change(ratio: Student, reference: Estimate) -> Student:
    """The difference that a ratio makes to a reference figure, reference × (ratio − 1), with the uncertainty of both.

    By the delta method, each standard error taken from the longer side of its interval; degrees of freedom by Satterthwaite.
    """
    of_ratio = abs(reference.value) * _error(ratio, ratio.dof)
    dof = getattr(reference, "dof", None)
    of_reference = abs(ratio.value - 1.0) * _error(reference, dof)
    se = math.hypot(of_ratio, of_reference)
    rest = sum(error**4 / own for error, own in ((of_ratio, ratio.dof), (of_reference, dof)) if own is not None)
    floor = of_ratio * ratio.floor / ratio.se if ratio.se else 0.0
    return Student(reference.value * (ratio.value - 1.0), se, se**4 / rest if rest > 0.0 else None, floor=min(floor, se))


def _error(estimate: Estimate, dof: float | None) -> float:
    low, high = estimate.interval(DRAWN_ONE_SIDED)
    return max(high - estimate.value, estimate.value - low) / t_quantile(DRAWN_ONE_SIDED, dof)


def _score_tail(k: int, n: int, limit: float) -> float:
    if limit <= 0.0 or limit >= 1.0:
        return 0.0 if limit > 1.0 or (limit == 1.0 and k < n) else 1.0
    return normal_tail((limit - k / n) * math.sqrt(n) / math.sqrt(limit * (1.0 - limit)))
