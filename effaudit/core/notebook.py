"""Records and verdicts as small HTML tables, for notebooks: plain, escaped, without scripts or outside resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from effaudit.core.reading import Failure, Reading
from effaudit.core.text import one_line
from effaudit.core.units import show_interval

if TYPE_CHECKING:
    from effaudit.core.record import Record
    from effaudit.core.verdict import Verdict

SHOWN = ("size.artifact", "latency.batch_", "memory.peak", "energy.per_1000")
"""Beside the primary quality: the first reading whose id begins so."""

MOST_ROWS = 50
_WORDS = 160


def record_table(record: Record) -> str:
    """One line per candidate: its primary quality, size, latency, memory and energy with intervals, or why it has none."""
    metrics = _columns([row.readings for row in record.rows], record.workload.quality[:1])
    lines = []
    for row in record.rows[:MOST_ROWS]:
        name = row.candidate.name + (" (baseline)" if row.candidate.name == record.baseline else "")
        if row.failure is not None:
            lines.append([name, f"not measured: {row.failure.words}"])
        else:
            lines.append([name, *(_figure(row.readings.get(metric)) for metric in metrics)])
    return _table(f"{record.title or record.name} · {record.ended}", ["candidate", *metrics], lines, len(record.rows))


def verdict_table(verdict: Verdict) -> str:
    """The headline, then one line per candidate: its status, and why it is not the recommended one."""
    reasons = {explanation.candidate: explanation.sentence for explanation in verdict.explanations}
    lines = [
        [name, "recommended" if name == verdict.recommended else status, reasons.get(name, "")]
        for name, status in verdict.statuses.items()
    ]
    heading = f"{verdict.policy.title or verdict.policy.name} · {verdict.headline}"
    return _table(heading, ["candidate", "verdict", "why"], lines[:MOST_ROWS], len(lines))


def _columns(readings: Sequence[Mapping[str, Reading]], primary: Iterable[str]) -> list[str]:
    known = list(dict.fromkeys(metric for each in readings for metric in each))
    wanted = [*(f"quality.{scorer}" for scorer in primary), *SHOWN]
    found = (next((metric for metric in known if metric.startswith(start)), None) for start in wanted)
    return [metric for metric in found if metric is not None]


def _figure(reading: Reading | None) -> str:
    if reading is None:
        return "–"
    if isinstance(reading, Failure):
        return f"not measured: {reading.reason}"
    return show_interval(reading.value, reading.low, reading.high, reading.unit)


def _table(heading: str, titles: Sequence[str], lines: Sequence[Sequence[str]], count: int) -> str:
    head = "".join(f'<th scope="col">{_safe(title)}</th>' for title in titles)
    body = "".join(_line(line, len(titles)) for line in lines)
    more = f"<p>and {count - len(lines)} more</p>" if count > len(lines) else ""
    return f"<table><caption>{_safe(heading)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _line(cells: Sequence[str], width: int) -> str:
    first, *rest = cells
    last = f' colspan="{width - 1}"' if len(cells) < width else ""
    others = "".join(f"<td{last}>{_safe(cell)}</td>" for cell in rest)
    return f'<tr><th scope="row">{_safe(first)}</th>{others}</tr>'


def _safe(text: str) -> str:
    return escape(one_line(text, _WORDS))
