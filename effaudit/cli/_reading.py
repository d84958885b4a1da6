"""Reads what verbs are given: plans with the installed plug-ins, policies by file or preset, records by file or folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from effaudit import registry
from effaudit.core.plan import Plan
from effaudit.core.policy import Policy
from effaudit.core.record import Record

DEFAULT_POLICY = "recommended"
_PACKAGE = Path(str(files("effaudit")))
PRESETS = next((place for place in (_PACKAGE / "policies", _PACKAGE.parent / "policies") if place.is_dir()), _PACKAGE / "policies")
"""Inside an installed package, or beside it in a source tree."""


def plan(path: Path) -> Plan:
    """A plan. Raises InputError."""
    from effaudit.compress.recipes import LADDER
    from effaudit.reading.plan import Known, read_plan

    known = Known(
        formats=registry.names("formats"),
        techniques=registry.names("techniques"),
        technique=lambda name: registry.find("techniques", name),
        ladder=LADDER,
        scorers=lambda: [metric.removeprefix("quality.") for metric in registry.a_metric("quality").examples()],
        guess_format=registry.format_by_name,
        presets=PRESETS,
    )
    return read_plan(path, known)


def policy(named: str | Path | None) -> Policy:
    """A policy's file, a preset's name, or the default preset. Raises InputError."""
    from effaudit.reading.policy import read_policy

    ids = [example for name in registry.names("metrics") for example in registry.a_metric(name).examples()]
    return read_policy(named or DEFAULT_POLICY, registry.meaning, ids, PRESETS)


def record(path: Path) -> Record:
    """A record, by its file or its folder. Raises InputError."""
    from effaudit.reading.record_file import read_record

    return read_record(path)
