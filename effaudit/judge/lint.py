"""What is doubtful in a policy: limits that decide nothing, margins that nothing can show, and what a record has no figures for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from effaudit.core.policy import Policy, Rule
from effaudit.core.reading import Failure, Meaning, Measurement
from effaudit.core.record import Record
from effaudit.core.slices import apart
from effaudit.core.stats.estimate import Exact
from effaudit.core.text import counted, did_you_mean, listed, one_line
from effaudit.core.units import show
from effaudit.judge import width
from effaudit.judge.checks import Finding, Meanings, check, examine
from effaudit.judge.evidence import Evidence
from effaudit.judge.rules import fits, rules_for, single
from effaudit.judge.slices import over_slices

QUALITY = "quality."


@dataclass(frozen=True)
class Doubt:
    """One finding. `rule` is empty where it is about the policy as a whole; `advice` says what to do."""

    rule: str
    said: str
    advice: str
    file: str = ""
    line: int | None = None


def lint(policy: Policy, meaning: Callable[[str], Meaning | None], record: Record | None = None) -> tuple[Doubt, ...]:
    """All doubts about a policy; with a `record` also those that only its figures show. `meaning` knows metrics by their id."""
    evidence = Evidence.of(record, policy.baseline) if record is not None else None
    found = [*_without_floor(policy), *_shadowed(policy.rules), *_beyond_reach(policy, _of_full_id(meaning), evidence)]
    if record is not None and evidence is not None:
        sliced = over_slices(policy, record.workload.slices)
        found += [*_unknown(policy, record), *_matching_nobody(policy, record), *_asked_nothing(policy, record)]
        found += _under_examination(evidence, sliced, _of_full_id(meaning))
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.line is None, one.line or 0)))


def _without_floor(policy: Policy) -> Iterator[Doubt]:
    """Half a point per release adds up: what is only compared with the baseline has no floor."""
    floors = {rule.metric for rule in policy.rules if not rule.relative and not rule.alternatives and rule.severity == "error"}
    for rule in single(policy.rules):
        if rule.relative and rule.metric.startswith(QUALITY) and rule.severity == "error" and rule.metric not in floors:
            word = "min" if rule.bound == "max_drop" else "max"
            said = f"{rule.metric} is only compared, and a little lost at every release adds up"
            yield _doubt(rule, said, f"Add a rule with `{word}` for it.")


def _shadowed(rules: Sequence[Rule]) -> Iterator[Doubt]:
    """Rules that another one always decides before them."""
    groups: dict[tuple[object, ...], list[Rule]] = {}
    for rule in rules:
        if not rule.alternatives:
            groups.setdefault((rule.metric, rule.bound, rule.versus, rule.limit.unit, rule.for_each), []).append(rule)
    for group in groups.values():
        strictest = min(group, key=lambda rule: (_looseness(rule), rule.severity != "error"))
        for rule in group:
            needless = rule.severity == "warn" or strictest.severity == "error"
            if rule is not strictest and needless and rule.method in (None, strictest.method):
                said = f"it can never decide anything: {strictest.id} asks {strictest.limit.written} of the same figure"
                yield _doubt(rule, said, "Leave one of the two out.")


def _beyond_reach(policy: Policy, meaning: Meanings, evidence: Evidence | None) -> Iterator[Doubt]:
    """Limits that every figure meets, or none, and those that a guess would meet."""
    for rule in _with_overrides(policy):
        known = meaning(rule.metric)
        if known is None:
            continue
        of = width.scale(rule.metric, known.unit, known.better == "higher")
        if evidence is not None:
            of = replace(of, figures=(seen := width.scale_in(evidence, rule)).figures, guess=seen.guess)
        reference = width.reference_of(evidence, rule) if evidence else None
        if why := width.too_wide(rule, of, reference):
            yield _doubt(rule, f"it can never fail: {why}", f"Write a {'smaller margin' if rule.relative else 'stricter limit'}.")
        elif why := width.under_a_guess(rule, of, reference):
            yield _doubt(rule, f"it lets through what is worse than a guess: {why}", "Write what your product needs.")
        elif not rule.relative and _out_of_reach(rule.limit.amount, of):
            yield _doubt(
                rule, f"it can never pass: no {rule.metric} reaches {rule.limit.written}", "Write a limit that can be met."
            )
    if why := width.little_confidence(policy):
        yield Doubt("", why.removesuffix("."), "Write `evidence: {confidence_level: 0.95}`.", policy.file)


def _out_of_reach(amount: float, of: width.Scale) -> bool:
    """Is no figure as good as a limit?"""
    return amount > of.most if of.higher else amount < of.least or (amount == 0.0 and of.unit in ("s", "B", "J"))


def _with_overrides(policy: Policy) -> Iterator[Rule]:
    """The limits of the rules, and those that overrides set."""
    changes = (change for override in policy.overrides for change in override.changes if change.rule is not None)
    changed = (change.rule for change in changes if change.rule and (not change.changed or "limit" in change.changed))
    yield from single((*policy.rules, *changed))


def _unknown(policy: Policy, record: Record) -> Iterator[Doubt]:
    """Metrics, rivals and objectives that the record knows nothing of."""
    measured = {metric for row in record.rows for metric, found in row.readings.items() if isinstance(found, Measurement)}
    names = {row.candidate.name for row in record.rows}
    for rule in single(policy.rules):
        if rule.metric not in measured:
            yield _doubt(
                rule, f"no candidate of this record has {rule.metric}{_why(rule.metric, record)}", _near(rule.metric, measured)
            )
        if rule.versus not in (None, "baseline", *names):
            said = f"the record has no candidate {rule.versus!r} to compare with"
            yield _doubt(rule, said, did_you_mean(str(rule.versus), names).strip() or "Name a candidate, or `baseline`.")
    for metric in dict.fromkeys((policy.select.minimize, *policy.select.tie_break)):
        if metric != "simple_first" and metric not in measured:
            said = f"`select` goes by {metric}, and no candidate of this record has it{_why(metric, record)}"
            yield Doubt("", said, _near(metric, measured), policy.file)


def _why(metric: str, record: Record) -> str:
    reasons = {found.reason for row in record.rows if isinstance(found := row.readings.get(metric), Failure)}
    return f" ({one_line(min(reasons), 200)})" if reasons else ""


def _near(metric: str, measured: set[str]) -> str:
    near = did_you_mean(metric, measured).strip()
    return near if near.startswith("Did you mean") else "Measure it (in the plan), or leave the rule out."


def _matching_nobody(policy: Policy, record: Record) -> Iterator[Doubt]:
    for number, override in enumerate(policy.overrides):
        if not any(fits(override.match, row) for row in record.rows):
            yield Doubt("", f"overrides[{number}] fits no candidate of this record", "Check its `match`.", policy.file)


def _asked_nothing(policy: Policy, record: Record) -> Iterator[Doubt]:
    names = [row.candidate.name for row in record.rows if all(rule.severity != "error" for rule in rules_for(policy, row))]
    if names:
        said = f"no error rule is left for {listed(names, 5)}: nothing measured can reject them"
        yield Doubt("", said, "Leave one rule of severity `error` in force (see `overrides`).", policy.file)


def _under_examination(evidence: Evidence, policy: Policy, meaning: Meanings) -> Iterator[Doubt]:
    """What the record's own figures say of each rule."""
    of: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in examine(evidence, policy, meaning):
        if finding.candidate != evidence.baseline:
            of.setdefault((finding.rule.of or finding.rule.id, finding.rule.metric, finding.rule.bound), []).append(finding)
    for findings in of.values():
        rule = findings[0].rule
        barred = [one.barrier for one in findings]
        shared = (
            barred[0]
            if all(one is not None and barred[0] is not None and one.reason == barred[0].reason for one in barred)
            else None
        )
        if shared is not None and shared.reason == "too_few_samples":
            said = f"there are too few rows or calls to judge any candidate by it: {one_line(shared.detail, 200)}"
            yield _doubt(rule, said, "Certify on more rows, or measure for longer.")
        elif shared is not None and _has_figures(evidence, findings):
            yield _doubt(rule, f"it is inconclusive for every candidate: {one_line(shared.detail, 200)}", _cure(shared.reason))
        else:
            yield from _unresolved(evidence, rule, findings, policy.confidence_level)


def _unresolved(evidence: Evidence, rule: Rule, findings: Sequence[Finding], level: float) -> Iterator[Doubt]:
    """Margins that a candidate as good as the reference could not be shown to keep."""
    if not rule.relative:
        return
    floor = evidence.record.floors.get(rule.metric)
    margin = _as_share(evidence, rule)
    if floor is not None and margin is not None and margin < floor.share:
        said = f"its margin of {rule.limit.written} is under the {show(floor.share, '%', 2)} that this machine resolves"
        yield _doubt(rule, said, "Allow more, or measure on a quieter machine.")
        return
    reaches = [_reach(one, level) for one in findings if one.estimate is not None and not isinstance(one.estimate, Exact)]
    typical = median(reaches) if reaches else 0.0
    if not rule.metric.startswith(QUALITY) or not typical > rule.limit.amount:
        return
    seen, _ = evidence.at(rule.metric)
    rows, noun = (seen.certify_rows, "row") if seen.independent else (seen.certify_groups, "group")
    needed = rows * (typical / rule.limit.amount) ** 2 if rule.limit.amount > 0.0 else math.inf
    more = f", which about {counted(_rounded(needed), noun)} would show" if math.isfinite(needed) and needed < 1e12 else ""
    width = show(typical, findings[0].unit)
    known = f"on {counted(rows, f'certify {noun}')} half of the candidates are known to no better than ±{width}"
    yield _doubt(rule, f"{known}, and the margin is {rule.limit.written}{more}", "Certify on more rows, or allow more.")


def _reach(finding: Finding, level: float) -> float:
    """From the loss to the bad end of its interval."""
    found = check(finding, level)
    return found.high - found.value if found.high is not None and found.value is not None else 0.0


def _as_share(evidence: Evidence, rule: Rule) -> float | None:
    """A margin as a share of the reference's figure."""
    if rule.limit.unit == "%":
        return rule.limit.amount
    value = evidence.value(evidence.baseline if rule.versus in (None, "baseline") else str(rule.versus), rule.metric)
    return rule.limit.amount / abs(value) if value else None


def _has_figures(evidence: Evidence, findings: Sequence[Finding]) -> bool:
    return any(isinstance(evidence.reading(one.candidate, one.rule.metric), Measurement) for one in findings)


def _cure(reason: str) -> str:
    return {
        "environment_mismatch": "Measure on that machine, or change `valid_on`.",
        "method_too_weak": "Measure it, or leave `method` out.",
        "metric_missing": "Write the limit in the unit of the record.",
        "not_measured_together": "Measure both in one audit.",
    }.get(reason, "See `effaudit explain`.")


def _of_full_id(meaning: Callable[[str], Meaning | None]) -> Meanings:
    """Knows metrics by ids with and without aggregate and slice."""

    def known(metric: str) -> Meaning | None:
        plain, _ = apart(metric)
        return meaning(plain) or meaning(plain.rpartition(".")[0])

    return known


def _looseness(rule: Rule) -> float:
    return -rule.limit.amount if rule.bound == "min" else rule.limit.amount


def _rounded(number: float) -> int:
    """Two digits: an estimate of rows deserves no more."""
    digits = max(0, math.floor(math.log10(max(number, 1.0))) - 1)
    return int(math.ceil(number / 10**digits) * 10**digits)


def _doubt(rule: Rule, said: str, advice: str) -> Doubt:
    return Doubt(rule.of or rule.id, said, advice, rule.file, rule.line)
