"""Rules and overrides of a policy: metrics known, limits in units that fit them, the words of a limit the right way round."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace

from effaudit.core.errors import InputError
from effaudit.core.policy import Bound, Change, Limit, Match, Override, Rule
from effaudit.core.reading import Meaning, full_id
from effaudit.core.slices import apart
from effaudit.core.text import did_you_mean, listed, one_line
from effaudit.reading.desk import ENOUGH
from effaudit.reading.limits import read_limit
from effaudit.reading.policy_layers import Layered
from effaudit.reading.policy_model import OverridePart, RulePart, TargetPart
from effaudit.reading.yaml_text import Keys

_BOUNDS: tuple[Bound, ...] = ("min", "max", "max_drop", "max_increase")
_BESIDE_ANY = ("metric", "aggregate", *_BOUNDS, "versus", "warn_above", "method")
QUALITY = "quality."
_UNCHANGED = ("id", "line", "file", "of")
"""What tells where a rule stands, and not what it asks."""


@dataclass(frozen=True)
class Desk:
    """What reading a policy leans on, and the faults found so far.

    `meaning` tells what a metric's id without aggregate stands for; `names` are ids for suggestions; `formats` are the known
    ones, or none where any name will do.
    """

    document: Layered
    meaning: Callable[[str], Meaning | None]
    names: Sequence[str]
    formats: Collection[str] = ()
    faults: list[InputError] = field(default_factory=list)

    def guess(self, name: str) -> str:
        """What was perhaps meant; nothing once there are more faults than are shown."""
        return did_you_mean(name[:80], self._ids()) if len(self.faults) < ENOUGH else ""

    def fault(self, what: str, keys: Keys, advice: str = "") -> None:
        """Notes a fault at a value."""
        self.faults.append(self.document.fault(what, *keys, advice=advice))

    def metric(self, metric: str, aggregate: str | None, place: Keys, aggregate_place: Keys) -> tuple[str, Meaning] | None:
        """A reading's full id, from an id with or without its aggregate, and what it stands for."""
        meaning = self.meaning(metric)
        if meaning is None:
            shorter, _, last = metric.rpartition(".")
            meaning = self.meaning(shorter) if shorter else None
            if meaning is not None and last in meaning.aggregates and aggregate in (None, last):
                return metric, meaning
            if meaning is not None and last in meaning.aggregates:
                self.fault(
                    f"{metric} ends with an aggregate already, and `aggregate` names another",
                    aggregate_place,
                    f"Write `metric: {shorter}`.",
                )
                return None
            self.fault(f"there is no metric {one_line(metric, 80)!r}.{self.guess(metric)}", place)
            return None
        if aggregate is not None and aggregate not in meaning.aggregates:
            known = f" It has {listed(meaning.aggregates)}." if meaning.aggregates else " It has none: leave `aggregate` out."
            self.fault(f"{metric} has no aggregate {one_line(aggregate, 40)!r}.{known}", aggregate_place)
            return None
        return full_id(metric, aggregate, meaning), meaning

    def _ids(self) -> Iterable[str]:
        return [*self.names, *(f"{name}.{a}" for name in self.names for a in getattr(self.meaning(name), "aggregates", ()))]


def read_rule(name: str, part: RulePart, desk: Desk, keys: Keys) -> Rule | None:
    """A rule from its part of the document at `keys`; None where faults were noted."""
    rule = _target(name, part, desk, keys) if part.any is None else _any(name, part, part.any, desk, keys)
    if rule is None:
        return None
    columns = _for_each(part, rule, desk, (*keys, "for_each"))
    return replace(rule, severity=part.severity, hint=part.hint, waivable=part.waivable, for_each=columns)


def read_override(number: int, part: OverridePart, rules: Sequence[Rule], desk: Desk) -> Override:
    """An override, with what it changes of the policy's `rules`."""
    keys: Keys = ("overrides", number)
    if part.match.candidate is part.match.format is part.match.family is None:
        desk.fault("this override is for no candidates in particular", (*keys, "match"), "Say `candidate`, `format` or `family`.")
    if part.match.format is not None and desk.formats and part.match.format not in desk.formats:
        guess = did_you_mean(part.match.format[:80], desk.formats)
        desk.fault(f"there is no format {one_line(part.match.format, 80)!r}.{guess}", (*keys, "match", "format"))
    known = {rule.id: rule for rule in rules}
    off = [Change(name, None) for at, name in desk.document.off if at == number]
    made = ((name, read_rule(name, of, desk, (*keys, "rules", name))) for name, of in part.rules.items())
    changes = [_change(known.get(name), rule) for name, rule in made if rule is not None]
    if not off and not part.rules and not desk.faults:
        desk.fault("this override changes no rule", (*keys, "rules"), "Write a rule's id, and what is to change in it.")
    match = Match(part.match.candidate or "*", part.match.format, part.match.family)
    return Override(match, (*off, *changes))


def _change(before: Rule | None, rule: Rule) -> Change:
    if before is None:
        return Change(rule.id, rule)
    names = (each.name for each in fields(Rule) if each.name not in _UNCHANGED)
    changed = [name for name in names if getattr(before, name) != getattr(rule, name)]
    moved = ["line", "file"] if "limit" in changed or "alternatives" in changed else []
    return Change(rule.id, rule, (*changed, *moved))


def _any(name: str, part: RulePart, alternatives: Sequence[TargetPart], desk: Desk, keys: Keys) -> Rule | None:
    beside = [word for word in _BESIDE_ANY if getattr(part, word) is not None]
    if beside:
        desk.fault(f"a rule with `any` has no {listed(beside)} of its own", (*keys, beside[0]), "Write it into an alternative.")
    read = [_target(name, each, desk, (*keys, "any", place)) for place, each in enumerate(alternatives)]
    found = [rule for rule in read if rule is not None]
    return replace(found[0], alternatives=tuple(found)) if found and len(found) == len(read) and not beside else None


def _for_each(part: RulePart, rule: Rule, desk: Desk, keys: Keys) -> tuple[str, ...]:
    """The columns in each of whose slices a rule must hold."""
    columns = part.for_each.slice if part.for_each else ()
    metrics = [one.metric for one in rule.alternatives or (rule,)]
    twice = next((column for place, column in enumerate(columns) if column in columns[:place]), None)
    if twice is not None:
        desk.fault(f"the column {one_line(twice, 80)!r} is named twice", (*keys, "slice"), "Keep one of the two.")
    if columns and not any(metric.startswith(QUALITY) for metric in metrics):
        desk.fault(f"slices have figures of quality only, and this rule is on {metrics[0]}", keys, "Leave `for_each` out.")
    named = next((metric for metric in metrics if apart(metric)[1]), None)
    if columns and named is not None:
        told = one_line(named, 120)
        desk.fault(f"{told} is one slice already", keys, f"Leave `for_each` out, or write {apart(told)[0] or 'the plain metric'}.")
    return columns


def _target(name: str, part: TargetPart, desk: Desk, keys: Keys) -> Rule | None:
    """A metric and its limit."""
    if part.metric is None:
        desk.fault("`metric` is missing", (*keys, "metric"), "metric: the id of a metric, such as size.artifact")
    found = desk.metric(part.metric, part.aggregate, (*keys, "metric"), (*keys, "aggregate")) if part.metric is not None else None
    bound = _bound(part, desk, keys)
    if found is None or bound is None:
        return None
    metric, meaning = found
    _check_direction(bound, meaning, metric, desk, keys)
    limit = _limit(bound, bound, part, meaning, desk, keys)
    warn_above = _limit("warn_above", bound, part, meaning, desk, keys) if part.warn_above is not None else None
    _check_warning(bound, limit, warn_above, desk, keys)
    relative = bound in ("max_drop", "max_increase")
    if part.versus is not None and not relative:
        desk.fault(f"`versus` belongs to max_drop and max_increase, and this rule has {bound}", (*keys, "versus"), "Leave it out.")
    if limit is None:
        return None
    return Rule(
        id=name,
        metric=metric,
        bound=bound,
        limit=limit,
        versus=(part.versus or "baseline") if relative else None,
        warn_above=warn_above,
        method=part.method,
        line=_line(desk.document, keys, bound),
        file=desk.document.shown(*keys, bound),
    )


def _line(document: Layered, keys: Keys, bound: str) -> int | None:
    """Where the rule stands in the file that has its limit."""
    file, written = document.origin(*keys, bound)
    return file.place(*written[:-1]).line


def _bound(part: TargetPart, desk: Desk, keys: Keys) -> Bound | None:
    said = [bound for bound in _BOUNDS if getattr(part, bound) is not None]
    if len(said) == 1:
        return said[0]
    if said:
        desk.fault(f"a rule has one limit, and this has {' and '.join(said)}", (*keys, said[1]), "Write a rule for each.")
    else:
        desk.fault("this rule has no limit", keys, f"Write one of {', '.join(_BOUNDS)}.")
    return None


def _check_direction(bound: Bound, meaning: Meaning, metric: str, desk: Desk, keys: Keys) -> None:
    """The wrong word would turn the rule round: what should fail would pass."""
    fitting = ("max", "max_increase") if meaning.better == "lower" else ("min", "max_drop")
    if bound not in fitting:
        instead = fitting[bound in ("max_drop", "max_increase")]
        desk.fault(
            f"{metric} is better when it is {meaning.better}, and {bound} would bound it the wrong way",
            (*keys, bound),
            f"Write {instead}.",
        )


def _limit(key: str, bound: Bound, part: TargetPart, meaning: Meaning, desk: Desk, keys: Keys) -> Limit | None:
    written = desk.document.written(*keys, key)
    try:
        return read_limit(getattr(part, key), written, bound, meaning)
    except ValueError as error:
        desk.fault(str(error), (*keys, key))
        return None


def _check_warning(bound: Bound, limit: Limit | None, warn_above: Limit | None, desk: Desk, keys: Keys) -> None:
    if warn_above is None:
        return
    place = (*keys, "warn_above")
    if bound == "min":
        desk.fault(
            "`warn_above` belongs to an upper limit, and this rule has min", place, "Write a second rule with `severity: warn`."
        )
    elif limit is not None and limit.unit != warn_above.unit:
        desk.fault(f"`warn_above` is in another unit than the limit {limit.written!r}", place, "Write both in the same unit.")
    elif limit is not None and warn_above.amount >= limit.amount:
        desk.fault(f"`warn_above` is not below the limit {limit.written!r}", place, "Write a smaller figure, or `warn_above: off`.")
