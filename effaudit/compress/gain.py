"""Did compressing pay? A product is a gain when it is smaller or faster than its parent, by figures that hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from effaudit.core.notes import coded
from effaudit.core.reading import Measurement, Spread
from effaudit.core.record import Row
from effaudit.core.stats import ratios
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, Student
from effaudit.core.store import Array
from effaudit.core.units import show_change

SMALLER = 0.98
"""A product that saves less than two per cent of the bytes is not called smaller."""


def gains(rows: Sequence[Row], arrays: Mapping[str, Array], spreads: Mapping[str, Spread]) -> dict[str, dict[str, Any]]:
    """By product: the label, and the row's notes with the figures behind it."""
    known = {row.candidate.name: row for row in rows}
    found = {}
    for row in rows:
        parent = known.get(row.candidate.parent or "")
        if parent is not None:
            label, figures = _judged(row, parent, arrays, spreads)
            found[row.candidate.name] = {"gain": label, "notes": (*row.notes, *coded("gain", *figures))}
    return found


def _judged(row: Row, parent: Row, arrays: Mapping[str, Array], spreads: Mapping[str, Spread]) -> tuple[str, list[str]]:
    size = _size_ratio(row, parent)
    times = {metric: _time_ratio(metric, row, parent, arrays, spreads) for metric in row.readings if metric.endswith(".p50")}
    timed = {metric: ratio for metric, ratio in times.items() if metric.startswith("latency.") and isinstance(ratio, Student)}
    words = [f"size {show_change(size)} against {parent.candidate.name}"] if size is not None else []
    unsure = size is None and not timed
    faster = False
    for metric, ratio in timed.items():
        low, high = ratio.interval(DRAWN_ONE_SIDED)
        words.append(f"{metric} {show_change(ratio.value)} [{show_change(low)}, {show_change(high)}]")
        faster = faster or high < 1.0
        unsure = unsure or low < 1.0 <= high
    if faster or (size is not None and size < SMALLER):
        return "gain", words
    return "unclear" if unsure else "no gain", words


def _size_ratio(row: Row, parent: Row) -> float | None:
    own, before = row.readings.get("size.artifact"), parent.readings.get("size.artifact")
    if not isinstance(own, Measurement) or not isinstance(before, Measurement) or before.value <= 0:
        return None
    return own.value / before.value


def _time_ratio(metric: str, row: Row, parent: Row, arrays: Mapping[str, Array], spreads: Mapping[str, Spread]) -> object:
    own, before = arrays.get(f"{row.candidate.name}/{metric}"), arrays.get(f"{parent.candidate.name}/{metric}")
    return None if own is None or before is None else ratios.ratio(own, before, spreads.get(metric))
