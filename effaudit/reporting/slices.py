"""The slice in which each candidate reads worst, column by column, and how slices are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from effaudit.core.reading import Measurement
from effaudit.core.record import Record, Row
from effaudit.core.slices import Slice, sliced
from effaudit.core.text import counted, one_line
from effaudit.reporting.candidate_rows import primary_quality
from effaudit.reporting.formatting import figure, title

CAUTION = (
    "The worst of many slices is extreme by selection: chance has a part in which one it is, and new rows will likely show it "
    "less far from the others. A rule with `for_each` judges every slice."
)
_QUARTER = re.compile(r"=(Q[1-4])$")


@dataclass(frozen=True)
class Worst:
    """The worst slice of one column by one metric, for one candidate; `of` says among how many."""

    candidate: str
    metric: str
    column: str
    slice: str
    text: str
    interval: str
    rows: int
    of: str


def sliced_by(record: Record) -> tuple[str, ...]:
    """The columns that the record has slices of."""
    return tuple(dict.fromkeys(one.column for one in record.workload.slices))


def worst(record: Record, row: Row, metrics: Sequence[str] = ()) -> tuple[Worst, ...]:
    """For each column and metric (the primary quality where none is named); a column without any figure has none."""
    wanted = metrics or (primary_quality(record),)
    found = (_worst(record, row, column, metric) for column in sliced_by(record) for metric in wanted)
    return tuple(one for one in found if one is not None)


def name_of(part: Slice) -> str:
    """What the rows of a slice share: `UA`, `80 to 502 (Q1)`, `missing`."""
    quarter = _QUARTER.search(part.key)
    words = one_line(part.title, 80) or '""'
    return f"{words} ({quarter[1]})" if quarter and quarter[1] != words else words


def _worst(record: Record, row: Row, column: str, metric: str) -> Worst | None:
    own = [one for one in record.workload.slices if one.column == column]
    read = [(one, reading) for one in own if isinstance(reading := row.readings.get(sliced(metric, one.key)), Measurement)]
    if not read:
        return None
    part, reading = min(read, key=lambda pair: pair[1].value * (-1 if pair[1].better == "lower" else 1))
    text, _, interval = figure(reading).partition(" [")
    without = f", {len(own) - len(read)} without a figure" if len(own) > len(read) else ""
    return Worst(
        candidate=row.candidate.name,
        metric=title(metric),
        column=one_line(column, 60),
        slice=name_of(part),
        text=text,
        interval=f"[{interval}" if interval else "",
        rows=part.rows,
        of=f"{counted(len(own), 'slice')}{without}",
    )
