"""Rules that must hold in every slice: each becomes one rule per slice of the record, judged like any other.

All of them must hold, so within a candidate nothing is corrected (intersection–union), however many slices there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from effaudit.core.policy import Change, Policy, Rule
from effaudit.core.slices import Slice, key_of, sliced

QUALITY = "quality."
NONE = "*"
"""Stands for the slices of a column that the record was not sliced by: a figure that is missing, and so never a pass."""


def over_slices(policy: Policy, slices: Sequence[Slice]) -> Policy:
    """The policy with one rule per slice in place of each rule with `for_each`, in its overrides too."""
    rules = (*policy.rules, *(change.rule for override in policy.overrides for change in override.changes if change.rule))
    if not any(rule.for_each for rule in rules):
        return policy
    plain = {rule.id: rule for rule in policy.rules}
    overrides = tuple(
        replace(override, changes=tuple(one for change in override.changes for one in _changes(change, plain, slices)))
        for override in policy.overrides
    )
    return replace(policy, rules=tuple(one for rule in policy.rules for one in _each(rule, slices)), overrides=overrides)


def _each(rule: Rule, slices: Sequence[Slice]) -> Iterator[Rule]:
    if not rule.for_each:
        yield rule
    for key in _keys(rule.for_each, slices):
        others = tuple(replace(other, metric=_metric(other.metric, key)) for other in rule.alternatives)
        metric = _metric(rule.metric, key)
        yield replace(rule, id=sliced(rule.id, key), metric=metric, for_each=(), of=rule.id, alternatives=others)


def _changes(change: Change, plain: dict[str, Rule], slices: Sequence[Slice]) -> Iterator[Change]:
    """An override of a rule is one of each rule made of it; what is no longer told by slice loses those rules."""
    before, after = plain.get(change.id), change.rule
    gone = [one.id for one in _each(before, slices)] if before else [change.id]
    made = list(_each(after, slices)) if after else []
    yield from (Change(id, None) for id in gone if id not in {one.id for one in made})
    for one in made:
        known = one.id in gone
        yield Change(one.id, one, tuple(name for name in change.changed if name != "for_each") if known else ())


def _keys(columns: Sequence[str], slices: Sequence[Slice]) -> Iterator[str]:
    for column in columns:
        found = [one.key for one in slices if one.column == column]
        yield from found or [f"{key_of(column, '')}{NONE}"]


def _metric(metric: str, key: str) -> str:
    return sliced(metric, key) if metric.startswith(QUALITY) else metric
