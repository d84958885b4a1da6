"""says why a candidate is not recommended, and what would make it pass

Every rule with its figure and limit, and what is missing or to spare at the end of the interval that decides. Of rules that are
not met: the smallest limit that would do, and how much more measuring would decide if the figure stayed as it is. At the end the
smallest limits that admit the candidate when all of them are set: judged again under these, it passes.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    from effaudit.cli import _showing

    parser.add_argument("record", type=Path, metavar="RECORD", help="a record's file or folder")
    parser.add_argument("candidate", nargs="?", metavar="CANDIDATE", help="this one only (default: all)")
    parser.add_argument("-p", "--policy", metavar="POLICY", help="judge under this policy (default: the audit's own)")
    _showing.a_day(parser)
    _showing.a_baseline(parser)


def run(options: argparse.Namespace) -> int:
    """Prints the explanations."""
    from effaudit.cli import _reading
    from effaudit.core.errors import InputError
    from effaudit.core.text import did_you_mean, one_line
    from effaudit.judge.account import account
    from effaudit.reporting.cautions import cautions

    record = _reading.record(options.record)
    policy, under = _reading.policy_for(record, options.policy)
    verdict = _reading.judged(record, policy, options.today, options.baseline)
    names = [row.candidate.name for row in record.rows]
    if options.candidate and options.candidate not in names:
        raise InputError(f"the record has no candidate {options.candidate!r}.{did_you_mean(options.candidate, names)}")
    print(under)  # noqa: T201
    print(one_line(verdict.headline, 1000))  # noqa: T201
    for words in cautions(record, verdict):
        print(f"! {one_line(words, 1000)}")  # noqa: T201
    for name in [options.candidate] if options.candidate else names:
        print("", *account(verdict, name), sep="\n")  # noqa: T201
    return 0
