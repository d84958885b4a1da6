"""Direct labels for the points of a chart, put where they touch no point, no whisker and no other label."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LETTER, LINE = 6.6, 14.0
"""Pixels of an average letter and of a line of the labels' type, on the generous side: fonts differ."""
FARTHEST = 84.0
"""A label stands at most so far from its point; what finds no place within is left to the table below the chart."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Do they overlap?"""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom

    def within(self, other: Box) -> bool:
        """Does it lie inside the other?"""
        return self.left >= other.left and self.right <= other.right and self.top >= other.top and self.bottom <= other.bottom


@dataclass(frozen=True)
class Label:
    """A text at its baseline's start, middle or end; `leader` is the line to its point when it stands apart."""

    x: float
    y: float
    anchor: str
    text: str
    leader: tuple[float, float, float, float] | None = None


def place(points: Sequence[tuple[float, float, str]], taken: Sequence[Box], frame: Box) -> list[Label | None]:
    """A label for each point (x, y, text), earlier points choosing first; None where there is no room.

    `taken` are the areas that labels must keep clear of, `frame` the one that they must stay in.
    """
    used = list(taken)
    labels: list[Label | None] = []
    for x, y, text in points:
        found = next(
            ((label, box) for label, box in _offers(x, y, text) if box.within(frame) and not any(box.meets(b) for b in used)), None
        )
        labels.append(found[0] if found else None)
        if found:
            used.append(found[1])
    return labels


def _offers(x: float, y: float, text: str) -> Iterator[tuple[Label, Box]]:
    """Places for a label, the nearest and best readable first: right, left, above, below, then in growing circles."""
    for distance in (9.0, 16.0, 26.0, 38.0, 52.0, 67.0, FARTHEST):
        for turn in (0, 180, 270, 90, 315, 45, 225, 135, 340, 20, 200, 160):
            angle = math.radians(turn)
            yield _offer(x, y, x + distance * math.cos(angle), y + distance * math.sin(angle), turn, text, distance > 16)


def _offer(x: float, y: float, near_x: float, near_y: float, turn: int, text: str, apart: bool) -> tuple[Label, Box]:
    width = LETTER * len(text)
    anchor = "middle" if turn in (90, 270) else "start" if turn in (0, 20, 45, 315, 340) else "end"
    left = near_x - (width / 2 if anchor == "middle" else width if anchor == "end" else 0)
    middle = near_y + (LINE / 2 if turn == 90 else -LINE / 2 if turn == 270 else 0)
    box = Box(left, middle - LINE / 2, left + width, middle + LINE / 2)
    leader = (round(x, 1), round(y, 1), round(near_x, 1), round(near_y, 1)) if apart else None
    return Label(round(near_x, 1), round(middle + 4, 1), anchor, text, leader), box
