"""A figure with its uncertainty, in the one form that decisions use: a value, an interval at any level, and two tails.

Interval and tails always agree: for every estimate and level, `limit > interval(level)[1]` exactly when
`tail_above(limit) < 1 − level`, and `limit < interval(level)[0]` exactly when `tail_below(limit) < 1 − level`.
So "the whole interval is below the limit" and "p < 1 − level" are the same decision. An exact figure that stands on its limit
is neither above nor below it; who reads "at most" as "<=" compares counted figures themselves.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Protocol

from effaudit.core.reading import DRAWN_LEVEL, Measurement
from effaudit.core.stats.student import t_quantile, t_tail

DRAWN_ONE_SIDED = (1.0 + DRAWN_LEVEL) / 2.0
"""The one-sided level of the interval that a Measurement carries."""

_PHYSICAL = frozenset({"s", "B", "J", "gCO2e", "rows/s"})
_CURRENCY = re.compile(r"[A-Z]{3}")


class Estimate(Protocol):
    """What the judge needs to know of a figure. `level` is one-sided."""

    @property
    def value(self) -> float:
        """The figure itself."""

    def interval(self, level: float) -> tuple[float, float]:
        """Its lower and upper bound, each holding with probability `level`."""

    def tail_above(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or more. Small: the truth is below the limit."""

    def tail_below(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or less. Small: the truth is above the limit."""


@dataclass(frozen=True)
class TooFew:
    """No estimate, because there are too few of something; a value, not an error."""

    needed: int
    got: int
    what: str = "samples"
    """What there are too few of, in the plural."""

    def __str__(self) -> str:
        what = self.what.removesuffix("s") if self.got == 1 else self.what
        return f"{self.got:,} {what}, where at least {self.needed:,} are needed"


@dataclass(frozen=True)
class Exact:
    """A counted figure: no width, and tails of 0 or 1."""

    value: float

    def __post_init__(self) -> None:
        _checked(self.value, log=False)

    def interval(self, level: float) -> tuple[float, float]:
        """The value, twice."""
        return self.value, self.value

    def tail_above(self, limit: float) -> float:
        """1 where the value is `limit` or more, else 0."""
        return _tail(_distance(self.value, limit, log=False), 0.0, None)

    def tail_below(self, limit: float) -> float:
        """1 where the value is `limit` or less, else 0."""
        return _tail(-_distance(self.value, limit, log=False), 0.0, None)


@dataclass(frozen=True)
class Skewed:
    """Student's t around a value, with a standard error of its own on each side, on the linear or the log scale.

    `low` and `high` are the bounds at the one-sided `level`; at other levels each side is stretched by the ratio of
    quantiles. `dof`: None for the normal distribution. `log`: all three figures are positive, and their logarithms are meant.
    """

    value: float
    low: float
    high: float
    level: float = DRAWN_ONE_SIDED
    dof: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        _checked(self.value, self.log)
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.value} is not inside its interval [{self.low}, {self.high}]")
        if self.log and self.low <= 0.0:
            raise ValueError(f"[{self.low}, {self.high}] has no logarithm")
        if not self.level > 0.5:
            raise ValueError(f"an interval at the one-sided level {self.level} has no width to stretch")

    def interval(self, level: float) -> tuple[float, float]:
        """Its lower and upper bound, each holding with probability `level`."""
        reach = t_quantile(level, self.dof)
        below, above = self._errors
        return _moved(self.value, -_times(reach, below), self.log), _moved(self.value, _times(reach, above), self.log)

    def tail_above(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or more."""
        return _tail(_distance(self.value, limit, self.log), self._errors[1], self.dof)

    def tail_below(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or less."""
        return _tail(-_distance(self.value, limit, self.log), self._errors[0], self.dof)

    @property
    def _errors(self) -> tuple[float, float]:
        reach = t_quantile(self.level, self.dof)
        return -_distance(self.value, self.low, self.log) / reach, _distance(self.value, self.high, self.log) / reach


@dataclass(frozen=True)
class Student:
    """Student's t around a value. `se` is the standard error of the value, or of its natural logarithm where `log`.

    `floor` is the part of `se` that more rows or rounds of the same kind would not take away (power.py uses it).
    """

    value: float
    se: float
    dof: float | None = None
    log: bool = False
    floor: float = 0.0

    def __post_init__(self) -> None:
        _checked(self.value, self.log)
        if not 0.0 <= self.floor <= self.se:
            raise ValueError(f"a standard error of {self.se} with a floor of {self.floor}")

    def interval(self, level: float) -> tuple[float, float]:
        """Its lower and upper bound, each holding with probability `level`."""
        reach = _times(t_quantile(level, self.dof), self.se)
        return _moved(self.value, -reach, self.log), _moved(self.value, reach, self.log)

    def tail_above(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or more."""
        return _tail(_distance(self.value, limit, self.log), self.se, self.dof)

    def tail_below(self, limit: float) -> float:
        """The p-value of the hypothesis that the truth is `limit` or less."""
        return _tail(-_distance(self.value, limit, self.log), self.se, self.dof)


def of_measurement(measurement: Measurement) -> Estimate:
    """The estimate that a drawn interval stands for: exact where it was counted or has no width.

    Positive physical figures (time, bytes, energy, carbon, rates, money) are stretched on the log scale, scores and shares on
    the linear one; so is a physical figure whose interval reaches zero, which has no logarithm.
    Raises ValueError where the value is not inside its interval.
    """
    m = measurement
    if m.method == "counted" or m.low == m.high == m.value:
        return Exact(m.value)
    return Skewed(m.value, m.low, m.high, DRAWN_ONE_SIDED, m.dof, log=_positive(m.unit) and m.low > 0.0)


def _positive(unit: str) -> bool:
    return unit in _PHYSICAL or _CURRENCY.fullmatch(unit) is not None


def _tail(distance: float, se: float, dof: float | None) -> float:
    """P(T > distance / se); without any error, 0 beyond the value and 1 up to it."""
    if se == 0.0 or math.isinf(distance):
        return 0.0 if distance > 0.0 else 1.0
    return t_tail(distance / se, dof)


def _distance(value: float, limit: float, log: bool) -> float:
    """How far the limit lies above the value, on the estimate's scale. On the log scale zero and less are infinitely far."""
    if math.isnan(limit):
        raise ValueError("a limit of NaN")
    if not log:
        return limit - value
    if limit == value:
        return 0.0
    return math.log(limit) - math.log(value) if limit > 0.0 else -math.inf


def _moved(value: float, by: float, log: bool) -> float:
    if not log:
        return value + by
    return value * math.exp(by) if by < 709.0 else math.inf


def _times(reach: float, error: float) -> float:
    return 0.0 if reach == 0.0 or error == 0.0 else reach * error


def _checked(value: float, log: bool) -> None:
    if not math.isfinite(value):
        raise ValueError(f"an estimate of {value}")
    if log and value <= 0.0:
        raise ValueError(f"{value} has no logarithm")
