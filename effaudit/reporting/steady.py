"""Who was not steady while it was timed, and what disturbed the machine meanwhile: for readers who ask for more."""

from __future__ import annotations

from effaudit.core.notes import WAVERING, texts
from effaudit.core.reading import Measurement
from effaudit.core.record import Record
from effaudit.reporting.formatting import title


def wavering(record: Record) -> list[tuple[str, str]]:
    """Candidates and what their timings did, a line for each figure."""
    return [
        (row.candidate.name, f"{title(metric)}: {note}")
        for row in record.rows
        for metric, reading in row.readings.items()
        if isinstance(reading, Measurement)
        for note in reading.notes
        if note.code in WAVERING
    ]


def disturbed(record: Record) -> list[str]:
    """The notes of all sessions and of the record itself, each once."""
    return list(texts([*record.notes, *(note for session in record.sessions for note in session.notes)]))
