"""How the judge puts figures into sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from effaudit.core.policy import Bound, Rule
from effaudit.core.text import counted
from effaudit.core.units import show, show_interval, show_round
from effaudit.core.verdict import Check, Relaxed

POINTS = ("pp", "%")
PART_OF_MARGIN = 0.05
"""A difference that surely stays within this share of a rule's margin is not worth its digits."""


def against_limit(check: Check) -> str:
    """What was found and what is allowed: "loses 1.9 pp [1.6, 2.2] where 1 pp is allowed"."""
    figure = _figure(check)
    written = check.rule.limit.written
    match check.rule.bound:
        case "max":
            return f"is {figure} where at most {written} is allowed"
        case "min":
            return f"is {figure} where at least {written} is asked"
        case "max_drop":
            return f"loses {figure} where {written} is allowed"
        case "max_increase":
            return f"grows by {figure} where {written} is allowed"


def would_pass(rule: Rule, relaxed: float, unit: str) -> str:
    """The limit that would admit a candidate: "max_drop ≥ 2.2 pp"."""
    return _bounded(rule.bound, relaxed, unit)


def limits_moved(moved: Sequence[Relaxed]) -> str:
    """Limits with their rules: "max_drop ≥ 2.2 pp (quality.non_inferior) and max ≥ 26 ms (latency.p95)"."""
    told = [f"{_bounded(one.bound, one.limit, one.unit)} ({': '.join(filter(None, (one.rule, one.metric)))})" for one in moved]
    return " and ".join(told) if len(told) < 3 else f"{', '.join(told[:-1])} and {told[-1]}"


def amount(value: float, unit: str) -> str:
    """One figure, in at most three digits."""
    return show(value, unit, 2 if unit in POINTS else 3)


def outward(value: float, unit: str, up: bool) -> float:
    """A readable limit just beyond a figure: rounded away from it to the digits that `amount` shows."""
    if value == 0.0 or not math.isfinite(value):
        return value
    digits = 2 if unit in POINTS else 3
    exact = Decimal(repr(value))
    step = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return float(exact.quantize(step, rounding=ROUND_CEILING if up else ROUND_FLOOR))


def rules_counted(number: int) -> str:
    """The rules that must hold: "the error rule", "both error rules", "all 7 error rules"."""
    return {1: "the error rule", 2: "both error rules"}.get(number, f"all {counted(number, 'error rule')}")


def ratio(value: float, metric: str) -> str:
    """How a larger figure compares with the recommended one: "3.1× larger", "1.5× slower"."""
    return f"{value:,.2f}× {_comparative(metric)}" if value < 1.995 else f"{value:,.1f}× {_comparative(metric)}"


def superlative(metric: str) -> str:
    """What a candidate is that has the least of an objective: "smallest", "fastest"."""
    return _SUPERLATIVES.get(_family(metric), f"lowest in {metric}")


def comparative_less(metric: str) -> str:
    """How a smaller figure compares: "smaller", "faster"."""
    return _LESS.get(_family(metric), f"lower in {metric}")


def _bounded(bound: Bound, limit: float, unit: str) -> str:
    return f"{bound} {'≤' if bound == 'min' else '≥'} {amount(limit, unit)}"


def _figure(check: Check) -> str:
    if check.value is None or check.low is None or check.high is None:
        return "unknown"
    if math.isinf(check.low) or math.isinf(check.high):
        return amount(check.value, check.unit)
    least = PART_OF_MARGIN * check.rule.limit.amount
    if check.rule.relative and check.low < check.high and max(abs(check.low), abs(check.high)) <= least:
        return f"under {show_round(least, check.unit)}"
    return show_interval(check.value, check.low, check.high, check.unit)


def _comparative(metric: str) -> str:
    return _COMPARATIVES.get(_family(metric), f"in {metric}")


def _family(metric: str) -> str:
    return metric.split(".", 1)[0]


_SUPERLATIVES = {"size": "smallest", "latency": "fastest", "start": "fastest to start", "memory": "lightest in memory"} | {
    "energy": "most frugal in energy",
    "carbon": "lowest in carbon",
    "cost": "cheapest",
}
_COMPARATIVES = {"size": "larger", "latency": "slower", "start": "slower to start", "memory": "heavier in memory"} | {
    "energy": "the energy",
    "carbon": "the carbon",
    "cost": "the cost",
}
_LESS = {"size": "smaller", "latency": "faster", "start": "faster to start", "memory": "lighter in memory"} | {
    "energy": "more frugal in energy",
    "carbon": "lower in carbon",
    "cost": "cheaper",
}
