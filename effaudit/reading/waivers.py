"""From the waivers' file to frozen waivers: rules known and waivable, limits in the rule's unit and looser, terms short enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from effaudit.core.errors import InputError
from effaudit.core.policy import Limit, Policy, Rule
from effaudit.core.reading import Meaning
from effaudit.core.slices import apart
from effaudit.core.text import did_you_mean, listed, one_line
from effaudit.core.waiver import FARTHEST, Waiver, loosens, too_far
from effaudit.reading.desk import ENOUGH
from effaudit.reading.document import Document, document_of, open_document, together
from effaudit.reading.limits import read_limit
from effaudit.reading.paths import for_readers
from effaudit.reading.waiver_model import EfficiencyWaivers, WaiverPart
from effaudit.reading.yaml_text import Keys

KIND = "EfficiencyWaivers"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Means = Callable[[str], Meaning | None]


def read_waivers(policy: Policy, meaning: Means) -> tuple[Waiver, ...]:
    """The waivers that a policy names, in the order of their file; none where it names no file.

    Raises InputError, with all problems at once. A malformed day is not one of them: such a waiver counts as expired.
    """
    if policy.waivers is None:
        return ()
    path = Path(policy.waivers.file)
    if not path.exists():
        raise InputError(
            f"the policy {one_line(policy.name, 64)} keeps its waivers in {for_readers(path)}, and there is no such file",
            advice="Make it with `effaudit waiver add`, or take `waivers` out of the policy.",
        )
    return _waivers(open_document(path, KIND), policy, meaning)


def waivers_of(text: str, policy: Policy, meaning: Means) -> tuple[Waiver, ...]:
    """The same from the text that the policy's file of waivers is to hold. Raises InputError."""
    file = policy.waivers.file if policy.waivers else "waivers"
    return _waivers(document_of(text.encode(), file, KIND), policy, meaning)


def a_day(written: str) -> date:
    """A day written like 2026-07-31, and in no other way. Raises ValueError."""
    if not _DAY.fullmatch(written):
        raise ValueError(f"expected a day such as 2026-07-31, found {one_line(written, 40)!r}")
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ValueError(f"there is no day {written}") from None


@dataclass(frozen=True)
class _Desk:
    """What reading waivers leans on, and the faults found so far."""

    document: Document
    policy: Policy
    meaning: Means
    faults: list[InputError] = field(default_factory=list)

    def fault(self, what: str, *keys: str | int, advice: str = "") -> None:
        self.faults.append(self.document.fault(what, *keys, advice=advice))


def _waivers(document: Document, policy: Policy, meaning: Means) -> tuple[Waiver, ...]:
    model = document.model(EfficiencyWaivers)
    desk = _Desk(document, policy, meaning)
    _check_ids(model.waivers, desk)
    found = [_waiver(part, ("waivers", place), desk) for place, part in enumerate(model.waivers)]
    if desk.faults:
        raise together(desk.faults)
    return tuple(one for one in found if one is not None)


def _check_ids(parts: Sequence[WaiverPart], desk: _Desk) -> None:
    seen: dict[str, int] = {}
    for place, part in enumerate(parts):
        if part.id in seen:
            first = desk.document.place("waivers", seen[part.id], "id").line
            desk.fault(f"the id {part.id!r} stands twice, first in line {first}", "waivers", place, "id", advice="Name one anew.")
        seen.setdefault(part.id, place)


def _waiver(part: WaiverPart, keys: Keys, desk: _Desk) -> Waiver | None:
    rules = _rules(part, keys, desk)
    limit = _limit(part, rules, keys, desk) if rules else None
    created, expires, fault = _days(keys, desk)
    _check_term(created, expires, keys, desk)
    if limit is None:
        return None
    return Waiver(
        id=part.id,
        rule=part.rule,
        match=part.match,
        limit=limit,
        reason=part.reason,
        owner=part.owner,
        created=created,
        expires=expires,
        fault=fault,
        file=for_readers(Path(desk.document.file)),
        line=desk.document.place(*keys, "id").line,
    )


def _rules(part: WaiverPart, keys: Keys, desk: _Desk) -> tuple[Rule, ...]:
    """The policy's rule of that id, and what its overrides make of it for some candidates; none where it may not be waived."""
    changes = (change for override in desk.policy.overrides for change in override.changes)
    every = (*desk.policy.rules, *(change.rule for change in changes if change.rule is not None))
    plain, key = apart(part.rule)
    found = tuple(rule for rule in every if rule.id == part.rule or (key and rule.for_each and rule.id == plain))
    if not found:
        near = did_you_mean(part.rule[:80], (rule.id for rule in every)) if len(desk.faults) < ENOUGH else ""
        desk.fault(f"the policy {desk.policy.name} has no rule {one_line(part.rule, 80)!r}.{near}", *keys, "rule")
    elif not any(rule.waivable for rule in found):
        advice = "Meet the rule, or change the policy."
        desk.fault(f"the rule {part.rule} may not be waived: the policy says `waivable: false`", *keys, "rule", advice=advice)
    elif any(rule.alternatives for rule in found):
        advice = "Meet one of them, or change the policy."
        desk.fault(f"the rule {part.rule} has alternatives, and a waiver moves one limit only", *keys, "rule", advice=advice)
    else:
        return tuple(rule for rule in found if rule.waivable)
    return ()


def _limit(part: WaiverPart, rules: Sequence[Rule], keys: Keys, desk: _Desk) -> Limit | None:
    """The limit, in the unit of the rule's own and looser than at least one of them."""
    rule, written = rules[0], desk.document.written(*keys, "limit")
    meaning = desk.meaning(rule.metric) or desk.meaning(rule.metric.rpartition(".")[0])
    try:
        if meaning is None:
            raise ValueError(f"the metric {rule.metric} is not known here")
        limit = read_limit(part.limit, written, rule.bound, meaning)
    except ValueError as error:
        desk.fault(str(error), *keys, "limit")
        return None
    own = listed(dict.fromkeys(each.limit.written for each in rules))
    if limit.unit not in {each.limit.unit for each in rules}:
        desk.fault(
            f"the limit of {part.rule} is {own}, and {written!r} is in another unit", *keys, "limit", advice="Write it alike."
        )
        return None
    if not any(loosens(limit, each) for each in rules):
        desk.fault(
            f"{written!r} does not loosen the limit of {part.rule}, which is {rule.bound} {own}",
            *keys,
            "limit",
            advice="A waiver only loosens; to tighten a limit, change the policy.",
        )
        return None
    bounded = meaning.unit in ("score", "share")
    any_drop = rule.bound == "max_drop" and limit.amount >= 1 and (limit.unit == "%" or bounded)
    if any_drop or (rule.bound == "min" and bounded and limit.amount <= 0):
        desk.fault(f"{written!r} would allow anything: a waiver moves a limit and switches no rule off", *keys, "limit")
        return None
    if all(too_far(limit, each) for each in rules if limit.unit == each.limit.unit):
        desk.fault(
            f"{written!r} is more than {FARTHEST} times as loose as the limit of {part.rule}, which is {rule.bound} {own}",
            *keys,
            "limit",
            advice="A waiver moves a limit and switches no rule off: if the limit itself is wrong, change the policy.",
        )
        return None
    return limit


def _days(keys: Keys, desk: _Desk) -> tuple[date | None, date | None, str]:
    """The first and the last day; None where something else is written, and what."""
    found: dict[str, date | None] = {}
    faults = []
    for key in ("created", "expires"):
        written = desk.document.written(*keys, key)
        try:
            found[key] = a_day(written)
        except ValueError as error:
            found[key] = None
            faults.append(f"`{key}`: {error}")
    return found["created"], found["expires"], "; ".join(faults)


def _check_term(created: date | None, expires: date | None, keys: Keys, desk: _Desk) -> None:
    if created is None or expires is None:
        return
    longest = desk.policy.waivers.max_days if desk.policy.waivers else 0
    if expires < created:
        desk.fault(f"it ends on {expires}, before it begins on {created}", *keys, "expires", advice="Exchange the two days.")
    elif (expires - created).days > longest:
        desk.fault(
            f"it lasts {(expires - created).days:,} days, and the policy allows {longest:,}",
            *keys,
            "expires",
            advice=_latest(created, longest),
        )


def _latest(created: date, longest: int) -> str:
    try:
        return f"Write {created + timedelta(days=longest)} or earlier."
    except OverflowError:
        return "Write an earlier day."
