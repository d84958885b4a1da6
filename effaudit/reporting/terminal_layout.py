"""How a table of candidates fits a terminal's width: changes are left out first, then long names lose their middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.text import one_line
from effaudit.reporting.candidate_rows import Cell, Line
from effaudit.reporting.formatting import title

GAP = 2
"""Spaces between columns."""
SHORTEST_NAME = 16
KEPT_LONGEST: tuple[int, ...] = (0, 2, 1, 4, 3)
"""Places in the headline metrics (quality, latency, size, memory, energy) whose change is the last to be left out."""


@dataclass(frozen=True)
class Layout:
    """How wide names, figures and changes are; a change of width 0 is left out. Headings have two lines at most."""

    headings: tuple[str, ...]
    figures: tuple[int, ...]
    changes: tuple[int, ...]
    name: int

    def heading(self, place: int) -> str:
        """A column's heading, each line set above the figures' right edge."""
        return "\n".join(line.rjust(self.figures[place]) for line in self.headings[place].split("\n"))


def layout(found: Sequence[Line], metrics: Sequence[str], width: int) -> Layout:
    """The richest layout that fits `width` columns."""
    headings = tuple(_heading(metric) for metric in metrics)
    figures = tuple(max([*map(len, h.split("\n")), *(_wide(line.cells[i].text) for line in found)]) for i, h in enumerate(headings))
    changes = [max((len(change_words(line, line.cells[i])) for line in found), default=0) for i in range(len(metrics))]
    names = max([len("candidate"), *(_wide(one_line(line.name)) for line in found)])
    fixed = max([7, *(len(line.standing) for line in found)]) + sum(figures) + GAP * (1 + len(metrics))
    for place in reversed(KEPT_LONGEST[: len(metrics)]):
        if fixed + names + _room(changes) <= width:
            break
        changes[place] = 0
    return Layout(headings, figures, tuple(changes), max(min(names, SHORTEST_NAME), min(names, width - fixed - _room(changes))))


def change_words(line: Line, cell: Cell) -> str:
    """A change, or the word "baseline" where others are compared with."""
    return "baseline" if line.baseline and cell is line.cells[0] else cell.change


def in_the_middle(name: str, width: int) -> str:
    """`name` without its middle when it is longer than `width`: both its model and its last step stay readable."""
    if len(name) <= width:
        return name
    tail = (width - 1) // 2
    return f"{name[: width - 1 - tail]}…{name[-tail:]}"


def _heading(metric: str) -> str:
    short: Mapping[str, str] = {"memory.peak": "peak\nmemory", "energy.per_1000": "energy\n/1,000"}
    if metric.startswith("latency."):
        return title(metric).removeprefix("latency ").replace(", ", "\n")
    return short.get(metric, title(metric))


def _room(changes: Sequence[int]) -> int:
    return sum(width + 1 for width in changes if width)


def _wide(words: str) -> int:
    from rich.cells import cell_len

    return cell_len(words)
