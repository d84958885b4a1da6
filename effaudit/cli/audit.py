"""measures the candidates of a plan, makes smaller ones, judges them all, and reports

The record and the report go to ./reports/NAME/ (or --out). Interrupted or killed, the same command goes on from there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    from effaudit.cli import _showing

    parser.add_argument("plan", type=Path, metavar="PLAN", help="the plan's YAML file")
    parser.add_argument("-p", "--policy", metavar="POLICY", help="a policy's file or a preset's name, instead of the plan's own")
    parser.add_argument(
        "--until-decided",
        metavar="POLICY",
        help="end the timing when every verdict of this policy is settled, and judge by it; the budget is the most that it takes",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the record goes (default: reports/NAME)")
    parser.add_argument("--engine", metavar="NAME", help="where workers run, instead of the plan's own engine")
    parser.add_argument(
        "--progress", choices=("auto", "lines", "off"), default="auto", help="a bar on a terminal (auto), lines, or none"
    )
    _showing.a_day(parser)
    _showing.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Runs the audit; the exit code is the verdict's."""
    from effaudit import pipeline
    from effaudit.cli import _inputs, _progress, _reading, _showing
    from effaudit.measure.journal import NOTES as JOURNAL_NOTES
    from effaudit.measure.ownership import default_folder

    more = _showing.wanted(options.format)
    plan = _reading.on_engine(_reading.plan(options.plan), options.engine)
    for name, failure in plan.refused.items():
        print(f"effaudit: {name} will not be measured: {failure.reason}", file=sys.stderr)  # noqa: T201
    until = _reading.policy(options.until_decided) if options.until_decided else None
    policy = until if until and not options.policy else _reading.policy(options.policy or plan.policy)
    waivers, today = _reading.waivers(policy), _reading.today(options.today)
    out = options.out if options.out is not None else default_folder(plan.name)
    read = [_inputs.of_policy(one) for one in (policy, until) if one is not None]
    _inputs.spare(more, _inputs.of_plan(options.plan, plan), _inputs.of_run(out), *read)
    with _progress.shown(_progress.course_of(plan), options.progress) as tell:
        command = f"effaudit audit {options.plan.name}" + (f" --until-decided {until.name}" if until else "")
        record, verdict = pipeline.audit(plan, policy, out, tell, command=command, waivers=waivers, today=today, until=until)
        if record.ended == "interrupted":
            options.interruptions.finish()
    _showing.write([("html", out / "report.html"), *more], record, verdict)
    _showing.to_terminal(record, verdict, options.verbose)
    for note in (note for session in record.sessions[-1:] for note in session.notes if note.code in JOURNAL_NOTES):
        print(f"\nNote: {note.text}")  # noqa: T201
    print(f"\nreport: {out / 'report.html'}\nrecord: {out / 'record.json'}   judge it again: effaudit gate {out} -p POLICY")  # noqa: T201
    if record.ended == "interrupted":
        print("interrupted: start the same command again to go on from here")  # noqa: T201
        return int(options.interruptions.exit_code)
    return verdict.exit_code
