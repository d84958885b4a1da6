"""What a model takes for missing though the data has it: values of no known category, and columns that it sees empty.

Libraries do both without a word. While a tally is watched, formats count them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.store import Array
from effaudit.core.text import counted, listed, one_line

_SHOWN = 5


@dataclass(eq=False)
class Tally:
    """Counts of present values and of those that are none of the known ones, by column and by who looked; what is seen empty."""

    values: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    gaps: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    respelt: set[str] = field(default_factory=set)
    begun: bool = False
    dtype: str = ""
    """The type of the last raw answer."""

    def count(self, column: str, unknown: Array, missing: Array, who: int = 0) -> None:
        """Rows of a column: booleans (rows,)."""
        found = self.values.setdefault((column, who), [0, 0])
        found[0] += int(np.count_nonzero(unknown & ~missing))
        found[1] += int(np.count_nonzero(~missing))

    def count_gaps(self, columns: list[str], gaps: Array, rows: int, who: int = 0) -> None:
        """How many of `rows` rows have NaN in each column that reaches a step."""
        for name, number in zip(columns, gaps.tolist(), strict=True):
            found = self.gaps.setdefault((name, who), [0, 0])
            found[0] += int(number)
            found[1] += rows

    def told(self) -> Found:
        """By column: the worst that anybody counted of it."""
        unknown: dict[str, tuple[int, int]] = {}
        for (name, _), (odd, present) in self.values.items():
            if odd and odd * max(1, unknown.get(name, (0, 1))[1]) > unknown.get(name, (0, 1))[0] * present:
                unknown[name] = (odd, present)
        empty = tuple(dict.fromkeys(name for (name, _), (gaps, rows) in self.gaps.items() if rows and gaps == rows))
        return Found(unknown, empty, tuple(sorted(self.respelt)))


@dataclass(frozen=True)
class Found:
    """`unknown`: by column, how many of its present values are none that the model knows. `empty`: columns in which a step sees
    NaN only. `respelt`: columns whose values were found by what they say, as they are of another kind than in training.
    """

    unknown: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    empty: tuple[str, ...] = ()
    respelt: tuple[str, ...] = ()

    def notes(self) -> tuple[Note, ...]:
        """What is worth telling, whatever follows from it."""
        notes = []
        if self.unknown:
            words = listed((_of(name, *found) for name, found in self._worst()), _SHOWN)
            notes.append(Note("inputs_unknown", f"values that it does not know count as missing: {words}"))
        if self.empty:
            words = listed((one_line(name, 40) for name in self.empty), _SHOWN)
            notes.append(Note("columns_all_missing", f"every value that reaches it is missing in {words}"))
        if self.respelt:
            words = listed((one_line(name, 40) for name in self.respelt), _SHOWN)
            notes.append(Note("inputs_respelt", f"{words}: of another kind than in training, and found by what the values say"))
        return tuple(notes)

    def doubts(self, share: float, empty_in_data: bool) -> tuple[Note, ...]:
        """Where more than a share of a column's values is not known, or a column is empty that is not so in the data."""
        worst = next(iter(self._worst()), None)
        if worst is not None and worst[1][0] > share * worst[1][1]:
            words = f"it does not know {_of(worst[0], *worst[1])}, and takes such values for missing"
            return (Note("inputs_not_understood", f"{words} (`measure: {{unknown: {share:.0%}}}` is the most)"),)
        if self.empty and not empty_in_data:
            words = listed((one_line(name, 40) for name in self.empty), _SHOWN)
            return (
                Note("inputs_not_understood", f"every value of {words} is missing where it reaches the model, and not in the data"),
            )
        return ()

    def _worst(self) -> list[tuple[str, tuple[int, int]]]:
        return sorted(self.unknown.items(), key=lambda item: -item[1][0] / max(1, item[1][1]))


def _of(column: str, odd: int, present: int) -> str:
    return f"{odd:,} of {counted(present, 'value')} of {one_line(column, 40)}"


_watched: list[Tally] = []


@contextmanager
def watching(tally: Tally) -> Iterator[None]:
    """While it holds, `current` is this tally."""
    _watched.append(tally)
    try:
        yield
    finally:
        _watched.pop()


def current() -> Tally | None:
    """The tally that is watched, if one is."""
    return _watched[-1] if _watched else None


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """A library's function exchanged for another one while it holds."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
