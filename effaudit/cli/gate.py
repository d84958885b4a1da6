"""judges a record under a policy, without measuring anything

Needs no machine-learning framework. Without --candidate it asks whether a recommendation stands; with it, whether that
candidate passes.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    from effaudit.cli import _showing

    parser.add_argument("record", type=Path, metavar="RECORD", help="a record's file or folder")
    parser.add_argument("-p", "--policy", metavar="POLICY", help="a policy's file or a preset's name (default: recommended)")
    parser.add_argument("--candidate", metavar="NAME", help="gate this candidate, `recommended`, or `all`")
    _showing.a_day(parser)
    _showing.a_baseline(parser)
    _showing.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Judges; the exit code is the verdict's."""
    from effaudit.cli import _inputs, _reading, _showing
    from effaudit.judge.exits import gate_one

    more = _showing.wanted(options.format)
    policy = _reading.policy(options.policy)
    _inputs.spare(more, _inputs.of_policy(policy), _inputs.of_record(options.record))
    record = _reading.record(options.record)
    verdict = _reading.judged(record, policy, options.today, options.baseline)
    if options.candidate is not None:
        verdict = replace(verdict, subject=options.candidate, exit_code=gate_one(record, verdict, options.candidate))
    _showing.write(more, record, verdict)
    if not _showing.on_stdout(more):
        _showing.to_terminal(record, verdict, options.verbose)
    return verdict.exit_code
