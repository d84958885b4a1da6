"""The shortest of reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from effaudit.core.plugin import Output
from effaudit.core.record import Record
from effaudit.core.verdict import Verdict


@dataclass(frozen=True)
class Names(Output):
    """The candidates' names, one a line."""

    suffix: ClassVar[str] = ".txt"

    def render(self, record: Record, verdict: Verdict | None) -> str:
        return "".join(f"{row.candidate.name}\n" for row in record.rows)
