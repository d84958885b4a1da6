"""What techniques did to real models: `python benchmarks/techniques.py RECORD…` prints each product against its parent.

A record is a folder that `effaudit audit` left, such as reports/fashion; examples/kinds/ has plans that make some.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from effaudit.core.reading import Measurement
from effaudit.core.record import Record, Row
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED
from effaudit.core.units import show, show_interval
from effaudit.judge.compare import loss
from effaudit.judge.evidence import Evidence, Undecidable
from effaudit.reading.record_file import read_record

HEADINGS = ("product of", "recipe", "bytes", "latency, one request", "primary quality", "making it", "gain")


def main(*folders: str) -> None:
    """One table over all records."""
    print(f"| {' | '.join(HEADINGS)} |")
    print("|" + " --- |" * len(HEADINGS))
    for folder in folders:
        for line in lines(read_record(Path(folder))):
            print(f"| {' | '.join(line)} |")


def lines(record: Record) -> Iterator[list[str]]:
    """One line for each product and member of the ladder."""
    evidence = Evidence.of(record)
    for row in record.rows:
        if not row.made and row.candidate.parent is None:
            continue
        parent = record.row(row.candidate.parent or record.baseline)
        recipe = " → ".join(step.technique for step in row.candidate.recipe)
        if row.failure is not None:
            yield [parent.candidate.name, recipe, f"failed: {row.failure.stage}: {row.failure.reason}", "", "", "", ""]
            continue
        cost = sum(made.seconds for made in row.made)
        yield [
            f"{record.name}: {parent.candidate.name}{'' if row.candidate.parent else ' (baseline, beside it)'}",
            recipe,
            _from_to(row, parent, "size.artifact"),
            f"{_from_to(row, parent, 'latency.batch_1.p50')}, {_change(evidence, row, parent, 'latency.batch_1.p50', True)}",
            _change(evidence, row, parent, f"quality.{record.workload.quality[0]}", False),
            show(cost, "s"),
            row.gain or "",
        ]


def _from_to(row: Row, parent: Row, metric: str) -> str:
    figures = [each.readings.get(metric) for each in (parent, row)]
    return " → ".join(show(each.value, each.unit) if isinstance(each, Measurement) else "not measured" for each in figures)


def _change(evidence: Evidence, row: Row, parent: Row, metric: str, relative: bool) -> str:
    found = loss(evidence, row.candidate.name, parent.candidate.name, metric, relative)
    if isinstance(found, Undecidable):
        return f"{found.reason}: {found.detail}"
    low, high = found.interval(DRAWN_ONE_SIDED)
    reading = row.readings[metric]
    if not isinstance(reading, Measurement):
        return reading.reason
    unit = "%" if relative else "pp" if reading.unit == "score" else reading.unit
    sign = -1.0 if reading.better == "higher" else 1.0
    ends = sorted((sign * low, sign * high))
    return show_interval(sign * found.value + 0.0, ends[0] + 0.0, ends[1] + 0.0, unit, signed=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
