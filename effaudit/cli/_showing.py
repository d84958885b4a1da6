"""Writes verdicts where the user asked for them."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `--help` must stay instant
    from effaudit.core.diff import Diff
    from effaudit.core.plugin import Output
    from effaudit.core.record import Record
    from effaudit.core.verdict import Verdict

STDOUT = Path("-")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options that verbs which show a verdict share."""
    parser.add_argument(
        "-f",
        "--format",
        action="append",
        default=[],
        metavar="OUTPUT=PATH",
        help="also write this output there (json, csv, markdown, html, junit, sarif, github…); - is the standard output",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="list the checks that passed, too")


def a_day(parser: argparse.ArgumentParser) -> None:
    """The option of verbs that look at waivers."""
    parser.add_argument("--today", metavar="DATE", help="look at waivers as of this day, such as 2026-07-31 (default: today, UTC)")


def a_baseline(parser: argparse.ArgumentParser) -> None:
    """The option of verbs that judge a record again."""
    parser.add_argument(
        "--baseline",
        metavar="NAME",
        help="compare with this candidate, with one of another record (file:RECORD#NAME), or with the plan's baseline (plan)",
    )


def wanted(written: list[str]) -> list[tuple[str, Path]]:
    """`OUTPUT=PATH` pairs. Raises InputError before anything long is begun."""
    from effaudit import registry
    from effaudit.core.errors import InputError
    from effaudit.core.text import did_you_mean

    pairs = []
    for text in written:
        name, equals, path = text.partition("=")
        if not equals or not path:
            raise InputError(f"-f takes OUTPUT=PATH, found {text!r}", advice="For example: -f markdown=summary.md")
        if name not in registry.names("outputs"):
            raise InputError(f"there is no output {name!r}.{did_you_mean(name, registry.names('outputs'))}")
        pairs.append((name, Path(path)))
    return pairs


def write(pairs: list[tuple[str, Path]], record: Record, verdict: Verdict | None) -> None:
    """Writes each output, whole or not at all, files first; `-` is the standard output. Raises InputError."""
    from effaudit import registry

    for name, path in sorted(pairs, key=lambda pair: pair[1] == STDOUT):
        put(registry.find("outputs", name)().render(record, verdict), path)


def put(text: str, path: Path) -> None:
    """Writes one text, whole or not at all; `-` is the standard output. Raises InputError where it cannot be written."""
    from effaudit.core.errors import InputError
    from effaudit.core.files import shown, write_text
    from effaudit.core.system import FULL, refusal

    if path == STDOUT:
        say(text)
        return
    if not path.name:
        raise InputError(f"cannot write {path}: it is a folder", advice="Name a file that can be written.")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_text(text, "utf-8")  # a pipe or a device, which has nothing to be replaced
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    except OSError as error:
        advice = "Free some space; the record is whole, and `effaudit report` writes this again." if error.errno in FULL else ""
        what = f"cannot write {shown(path)}: {refusal(error).what}"
        raise InputError(what, advice=advice or "Name a file that can be written.") from error


def say(text: str) -> None:
    """Prints a text."""
    sys.stdout.write(text)
    sys.stdout.flush()


def on_stdout(pairs: list[tuple[str, Path]]) -> bool:
    """Does an output take the standard output, so that nothing else may be printed there?"""
    return any(path == STDOUT for _, path in pairs)


def to_terminal(record: Record, verdict: Verdict, verbose: bool) -> None:
    """Prints the verdict."""
    say(_terminal(verbose).render(record, verdict))


def diff_to_terminal(diff: Diff, everything: bool) -> None:
    """Prints a comparison of two records."""
    say(_terminal(everything).render_diff(diff, everything))


def _terminal(verbose: bool) -> Output:
    from effaudit import registry

    columns = shutil.get_terminal_size((100, 24)).columns
    fitting: Output = registry.find("outputs", "terminal").fitting(sys.stdout, os.environ, columns, verbose)
    return fitting
