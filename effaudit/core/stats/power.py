"""How much more measuring would decide, and how many rows a margin needs before anything is measured."""

from __future__ import annotations

import math

from effaudit.core.stats.estimate import Estimate, Student
from effaudit.core.stats.student import normal_quantile, normal_tail


def rows_to_decide(estimate: Estimate, limit: float, level: float, rows: float) -> float:
    """How many rows (or rounds) in all would make the interval at `level` clear the limit, if the value stayed as it is.

    `rows` is how many the estimate is made of; the standard error is taken to fall with their square root, down to the floor
    that a Student may name. Infinite where the value stands on the limit or within that floor of it.
    """
    low, high = estimate.interval(level)
    log = bool(getattr(estimate, "log", False)) and limit > 0.0 and low > 0.0
    bound = high if limit > estimate.value else low
    gap, reach = (_between(estimate.value, other, log) for other in (limit, bound))
    if gap == 0.0 or math.isinf(reach):
        return math.inf
    if reach == 0.0 or math.isinf(gap):
        return 1.0
    fixed = _fixed_share(estimate)
    room = (gap / reach) ** 2 - fixed
    return max(1.0, rows * (1.0 - fixed) / room) if room > 0.0 else math.inf


def power_of_margin(margin: float, se: float, level: float) -> float:
    """How often a candidate that is truly as good as the baseline passes a non-inferiority rule with this margin.

    `se` is the standard error of the difference; `level` the one-sided confidence that the rule asks for.
    """
    if margin <= 0.0:
        return 0.0
    return 1.0 if se == 0.0 else normal_tail(normal_quantile(level) - margin / se)


def rows_for_margin(margin: float, spread: float, level: float, power: float = 0.8) -> float:
    """How many rows a margin needs so that a candidate as good as the baseline passes with probability `power`.

    `spread` is the standard deviation of the difference that one row makes: for accuracy the root of the share of rows on
    which the two disagree.
    """
    if margin <= 0.0:
        return math.inf
    return (max(0.0, normal_quantile(level) + normal_quantile(power)) * spread / margin) ** 2


def _between(value: float, other: float, log: bool) -> float:
    return abs(math.log(other / value)) if log else abs(other - value)


def _fixed_share(estimate: Estimate) -> float:
    """The share of the variance that more rows of the same kind would not take away."""
    if not isinstance(estimate, Student) or estimate.se == 0.0:
        return 0.0
    return (estimate.floor / estimate.se) ** 2
