"""Decides: every candidate against every rule, the recommendation, and why. The same record and policy give the same verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from effaudit.core.policy import Policy
from effaudit.core.record import Record
from effaudit.core.stats.holm import holm
from effaudit.core.verdict import Verdict
from effaudit.core.waiver import Waiver
from effaudit.judge.checks import Finding, Meanings, examine
from effaudit.judge.evidence import Evidence
from effaudit.judge.exits import blocking_of, outcome_of
from effaudit.judge.explain import buys, explain
from effaudit.judge.judged import Judged
from effaudit.judge.select import select
from effaudit.judge.slices import over_slices
from effaudit.judge.story import headline, notes
from effaudit.judge.waivers import Waivers


def decide(
    record: Record,
    policy: Policy,
    meaning: Meanings | None = None,
    waivers: Sequence[Waiver] = (),
    today: date | None = None,
) -> Verdict:
    """The verdict of a policy on a record, with the waivers that are in force `today`.

    `meaning` tells which metrics depend on the machine, for policies that are valid on some machines only; without it, all do
    but quality, behaviour and sizes. Within one candidate nothing is corrected, since all rules must hold; across candidates
    Holm's procedure keeps the chance that any of them passes wrongly under 1 − `confidence_level`.
    """
    policy = over_slices(policy, record.workload.slices)
    evidence = Evidence.of(record)
    book = Waivers(tuple(waivers), today)
    findings = tuple(book.moved(finding) for finding in examine(evidence, policy, meaning))
    levels = levels_of(record, policy, findings)
    checks = tuple(book.check(finding, levels[finding.candidate]) for finding in findings)
    judged = Judged.of(evidence, policy, findings, checks)
    selection = select(judged)
    blocking = blocking_of(judged, selection)
    outcome, exit_code = outcome_of(judged, selection, blocking)
    return Verdict(
        policy=policy,
        baseline=record.baseline,
        outcome=outcome,
        exit_code=exit_code,
        recommended=selection.recommended,
        headline=headline(judged, selection, blocking),
        ranking=selection.ranking,
        equals=selection.equals,
        nearest=selection.nearest,
        checks=checks,
        explanations=explain(judged, selection),
        buys=buys(judged, selection),
        blocking=blocking,
        notes=(*book.notes(checks), *notes(judged, selection)),
        statuses=judged.statuses,
        today=today.isoformat() if today and waivers else "",
    )


def levels_of(record: Record, policy: Policy, findings: Sequence[Finding]) -> Mapping[str, float]:
    """The one-sided level at which each candidate is decided.

    A candidate passes when all its error rules do, so its p-value is the greatest of theirs (intersection–union). Holm's family
    is those that could still pass: not the baseline, and none that counted figures exclude or that cannot be judged at all.
    """
    levels = {row.candidate.name: policy.confidence_level for row in record.rows}
    if policy.multiple_comparisons == "none":
        return levels
    greatest = _greatest(findings)
    family = {name: p for name, p in greatest.items() if p is not None and name != record.baseline}
    decided = holm(family, 1.0 - policy.confidence_level)
    return levels | {name: level.level for name, level in decided.items()}


def _greatest(findings: Sequence[Finding]) -> Mapping[str, float | None]:
    """Each candidate's greatest p-value over its error rules; None where it is excluded, or nothing was estimated."""
    errors: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.rule.severity == "error":
            errors[finding.candidate].append(finding)
    return {
        name: None if any(one.excluded for one in own) else max((p for one in own if (p := one.p_value) is not None), default=None)
        for name, own in errors.items()
    }
