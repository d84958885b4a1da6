"""The candidate that the report puts first, with the four figures that a reader looks for and the rules on them."""

from __future__ import annotations

from dataclasses import dataclass

from effaudit.core.reading import Measurement
from effaudit.core.record import Record, Row
from effaudit.core.verdict import Check, Verdict
from effaudit.reporting.candidate_rows import baseline_row, cell, objective, primary_quality, smallest_batch
from effaudit.reporting.decision import anchors
from effaudit.reporting.details import recipe
from effaudit.reporting.formatting import Standing, figure, find, own_limit, title, waived
from effaudit.reporting.story import meets, tied


@dataclass(frozen=True)
class Card:
    """One of the figures that stand first, with its interval, its change and whether that is good, and the rules on it."""

    title: str
    text: str
    interval: str
    change: str
    better: bool | None
    share: float | None
    """Of the baseline's figure, for amounts of which less is better; None for the rest."""
    rules: tuple[tuple[str, str], ...]

    @property
    def own(self) -> float:
        """How long its bar is, in per cent; the longer of the two is 100."""
        return round(100 * min(1.0, self.share or 0.0), 1)

    @property
    def whole(self) -> float:
        """How long the baseline's bar is."""
        return round(100 / max(1.0, self.share or 1.0), 1)


@dataclass(frozen=True)
class Chosen:
    """The recommended candidate, or the nearest miss."""

    name: str
    anchor: str
    standing: Standing
    sentence: str
    facts: tuple[str, ...]
    lineage: tuple[str, ...]
    file: str
    digest: str
    cards: tuple[Card, ...]
    tied: str


def chosen(record: Record, verdict: Verdict | None) -> Chosen | None:
    """The recommended candidate, else the nearest miss; None where there is neither."""
    name = (verdict.recommended or verdict.nearest) if verdict else None
    if verdict is None or name is None:
        return None
    row = record.row(name)
    standing: Standing = "recommended" if name == verdict.recommended else verdict.statuses.get(name, "not judged")
    return Chosen(
        name,
        anchors(record)[name],
        standing,
        row.candidate.title,
        meets(record, verdict, name),
        recipe(row),
        row.candidate.artifact.path,
        row.sizes.digest if row.sizes else "",
        tuple(_card(record, verdict, row, metric) for metric in _first_metrics(record, verdict, row)),
        tied(verdict) if verdict.recommended else "",
    )


def _first_metrics(record: Record, verdict: Verdict, row: Row) -> tuple[str, ...]:
    """Quality, p95, size and carbon (energy where there is no carbon), and what the policy minimises if it is none of them."""
    carbon = "carbon.per_1000" if isinstance(find(row.readings, "carbon.per_1000"), Measurement) else "energy.per_1000"
    four = (primary_quality(record), f"latency.batch_{smallest_batch(record)}.p95", "size.artifact", carbon)
    goal = objective(verdict)
    return four if goal in four else (*four, goal)


def _card(record: Record, verdict: Verdict, row: Row, metric: str) -> Card:
    own, reading = cell(record, row, metric), find(row.readings, metric)
    text, _, interval = figure(reading).partition(" [")
    checks = (
        check
        for check in verdict.of(row.candidate.name)
        if check.rule.metric == metric or check.rule.metric.startswith(metric + ".")
    )
    rules = tuple((_said(check), "waived" if check.waived else check.status) for check in checks)
    return Card(title(metric), text, f"[{interval}" if interval else "", own.change, own.better, _share(record, metric, row), rules)


def _said(check: Check) -> str:
    """The policy's limit, and what a waiver makes of it."""
    return " · ".join(words for words in (own_limit(check), waived(check)) if words)


def _share(record: Record, metric: str, row: Row) -> float | None:
    reference = baseline_row(record)
    base, own = find(reference.readings, metric) if reference else None, find(row.readings, metric)
    if not isinstance(own, Measurement) or not isinstance(base, Measurement) or metric.startswith("quality"):
        return None
    return own.value / base.value if own.better == "lower" and base.value > 0 and own.value > 0 else None
