"""All readings of one candidate as a reader finds them: timings in a table by batch size, the rest in groups by method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from effaudit.core.notes import Note
from effaudit.core.reading import Failure, Reading
from effaudit.core.record import Row
from effaudit.core.slices import apart
from effaudit.core.text import listed
from effaudit.reporting.formatting import NOTHING, PER_BATCH, figure, title

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

NOT_CHOSEN = "not_chosen"
"""The code of a figure that was left out on purpose."""
SHARED = 3
"""A note that so many candidates have is written once, below all of them."""

Numbers = Mapping[tuple[str, Note], int]
"""What is written once: a metric and its note → the number that refers to it, 0 where it holds of all candidates alike."""


@dataclass(frozen=True)
class ReadingLine:
    """One reading: its title, figure and interval (or that there is none), notes of its own, and the numbers of shared ones."""

    title: str
    text: str
    interval: str = ""
    own: tuple[str, ...] = ()
    shared: tuple[int, ...] = ()


@dataclass(frozen=True)
class Timings:
    """Latency by batch size and aggregate; throughput comes last."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[ReadingLine, ...]], ...]
    method: str


@dataclass(frozen=True)
class Group:
    """Readings under a heading that says their method, and what notes they all have."""

    heading: str
    lines: tuple[ReadingLine, ...]
    notes: tuple[str, ...]


def shared_notes(rows: Sequence[Row]) -> tuple[Numbers, tuple[tuple[str, str], ...]]:
    """The notes that several candidates have, and how to write them: a number or the titles of the metrics, and the note."""
    holders: dict[tuple[str, Note], int] = {}
    measured: dict[str, int] = {}
    for row in rows:
        for metric, reading in _whole(row):
            measured[metric] = measured.get(metric, 0) + (not isinstance(reading, Failure))
            for note in _notes(reading):
                holders[metric, note] = holders.get((metric, note), 0) + 1
    many = [key for key, count in holders.items() if count >= SHARED]
    everywhere = [key for key in many if holders[key] == measured[key[0]] or key[1].code == NOT_CHOSEN]
    once = list(dict.fromkeys(note.text for metric, note in many if (metric, note) not in everywhere))
    numbers = {key: 0 if key in everywhere else 1 + once.index(key[1].text) for key in many}
    alike: dict[str, list[str]] = {}
    for metric, note in everywhere:
        alike.setdefault(note.text, []).append(title(metric))
    told = [(str(place), note) for place, note in enumerate(once, 1)] + [(listed(of), note) for note, of in alike.items()]
    return numbers, tuple(told)


def timings(row: Row, numbers: Numbers) -> Timings | None:
    """Latencies and throughputs; None where there are none."""
    found: dict[int, dict[str, ReadingLine]] = {}
    methods: dict[str, None] = {}
    for metric, reading in row.readings.items():
        if match := PER_BATCH.fullmatch(metric):
            kind, batch, aggregate = match.groups()
            found.setdefault(int(batch), {})[aggregate or kind] = _line(metric, reading, numbers)
            methods[_method(reading)] = None
    heads = tuple(dict.fromkeys(head for cells in found.values() for head in cells))
    empty = ReadingLine("", NOTHING)
    rows = tuple((f"{batch:,}", tuple(found[batch].get(head, empty) for head in heads)) for batch in sorted(found))
    return Timings(heads, rows, ", ".join(word for word in methods if word)) if rows else None


def groups(row: Row, numbers: Numbers) -> tuple[Group, ...]:
    """All other readings; what could not be measured stands with its like."""
    found: dict[tuple[str, str], list[ReadingLine]] = {}
    for metric, reading in sorted(_whole(row), key=lambda item: isinstance(item[1], Failure)):
        if not PER_BATCH.fullmatch(metric) and not _unasked(reading):
            heading = GROUPS.get(metric.split(".", 1)[0], "Other")
            like = next((key for key in found if key[0] == heading), (heading, ""))
            key = like if isinstance(reading, Failure) else (heading, _method(reading))
            line = _line(metric, reading, numbers)
            found.setdefault(key, []).append(replace(line, title=_below(heading, line.title)))
    order = [*dict.fromkeys(GROUPS.values()), "Other"]
    return tuple(_group(key, found[key]) for key in sorted(found, key=lambda key: order.index(key[0])))


def _whole(row: Row) -> Iterator[tuple[str, Reading]]:
    """The readings of all rows: slices have a table of their own."""
    return ((metric, reading) for metric, reading in row.readings.items() if not apart(metric)[1])


def _group(key: tuple[str, str], lines: list[ReadingLine]) -> Group:
    """A group whose common notes stand below it once."""
    common = set(lines[0].own).intersection(*(line.own for line in lines)) if len(lines) > 1 else set()
    kept = tuple(replace(line, own=tuple(note for note in line.own if note not in common)) for line in lines)
    return Group(", ".join(word for word in key if word), kept, tuple(sorted(common)))


def _below(heading: str, words: str) -> str:
    for said in SAID.get(heading, ()):
        words = words.removeprefix(said).removesuffix(said)
    return words


def _unasked(reading: Reading) -> bool:
    """Was it left out on purpose? Then the common note about it is enough."""
    return isinstance(reading, Failure) and reading.code == NOT_CHOSEN


def _method(reading: Reading) -> str:
    return "" if isinstance(reading, Failure) else reading.method


def _line(metric: str, reading: Reading, numbers: Numbers) -> ReadingLine:
    text, _, interval = figure(reading).partition(" [")
    keys = [(metric, note) for note in _notes(reading)]
    own = tuple(note.text for _, note in keys if (metric, note) not in numbers)
    shared = tuple(number for key in keys if (number := numbers.get(key)))
    return ReadingLine(title(metric), text, f"[{interval}" if interval else "", own, shared)


def _notes(reading: Reading) -> tuple[Note, ...]:
    """A reading's notes; of what is not to be had, the reason."""
    return (Note(reading.code, reading.words),) if isinstance(reading, Failure) else reading.notes
