"""The sustainability part in short: energy, carbon and cost per 1,000, on which assumptions, and what the audit itself took."""

from __future__ import annotations

from dataclasses import dataclass

from effaudit.core.reading import Failure, Measurement, Reading
from effaudit.core.record import Record, Row
from effaudit.core.units import show, show_interval
from effaudit.core.verdict import Verdict
from effaudit.reporting.candidate_rows import baseline_row, lines
from effaudit.reporting.decision import anchors
from effaudit.reporting.formatting import METHODS, Standing, change, figure, find, title

HEADS = ("energy.per_1000", "carbon.per_1000", "cost.per_1000")
YEAR = 365
AUDITED = {"measured": "counted by sensors, the idle machine's energy included", "modelled": "modelled"}
FAMILIES = ("energy.", "carbon.", "cost.")


@dataclass(frozen=True)
class Amount:
    """A figure with its interval, its change against the baseline and how it was come by."""

    text: str
    interval: str
    change: str
    method: str
    yearly: str
    """The same at the declared traffic; "" where none is declared."""


@dataclass(frozen=True)
class FootprintRow:
    """One candidate's amounts per 1,000."""

    anchor: str
    name: str
    standing: Standing
    baseline: bool
    amounts: tuple[Amount, ...]
    beside: tuple[str, ...]
    """Other readings of energy or carbon, such as CodeCarbon's own."""


@dataclass(frozen=True)
class Footprint:
    """The whole part. `unit` names what 1,000 of are counted."""

    heads: tuple[str, ...]
    rows: tuple[FootprintRow, ...]
    yearly: str
    assumptions: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    audit: tuple[tuple[str, str], ...]
    missing: str
    """Why there are no figures; "" where there are some."""


def footprint(record: Record, verdict: Verdict | None) -> Footprint:
    """The baseline, the recommended (or nearest) candidate, and whoever else has a second reading beside the model's."""
    shown = tuple(head for head in HEADS if any(isinstance(find(row.readings, head), Measurement) for row in record.rows))
    rows = _rows(record, verdict, shown)
    traffic = record.assumptions.requests_per_day
    return Footprint(
        tuple(title(head) for head in shown),
        rows,
        f"{traffic:,.0f} requests a day" if traffic and shown else "",
        _assumptions(record),
        _notes(rows, record),
        _audit(record),
        "" if shown else _missing(record),
    )


def _rows(record: Record, verdict: Verdict | None, heads: tuple[str, ...]) -> tuple[FootprintRow, ...]:
    chosen = (verdict.recommended or verdict.nearest) if verdict else None
    found = [
        FootprintRow(
            anchors(record)[line.name],
            line.name,
            line.standing,
            line.baseline,
            tuple(_amount(record, line.row, head) for head in heads),
            _beside(line.row),
        )
        for line in lines(record, verdict, ())
        if line.name in (chosen, record.baseline) or _beside(line.row)
    ]
    return tuple(sorted(found, key=lambda row: (row.name != chosen, not row.baseline)))


def _amount(record: Record, row: Row, head: str) -> Amount:
    reading, base = find(row.readings, head), baseline_row(record)
    text, _, interval = figure(reading).partition(" [")
    reference = find(base.readings, head) if base and base is not row else None
    method = METHODS[reading.method] if isinstance(reading, Measurement) else reading.reason if reading else ""
    return Amount(text, f"[{interval}" if interval else "", change(reading, reference), method, _yearly(record, reading))


def _yearly(record: Record, reading: Reading | None) -> str:
    traffic = record.assumptions.requests_per_day
    if not traffic or not isinstance(reading, Measurement):
        return ""
    times = traffic * YEAR / 1000
    return show_interval(reading.value * times, reading.low * times, reading.high * times, reading.unit)


def _beside(row: Row) -> tuple[str, ...]:
    return tuple(
        f"{title(metric)}: {figure(reading)}" + "".join(f" ({note})" for note in reading.notes)
        for metric, reading in row.readings.items()
        if metric.startswith(FAMILIES) and metric not in HEADS and isinstance(reading, Measurement)
    )


def _assumptions(record: Record) -> tuple[tuple[str, str], ...]:
    said, grid = record.assumptions, record.intensity
    source = f" ({'; '.join(map(str, grid.notes))})" if isinstance(grid, Measurement) and grid.notes else ""
    found = {
        "power": f"{show(said.watts_per_vcpu, 'W')} for each busy virtual core, stated in the plan"
        if said.watts_per_vcpu
        else "not stated",
        "grid": figure(grid) + source if isinstance(grid, Measurement) else grid.reason,
        "country": said.country or "",
        "PUE": show(said.pue, "") + (" (nothing is added for the site)" if said.pue == 1 else ""),
        "traffic": f"{said.requests_per_day:,.0f} requests a day, stated in the plan" if said.requests_per_day else "",
        "price": f"{show(said.price_per_hour, said.currency)} an hour, stated in the plan" if said.price_per_hour else "",
    }
    return tuple((name, words) for name, words in found.items() if words)


def _notes(rows: tuple[FootprintRow, ...], record: Record) -> tuple[str, ...]:
    own = [record.row(row.name).readings for row in rows]
    texts = (f"{title(head)}: {note}" for readings in own for head in HEADS for note in getattr(find(readings, head), "notes", ()))
    return tuple(dict.fromkeys(texts))


def _audit(record: Record) -> tuple[tuple[str, str], ...]:
    spent = record.spent
    made = sum(made.joules or 0.0 for row in record.rows for made in row.made)
    stages = ", ".join(f"{stage} {show(seconds, 's')}" for stage, seconds in spent.stages.items())
    energy = f"{show(spent.joules, 'J')}, {AUDITED[spent.method]}" if spent.joules is not None else ""
    found = {
        "time": show(spent.seconds, "s") + (f" ({stages})" if stages else ""),
        "processor time": show(spent.cpu_seconds, "s"),
        "energy": energy or "no power is stated to model it with",
        "of it, making smaller models": show(made, "J") if made else "",
        "carbon": show(spent.grams, "gCO2e") if spent.grams is not None else "",
    }
    return tuple((name, words) for name, words in found.items() if words)


def _missing(record: Record) -> str:
    failures = (find(row.readings, "energy.per_1000") for row in record.rows)
    reason = next((failure.reason for failure in failures if isinstance(failure, Failure)), "")
    return reason or "No candidate has a reading of energy, carbon or cost."
