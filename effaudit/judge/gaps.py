"""What a rejected candidate lacks on one rule: the smallest limit that would admit it, and how much more would decide."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from effaudit.core.policy import Rule
from effaudit.core.stats.estimate import Estimate, Student
from effaudit.core.stats.power import rows_to_decide
from effaudit.core.stats.ratios import variance_of_centre
from effaudit.core.stats.replicates import FewDiscordant
from effaudit.core.text import counted
from effaudit.core.verdict import Check, Gap
from effaudit.judge.compare import QUALITY
from effaudit.judge.estimates import Agreed, Moved, Within
from effaudit.judge.evidence import Evidence
from effaudit.judge.judged import Held, curable
from effaudit.judge.words import outward

MOST_TIMES = 10.0
"""Beyond this many times what was measured, measuring on is no advice."""


def gap_of(evidence: Evidence, held: Held) -> Gap:
    """The gap of a rule that is failed or undecided."""
    finding, check = held
    relaxed = None if finding.barrier is not None else relaxed_to(check.rule, check.low, check.high, check.unit)
    more, within_reach = _more(evidence, held)
    return Gap(check.rule.id, relaxed, check.unit, more, short_by(check), within_reach)


def short_by(check: Check) -> float | None:
    """How far the end of the interval that decides lies outside the limit: negative is room inside. None where nothing is known."""
    bad = check.low if check.rule.bound == "min" else check.high
    if bad is None or not math.isfinite(bad):
        return None
    return (check.rule.limit.amount - bad if check.rule.bound == "min" else bad - check.rule.limit.amount) + 0.0


def inside(rule: Rule, low: float, high: float) -> bool:
    """Is the whole interval inside a rule's limit?"""
    return low >= rule.limit.amount if rule.bound == "min" else high <= rule.limit.amount


def relaxed_to(rule: Rule, low: float | None, high: float | None, unit: str) -> float | None:
    """The smallest limit that an interval is inside of: its far end, rounded outward. None where that is unknown or infinite."""
    lower = rule.bound == "min"
    bad = low if lower else high
    return None if bad is None or not math.isfinite(bad) else outward(bad, unit, up=not lower)


def _more(evidence: Evidence, held: Held) -> tuple[str, bool]:
    """How much more measuring would decide if the figure stayed as it is, and whether that is within reach.

    "~7 more rounds"; empty where measuring is no cure.
    """
    finding, check = held
    if check.status != "inconclusive" or not curable(check) or finding.estimate is None:
        return "", False
    for present, noun in _measured(evidence, check.candidate, check.rule.metric):
        estimate = _restarted(finding.estimate) if noun == "restart" else finding.estimate
        total = _to_decide(estimate, check.rule.limit.amount, check.level, present)
        total = _starts(total, present) if noun == "restart" else total
        if 0 < total <= MOST_TIMES * present:
            more = (total - present) * (_worth(evidence, check.rule.metric) if noun in ("row", "group") else 1.0)
            return _told(max(1, math.ceil(more)), noun), True
    return "not within 10× the budget", False


def _measured(evidence: Evidence, candidate: str, metric: str) -> Iterator[tuple[int, str]]:
    """How many samples a figure rests on, and what they are called; the cheaper to have more of first."""
    if metric.startswith(QUALITY):
        evidence, _ = evidence.at(metric)
        yield (evidence.certify_rows, "row") if evidence.independent else (evidence.certify_groups, "group")
        return
    array = evidence.array(candidate, metric)
    if array is None or array.ndim != 2:
        yield getattr(evidence.rows[candidate].readings.get(metric), "samples", 0), "sample"
        return
    rounds = int(np.count_nonzero(array[:, 1] >= 0))
    if rounds:
        yield rounds, "round"
    yield len(set(array[:, 0].tolist())), "restart"


def _worth(evidence: Evidence, metric: str) -> float:
    return evidence.at(metric)[0].worth


def _starts(total: float, present: int) -> float:
    """So many starts bring what `total` would if the variance fell with their number: it falls more slowly (see ratios)."""
    if not present < total <= MOST_TIMES * present:
        return total
    wanted = variance_of_centre(present) * present / total
    return next((n for n in range(present, int(MOST_TIMES) * present + 1) if variance_of_centre(n) <= wanted), math.inf)


def _told(missing: int, noun: str) -> str:
    if noun in ("round", "restart"):
        return f"~{counted(missing, f'more {noun}')}"
    return f"about {counted(int(outward(missing, '%', up=True)), f'more {noun}')}"


def _restarted(estimate: Estimate) -> Estimate:
    """The same estimate, of which more starts would take away everything: also what differs between incarnations."""
    if isinstance(estimate, Within):
        return Within(_restarted(estimate.of), estimate.least, estimate.most)
    if isinstance(estimate, Moved):
        return Moved(_restarted(estimate.of), estimate.scale, estimate.shift)
    if isinstance(estimate, Agreed):
        return Agreed(tuple(_restarted(one) for one in estimate.each))
    if not isinstance(estimate, Student) or not estimate.floor:
        return estimate
    return Student(estimate.value, estimate.se, estimate.dof, estimate.log)


def _to_decide(estimate: Estimate, limit: float, level: float, present: int) -> float:
    """How many samples in all. A bound on rows that may differ shrinks with their number, everything else with its root."""
    if isinstance(estimate, Within):
        return _to_decide(estimate.of, limit, level, present)
    if isinstance(estimate, Moved):
        return _to_decide(estimate.of, (limit - estimate.shift) / estimate.scale, level, present)
    if isinstance(estimate, Agreed):
        if len({one.value > limit for one in estimate.each}) > 1:
            return math.inf  # the assumptions disagree, which no further sample changes
        return max(_to_decide(one, limit, level, present) for one in estimate.each)
    if isinstance(estimate, FewDiscordant):
        return present * estimate.interval(level)[1] / abs(limit) if limit else math.inf
    return rows_to_decide(estimate, limit, level, present)
