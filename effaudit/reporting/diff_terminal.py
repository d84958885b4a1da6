"""A comparison of two records in a terminal: surroundings, what really changed, what cannot be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from effaudit.core.diff import Change, Diff
from effaudit.core.text import one_line
from effaudit.reporting.diff_words import (
    apart_words,
    artifact_words,
    change_words,
    coming,
    headline,
    hidden,
    shown,
    side_words,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

STYLES = {"better": "green", "worse": "red", "not shown": "dim"}
MARKS = {"better": "+", "worse": "−", "not shown": "="}


def parts(diff: Diff, everything: bool) -> list[RenderableType]:
    """What to print, one part after the other."""
    found: list[RenderableType] = [_head(diff)]
    if diff.settings:
        table = _grid()
        for one in diff.settings:
            table.add_row(_text(f"  {one.name}"), _text(one.before), _text("→", "dim"), _text(one.after))
        found.append(_under("Measured under other conditions", table))
    for pair in diff.pairs:
        if changes := shown(diff, pair, everything):
            found.append(_under(pair.name, _changes(changes), f"   {artifact_words(pair)}"))
    if diff.apart:
        found.append(_apart(diff))
    found += [_text(words) for words in coming(diff)]
    if not everything and hidden(diff):
        found.append(_text(f"{hidden(diff)}  (--all lists them)", "dim"))
    return found


def _head(diff: Diff) -> Text:
    first = _text(headline(diff), "bold")
    for word, side in (("before", diff.before), ("after ", diff.after)):
        first.append("\n").append_text(_text(word, "dim")).append("  ").append_text(_text(side_words(side), "dim"))
    return first


def _changes(changes: tuple[Change, ...]) -> Table:
    table = _grid()
    for change in changes:
        words = change_words(change)
        status = _text(f"  {MARKS[change.way]} {words.way}", STYLES[change.way])
        figures = (_text(words.before), _text("→", "dim"), _text(words.after), _text(words.change))
        table.add_row(status, _text(words.title), *figures)
    return table


def _apart(diff: Diff) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding

    told = [_text(f"{one.reason}: {one.titles} ({one.pairs})") for one in apart_words(diff.apart)]
    return Group(_text("Not comparable", "bold"), *(Padding(words, (0, 0, 0, 2)) for words in told))


def _under(heading: str, table: Table, beside: str = "") -> RenderableType:
    from rich.console import Group

    return Group(_text(heading, "bold").append_text(_text(beside, "dim") if beside else _text("")), table)


def _grid() -> Table:
    from rich.table import Table

    return Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))


def _text(words: str, style: str = "") -> Text:
    """Foreign words made harmless: one line, no escapes, no markup."""
    from rich.text import Text

    indent = words[: len(words) - len(words.lstrip(" "))]
    return Text(indent).append(one_line(words, 600), style or None)
