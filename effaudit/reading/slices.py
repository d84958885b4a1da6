"""Cuts certify rows into slices: categories and missing values as they are, numbers and times into quarters, rare ones together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from effaudit.core.notes import Note, coded
from effaudit.core.slices import LONGEST, MISSING, NO_SLICE, OTHER, Slice, key_apart, key_of
from effaudit.core.store import Array
from effaudit.core.text import counted, listed, one_line
from effaudit.reading.columns import Values
from effaudit.reading.dependence import LEAST_GROUPS
from effaudit.reading.labels import label_text

FEW_VALUES = 10
"""Numbers with so many different values at most, such as ratings, are categories."""

LEAST_OF_A_CLASS = 30
"""Rows of each class that judging a score asks for."""

MOST_SLICES = 50
"""Of one column; the rarer values are put together."""


@dataclass(frozen=True)
class Sliced:
    """Slices, column by column; `codes` (rows, columns) uint16 is each row's place among them, or NO_SLICE."""

    slices: tuple[Slice, ...]
    codes: Array
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Cut:
    """A column's candidates for slices, and the place of each row's own among them; none is −1.

    `names` are values, or Q1 to Q4; `titles` say what is in a name, where it does not; None stands for rows without a value.
    """

    names: Sequence[str | None]
    titles: Sequence[str]
    codes: Array


def slices_of(columns: Mapping[str, Values], least: int, groups: Array, classes: Array | None, known: int) -> Sliced:
    """The slices of some rows by each of `columns`.

    A slice has `least` rows or more. Rarer values, and a column's rarest beyond MOST_SLICES, become one slice, `other`; where all
    of them together are too few too, their rows are in no slice, which a note says. groups (rows,): each row's group.
    classes (rows,): its answer's index below `known`; None where answers are no classes.
    """
    slices: list[Slice] = []
    codes = np.full((len(groups), len(columns)), NO_SLICE, dtype=np.uint16)
    notes: list[Note] = []
    for place, (column, values) in enumerate(columns.items()):
        named, own_codes, told = _merged(column, _cut(values), least)
        inside = own_codes >= 0
        codes[inside, place] = own_codes[inside] + len(slices)
        for own, (key, title) in enumerate(named):
            rows = own_codes == own
            by_class = () if classes is None else tuple(np.bincount(classes[rows], minlength=known).tolist())
            slices.append(Slice(column, key, title, int(rows.sum()), len(np.unique(groups[rows])), by_class))
        notes += [
            *told,
            *_undecidable(column, [one for one in slices if one.column == column], len(groups) > len(np.unique(groups))),
        ]
    return Sliced(tuple(slices), codes, tuple(notes))


def _cut(values: Values) -> _Cut:
    absent = values.missing()
    found = _Cut(values.words, (), values.data) if values.text else _of_numbers(values, ~absent)
    if not absent.any():
        return found
    return replace(found, names=[*found.names, None], codes=np.where(absent, len(found.names), found.codes))


def _of_numbers(values: Values, present: Array) -> _Cut:
    codes = np.full(len(present), -1, dtype=np.int64)
    distinct, places = np.unique(values.data[present], return_inverse=True)
    if values.kind == "number" and len(distinct) <= FEW_VALUES:
        codes[present] = places
        return _Cut([_label(value) for value in distinct], (), codes)
    if not len(distinct):
        return _Cut((), (), codes)
    # Quartiles that are values themselves: infinite ones do no harm, and dates need no arithmetic.
    ordered = np.sort(places)
    edges = ordered[[-(-len(ordered) * quarter // 4) - 1 for quarter in (1, 2, 3)]]
    codes[present] = np.searchsorted(edges, places, side="left")
    held = [np.unique(places[codes[present] == quarter]) for quarter in range(4)]
    titles = ["" if not len(own) else _range(distinct[own[0]], distinct[own[-1]]) for own in held]
    return _Cut(("Q1", "Q2", "Q3", "Q4"), titles, codes)


def _merged(column: str, cut: _Cut, least: int) -> tuple[list[tuple[str, str]], Array, tuple[Note, ...]]:
    """Keys and titles of a column's slices, each row's place among them, and notes: rare values are put together as `other`."""
    sizes = np.bincount(cut.codes[cut.codes >= 0], minlength=len(cut.names))
    enough = [place for place in np.argsort(-sizes, kind="stable") if sizes[place] >= least]
    kept = sorted({*enough[:MOST_SLICES], *(place for place in enough if cut.names[place] is None)})
    rare = np.setdiff1d(np.flatnonzero(sizes), kept)
    new = np.full(len(cut.names) + 1, -1, dtype=np.int64)  # the last one is for code −1
    new[kept] = np.arange(len(kept))
    named = [_named(column, cut, place) for place in kept]
    rows = int(sizes[rare].sum())
    told = f"{counted(len(rare), 'value')} of {one_line(column, LONGEST)} with {counted(rows, 'certify row')} in all"
    if not rows:
        return named, new[cut.codes], ()
    if rows < least:
        note = f"in no slice: {told}, where a slice has at least {least:,} rows (`slice_min_rows`)"
        return named, new[cut.codes], coded("rows_in_no_slice", note)
    new[rare] = len(kept)
    why = f"a slice has at least {least:,} rows" if sizes[rare].max() < least else f"no more than {MOST_SLICES} stand alone"
    other = (key_apart(column, OTHER), f"{counted(len(rare), 'other value')}")
    return [*named, other], new[cut.codes], coded("slices_merged", f"{told} became one slice, other: {why}")


def _named(column: str, cut: _Cut, place: int) -> tuple[str, str]:
    name = cut.names[place]
    if name is None:
        return key_apart(column, MISSING), "missing"
    return key_of(column, name), cut.titles[place] if cut.titles else one_line(name[:1000], LONGEST)


def _undecidable(column: str, slices: Sequence[Slice], grouped: bool) -> tuple[Note, ...]:
    """Says which slices have too little in them for a comparison of scores to be decided, and what would put them together."""
    few = [one for one in slices if min(one.class_rows, default=LEAST_OF_A_CLASS) < LEAST_OF_A_CLASS]
    few += [one for one in slices if grouped and one.groups < LEAST_GROUPS and one not in few]
    if not few:
        return ()
    less = f"less than {LEAST_OF_A_CLASS} rows of a class" + (f", or than {LEAST_GROUPS} groups" if grouped else "")
    told = f"slices of {one_line(column, LONGEST)} with {less}, in which rules on scores stay undecided"
    largest = max(one.rows for one in few)
    enough = all(one.rows > largest for one in slices if one not in few) and len(few) < len(slices)
    advice = f"; `slice_min_rows: {largest + 1}` puts them together" if enough else ""
    return coded("slices_undecided", f"{told}: {listed((one.title for one in few), 5)}{advice}")


def _label(value: object) -> str:
    try:
        return label_text(value)
    except ValueError:
        return str(value)  # infinity


def _range(low: np.generic, high: np.generic) -> str:
    first, last = (_shown(value) for value in (low, high))
    return first if first == last else f"{first} to {last}"


def _shown(value: np.generic) -> str:
    if value.dtype.kind == "M":
        return str(value.astype("datetime64[s]")).replace("T00:00:00", "").replace("T", " ")
    return f"{value:,}" if value.dtype.kind in "iu" else f"{value:,.6g}"
