"""renders a record again, as HTML or any other output"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    from effaudit.cli import _showing

    parser.add_argument("record", type=Path, metavar="RECORD", help="a record's file or folder")
    parser.add_argument("-p", "--policy", metavar="POLICY", help="judge it under this policy (default: the audit's own)")
    parser.add_argument("-f", "--format", action="append", default=[], metavar="OUTPUT=PATH", help="default: html=report.html")
    _showing.a_day(parser)
    _showing.a_baseline(parser)


def run(options: argparse.Namespace) -> int:
    """Writes the outputs; the exit code says only whether that went well."""
    from effaudit.cli import _inputs, _reading, _showing

    wanted = _showing.wanted(options.format or ["html=report.html"])
    record = _reading.record(options.record)
    policy, under = _reading.policy_for(record, options.policy)
    _inputs.spare(wanted, _inputs.of_policy(policy), _inputs.of_record(options.record))
    verdict = _reading.judged(record, policy, options.today, options.baseline)
    if not _showing.on_stdout(wanted):
        print(under)  # noqa: T201
    _showing.write(wanted, record, verdict)
    for name, path in wanted if not _showing.on_stdout(wanted) else ():
        print(f"{name}: {path}")  # noqa: T201
    return 0
