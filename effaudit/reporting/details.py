"""What the report says of each candidate: facts, readings, where it comes from and at what cost, how its calls were spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.candidate import Step
from effaudit.core.notes import texts
from effaudit.core.reading import Failure
from effaudit.core.record import Made, Record, Row
from effaudit.core.text import counted
from effaudit.core.units import show
from effaudit.core.verdict import Verdict
from effaudit.reporting.candidate_rows import Line, cell, lines, objective, primary_quality, smallest_batch
from effaudit.reporting.charts.spread import Spread, spread
from effaudit.reporting.decision import anchors
from effaudit.reporting.readings import Group, Numbers, Timings, groups, shared_notes, timings
from effaudit.reporting.slices import Worst, worst


@dataclass(frozen=True)
class Detail:
    """All there is to say of one candidate."""

    anchor: str
    line: Line
    summary: tuple[str, ...]
    facts: tuple[str, ...]
    file: str
    digest: str
    timings: Timings | None
    slices: tuple[Worst, ...]
    """The worst one of each column, by each scorer."""
    groups: tuple[Group, ...]
    made: tuple[str, ...]
    """Where it comes from: its parent, then each step of its recipe with what that cost."""
    gain: str
    spread: Spread | None
    notes: tuple[str, ...]
    failure: Failure | None


Notes = tuple[tuple[str, str], ...]
"""Notes that several candidates share: the number that refers to each, or the metrics whose readings all have it."""


def details(record: Record, verdict: Verdict | None, most: int) -> tuple[tuple[Detail, ...], Notes]:
    """The best `most` candidates, and the notes that several of them share."""
    found = lines(record, verdict, ())[:most]
    numbers, told = shared_notes([line.row for line in found])
    goal, places = objective(verdict), anchors(record)
    return tuple(_detail(record, line, goal, numbers, places) for line in found), told


def recipe(row: Row) -> tuple[str, ...]:
    """Where a candidate comes from: its parent and each step's technique with its options."""
    start = (row.candidate.parent,) if row.candidate.parent else ()
    return (*start, *(_step(step) for step in row.candidate.recipe)) if row.candidate.recipe else ()


def _detail(record: Record, line: Line, goal: str, numbers: Numbers, places: Mapping[str, str]) -> Detail:
    row = line.row
    metric = f"latency.batch_{smallest_batch(record)}"
    return Detail(
        places[line.name],
        line,
        tuple(cell(record, row, metric).text for metric in (primary_quality(record), goal) if row.readings),
        _facts(row),
        row.candidate.artifact.path,
        row.sizes.digest if row.sizes else "",
        timings(row, numbers),
        worst(record, row, tuple(f"quality.{scorer}" for scorer in record.workload.quality)),
        groups(row, numbers),
        _made(row),
        row.gain or "",
        spread(record.samples, line.name, metric),
        texts((*(row.facts.notes if row.facts else ()), *(note for made in row.made for note in made.notes), *row.notes)),
        row.failure,
    )


def _facts(row: Row) -> tuple[str, ...]:
    candidate, facts = row.candidate, row.facts
    contract = candidate.contract
    found = (
        candidate.title,
        f"{facts.kind} ({facts.family})" if facts else "",
        f"{candidate.artifact.format} on {candidate.device}, {counted(candidate.threads, 'thread')}",
        f"answers with {contract.output}" if contract.output else "",
        f"threshold {show(contract.threshold, '')}" if contract.threshold is not None else "",
        f"threshold tuned for {contract.tune}" if contract.tune else "",
        f"preprocessing {candidate.preprocess.path}" if candidate.preprocess else "",
        f"{show(row.sizes.preprocess, 'B')} of its size" if candidate.preprocess and row.sizes else "",
    )
    return tuple(words for words in found if words)


def _step(step: Step) -> str:
    options = ", ".join(f"{name} {value}" for name, value in step.options.items())
    return f"{step.technique} ({options})" if options else step.technique


def _made(row: Row) -> tuple[str, ...]:
    steps = recipe(row)
    start = len(steps) - len(row.candidate.recipe)
    costs = (*(_cost(made) for made in row.made), *[""] * len(steps))
    return (*steps[:start], *(f"{step} ({cost})" if cost else step for step, cost in zip(steps[start:], costs, strict=False)))


def _cost(made: Made) -> str:
    spent = f"{show(made.seconds, 's')}, {show(made.peak_memory, 'B')} at most"
    joules = f"{show(made.joules, 'J')} modelled" if made.joules is not None else ""
    figures = (f"{name.replace('_', ' ')} {show(value, '')}" for name, value in made.figures.items())
    return ", ".join(part for part in (spent, joules, *figures, "from the cache" if made.cached else "") if part)


def ladder(record: Record, verdict: Verdict | None) -> Sequence[Line]:
    """The simple models that the audit trained itself: made from data alone, not from another candidate."""
    metrics = (primary_quality(record), f"latency.batch_{smallest_batch(record)}.p50", "size.artifact")
    found = [line for line in lines(record, verdict, metrics) if not line.row.planned and line.row.candidate.parent is None]
    families = ("constant", "linear", "tree", "ensemble", "network", "other")
    return sorted(found, key=lambda line: families.index(line.row.facts.family) if line.row.facts else len(families))
