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
    from effaudit.cli import _inputs, _showing
    from effaudit.core.errors import InputError
    from effaudit.core.plugin import Refused
    from effaudit.judge.diff import diff

    more = _showing.wanted(options.format)
    (before, old), (after, new) = _side(options.before), _side(options.after)
    _inputs.spare(more, *(_inputs.of_record(_split(side)[0]) for side in (options.before, options.after)))
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

    path, name = _split(written)
    record = _reading.record(path)
    if name is None:
        return record, None
    names = [row.candidate.name for row in record.rows]
    if name not in names:
        raise InputError(f"{one_line(str(path), 160)} has no candidate {one_line(name, 64)!r}.{did_you_mean(name, names)}")
    return record, name


def _split(written: str) -> tuple[Path, str | None]:
    path, hash_mark, name = written.rpartition("#")
    return (Path(path), name) if hash_mark and not Path(written).exists() else (Path(written), None)
