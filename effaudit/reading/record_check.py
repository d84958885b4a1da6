"""What no audit writes into a record: figures out of their range, and parts that contradict each other.

A record is a file that somebody hands over. What it says is looked at once, here, so that judging and reporting can rely on it.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from effaudit.core.candidate import Candidate
from effaudit.core.errors import InputError, Place
from effaudit.core.reading import Meaning, Measurement, Spread
from effaudit.core.record import Floor, Made, Record, Row, Session, Spent
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.slices import Slice, apart
from effaudit.core.text import one_line
from effaudit.core.workload import Column, Workload

MOST_LOOKS = 1000
MOST_ROWS = 10**12
MOST_RESAMPLES = 10**6
_GREATEST = 1e150
"""No figure is larger: its square would be no number."""
_LEAST_DOF = 1e-3
_MEMORY = "memory_bytes"
"""Of what a session's host tells, the one that is read as a number."""

_FREE = (-math.inf, math.inf)
"""NaN too: a figure that is no number is left aside by whoever looks at it."""
_ANY = (-_GREATEST, _GREATEST)
_FROM_0, _FROM_1, _SHARE = (0.0, _GREATEST), (1.0, _GREATEST), (0.0, 1.0)
_ROWS = (0.0, float(MOST_ROWS))
_ABOVE_0 = (5e-324, _GREATEST)
_RANGES: Mapping[type, Mapping[str, tuple[float, float]]] = {
    Candidate: {"threads": _FROM_1},
    Column: {"missing": _ROWS},
    Floor: {"share": (0.0, math.inf)},
    Made: {**dict.fromkeys(("seconds", "cpu_seconds", "joules", "peak_memory"), _FROM_0), "figures": _FREE},
    Measurement: {"samples": _FROM_0, "dof": (0.0, math.inf), **dict.fromkeys(("value", "low", "high"), _FREE)},
    Record: {"looks": (1.0, float(MOST_LOOKS))},
    Session: {**dict.fromkeys(("id", "seconds"), _FROM_0), "environment": _FREE},
    Settings: {
        **dict.fromkeys(("budget_s", "precision", "memory_limit", "timeout_s"), _ABOVE_0),
        **dict.fromkeys(("threads", "restarts", "parallel"), _FROM_1),
        "resamples": (1.0, float(MOST_RESAMPLES)),
        "unknown": _SHARE,
    },
    Assumptions: dict.fromkeys((one.name for one in dataclasses.fields(Assumptions)), _FROM_0),
    Slice: dict.fromkeys(("rows", "groups", "class_rows"), _ROWS),
    Spent: dict.fromkeys((one.name for one in dataclasses.fields(Spent)), _FREE),
    Spread: {"variance": _FROM_0, "dof": (0.0, math.inf)},
    Workload: {**dict.fromkeys(("splits", "groups", "duplicates", "class_rows"), _ROWS), "batch_sizes": (1.0, float(MOST_ROWS))},
}
"""The least and the greatest that a field's numbers may be, those in its lists included; of others, any finite number."""


def check_record(record: Record, place: Place) -> None:
    """Raises InputError where a record holds what no audit writes, naming the first such thing by its keys."""
    found = next(_faults(record), None)
    if found is not None:
        keys, what = found
        raise InputError(f"this record is damaged: {what}", Place(place.file, keys=one_line(keys, 200)))


def _faults(record: Record) -> Iterator[tuple[str, str]]:
    """Where something is wrong, by its keys, and what."""
    yield from _out_of_range(record, "")
    yield from _dates(record)
    yield from _hosts(record)
    yield from _rows_of_workload(record.workload)
    names = [row.candidate.name for row in record.rows]
    for name in (name for name, times in Counter(names).items() if times > 1):
        yield "rows", f"{one_line(name)} stands twice in it"
    if len({session.id for session in record.sessions}) < len(record.sessions):
        yield "sessions", "two sessions have one number"
    for number, row in enumerate(record.rows):
        yield from _readings(row, f"rows[{number}].readings")


def _out_of_range(value: Any, keys: str) -> Iterator[tuple[str, str]]:
    """Of a frozen type: each of its numbers, and whatever stands in it."""
    ranges = _RANGES.get(type(value), {})
    kind: type = type(value)
    for name in _fields(kind):
        yield from _number_or_more(getattr(value, name), f"{keys}.{name}" if keys else name, ranges.get(name, _ANY))


def _number_or_more(value: Any, keys: str, allowed: tuple[float, float]) -> Iterator[tuple[str, str]]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, (int, float)):
        if allowed is not _FREE and not allowed[0] <= value <= allowed[1]:
            yield keys, f"{one_line(repr(value), 40)} is not a number that an audit writes here"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _number_or_more(item, f"{keys}.{key}", allowed)
    elif isinstance(value, (tuple, list)):
        for number, item in enumerate(value):
            yield from _number_or_more(item, f"{keys}[{number}]", allowed)
    elif dataclasses.is_dataclass(value):
        yield from _out_of_range(value, keys)


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    arrays = ("arrays", "samples") if kind is Record else ()
    return tuple(field.name for field in dataclasses.fields(kind) if field.name not in arrays)


def _dates(record: Record) -> Iterator[tuple[str, str]]:
    written = [("created", record.created)]
    written += [(f"sessions[{number}].started", session.started) for number, session in enumerate(record.sessions)]
    for keys, day in written:
        try:
            datetime.fromisoformat(day)
        except ValueError:
            yield keys, f"{one_line(day, 40)!r} is not a date"


def _hosts(record: Record) -> Iterator[tuple[str, str]]:
    for number, session in enumerate(record.sessions):
        written = session.host.get(_MEMORY, "0")
        try:
            sound = 0.0 <= float(written) <= _GREATEST
        except ValueError:
            sound = False
        if not sound:
            yield f"sessions[{number}].host.{_MEMORY}", f"{one_line(written, 40)!r} is not a number of bytes"


def _rows_of_workload(workload: Workload) -> Iterator[tuple[str, str]]:
    rows = workload.splits.get("certify", 0)
    if workload.groups.get("certify", 0) > max(rows, 1):
        yield "workload.groups", "there are more groups than rows"
    if workload.class_rows and len(workload.class_rows) != len(workload.classes):
        yield "workload.class_rows", "not as many counts as there are classes"
    if sum(workload.class_rows) > rows:
        yield "workload.class_rows", "the rows of all classes are more than there are"
    if len({one.key for one in workload.slices}) < len(workload.slices):
        yield "workload.slices", "a slice stands twice in it"
    for number, one in enumerate(workload.slices):
        keys = f"workload.slices[{number}]"
        if apart(f"x[{one.key}]")[1] != one.key:
            yield f"{keys}.key", f"{one_line(one.key, 60)!r} is not the key of a slice"
        if one.rows > rows or one.groups > max(one.rows, 1) or sum(one.class_rows) > one.rows:
            yield keys, "it has more rows, groups, or rows of its classes than there are"
        if one.class_rows and len(one.class_rows) != len(workload.classes):
            yield f"{keys}.class_rows", "not as many counts as there are classes"


def _readings(row: Row, keys: str) -> Iterator[tuple[str, str]]:
    for metric, found in row.readings.items():
        if not isinstance(found, Measurement):
            continue
        at = f"{keys}.{metric}"
        if found.evidence not in (None, f"{row.candidate.name}/{metric}"):
            yield f"{at}.evidence", "its evidence is that of another figure"
        if found.low > found.high:
            yield at, "its interval ends before it begins"
        if found.dof is not None and 0.0 < found.dof < _LEAST_DOF:
            yield f"{at}.dof", f"{found.dof:.3g} degrees of freedom make no interval"
        yield from _against(found, _meaning(apart(metric)[0]), metric, at)


def _against(found: Measurement, meaning: Meaning | None, metric: str, at: str) -> Iterator[tuple[str, str]]:
    """What it says of itself and the metric's own meaning differ. The unit of quality and of money depends on the plan."""
    if meaning is None:
        return
    if found.better != meaning.better:
        yield f"{at}.better", f"{meaning.better} is better"
    if found.method == "counted" and meaning.method != "counted":
        yield f"{at}.method", "this is not a figure that can be counted"
    if found.unit != meaning.unit and not metric.startswith(("quality.", "cost.")):
        yield f"{at}.unit", f"its unit is {meaning.unit}"


@cache
def _meaning(metric: str) -> Meaning | None:
    """Of a full id, with its aggregate or without; None where no installed metric knows it."""
    from effaudit import registry

    return registry.meaning(metric) or registry.meaning(metric.rpartition(".")[0])
