"""Reads what verbs are given: plans with the installed plug-ins, policies by file or preset, records by file or folder."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from effaudit import registry
from effaudit.core.errors import InputError, Place
from effaudit.core.plan import Plan
from effaudit.core.policy import Policy
from effaudit.core.record import Record
from effaudit.core.text import did_you_mean, one_line
from effaudit.core.verdict import Verdict
from effaudit.core.waiver import Waiver

if TYPE_CHECKING:
    from effaudit.reading.desk import Known

DEFAULT_POLICY = "recommended"
_PACKAGE = Path(str(files("effaudit")))
PRESETS = next((place for place in (_PACKAGE / "policies", _PACKAGE.parent / "policies") if place.is_dir()), _PACKAGE / "policies")
"""Inside an installed package, or beside it in a source tree."""


def plan(path: Path) -> Plan:
    """A plan. Raises InputError."""
    from effaudit.reading.plan import read_plan

    return read_plan(path, _known())


def given_plan(tree: dict[str, Any], folder: Path, argument: Callable[[tuple[str | int, ...]], str]) -> Plan:
    """A plan from values; `argument` says which argument of a call those at some keys came from. Raises InputError."""
    from effaudit.reading.document import given_document
    from effaudit.reading.plan import plan_of

    return plan_of(given_document(tree, argument), folder.absolute(), _known())


def _known() -> Known:
    from effaudit.compress.recipes import LADDER
    from effaudit.reading.desk import Known

    return Known(
        formats=registry.names("formats"),
        techniques=registry.names("techniques"),
        technique=lambda name: registry.find("techniques", name),
        ladder=LADDER,
        engines=registry.names("engines"),
        scorers=lambda: [metric.removeprefix("quality.") for metric in registry.a_metric("quality").examples()],
        recognise=registry.format_of,
        guess_format=registry.format_by_name,
        countries=_countries,
        presets=PRESETS,
    )


def on_engine(plan: Plan, name: str | None) -> Plan:
    """The plan on another engine, where one is named. Raises InputError."""
    if name is None:
        return plan
    known = registry.names("engines")
    if name not in known:
        raise InputError(f"there is no engine {one_line(name, 80)!r}.{did_you_mean(name, known)}", Place("--engine"))
    return replace(plan, engine=name)


def _countries() -> Collection[str]:
    from effaudit.metrics.carbon import countries

    return [name for name, entry in countries().items() if entry.get("carbon_intensity") is not None]


def policy(named: str | Path | None) -> Policy:
    """A policy's file, a preset's name, or the default preset. Raises InputError."""
    from effaudit.reading.policy import read_policy

    if named is not None and not str(named):
        raise InputError("the policy's name is empty", advice="Name a policy's file or a preset, or leave the option out.")
    ids = [example for name in registry.names("metrics") for example in registry.a_metric(name).examples()]
    return read_policy(named or DEFAULT_POLICY, registry.meaning, ids, PRESETS, registry.names("formats"))


def policy_for(record: Record, named: str | None) -> tuple[Policy, str]:
    """The policy to show a record under, and the words that say which: as named, the audit's own, or the default preset."""
    if named is not None:
        found = policy(named)
        return found, f"judged under {_shown(found)}"
    own = _as_it_was(record)
    if own is not None:
        return own, f"judged under {_shown(own)}, the audit's own policy"
    found = policy(None)
    missing = f"the audit's own, {one_line(record.policy, 200)}, is not here as it was" if record.policy else "none is recorded"
    return found, f"judged under {_shown(found)}, for no policy was named and {missing}: name it with -p"


def _shown(found: Policy) -> str:

    return one_line(found.file or found.name, 200)


def _as_it_was(record: Record) -> Policy | None:
    """The policy that the audit was judged by, if it is still there, word by word."""
    from effaudit.reading.presets import PREFIX

    try:
        if record.policy and (record.policy.startswith(PREFIX) or Path(record.policy).is_file()):
            found = policy(record.policy)
            return found if found.digest == record.policy_digest else None
    except (InputError, OSError, ValueError):
        return None
    return None


def compared(policy: Policy, record: Record, baseline: str | None) -> Policy:
    """The policy with the baseline of the command line: `plan`, a candidate of the record, or `file:RECORD#NAME`.

    Raises InputError.
    """
    from effaudit.core.text import did_you_mean, one_line
    from effaudit.reading.policy import stored_baseline

    if baseline is None or baseline == "plan":
        return replace(policy, baseline=None) if baseline else policy
    if baseline.startswith("file:"):
        return replace(policy, baseline=stored_baseline(baseline))
    names = [row.candidate.name for row in record.rows]
    if baseline not in names:
        what = f"--baseline: the record has no candidate {one_line(baseline, 64)!r}.{did_you_mean(baseline[:80], names)}"
        raise InputError(what, advice="Name one of its candidates, `plan`, or `file:RECORD#NAME`.")
    return replace(policy, baseline=baseline)


def waivers(policy: Policy) -> tuple[Waiver, ...]:
    """The waivers that a policy names. Raises InputError."""
    from effaudit.reading.waivers import read_waivers

    return read_waivers(policy, registry.meaning)


def today(written: str | None) -> date:
    """The day for which waivers are looked at: as written on the command line, else today's date in UTC. Raises InputError."""
    from effaudit.reading.waivers import a_day

    if written is None:
        return datetime.now(UTC).date()
    try:
        return a_day(written)
    except ValueError as error:
        raise InputError(f"--today: {error}") from None


def judged(record: Record, policy: Policy, day: str | None = None, baseline: str | None = None) -> Verdict:
    """The verdict of a policy and its waivers on a record, for a day and a baseline of the command line. Raises InputError."""
    from effaudit.judge.decide import decide
    from effaudit.judge.rules import compared_with

    compared_with([row.candidate.name for row in record.rows], "the record", policy)
    return decide(record, compared(policy, record, baseline), None, waivers(policy), today(day))


def record(path: Path) -> Record:
    """A record, by its file or its folder. Raises InputError."""
    from effaudit.reading.record_file import read_record

    return read_record(path)
