"""From a policy's file to the frozen policy: metrics known, limits in units that fit them, every problem with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from effaudit.core.errors import InputError
from effaudit.core.policy import Bound, Limit, Policy, Rule, Select
from effaudit.core.reading import Meaning, full_id
from effaudit.core.text import did_you_mean, listed, one_line
from effaudit.reading.desk import ENOUGH
from effaudit.reading.document import Document, open_document, together
from effaudit.reading.limits import read_limit
from effaudit.reading.plan_fields import NAME
from effaudit.reading.policy_model import EfficiencyPolicy, RulePart, SelectPart
from effaudit.reading.presets import PREFIX, preset
from effaudit.reading.yaml_text import Keys

KIND = "EfficiencyPolicy"
SIMPLE_FIRST = "simple_first"
_BOUNDS: tuple[Bound, ...] = ("min", "max", "max_drop", "max_increase")


def read_policy(
    path_or_preset: Path | str, meaning: Callable[[str], Meaning | None], names: Sequence[str], presets: Path
) -> Policy:
    """Reads and checks a policy. Raises InputError, with all of its problems at once.

    `path_or_preset`: a file, or a ready-made policy of the folder `presets` (`effaudit:NAME`, or NAME where no such file is).
    `meaning` tells what a metric's id without aggregate stands for; `names` are ids for suggestions.
    """
    path, shown_as = _found(path_or_preset, presets)
    return _policy(open_document(path, KIND), shown_as, meaning, names)


def _found(given: Path | str, presets: Path) -> tuple[Path, str]:
    """The file, and how it is named to readers."""
    named = str(given)
    if isinstance(given, str) and named.startswith(PREFIX):
        return preset(named, presets), named
    if isinstance(given, str) and NAME.fullmatch(named) and not Path(named).suffix and not Path(named).exists():
        return preset(named, presets), PREFIX + named
    return Path(given), _shown(Path(given))


def _shown(path: Path) -> str:
    """Below the current folder the path from there, elsewhere the name alone: reports tell nothing of this machine's folders."""
    whole = path.absolute()
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else path.name


@dataclass(frozen=True)
class _Desk:
    """What reading a policy leans on, and the faults found so far."""

    document: Document
    meaning: Callable[[str], Meaning | None]
    names: Sequence[str]
    faults: list[InputError] = field(default_factory=list)

    def guess(self, name: str) -> str:
        """What was perhaps meant; nothing once there are more faults than are shown."""
        return did_you_mean(name[:80], _ids(self)) if len(self.faults) < ENOUGH else ""

    def fault(self, what: str, keys: Keys, advice: str = "") -> None:
        self.faults.append(self.document.fault(what, *keys, advice=advice))


def _policy(document: Document, file: str, meaning: Callable[[str], Meaning | None], names: Sequence[str]) -> Policy:
    _refuse_later_words(document)
    model = document.model(EfficiencyPolicy)
    desk = _Desk(document, meaning, names)
    rules = [_rule(name, part, desk) for name, part in model.rules.items()]
    select = _select(model.select, desk)
    if desk.faults:
        raise together(desk.faults)
    return Policy(
        name=model.metadata.name,
        title=model.metadata.title,
        rules=tuple(rule for rule in rules if rule is not None),
        select=select,
        confidence_level=model.evidence.confidence_level,
        multiple_comparisons=model.evidence.multiple_comparisons,
        on_inconclusive=model.evidence.on_inconclusive,
        valid_on=dict(model.valid_on),
        file=file,
        digest=document.digest,
    )


_LATER = {
    "extends": "copy the other policy's rules into this file",
    "overrides": "write a policy for each kind of candidate",
    "waivers": "change the limit itself, with a comment that says why",
}
_LATER_IN_RULES = {"any": "write the rule that must hold", "for_each": "write a rule for each metric"}


def _refuse_later_words(document: Document) -> None:
    """Words that a later version brings are refused by name: ignoring them would judge by another policy than is written."""
    faults = [_later(document, word, instead, word) for word, instead in _LATER.items() if word in document.tree]
    baseline = document.tree.get("baseline")
    if isinstance(baseline, str) and baseline.startswith("file:"):
        faults.append(_later(document, "baseline: file:", "the plan's baseline is used; leave this line out", "baseline"))
    rules = document.tree.get("rules")
    for name, rule in rules.items() if isinstance(rules, dict) else ():
        if rule == "off":
            faults.append(_later(document, "off", "leave the rule out", "rules", name))
        for word, instead in _LATER_IN_RULES.items() if isinstance(rule, dict) else ():
            if word in rule:
                faults.append(_later(document, word, instead, "rules", name, word))
    if faults:
        raise together(faults)


def _later(document: Document, word: str, instead: str, *keys: str | int) -> InputError:
    advice = f"{instead[0].upper()}{instead[1:]}."
    return document.fault(f"`{word}` is not available in this version of effaudit", *keys, advice=advice)


def _rule(name: str, part: RulePart, desk: _Desk) -> Rule | None:
    keys: Keys = ("rules", name)
    found = _metric(part.metric, part.aggregate, desk, (*keys, "metric"), (*keys, "aggregate"))
    bound = _bound(part, desk, keys)
    if found is None or bound is None:
        return None
    metric, meaning = found
    _check_direction(bound, meaning, part.metric, desk, keys)
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
        severity=part.severity,
        versus=(part.versus or "baseline") if relative else None,
        warn_above=warn_above,
        method=part.method,
        hint=part.hint,
        line=desk.document.place(*keys).line,
    )


def _bound(part: RulePart, desk: _Desk, keys: Keys) -> Bound | None:
    said = [bound for bound in _BOUNDS if getattr(part, bound) is not None]
    if len(said) == 1:
        return said[0]
    if said:
        desk.fault(f"a rule has one limit, and this has {' and '.join(said)}", (*keys, said[1]), "Write a rule for each.")
    else:
        desk.fault("this rule has no limit", keys, f"Write one of {', '.join(_BOUNDS)}.")
    return None


def _metric(metric: str, aggregate: str | None, desk: _Desk, place: Keys, aggregate_place: Keys) -> tuple[str, Meaning] | None:
    """A reading's full id, from an id with or without its aggregate, and what it stands for."""
    meaning = desk.meaning(metric)
    if meaning is None:
        shorter, _, last = metric.rpartition(".")
        meaning = desk.meaning(shorter) if shorter else None
        if meaning is not None and last in meaning.aggregates and aggregate in (None, last):
            return metric, meaning
        desk.fault(f"there is no metric {one_line(metric, 80)!r}.{desk.guess(metric)}", place)
        return None
    if aggregate is not None and aggregate not in meaning.aggregates:
        known = f" It has {listed(meaning.aggregates)}." if meaning.aggregates else " It has none: leave `aggregate` out."
        desk.fault(f"{metric} has no aggregate {one_line(aggregate, 40)!r}.{known}", aggregate_place)
        return None
    return full_id(metric, aggregate, meaning), meaning


def _ids(desk: _Desk) -> Iterable[str]:
    return [*desk.names, *(f"{name}.{a}" for name in desk.names for a in getattr(desk.meaning(name), "aggregates", ()))]


def _check_direction(bound: Bound, meaning: Meaning, metric: str, desk: _Desk, keys: Keys) -> None:
    """The wrong word would turn the rule round: what should fail would pass."""
    fitting = ("max", "max_increase") if meaning.better == "lower" else ("min", "max_drop")
    if bound not in fitting:
        instead = fitting[bound in ("max_drop", "max_increase")]
        desk.fault(
            f"{metric} is better when it is {meaning.better}, and {bound} would bound it the wrong way",
            (*keys, bound),
            f"Write {instead}.",
        )


def _limit(key: str, bound: Bound, part: RulePart, meaning: Meaning, desk: _Desk, keys: Keys) -> Limit | None:
    written = desk.document.written(*keys, key)
    try:
        return read_limit(getattr(part, key), written, bound, meaning)
    except ValueError as error:
        desk.fault(str(error), (*keys, key))
        return None


def _check_warning(bound: Bound, limit: Limit | None, warn_above: Limit | None, desk: _Desk, keys: Keys) -> None:
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
        desk.fault(f"`warn_above` is not below the limit {limit.written!r}", place, "Write a smaller figure, or leave it out.")


def _select(part: SelectPart, desk: _Desk) -> Select:
    minimize = _to_minimise(part.minimize, desk, ("select", "minimize"))
    ties = [
        tie if tie == SIMPLE_FIRST else _to_minimise(tie, desk, ("select", "tie_break", place))
        for place, tie in enumerate(part.tie_break)
    ]
    return Select(minimize or "", part.equal_within, tuple(tie for tie in ties if tie))


def _to_minimise(metric: str, desk: _Desk, keys: Keys) -> str | None:
    found = _metric(metric, None, desk, keys, keys)
    if found is None:
        return None
    if found[1].better == "higher":
        desk.fault(
            f"{metric} is better when it is higher, and cannot be minimised", keys, "Bound it with a rule, and minimise a cost."
        )
    return found[0]
