"""What a reader must know of the data before the figures: warnings, and rows that certify shares with other splits."""

from __future__ import annotations

from collections.abc import Iterator

from effaudit.core.record import Record

WARNING = "WARNING: "
"""How the words of a note begin that may make all figures worthless (reading/data.py)."""
SHARED = ("occur in train too", "occur in search too")
"""What notes on rows say that a model may have learnt by heart (reading/data.py)."""


def cautions(record: Record) -> tuple[str, ...]:
    """The warnings of the data and of the record, and then what certify shares with other splits, each once."""
    return (*(note for note in _notes(record) if _warns(note)), *(note for note in _notes(record) if _shares(note, record)))


def remarks(record: Record) -> tuple[str, ...]:
    """The other notes on the data."""
    return tuple(note for note in dict.fromkeys(record.workload.notes) if not _warns(note) and not _shares(note, record))


def _notes(record: Record) -> Iterator[str]:
    yield from dict.fromkeys((*record.workload.notes, *record.notes))


def _warns(note: str) -> bool:
    return note.startswith(WARNING)


def _shares(note: str, record: Record) -> bool:
    """Rows that are alike in several splits: of whole groups, or of another time, they are other cases with the same inputs."""
    apart = record.workload.sampling != "independent" and not any(map(_warns, record.workload.notes))
    return not apart and not _warns(note) and any(words in note for words in SHARED)
