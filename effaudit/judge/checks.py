"""One candidate against one rule: what the record finds, and the status that follows at a level of confidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from effaudit.core.notes import Note
from effaudit.core.policy import Policy, Rule
from effaudit.core.reading import Meaning, Measurement
from effaudit.core.scorers import OF_SCORES
from effaudit.core.stats.estimate import Estimate, Exact
from effaudit.core.text import one_line
from effaudit.core.verdict import REASONS_OF_DOUBTS, REASONS_OF_NOTES, Check, Reason, Status
from effaudit.core.waiver import Waiver
from effaudit.judge.compare import figure, loss
from effaudit.judge.evidence import Evidence, Undecidable
from effaudit.judge.rules import rules_for, single

Meanings = Callable[[str], Meaning | None]
OF_TIME = ("latency.", "throughput.", "energy.", "carbon.", "cost.")
UNITLESS = ("score", "share", "count", "number", "")


@dataclass(frozen=True)
class Finding:
    """What is known of a candidate under a rule, before the level is settled: an estimate, or what stands in the way.

    Where something else than the figure stands in the way (the machine, the method), the estimate is there too.
    """

    candidate: str
    rule: Rule
    estimate: Estimate | None
    barrier: Undecidable | None
    unit: str
    waiver: Waiver | None = None
    """Whose limit the rule has; `original` is the rule without it."""
    original: Rule | None = None
    looks: int = 1
    """How often it could have been decided, times the alternatives that its rule has: its p-value is multiplied, and its level
    split, by this (Bonferroni)."""

    @cached_property
    def p_value(self) -> float | None:
        """Of the hypothesis that the limit is not met; None where nothing was estimated or everything counted."""
        if self.estimate is None or self.barrier is not None or isinstance(self.estimate, Exact):
            return None
        limit = self.rule.limit.amount
        p = self.estimate.tail_below(limit) if self.rule.bound == "min" else self.estimate.tail_above(limit)
        return min(1.0, p * self.looks)

    @property
    def excluded(self) -> bool:
        """Can no further evidence of this kind make it pass: counted and over its limit, or barred?"""
        exact = isinstance(self.estimate, Exact) and _status(self.rule, *self.estimate.interval(0.5)) != "pass"
        return self.barrier is not None or exact


def examine(evidence: Evidence, policy: Policy, meaning: Meanings | None) -> tuple[Finding, ...]:
    """What the record finds for every candidate and rule, and for each alternative of a rule.

    Rules on the same figure share one estimate.
    """
    found: dict[tuple[str, str, str | None, bool], Estimate | Undecidable] = {}
    elsewhere = _elsewhere(evidence, policy)
    machine: dict[str, bool] = {}
    plain = single(policy.rules)
    findings = []
    for name, row in evidence.rows.items():
        for rule in single(rules_for(policy, row)) if policy.overrides else plain:
            if rule.metric not in machine:
                machine[rule.metric] = depends_on_machine(rule.metric, meaning)
            versus = _versus(evidence, rule)
            key = (name, rule.metric, versus, rule.limit.unit == "%")
            if key not in found:
                found[key] = _estimate(evidence, *key)
            barred, looks = (elsewhere, evidence.record.looks) if machine[rule.metric] else (None, 1)
            looks *= len(rule.alternatives) or 1
            findings.append(_finding(evidence, name, rule, found[key], barred, looks))
    return tuple(findings)


def check(finding: Finding, level: float) -> Check:
    """The status of a finding at a one-sided level: pass when the whole interval is inside the limit, fail when outside.

    The level is split between the looks that there could have been at this figure, and between the alternatives of a rule.
    """
    level = 1.0 - (1.0 - level) / finding.looks
    name, rule, unit, p = finding.candidate, finding.rule, finding.unit, finding.p_value
    if finding.estimate is None:
        barrier = finding.barrier or Undecidable("metric_missing", "")
        return Check(name, rule, "inconclusive", barrier.reason, barrier.detail, unit=unit, level=level)
    value = finding.estimate.value
    low, high = finding.estimate.interval(level)
    status = _status(rule, low, high)
    reason: Reason | None = None
    detail = ""
    if status == "inconclusive":
        reason, detail = "interval_straddles", "the interval reaches over the limit"
    if finding.barrier is not None:
        status, reason, detail = "inconclusive", finding.barrier.reason, finding.barrier.detail
    warned = status == "pass" and _beyond_warning(rule, value)
    return Check(name, rule, status, reason, detail, value, low, high, unit, level, p, warned)


def depends_on_machine(metric: str, meaning: Meanings | None) -> bool:
    """Is a full id's figure bound to the machine it was read on? Bytes and quality are not."""
    if meaning is not None:
        known = meaning(metric) or meaning(metric.rpartition(".")[0])
        if known is not None:
            return known.machine
    return metric.split(".", 1)[0] not in ("quality", "behaviour", "size") or metric == "size.runtime"


def _versus(evidence: Evidence, rule: Rule) -> str | None:
    if not rule.relative:
        return None
    return evidence.baseline if rule.versus in (None, "baseline") else rule.versus


def _estimate(evidence: Evidence, name: str, metric: str, versus: str | None, share: bool) -> Estimate | Undecidable:
    if versus is None:
        return figure(evidence, name, metric)
    return loss(evidence, name, versus, metric, relative=share)


def _finding(
    evidence: Evidence, name: str, rule: Rule, found: Estimate | Undecidable, elsewhere: Undecidable | None, looks: int
) -> Finding:
    reading = evidence.reading(name, rule.metric)
    unit = _unit(rule, reading)
    if isinstance(found, Undecidable):
        return Finding(name, rule, None, found, unit, looks=looks)
    barrier = (
        _foreign_unit(rule, reading)
        or _weak(rule, reading)
        or _doubt(evidence, name, rule)
        or _noted(evidence, name, rule)
        or elsewhere
    )
    if barrier is not None and barrier.reason == "metric_missing":
        return Finding(name, rule, None, barrier, unit, looks=looks)
    return Finding(name, rule, found, barrier, unit, looks=looks)


def _unit(rule: Rule, reading: Measurement | Undecidable) -> str:
    if rule.limit.unit in ("pp", "%") or isinstance(reading, Undecidable):
        return rule.limit.unit
    return reading.unit


def _foreign_unit(rule: Rule, reading: Measurement | Undecidable) -> Undecidable | None:
    """A limit in euros says nothing of a record in dollars."""
    if isinstance(reading, Undecidable):
        return None
    limit = rule.limit.unit
    fits = limit in (reading.unit, "") or (limit == "%" and rule.relative) or (limit in ("pp", "%") and reading.unit in UNITLESS)
    if fits:
        return None
    return Undecidable("metric_missing", f"{rule.metric} is recorded in {reading.unit or 'no unit'}, its limit is in {limit}")


def _weak(rule: Rule, reading: Measurement | Undecidable) -> Undecidable | None:
    if rule.method == "measured" and isinstance(reading, Measurement) and reading.method == "modelled":
        return Undecidable("method_too_weak", f"{rule.metric} was modelled, and the rule asks for a measured figure")
    return None


def _doubt(evidence: Evidence, name: str, rule: Rule) -> Undecidable | None:
    """Answers in doubt say nothing of quality, whatever their interval: the next draw, batch or row may be answered otherwise."""
    if not rule.metric.startswith(("quality.", "behaviour.")):
        return None
    for one in filter(None, (name, _versus(evidence, rule))):
        for doubt in evidence.rows[one].doubts if one in evidence.rows else ():
            return Undecidable(REASONS_OF_DOUBTS[doubt.code], doubt.text if one == name else f"of {one}, {doubt.text}")
    return None


def _noted(evidence: Evidence, name: str, rule: Rule) -> Undecidable | None:
    """A figure that its own notes say is not what the plan asks for: of more processors, or of memory that still grew."""
    for one in filter(None, (name, _versus(evidence, rule))):
        reading = evidence.rows[one].readings.get(rule.metric) if one in evidence.rows else None
        for note in reading.notes if isinstance(reading, Measurement) else ():
            if note.code in REASONS_OF_NOTES:
                return Undecidable(REASONS_OF_NOTES[note.code], note.text if one == name else f"of {one}, {note.text}")
        for note in _of_its_labels(evidence, one, rule):
            return Undecidable("labels_untimed", note.text if one == name else f"of {one}, {note.text}")
    return None


def _of_its_labels(evidence: Evidence, name: str, rule: Rule) -> Iterator[Note]:
    """What says that the labels whose quality counts are not answered in the time that was measured."""
    if not rule.metric.startswith(OF_TIME) or name not in evidence.rows:
        return
    row = evidence.rows[name]
    scorers = (re.split(r"\W", metric)[1] for metric in row.readings if metric.startswith("quality."))
    if not OF_SCORES.issuperset(scorers):
        yield from (note for note in row.notes if note.code == "labels_untimed")


def _elsewhere(evidence: Evidence, policy: Policy) -> Undecidable | None:
    """Says so when the record was measured on another machine than the policy's limits are meant for."""
    hosts = [session.host for session in evidence.record.sessions]
    for key, wanted in policy.valid_on.items():
        seen = sorted({str(host.get(key, "unknown")) for host in hosts}) or ["unknown"]
        if any(value.casefold() != str(wanted).casefold() for value in seen):
            words = one_line(", ".join(seen), 100)
            return Undecidable("environment_mismatch", f"the policy is valid on {key} {wanted}; this was measured on {words}")
    return None


def _status(rule: Rule, low: float, high: float) -> Status:
    limit = rule.limit.amount
    inside, outside = (low >= limit, high < limit) if rule.bound == "min" else (high <= limit, low > limit)
    return "pass" if inside else "fail" if outside else "inconclusive"


def _beyond_warning(rule: Rule, value: float) -> bool:
    if rule.warn_above is None:
        return False
    return value < rule.warn_above.amount if rule.bound == "min" else value > rule.warn_above.amount
