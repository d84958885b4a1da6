"""Small HTML tables for notebooks: plain, escaped, without scripts or outside resources."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from effaudit.core.text import one_line

MOST_ROWS = 50
_WORDS = 160


def html_table(heading: str, titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of at most 50 lines, and how many more there are. The last cell of a short line is as wide as what it lacks."""
    head = "".join(f'<th scope="col">{_safe(title)}</th>' for title in titles)
    body = "".join(_line(line, len(titles)) for line in lines[:MOST_ROWS])
    more = f"<p>and {len(lines) - MOST_ROWS} more</p>" if len(lines) > MOST_ROWS else ""
    return f"<table><caption>{_safe(heading)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _line(cells: Sequence[str], width: int) -> str:
    first, *rest = cells
    last = f' colspan="{width - 1}"' if len(cells) < width else ""
    others = "".join(f"<td{last}>{_safe(cell)}</td>" for cell in rest)
    return f'<tr><th scope="row">{_safe(first)}</th>{others}</tr>'


def _safe(text: str) -> str:
    return escape(one_line(text, _WORDS))
