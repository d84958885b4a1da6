"""What a reader must know before the figures: warnings of the data, of the audit and of candidates, and rows that splits share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from effaudit.core.notes import OF_POLICIES, Note, texts
from effaudit.core.record import Record, Row
from effaudit.core.verdict import Verdict

SHARED = "rows_shared"
"""The code of notes on rows that a model may have learnt by heart (reading/data.py)."""


def cautions(record: Record, verdict: Verdict | None = None) -> tuple[str, ...]:
    """The warnings of the policy, of the data, of the record and of its candidates, and what splits share, each once."""
    return texts(warnings(record, verdict))


def warnings(record: Record, verdict: Verdict | None = None, rows: Iterable[Row] | None = None) -> Iterator[Note]:
    """The same with their codes; of candidates those of `rows` only, where some are given."""
    yield from (note for note in verdict.notes if note.code in OF_POLICIES) if verdict else ()
    yield from (note for note in _notes(record) if note.warns)
    yield from of_candidates(record.rows if rows is None else rows)
    yield from (note for note in _notes(record) if _tells_of_copies(note, record))


def of_candidates(rows: Iterable[Row]) -> Iterator[Note]:
    """The warnings of some candidates, each with the candidate's name."""
    for row in rows:
        yield from (Note(note.code, f"{row.candidate.name}: {note.text}") for note in row.notes if note.warns)


def others(verdict: Verdict | None) -> tuple[Note, ...]:
    """The notes of a verdict that are no warnings of its policy."""
    return tuple(note for note in verdict.notes if note.code not in OF_POLICIES) if verdict else ()


def remarks(record: Record) -> tuple[str, ...]:
    """The other notes on the data."""
    return texts(note for note in record.workload.notes if not note.warns and not _tells_of_copies(note, record))


def _notes(record: Record) -> Iterator[Note]:
    yield from dict.fromkeys((*record.workload.notes, *record.notes))


def _tells_of_copies(note: Note, record: Record) -> bool:
    """Rows that are alike in several splits: of whole groups, or of another time, they are other cases with the same inputs."""
    apart = record.workload.sampling != "independent" and not any(other.warns for other in record.workload.notes)
    return not apart and note.code == SHARED
