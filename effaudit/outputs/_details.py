"""What the report says of each candidate: facts, readings, where it comes from and at what cost, how its calls were spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from effaudit.core.candidate import Step
from effaudit.core.reading import Failure, Reading
from effaudit.core.record import Made, Record, Row
from effaudit.core.text import counted
from effaudit.core.units import show
from effaudit.core.verdict import Verdict
from effaudit.outputs._decision import anchors
from effaudit.outputs._lines import Line, cell, lines, objective, primary_quality, smallest_batch
from effaudit.outputs._svg_spread import Spread, spread
from effaudit.outputs._words import NOTHING, PER_BATCH, figure, title

GROUPS: Mapping[str, str] = {
    "quality": "Quality",
    "behaviour": "Behaviour",
    "size": "Size",
    "memory": "Memory",
    "start": "Start",
    "energy": "Per 1,000",
    "carbon": "Per 1,000",
    "cost": "Per 1,000",
}
"""A metric's family → the heading that it stands under."""

SAID: Mapping[str, tuple[str, ...]] = {
    "Memory": ("memory ",),
    "Start": ("start: ",),
    "Per 1,000": (" per 1,000",),
    "Size": ("size, ",),
}
"""What a heading says, so that titles below it need not."""


@dataclass(frozen=True)
class ReadingLine:
    """One reading: its title, figure and interval (or why there is none), and the numbers of its notes."""

    title: str
    text: str
    interval: str
    notes: tuple[int, ...]


@dataclass(frozen=True)
class Timings:
    """Latency by batch size and aggregate; throughput comes last."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[ReadingLine, ...]], ...]
    method: str


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
    groups: tuple[tuple[str, tuple[ReadingLine, ...]], ...]
    made: tuple[str, ...]
    """Where it comes from: its parent, then each step of its recipe with what that cost."""
    gain: str
    spread: Spread | None
    notes: tuple[str, ...]
    failure: Failure | None


def details(record: Record, verdict: Verdict | None, most: int) -> tuple[tuple[Detail, ...], tuple[str, ...]]:
    """The best `most` candidates, and the notes that their readings refer to by number (from 1)."""
    found = lines(record, verdict, ())[:most]
    texts = dict.fromkeys(
        note for line in found for reading in line.row.readings.values() for note in getattr(reading, "notes", ())
    )
    numbers = {text: place for place, text in enumerate(texts, 1)}
    goal, places = objective(verdict), anchors(record)
    return tuple(_detail(record, line, goal, numbers, places) for line in found), tuple(texts)


def recipe(row: Row) -> tuple[str, ...]:
    """Where a candidate comes from: its parent and each step's technique with its options."""
    start = (row.candidate.parent,) if row.candidate.parent else ()
    return (*start, *(_step(step) for step in row.candidate.recipe)) if row.candidate.recipe else ()


def _detail(record: Record, line: Line, goal: str, numbers: Mapping[str, int], places: Mapping[str, str]) -> Detail:
    row = line.row
    metric = f"latency.batch_{smallest_batch(record)}"
    return Detail(
        places[line.name],
        line,
        tuple(cell(record, row, metric).text for metric in (primary_quality(record), goal) if row.readings),
        _facts(row),
        row.candidate.artifact.path,
        row.sizes.digest if row.sizes else "",
        _timings(row, numbers),
        _groups(row, numbers),
        _made(row),
        row.gain or "",
        spread(record.samples, line.name, metric),
        (*(row.facts.notes if row.facts else ()), *(note for made in row.made for note in made.notes), *row.notes),
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


def _timings(row: Row, numbers: Mapping[str, int]) -> Timings | None:
    found: dict[int, dict[str, ReadingLine]] = {}
    methods: dict[str, None] = {}
    for metric, reading in row.readings.items():
        if match := PER_BATCH.fullmatch(metric):
            kind, batch, aggregate = match.groups()
            found.setdefault(int(batch), {})[aggregate or kind] = _reading(metric, reading, numbers)
            methods[_method(reading)] = None
    heads = tuple(dict.fromkeys(head for cells in found.values() for head in cells))
    empty = ReadingLine("", NOTHING, "", ())
    rows = tuple((f"{batch:,}", tuple(found[batch].get(head, empty) for head in heads)) for batch in sorted(found))
    return Timings(heads, rows, ", ".join(word for word in methods if word)) if rows else None


def _groups(row: Row, numbers: Mapping[str, int]) -> tuple[tuple[str, tuple[ReadingLine, ...]], ...]:
    """Readings under a heading that also says their method."""
    groups: dict[tuple[str, str], list[ReadingLine]] = {}
    for metric, reading in row.readings.items():
        if not PER_BATCH.fullmatch(metric):
            heading = GROUPS.get(metric.split(".", 1)[0], "Other")
            line = _reading(metric, reading, numbers)
            groups.setdefault((heading, _method(reading)), []).append(replace(line, title=_below(heading, line.title)))
    order = [*dict.fromkeys(GROUPS.values()), "Other"]
    kept = sorted(groups.items(), key=lambda item: order.index(item[0][0]))
    return tuple((", ".join(word for word in heading if word), tuple(readings)) for heading, readings in kept)


def _below(heading: str, words: str) -> str:
    for said in SAID.get(heading, ()):
        words = words.removeprefix(said).removesuffix(said)
    return words


def _method(reading: Reading) -> str:
    return "not measured" if isinstance(reading, Failure) else reading.method


def _reading(metric: str, reading: Reading, numbers: Mapping[str, int]) -> ReadingLine:
    if isinstance(reading, Failure):
        return ReadingLine(title(metric), f"{reading.stage}: {reading.reason}", "", ())
    text, _, interval = figure(reading).partition(" [")
    return ReadingLine(title(metric), text, f"[{interval}" if interval else "", tuple(numbers[note] for note in reading.notes))


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
