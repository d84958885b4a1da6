"""The rules that a candidate has to meet: the policy's, changed by the overrides that fit it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from effaudit.core.errors import InputError, Place
from effaudit.core.policy import Match, Policy, Rule
from effaudit.core.record import Row
from effaudit.core.text import did_you_mean, one_line


def rules_for(policy: Policy, row: Row) -> tuple[Rule, ...]:
    """The policy's rules in its order, then those that only overrides have. Of several overrides that fit, later ones win."""
    fitting = [override for override in policy.overrides if fits(override.match, row)]
    if not fitting:
        return policy.rules
    rules: dict[str, Rule] = {rule.id: rule for rule in policy.rules}
    for override in fitting:
        for change in override.changes:
            if change.rule is None:
                rules.pop(change.id, None)
            elif change.id not in rules or not change.changed:
                rules[change.id] = change.rule
            else:
                rules[change.id] = replace(rules[change.id], **{name: getattr(change.rule, name) for name in change.changed})
    return tuple(rules.values())


def single(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The limits that rules are made of: of a rule with alternatives each one, under the rule's own id and severity."""
    return tuple(one for rule in rules for one in (_alternatives(rule) if rule.alternatives else (rule,)))


def compared_with(names: Iterable[str], whose: str, *policies: Policy | None) -> None:
    """Raises InputError where a rule's `versus` is none of the candidates `names`; `whose` says in words who they are."""
    known = set(names)
    for policy in filter(None, policies):
        changed = (change.rule for override in policy.overrides for change in override.changes if change.rule is not None)
        for rule in single((*policy.rules, *changed)):
            if rule.versus not in (None, "baseline", *known):
                raise _unknown(str(rule.versus), known, whose, rule, rule.file or policy.file)


def _unknown(named: str, known: set[str], whose: str, rule: Rule, file: str) -> InputError:
    what = f"`versus` of {rule.id}: {whose} has no candidate {one_line(named, 64)!r}.{did_you_mean(named[:80], known)}"
    return InputError(what, Place(file, rule.line, f"rules.{rule.id}") if file else None, "Name one of them, or `baseline`.")


def _alternatives(rule: Rule) -> Iterable[Rule]:
    own = {name: getattr(rule, name) for name in ("id", "severity", "hint", "waivable", "of", "alternatives")}
    return (replace(one, **own) for one in rule.alternatives)


def fits(match: Match, row: Row) -> bool:
    """Is an override meant for this candidate? One whose model could not be counted has no family, and fits none."""
    candidate = row.candidate
    return (
        fnmatchcase(candidate.name, match.candidate)
        and match.format in (None, candidate.artifact.format)
        and match.family in (None, row.facts.family if row.facts else None)
    )
