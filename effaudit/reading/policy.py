"""From a policy's file to the frozen policy: metrics known, limits in units that fit them, every problem with its line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from effaudit.core.errors import InputError, Place
from effaudit.core.policy import MACHINE_FACTS, Policy, Select, Stored, WaiverSource
from effaudit.core.reading import Meaning
from effaudit.core.text import did_you_mean, listed, one_line
from effaudit.reading.desk import ENOUGH
from effaudit.reading.document import shown, together
from effaudit.reading.paths import for_readers
from effaudit.reading.plan_fields import NAME
from effaudit.reading.policy_layers import Layered, layered
from effaudit.reading.policy_model import STORED, EfficiencyPolicy, SelectPart, WaiversPart
from effaudit.reading.policy_rules import Desk, read_override, read_rule
from effaudit.reading.presets import PREFIX, preset
from effaudit.reading.record_file import read_record
from effaudit.reading.yaml_text import Keys

SIMPLE_FIRST = "simple_first"


def read_policy(
    path_or_preset: Path | str,
    meaning: Callable[[str], Meaning | None],
    names: Sequence[str],
    presets: Path,
    formats: Collection[str] = (),
) -> Policy:
    """Reads and checks a policy with all that it extends. Raises InputError, with all of its problems at once.

    `path_or_preset`: a file, or a ready-made policy of the folder `presets` (`effaudit:NAME`, or NAME where no such file is).
    `meaning` tells what a metric's id without aggregate stands for; `names` are ids for suggestions, `formats` those that an
    override may name. A stored baseline is read with the policy.
    """
    document, shown_as = open_policy(path_or_preset, presets)
    return _policy(document, shown_as, meaning, names, formats)


def open_policy(path_or_preset: Path | str, presets: Path) -> tuple[Layered, str]:
    """A policy's files as one document, and how the first is named to readers. Raises InputError."""
    path, shown_as = _found(path_or_preset, presets)
    return layered(path, shown_as, presets), shown_as


def stored_baseline(written: str, folder: Path | None = None) -> Stored:
    """`file:RECORD#NAME` as a candidate of that record, `RECORD` being relative to `folder`. Raises InputError, without a place."""
    where, _, name = written.removeprefix(STORED).rpartition("#")
    if not where or not name:
        raise InputError(f"expected `{STORED}RECORD#NAME`, found {shown(written)}")
    record = read_record((folder or Path()) / where)
    names = [row.candidate.name for row in record.rows]
    if name not in names:
        raise InputError(
            f"the record {one_line(where, 120)!r} has no candidate {one_line(name, 64)!r}.{did_you_mean(name[:80], names)}"
        )
    return Stored(name, one_line(where, 300), record)


def _found(given: Path | str, presets: Path) -> tuple[Path, str]:
    """The file, and how it is named to readers."""
    named = str(given)
    if isinstance(given, str) and named.startswith(PREFIX):
        return preset(named, presets), named
    if isinstance(given, str) and NAME.fullmatch(named) and not Path(named).suffix and not Path(named).exists():
        return preset(named, presets), PREFIX + named
    return Path(given), for_readers(Path(given))


def _policy(
    document: Layered, file: str, meaning: Callable[[str], Meaning | None], names: Sequence[str], formats: Collection[str]
) -> Policy:
    model = document.model(EfficiencyPolicy)
    desk = Desk(document, meaning, names, formats)
    read = [read_rule(name, part, desk, ("rules", name)) for name, part in model.rules.items()]
    rules = tuple(rule for rule in read if rule is not None)
    overrides = tuple(read_override(number, part, rules, desk) for number, part in enumerate(model.overrides))
    select = _select(model.select, desk)
    waivers = _waivers(model.waivers, desk) if model.waivers is not None else None
    baseline = _baseline(model.baseline, desk) if model.baseline != "plan" else None
    for fact in model.valid_on:
        _check_fact(fact, desk)
    if desk.faults:
        raise together(desk.faults)
    return Policy(
        name=model.metadata.name,
        title=model.metadata.title,
        rules=rules,
        select=select,
        confidence_level=model.evidence.confidence_level,
        multiple_comparisons=model.evidence.multiple_comparisons,
        on_inconclusive=model.evidence.on_inconclusive,
        valid_on=dict(model.valid_on),
        file=file,
        digest=document.digest,
        waivers=waivers,
        overrides=overrides,
        baseline=baseline,
    )


def _check_fact(fact: str, desk: Desk) -> None:
    if fact not in MACHINE_FACTS:
        guess = did_you_mean(fact[:80], MACHINE_FACTS) if len(desk.faults) < ENOUGH else ""
        what = f"nothing is known of a machine under {one_line(fact, 80)!r}.{guess}"
        desk.fault(what, ("valid_on", fact), f"Records know {listed(MACHINE_FACTS)}: `effaudit report RECORD -f json` shows them.")


def _select(part: SelectPart, desk: Desk) -> Select:
    minimize = _to_minimise(part.minimize, desk, ("select", "minimize"))
    ties = [
        tie if tie == SIMPLE_FIRST else _to_minimise(tie, desk, ("select", "tie_break", place))
        for place, tie in enumerate(part.tie_break)
    ]
    return Select(minimize or "", part.equal_within, tuple(tie for tie in ties if tie))


def _to_minimise(metric: str, desk: Desk, keys: Keys) -> str | None:
    found = desk.metric(metric, None, keys, keys)
    if found is None:
        return None
    if found[1].better == "higher":
        desk.fault(
            f"{metric} is better when it is higher, and cannot be minimised", keys, "Bound it with a rule, and minimise a cost."
        )
    return found[0]


def _waivers(part: WaiversPart, desk: Desk) -> WaiverSource | None:
    path = _path(part.file, desk, ("waivers", "file"), "waivers.yaml")
    return WaiverSource(str(path), part.max_days) if path is not None else None


def _baseline(written: str, desk: Desk) -> Stored | None:
    where, _, name = written.removeprefix(STORED).rpartition("#")
    path = _path(where, desk, ("baseline",), "file:reports/released#gbm")
    if path is None:
        return None
    try:
        return stored_baseline(f"{STORED}{path}#{name}")
    except InputError as error:
        where_else = f"{error.place}: " if isinstance(error.place, Place) else ""
        desk.fault(f"{where_else}{error.what}", ("baseline",), error.advice)
        return None


def _path(written: str, desk: Desk, keys: Keys, example: str) -> Path | None:
    """A path that a file of the policy names, from the current folder."""
    document, _ = desk.document.origin(*keys)
    try:
        return desk.document.inside.path(written, Path(document.file).parent, example)
    except InputError as error:
        desk.fault(error.what, keys, error.advice)
        return None
