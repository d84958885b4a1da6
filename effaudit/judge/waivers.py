"""Waivers at work: which limits they move, what a check says of it, and what readers should not miss.

The moved limit takes the rule's place before anything is judged, Holm's procedure included. A waiver that a candidate does not
need leaves no trace in its checks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property

from effaudit.core.notes import Note, coded
from effaudit.core.policy import Limit, Rule
from effaudit.core.text import counted, listed, one_line
from effaudit.core.verdict import Check
from effaudit.core.waiver import Waived, Waiver, days_left, in_force, looseness, loosens, standing, too_far
from effaudit.judge.checks import Finding, check


@dataclass(frozen=True)
class Waivers:
    """Waivers looked at on one day."""

    all: tuple[Waiver, ...] = ()
    today: date | None = None

    def __post_init__(self) -> None:
        if self.all and self.today is None:
            raise ValueError("waivers are looked at on a day: give `today`")

    def moved(self, finding: Finding) -> Finding:
        """The finding under the limit that is in force for its candidate: of several that fit, the loosest waiver's."""
        rule = finding.rule
        if not self._in_force or not rule.waivable or rule.alternatives:
            return finding
        named = [one for id_ in {rule.id, rule.of} for one in self._in_force.get(id_, ())]
        matching = (one for one in named if fnmatchcase(finding.candidate, one.match))
        fitting = [one for one in matching if loosens(one.limit, rule) and not too_far(one.limit, rule)]
        if not fitting:
            return finding
        loosest = max(fitting, key=lambda one: (looseness(one.limit, rule), one.expires or date.min, one.id))
        return replace(finding, rule=replace(rule, limit=loosest.limit), waiver=loosest, original=rule)

    @cached_property
    def _in_force(self) -> Mapping[str, Sequence[Waiver]]:
        """Those that may move a limit today, by the rule that they name."""
        found: dict[str, list[Waiver]] = defaultdict(list)
        for one in self.all:
            if self.today is not None and in_force(one, self.today):
                found[one.rule].append(one)
        return dict(found)

    def check(self, finding: Finding, level: float) -> Check:
        """The check of a finding that was moved or not, at a level."""
        judged = check(finding, level)
        if finding.waiver is None or finding.original is None or self.today is None:
            return judged
        without = check(replace(finding, rule=finding.original), level)
        if without.status == "pass":
            return without
        if finding.estimate is None or finding.barrier is not None:
            return judged
        waived = _waived(finding.waiver, finding.original.limit, self.today, without)
        return replace(judged, waived=waived) if judged.status == "pass" else replace(judged, beyond=waived)

    def notes(self, checks: Sequence[Check]) -> tuple[Note, ...]:
        """What no reader of a verdict should miss: waivers at work, over, soon over, not used and not enough."""
        if self.today is None:
            return ()
        spare = {one.id for one in unused(self.all, checks, self.today)}
        told = (_told(one, self.today, checks, one.id in spare) for one in self.all)
        return coded("waiver", *told)


def unused(waivers: Sequence[Waiver], checks: Sequence[Check], today: date) -> tuple[Waiver, ...]:
    """Those in force that no candidate of a verdict needs."""
    needed = {used.id for each in checks if (used := each.waived or each.beyond) is not None}
    unknown = [each for each in checks if each.status != "pass" and each.waived is None and each.beyond is None]
    return tuple(
        one
        for one in waivers
        if in_force(one, today)
        and one.id not in needed
        and not any(_on(one, each.rule) and fnmatchcase(each.candidate, one.match) for each in unknown)
    )


def _on(waiver: Waiver, rule: Rule) -> bool:
    """Is it on this rule, or on the one that this was made from for a slice?"""
    return waiver.rule in (rule.id, rule.of)


def _waived(waiver: Waiver, original: Limit, today: date, without: Check) -> Waived:
    assert without.status != "pass"
    return Waived(
        id=waiver.id,
        limit=waiver.limit,
        original=original,
        days_left=days_left(waiver, today),
        owner=waiver.owner,
        reason=waiver.reason,
        expires=waiver.expires.isoformat() if waiver.expires else "",
        without=without.status,
        file=waiver.file,
        line=waiver.line,
    )


def _told(waiver: Waiver, today: date, checks: Sequence[Check], spare: bool) -> str:
    named = f"Waiver {waiver.id} on {waiver.rule} ({one_line(waiver.owner, 60)})"
    match standing(waiver, today):
        case "malformed":
            return f"{named} counts as expired: {one_line(waiver.fault, 160)}."
        case "expired":
            return f"{named} expired on {waiver.expires}: {_past(-days_left(waiver, today))}. Remove it, or decide again."
        case "not begun":
            return f"{named} begins on {waiver.created} and moves nothing before."
    if spare:
        return f"{named} is not used: {_why_unused(waiver, checks)}. Remove it."
    parts = [*_at_work(waiver, checks), *_soon(waiver, today)]
    return f"{named} {', and '.join(parts)}." if parts else ""


def _past(days: int) -> str:
    return f"{counted(days, 'day')} ago"


def _why_unused(waiver: Waiver, checks: Sequence[Check]) -> str:
    if any(fnmatchcase(each.candidate, waiver.match) for each in checks):
        return "no candidate that it matches needs it"
    return f"no candidate matches {one_line(waiver.match, 80)!r}"


def _at_work(waiver: Waiver, checks: Sequence[Check]) -> list[str]:
    admitted = [each.candidate for each in checks if each.waived is not None and each.waived.id == waiver.id]
    beyond = [each.candidate for each in checks if each.beyond is not None and each.beyond.id == waiver.id]
    parts = [f"admits {listed(admitted, 5)} under {waiver.limit.written}"] if admitted else []
    return parts + ([f"is not enough for {listed(beyond, 5)}"] if beyond else [])


def _soon(waiver: Waiver, today: date) -> list[str]:
    if standing(waiver, today) != "ends soon":
        return []
    left = days_left(waiver, today)
    return ["ends today" if left == 0 else f"ends in {counted(left, 'day')}, on {waiver.expires}"]
