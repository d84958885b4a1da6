"""examines this machine: can figures that are taken here be trusted, and what would make them better?

Exit code 0 when it can be trusted, 1 when not. With --selftest, models with known differences are audited: a slowdown of a
tenth and a loss of quality must be caught, and a copy must not be failed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from effaudit.cli._planted import Planted
    from effaudit.measure.examine import Facts
    from effaudit.measure.health import Finding

MARKS = {"good": "ok  ", "note": "note", "bad": "BAD "}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("--selftest", action="store_true", help="plant known differences, and see that they are found (a minute)")
    parser.add_argument("--json", action="store_true", help="print facts and findings as JSON")


def run(options: argparse.Namespace) -> int:
    """Examines and prints."""
    from effaudit import registry
    from effaudit.cli import _planted
    from effaudit.measure import examine, health

    print("examining, which takes some seconds…", file=sys.stderr)  # noqa: T201
    facts = examine.examine(registry.an_engine("local").environment(None, 2), _planted.noise)
    found = health.findings(facts)
    planted: tuple[Planted, ...] = ()
    if options.selftest:
        print("auditing planted models, which takes about a minute…", file=sys.stderr)  # noqa: T201
        planted = _planted.selftest()
    trusted = health.trusted(found) and all(one.right for one in planted)
    print(_as_json(trusted, facts, found, planted) if options.json else _as_text(trusted, facts, found, planted))  # noqa: T201
    return 0 if trusted else 1


def _as_json(trusted: bool, facts: Facts, found: tuple[Finding, ...], planted: tuple[Planted, ...]) -> str:
    told = {"trusted": trusted, "findings": found, "selftest": planted, "facts": facts}
    return json.dumps(told, indent=1, default=_plain)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def _as_text(trusted: bool, facts: Facts, found: tuple[Finding, ...], planted: tuple[Planted, ...]) -> str:
    host = facts.host
    lines = [f"{host['cpu']}, {host['os']}, {host['python']}", ""]
    for one in found:
        lines.append(f"{MARKS[one.level]}  {one.topic:<11} {one.said}")
        lines += [f"{'':<18}→ {one.advice}"] if one.advice else []
    if planted:
        lines += ["", "selftest: models with known differences, each against the same baseline"]
    for plant in planted:
        lines.append(f"{MARKS['good' if plant.right else 'bad']}  {plant.name:<11} {plant.known}; the gate: {plant.said}")
    return "\n".join([*lines, "", _ending(trusted, bool(planted))])


def _ending(trusted: bool, tested: bool) -> str:
    if not trusted:
        return "Figures that are taken here cannot be trusted: see BAD above."
    return "Figures that are taken here can be trusted" + (
        ": what was planted was found." if tested else "; `effaudit doctor --selftest` plants known differences to prove it."
    )
