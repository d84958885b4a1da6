"""How rows depend on each other: what the plan must say of dates and ids, and the groups that intervals resample."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from effaudit.core.errors import InputError, Place
from effaudit.core.plan import Data
from effaudit.core.store import Array
from effaudit.core.text import counted, one_line
from effaudit.reading.columns import Values

LEAST_GROUPS = 20
"""Fewer groups than this say too little of how groups differ."""

_DATE_WORDS = {"date", "datetime", "timestamp", "time"}
_ID_WORDS = {"id", "ids", "uuid", "guid"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
_TOKEN = re.compile(r"\S{4,64}")
_SAMPLE = 1000


def check_said(data: Data, inputs: Mapping[str, Values], others: Sequence[str], place: Place) -> None:
    """Raises InputError where a column looks like a date or an id and the plan does not say how rows depend on each other.

    `others` are columns that models do not see, known by their names only: rows depend on each other by them all the same.
    """
    if data.groups or data.time or data.independent:
        return
    for name in (*inputs, *others):
        looks = _looks(name, inputs.get(name))
        if looks:
            shown = one_line(name, 60)
            what = f"the column {shown!r} looks like {looks}, and nothing says how rows depend on each other"
            advice = (
                "Write one of these lines under `workload`:\n"
                f"    groups: {shown}   # rows with the same {shown} belong together\n"
                f"    time: {shown}   # new rows will be later ones\n"
                "    rows: independent   # no row has to do with another"
            )
            raise InputError(what, place, advice)


def as_times(values: Values, name: str, place: Place) -> Values:
    """Times in an order: numbers as they are, text as the ISO 8601 dates that it says. Raises InputError where it is none."""
    if not values.text:
        return values
    import pandas as pd

    try:
        instants = pd.to_datetime(np.array(values.words, dtype=object), format="ISO8601", utc=True)
        nanoseconds = instants.tz_localize(None).as_unit("ns").to_numpy()
        if np.isnat(nanoseconds).any():
            raise ValueError(f"{values.words[int(np.isnat(nanoseconds).argmax())]!r}")
    except (ValueError, OverflowError) as error:
        what = f"the times in {one_line(name, 60)!r} are text that is no date: {one_line(str(error), 120)}"
        raise InputError(what, place, "Write them as 2013-01-31 or 2013-01-31T12:00:00, or as numbers.") from error
    return Values(nanoseconds[values.data])


def group_numbers(links: Mapping[str, Values], data: Data) -> tuple[dict[str, Array], str]:
    """Each split's rows by group, numbered from 0 in that split, and a note on what a group is.

    Times are grouped by the day where certify has days enough, else by their value; where there are few of those too, rows count
    as independent, which the note says.
    """
    if data.groups:
        return {split: _numbered(values.data) for split, values in links.items()}, ""
    days = {split: values.data.astype("datetime64[D]") if values.kind == "time" else values.data for split, values in links.items()}
    for what, stamps in (("days", days), ("values", {split: values.data for split, values in links.items()})):
        count = len(np.unique(stamps["certify"]))
        if count >= LEAST_GROUPS:
            note = f"intervals resample the {count:,} {what} of {data.time} in certify" if count < len(stamps["certify"]) else ""
            return {split: _numbered(values) for split, values in stamps.items()}, note
    note = (
        f"certify has only {counted(count, 'different value')} of {data.time}: intervals take its rows as independent, "
        "and do not show how much one time differs from the next"
    )
    return {split: np.arange(len(values.data)) for split, values in links.items()}, note


def _numbered(values: Array) -> Array:
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64)


def _looks(name: str, values: Values | None) -> str:
    """What a column looks like, in words; empty when like nothing of the kind."""
    parts = {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)}
    if values is not None and values.shape:
        return ""
    if values is not None and values.kind == "time":
        return "a date"
    if parts & (_DATE_WORDS - {"time"}) or name.lower() == "time":
        return "a date"
    if parts & _ID_WORDS:
        return "an id"
    return _contents(values) if values is not None else ""


def _contents(values: Values) -> str:
    rows = len(values.data)
    if values.text:
        words = values.words[:_SAMPLE]
        if words and all(_DAY.fullmatch(word) for word in words):
            return "a date"
        tokens = rows >= LEAST_GROUPS and len(values.words) > 0.9 * rows and all(_TOKEN.fullmatch(word) for word in words)
        return "an id" if tokens else ""
    counts_up = values.data.dtype.kind in "iu" and rows >= LEAST_GROUPS and bool((np.diff(values.data.astype(np.int64)) == 1).all())
    return "a row number" if counts_up else ""
