"""Decides: every candidate against every rule, the recommendation, and why. The same record and policy give the same verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from effaudit.core.notes import Note
from effaudit.core.policy import Policy
from effaudit.core.record import Record
from effaudit.core.stats.holm import holm
from effaudit.core.verdict import Verdict
from effaudit.core.waiver import Waiver
from effaudit.judge import width
from effaudit.judge.alternatives import Group, by_rule, excluded, p_value, telling
from effaudit.judge.checks import Meanings, examine
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
    evidence = Evidence.of(record, policy.baseline)
    book = Waivers(tuple(waivers), today)
    groups = by_rule(book.moved(finding) for finding in examine(evidence, policy, meaning))
    levels = levels_of(evidence, policy, groups)
    findings = tuple(telling(group, levels[group[0].candidate]) for group in groups)
    checks = tuple(book.check(finding, levels[finding.candidate]) for finding in findings)
    judged = Judged.of(evidence, policy, findings, checks)
    selection = select(judged)
    blocking = blocking_of(judged, selection)
    outcome, exit_code = outcome_of(judged, selection, blocking)
    return Verdict(
        policy=policy,
        baseline=evidence.baseline,
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
        notes=(*_doubts(record), *_of_width(evidence, policy, groups), *book.notes(checks), *notes(judged, selection)),
        statuses=judged.statuses,
        today=today.isoformat() if today and waivers else "",
    )


def _doubts(record: Record) -> tuple[Note, ...]:
    return tuple(Note(doubt.code, f"{row.candidate.name}: {doubt.text}.") for row in record.rows for doubt in row.doubts)


def _of_width(evidence: Evidence, policy: Policy, groups: Sequence[Group]) -> tuple[Note, ...]:
    """What the rules cannot reject, as they were asked: overrides, slices and waivers included."""
    asked = {(one.rule.of or one.rule.id, one.rule.metric, one.rule.limit): one.rule for group in groups for one in group}
    return tuple(width.notes(evidence, policy, asked.values()))


def levels_of(evidence: Evidence, policy: Policy, groups: Sequence[Group]) -> Mapping[str, float]:
    """The one-sided level at which each candidate is decided.

    A candidate passes when all its error rules do, so its p-value is the greatest of theirs (intersection–union). Holm's family
    is those that could still pass: not the baseline, and none that counted figures exclude or that cannot be judged at all.
    """
    levels = dict.fromkeys(evidence.rows, policy.confidence_level)
    if policy.multiple_comparisons == "none":
        return levels
    greatest = _greatest(groups)
    family = {name: p for name, p in greatest.items() if p is not None and name != evidence.baseline}
    decided = holm(family, 1.0 - policy.confidence_level)
    return levels | {name: level.level for name, level in decided.items()}


def _greatest(groups: Sequence[Group]) -> Mapping[str, float | None]:
    """Each candidate's greatest p-value over its error rules; None where it is excluded, or nothing was estimated."""
    errors: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        if group[0].rule.severity == "error":
            errors[group[0].candidate].append(group)
    return {
        name: None
        if any(excluded(one) for one in own)
        else max((p for one in own if (p := p_value(one)) is not None), default=None)
        for name, own in errors.items()
    }
