"""What a reader must know before the figures: warnings of the data, of the audit and of candidates, and rows that splits share."""

from __future__ import annotations

from collections.abc import Iterator

from effaudit.core.notes import Note, texts
from effaudit.core.record import Record

SHARED = "rows_shared"
"""The code of notes on rows that a model may have learnt by heart (reading/data.py)."""


def cautions(record: Record) -> tuple[str, ...]:
    """The warnings of the data, of the record and of its candidates, and then what certify shares with other splits, each once."""
    warned = (note.text for note in _notes(record) if note.warns)
    shared = (note.text for note in _notes(record) if _tells_of_copies(note, record))
    return tuple(dict.fromkeys((*warned, *_of_candidates(record), *shared)))


def remarks(record: Record) -> tuple[str, ...]:
    """The other notes on the data."""
    return texts(note for note in record.workload.notes if not note.warns and not _tells_of_copies(note, record))


def _notes(record: Record) -> Iterator[Note]:
    yield from dict.fromkeys((*record.workload.notes, *record.notes))


def _of_candidates(record: Record) -> Iterator[str]:
    for row in record.rows:
        yield from (f"{row.candidate.name}: {note.text}" for note in row.notes if note.warns)


def _tells_of_copies(note: Note, record: Record) -> bool:
    """Rows that are alike in several splits: of whole groups, or of another time, they are other cases with the same inputs."""
    apart = record.workload.sampling != "independent" and not any(other.warns for other in record.workload.notes)
    return not apart and note.code == SHARED
