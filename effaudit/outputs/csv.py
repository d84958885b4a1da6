"""Every reading as one line, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from effaudit.core.notes import OF_POLICIES, texts
from effaudit.core.plugin import Output
from effaudit.core.reading import Failure, Reading
from effaudit.core.record import Record, Row
from effaudit.core.text import one_line
from effaudit.core.verdict import Check, Verdict
from effaudit.reporting.candidate_rows import baseline_row, standing
from effaudit.reporting.formatting import checked, own_limit, waived

COLUMNS = (
    "candidate",
    "standing",
    "format",
    "metric",
    "value",
    "low",
    "high",
    "unit",
    "better",
    "method",
    "samples",
    "baseline_value",
    "rules",
    "notes",
    "failure",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # fmt: skip
"""What spreadsheets take for a formula's start, full-width forms included (OWASP, CSV injection)."""


@dataclass(frozen=True)
class Csv(Output):
    """One line per candidate and metric, in base units (s, B, J, gCO2e, rows/s; shares of one), with a heading line.

    `rules` holds the checks of that metric; a candidate that could not be measured has one line with an empty metric. Words that a
    spreadsheet would take for a formula are put behind an apostrophe; figures never are.
    """

    suffix = ".csv"

    def render(self, record: Record, verdict: Verdict | None) -> str:
        """The lines, each ending in a newline."""
        page = io.StringIO()
        writer = csv.writer(page, lineterminator="\n")
        writer.writerow(COLUMNS)
        base = baseline_row(record)
        for row in record.rows:
            for line in _lines(row, verdict, base):
                writer.writerow([_safe(cell) for cell in line])
        return page.getvalue()


def _lines(row: Row, verdict: Verdict | None, base: Row | None) -> Iterator[tuple[str | float | None, ...]]:
    first = (row.candidate.name, standing(row, verdict), row.candidate.artifact.format)
    if row.failure or not row.readings:
        failure = row.failure.words if row.failure else ""
        yield (*first, *[None] * (len(COLUMNS) - 5), " ".join(map(str, row.notes)), failure)
    for metric, reading in row.readings.items():
        yield (*first, metric, *_figures(reading, base.readings.get(metric) if base else None, *_rules(row, metric, verdict)))


def _figures(reading: Reading, base: Reading | None, rules: str, said: Sequence[str]) -> tuple[str | float | None, ...]:
    compared = None if base is None or isinstance(base, Failure) else base.value
    if isinstance(reading, Failure):
        return (*[None] * 7, compared, rules, "; ".join(said), reading.words)
    own = (reading.value, reading.low, reading.high, reading.unit, reading.better, reading.method, reading.samples)
    return (*own, compared, rules, "; ".join((*map(str, reading.notes), *said)), "")


def _rules(row: Row, metric: str, verdict: Verdict | None) -> tuple[str, tuple[str, ...]]:
    """The checks of a metric, and what must be known of the policy wherever there are any."""
    found = [check for check in verdict.of(row.candidate.name) if check.rule.metric == metric] if verdict else []
    said = texts(note for note in verdict.notes if note.code in OF_POLICIES) if verdict and found else ()
    return "; ".join(_rule(check) for check in found), said


def _rule(check: Check) -> str:
    told = ", ".join(words for words in (own_limit(check), waived(check)) if words)
    return f"{check.rule.id} {'waived' if check.waived else check.status}: {checked(check)} ({told})"


def _safe(cell: str | float | None) -> str | float | None:
    if not isinstance(cell, str):
        return cell
    words = one_line(cell, 1000)
    return "'" + words if words.startswith(_FORMULA) else words
