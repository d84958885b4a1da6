"""Rules with `any`: one of several limits is enough, and the level is split between them.

Whoever may choose among k limits has k chances to pass wrongly. Each alternative is therefore decided at 1 − (1 − level) / k,
and the p-value of the rule is k times the smallest of theirs (Bonferroni, for the union of the alternatives; the hypothesis that
none of them is met is rejected wrongly at most 1 − level of the time). Counted alternatives take their share as well: the rule
is simple, and errs on the side of more evidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from effaudit.judge.checks import Finding, check
from effaudit.judge.judged import curable
from effaudit.judge.select import shortfall

Group = tuple[Finding, ...]
"""What was found of one candidate under one rule: one finding, or one for each of the rule's alternatives."""


def by_rule(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Findings in their order, those of one rule's alternatives together."""
    numbered = groupby(enumerate(findings), key=lambda one: _of_whom(*one))
    return tuple(tuple(finding for _, finding in group) for _, group in numbered)


def p_value(group: Group) -> float | None:
    """Of the hypothesis that no alternative is met; None where that is counted. Each finding's own has the split in it."""
    if len(group) == 1:
        return group[0].p_value
    if any(one.p_value is None and not one.excluded for one in group):
        return None
    return min((p for one in group if (p := one.p_value) is not None and not one.excluded), default=None)


def excluded(group: Group) -> bool:
    """Can no further evidence of this kind make any alternative pass?"""
    return all(one.excluded for one in group)


def telling(group: Sequence[Finding], level: float) -> Finding:
    """The alternative that tells how a rule stands at a level: the first that passes, else the one that comes nearest.

    That is one that is undecided and more measuring would decide, then any undecided one, then the failed one that is least
    short of its limit: a rule whose alternatives all fail is failed, and one of which any is open is open.
    """
    return group[0] if len(group) == 1 else min(group, key=lambda one: _rank(one, level))


def _of_whom(number: int, finding: Finding) -> tuple[str, str, int]:
    return finding.candidate, finding.rule.id, -1 if finding.rule.alternatives else number


def _rank(finding: Finding, level: float) -> tuple[int, float]:
    found = check(finding, level)
    if found.status == "pass":
        return 0, 0.0
    if found.status == "inconclusive":
        return (1 if curable(found) else 2), 0.0
    short = shortfall((finding, found))
    return 3, math.inf if math.isnan(short) else short
