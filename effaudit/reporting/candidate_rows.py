"""One line per candidate, in the order in which a reader looks for them, with the headline figures and their change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from effaudit.core.reading import Measurement, Reading
from effaudit.core.record import Floor, Record, Row
from effaudit.core.verdict import Check, Verdict
from effaudit.reporting.formatting import Standing, change, figure, find, is_better

ORDER: Mapping[Standing, int] = {
    "recommended": 0,
    "pass": 1,
    "warn": 1,
    "inconclusive": 2,
    "fail": 3,
    "not judged": 4,
    "not measured": 5,
}
"""Who stands first; those who pass with a warning are ranked among those who pass."""


@dataclass(frozen=True)
class Cell:
    """One figure of a candidate: as text without its interval, its change against the baseline, and whether that is good."""

    metric: str
    text: str
    change: str
    better: bool | None
    reading: Reading | None

    @property
    def precise(self) -> str:
        """The figure with as many digits as its interval deserves."""
        return figure(self.reading).partition(" [")[0]

    @property
    def interval(self) -> str:
        """The interval in brackets; "" where there is none."""
        found = figure(self.reading).partition(" [")[2]
        return f"[{found}" if found else ""


@dataclass(frozen=True)
class Line:
    """A candidate with its standing and its headline figures."""

    row: Row
    standing: Standing
    baseline: bool
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.row.candidate.name


def lines(record: Record, verdict: Verdict | None, metrics: tuple[str, ...]) -> tuple[Line, ...]:
    """All candidates: recommended, feasible (preferred first), inconclusive, failing and unmeasured, each by the objective."""
    found = [_line(record, verdict, row, metrics) for row in record.rows]
    ranks = {name: place for place, name in enumerate(verdict.ranking)} if verdict else {}
    goal = objective(verdict)
    return tuple(
        sorted(
            found,
            key=lambda line: (ORDER[line.standing], ranks.get(line.name, len(ranks)), amount(line.row, goal), line.name),
        )
    )


def standing(row: Row, verdict: Verdict | None) -> Standing:
    """Where a candidate stands."""
    name = row.candidate.name
    if row.failure is not None:
        return "not measured"
    if verdict is None or name not in verdict.statuses:
        return "not judged"
    if name == verdict.recommended and not verdict.only_ranks:
        return "recommended"
    status = verdict.statuses[name]
    return "warn" if status == "pass" and any(map(warns, verdict.of(name))) else status


def warns(check: Check) -> bool:
    """Does it pass above `warn_above`, or fail a rule that only warns?"""
    return check.waived is None and (check.warned or (check.rule.severity == "warn" and check.status == "fail"))


def headline_metrics(record: Record) -> tuple[str, ...]:
    """Primary quality, p50 of the smallest batch, size, peak memory and energy: what every summary shows."""
    return (
        primary_quality(record),
        f"latency.batch_{smallest_batch(record)}.p50",
        "size.artifact",
        "memory.peak",
        "energy.per_1000",
    )


def primary_quality(record: Record) -> str:
    """The id of the first quality metric of the plan; "quality" when it names none."""
    scorers = record.workload.quality
    return f"quality.{scorers[0].removeprefix('neg_')}" if scorers else "quality"


def smallest_batch(record: Record) -> int:
    """The batch size that is nearest to a single request."""
    return min(record.workload.batch_sizes, default=1)


def objective(verdict: Verdict | None) -> str:
    """What the policy minimises; size when nothing was judged."""
    return verdict.policy.select.minimize if verdict else "size.artifact"


def amount(row: Row, metric: str) -> float:
    """A candidate's figure; infinite where it has none, so that it sorts last."""
    reading = find(row.readings, metric)
    return reading.value if isinstance(reading, Measurement) and not math.isnan(reading.value) else math.inf


def baseline_row(record: Record) -> Row | None:
    """The baseline's row; None when the record has none."""
    return next((row for row in record.rows if row.candidate.name == record.baseline), None)


def cell(record: Record, row: Row, metric: str) -> Cell:
    """One headline figure. A change within this machine's noise floor is neither good nor bad."""
    reading, base = find(row.readings, metric), _of_baseline(record, row, metric)
    return Cell(
        metric, figure(reading, interval=False), change(reading, base), is_better(reading, base, floor(record, metric)), reading
    )


def floor(record: Record, metric: str) -> float:
    """The smallest share that this machine resolves in a metric; 0 where it was not established."""
    found: Floor | None = record.floors.get(metric) or next(
        (f for full, f in record.floors.items() if full.startswith(metric + ".")), None
    )
    return found.share if found else 0.0


def _line(record: Record, verdict: Verdict | None, row: Row, metrics: tuple[str, ...]) -> Line:
    cells = tuple(cell(record, row, metric) for metric in metrics)
    return Line(row, standing(row, verdict), row.candidate.name == record.baseline, cells)


def _of_baseline(record: Record, row: Row, metric: str) -> Reading | None:
    base = baseline_row(record)
    return None if base is None or base is row else find(base.readings, metric)
