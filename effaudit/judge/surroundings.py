"""Under what two records were measured, laid out by name, and what of it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from effaudit.core.diff import Setting
from effaudit.core.reading import Failure, Measurement
from effaudit.core.record import Record

NONE = "–"
"""Shown where a record has no such thing."""


def settings(before: Record, after: Record) -> tuple[Setting, ...]:
    """Everything in the surroundings that is not the same in both: machine, packages, data, options, assumptions."""
    ours, theirs = dict(_laid_out(before)), dict(_laid_out(after))
    names = sorted({*ours, *theirs}, key=lambda name: (list(_ORDER).index(name.partition(".")[0]), name))
    pairs = ((name, ours.get(name, NONE), theirs.get(name, NONE)) for name in names)
    return tuple(Setting(name, old, new) for name, old, new in pairs if old != new)


_ORDER = ("effaudit", "host", "packages", "data", "plan", "measure", "assumptions")
"""What a reader wants to know first."""


def _laid_out(record: Record) -> Iterator[tuple[str, str]]:
    yield "effaudit", record.version
    yield from _over_sessions("host", [session.host for session in record.sessions])
    yield from _over_sessions("packages", [session.packages for session in record.sessions])
    yield from _data(record)
    yield "plan.baseline", record.baseline
    yield "plan.seed", str(record.seed)
    for name in (one.name for one in fields(record.settings)):
        yield f"measure.{name}", str(getattr(record.settings, name))
    for name in (one.name for one in fields(record.assumptions)):
        value = getattr(record.assumptions, name)
        yield f"assumptions.{name}", NONE if value in (None, "") else str(value)
    yield "assumptions.intensity", _intensity(record.intensity)
    yield "plan.ended", record.ended


def _over_sessions(family: str, found: list[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(name for one in found for name in one):
        yield f"{family}.{name}", ", ".join(dict.fromkeys(str(one[name]) for one in found if name in one))


def _data(record: Record) -> Iterator[tuple[str, str]]:
    workload = record.workload
    for split, rows in workload.splits.items():
        if rows:
            yield f"data.{split}.rows", f"{rows:,}"
            yield f"data.{split}.sha256", workload.digests.get(split, "")[:12] or NONE
    yield "data.task", workload.task
    yield "data.rows", workload.sampling
    yield "data.batch_sizes", ", ".join(map(str, workload.batch_sizes))


def _intensity(found: Measurement | Failure) -> str:
    return f"{found.value:g} {found.unit}" if isinstance(found, Measurement) else NONE
