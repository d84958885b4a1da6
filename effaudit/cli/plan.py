"""plan schema: prints the JSON Schema of plans, for editors; plan check PLAN: reads a plan without running it"""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    asked = parser.add_subparsers(title="what", metavar="WHAT", required=True, dest="what")
    asked.add_parser("schema", help="print the JSON Schema")
    check = asked.add_parser("check", help="read a plan, and say what it would do")
    check.add_argument("plan", type=Path, metavar="PLAN")


def run(options: argparse.Namespace) -> int:
    """Prints."""
    if options.what == "schema":
        from effaudit.reading.plan_model import schema

        print(json.dumps(schema(), indent=2))  # noqa: T201
        return 0
    from effaudit.cli import _reading
    from effaudit.core.errors import InputError
    from effaudit.core.text import counted

    plan = _reading.plan(options.plan)
    _reading.policy(plan.policy)
    made = len(plan.jobs)
    if plan.refused:
        told = "\n  ".join(f"{name}: {failure.reason}" for name, failure in plan.refused.items())
        lost = counted(len(plan.refused), "candidate")
        raise InputError(f"{lost} of {len(plan.candidates)} cannot be opened, and an audit would go without:\n  {told}")
    print(f"{plan.name}: {counted(len(plan.candidates), 'candidate')}, {made} to be made, baseline {plan.baseline}")  # noqa: T201
    return 0
