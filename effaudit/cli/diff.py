"""compares two records, or two candidates: what really changed, and what cannot be compared

A side is a record's file or folder; with #NAME behind it, one of its candidates (`diff reports/a#gbm reports/b#gbm-to_onnx`).
Candidates of the same name are compared otherwise. Counted figures are compared exactly; quality by the rows that both were
scored on; timings, memory and energy only where they were measured together. The exit code is 0, whatever changed, or 2 where
a file or a name is wrong: to judge a change, gate it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from effaudit.core.record import Record


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("before", metavar="BEFORE", help="a record's file or folder, and #NAME for one candidate")
    parser.add_argument("after", metavar="AFTER", help="a record's file or folder, and #NAME for one candidate")
    parser.add_argument("--all", action="store_true", help="list the comparisons that show no change, too")
    parser.add_argument(
        "-f",
        "--format",
        action="append",
        default=[],
        metavar="OUTPUT=PATH",
        help="also write it there as markdown or json; - is the standard output",
    )


def run(options: argparse.Namespace) -> int:
    """Prints what changed."""
    from effaudit import registry
    from effaudit.cli import _showing
    from effaudit.core.errors import InputError
    from effaudit.core.plugin import Refused
    from effaudit.judge.diff import diff

    more = _showing.wanted(options.format)
    (before, old), (after, new) = _side(options.before), _side(options.after)
    if (old is None) != (new is None):
        raise InputError("one side names a candidate and the other does not", advice="Write RECORD#NAME for both, or for neither.")
    found = diff(before, after, (old, new) if old is not None and new is not None else None)
    for name, path in more:
        try:
            _showing.put(registry.find("outputs", name)().render_diff(found, options.all), path)
        except Refused as refusal:
            raise InputError(f"-f {name}: {refusal}") from refusal
    if not _showing.on_stdout(more):
        _showing.diff_to_terminal(found, options.all)
    return 0


def _side(written: str) -> tuple[Record, str | None]:
    """A record, and the candidate that is named behind it. Raises InputError."""
    from effaudit.cli import _reading
    from effaudit.core.errors import InputError
    from effaudit.core.text import did_you_mean, one_line

    path, hash_mark, name = written.rpartition("#")
    if not hash_mark or Path(written).exists():
        return _reading.record(Path(written)), None
    record = _reading.record(Path(path))
    names = [row.candidate.name for row in record.rows]
    if name not in names:
        raise InputError(f"{one_line(path, 160)} has no candidate {one_line(name, 64)!r}.{did_you_mean(name, names)}")
    return record, name
