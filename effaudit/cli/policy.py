"""shows a policy with all that it inherits, looks for what is doubtful in it, prints the language's JSON Schema

exit codes of lint: 0 nothing to say · 1 at least one doubt · 2 the policy is invalid
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    from effaudit.cli import _showing

    asked = parser.add_subparsers(title="what", metavar="WHAT", required=True, dest="what")
    show = asked.add_parser("show", help="print it whole, with the file and line of each value")
    show.add_argument("policies", nargs=1, metavar="POLICY", help="a policy's file or a preset's name")
    words = "say what in it decides nothing or cannot be decided; ends in 1 where there is something"
    lint = asked.add_parser("lint", help=words, description=words)
    lint.add_argument("policies", nargs="+", metavar="POLICY", help="a policy's file or a preset's name")
    lint.add_argument("--record", type=Path, metavar="RECORD", help="a record, whose figures say more")
    _showing.a_baseline(lint)
    asked.add_parser("schema", help="print the JSON Schema")


def run(options: argparse.Namespace) -> int:
    """Prints."""
    if options.what == "schema":
        from effaudit.reading.policy_model import schema

        print(json.dumps(schema(), indent=2))  # noqa: T201
        return 0
    return _show(options.policies[0]) if options.what == "show" else _lint(options)


def _show(named: str) -> int:
    from effaudit.cli import _reading
    from effaudit.reading.policy import open_policy
    from effaudit.reading.policy_show import resolved_text

    _reading.policy(named)
    print(resolved_text(open_policy(named, _reading.PRESETS)[0]), end="")  # noqa: T201
    return 0


def _lint(options: argparse.Namespace) -> int:
    from effaudit import registry
    from effaudit.cli import _reading
    from effaudit.core.text import counted
    from effaudit.judge.lint import Doubt, lint

    def line(doubt: Doubt) -> str:
        place = f"{doubt.file}:{doubt.line}" if doubt.line is not None else doubt.file
        return f"{place}: {doubt.rule}{': ' if doubt.rule else ''}{doubt.said}\n  {doubt.advice}"

    record = _reading.record(options.record) if options.record else None
    total = 0
    for named in options.policies:
        policy = _reading.policy(named)
        policy = _reading.compared(policy, record, options.baseline) if record else policy
        doubts = lint(policy, registry.meaning, record)
        total += len(doubts)
        for doubt in doubts:
            print(line(doubt))  # noqa: T201
        print(f"{policy.name}: {counted(len(doubts), 'doubt') if doubts else 'nothing to say'}")  # noqa: T201
    return 1 if total else 0
