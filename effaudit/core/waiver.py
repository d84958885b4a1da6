"""A waiver moves one rule's limit for some candidates, for a reason, under a name, until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from effaudit.core.policy import Limit, Rule

FARTHEST = 10
"""A waiver moves a limit by this factor at most."""
SOON_DAYS = 14
"""So many days before its end a waiver is announced."""

Standing = Literal["active", "ends soon", "expired", "malformed", "not begun"]


@dataclass(frozen=True)
class Waiver:
    """One entry of the waivers' file. `match` is a glob on candidates' names; `limit` is in the rule's own unit.

    `created` and `expires` (its last day) are None where the file has something else than a date like 2026-07-31; `fault` then
    says what. Such a waiver counts as expired.
    """

    id: str
    rule: str
    match: str
    limit: Limit
    reason: str
    owner: str
    created: date | None
    expires: date | None
    fault: str = ""
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Waived:
    """A waiver at work in a check: the limit that was in force, the policy's own, and what would have been said under that."""

    id: str
    limit: Limit
    original: Limit
    days_left: int
    """0 on its last day."""
    owner: str
    reason: str
    expires: str
    """Its last day, as 2026-07-31."""
    without: Literal["fail", "inconclusive"]
    """The status under the policy's own limit, at the same level of confidence."""
    file: str = ""
    line: int | None = None


def standing(waiver: Waiver, today: date) -> Standing:
    """Whether a waiver moves its limit on a day: only when `active` or `ends soon`. The one place where this is decided."""
    if waiver.created is None or waiver.expires is None:
        return "malformed"
    if waiver.expires < today:
        return "expired"
    if waiver.created > today:
        return "not begun"
    return "ends soon" if days_left(waiver, today) <= SOON_DAYS else "active"


def in_force(waiver: Waiver, today: date) -> bool:
    """Does it move its limit on this day?"""
    return standing(waiver, today) in ("active", "ends soon")


def days_left(waiver: Waiver, today: date) -> int:
    """Days until its last day, 0 on that day itself; negative once it is over, or where it has no valid end."""
    return (waiver.expires - today).days if waiver.expires is not None else -1


def too_far(limit: Limit, rule: Rule) -> bool:
    """Is it more than ten times as loose as the rule's own? A margin in per cent may go to 100 % in any case."""
    own = rule.limit.amount
    if rule.bound == "min":
        return own > 0.0 and limit.amount < own / FARTHEST
    most = max(FARTHEST * own, 1.0) if limit.unit == "%" else FARTHEST * own
    return most > 0.0 and limit.amount > most


def loosens(limit: Limit, rule: Rule) -> bool:
    """Does a limit in the rule's own unit allow more than the rule's own?"""
    return limit.unit == rule.limit.unit and looseness(limit, rule) > looseness(rule.limit, rule)


def looseness(limit: Limit, rule: Rule) -> float:
    """How much a limit allows, to be compared with others of the same rule."""
    return -limit.amount if rule.bound == "min" else limit.amount
