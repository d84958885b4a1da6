"""The report's contents, section by section, as words and figures that a template only has to set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from effaudit.core.reading import Failure
from effaudit.core.record import Record
from effaudit.core.text import counted, one_line
from effaudit.core.verdict import Verdict
from effaudit.reporting.candidate_rows import Line, headline_metrics, lines, objective, primary_quality, smallest_batch
from effaudit.reporting.cautions import cautions
from effaudit.reporting.charts.tradeoff import Chart, tradeoff
from effaudit.reporting.decision import Blocked, Bought, Decision, anchors, blocked, buys, decision
from effaudit.reporting.details import Detail, Notes, details, ladder
from effaudit.reporting.embedded_record import Embedded, embedded
from effaudit.reporting.footprint import Footprint, footprint
from effaudit.reporting.formatting import Standing, title
from effaudit.reporting.gate_text import answer
from effaudit.reporting.recommendation import Chosen, chosen
from effaudit.reporting.slices import CAUTION
from effaudit.reporting.trust import Facts, Trust, packages, reproduce, trust

EMBEDDED_UP_TO = 200
"""Above so many candidates the record is left out of the report and only its hash is printed."""
DETAILED = 50
"""And the details are those of so many, the best."""
ROOMY_UP_TO = 20
"""Up to so many candidates there is a second chart, and the table below the charts has all headline metrics."""

OUTCOMES: Mapping[str, str] = {
    "recommended": "Recommended",
    "infeasible": "None passes",
    "inconclusive": "Undecided",
    "incomplete": "Incomplete",
    "ranked": "Ranked first",
    "not judged": "Not judged",
}
SECTIONS: Mapping[str, str] = {
    "verdict": "Verdict",
    "recommendation": "Recommendation",
    "decision": "Decision table",
    "blocking": "What blocks",
    "tradeoff": "Trade-off",
    "buys": "What the larger buy",
    "ladder": "Simple models",
    "candidates": "Candidates",
    "failed": "Not measured",
    "footprint": "Sustainability",
    "trust": "How far to trust this",
    "reproduce": "Reproduce",
}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


@dataclass(frozen=True)
class Drawn:
    """A chart and what it is of."""

    chart: Chart
    cost: str
    quality: str


@dataclass(frozen=True)
class Page:
    """Everything that the report shows."""

    title: str
    name: str
    outcome: str
    headline: str
    interrupted: bool
    cautions: tuple[str, ...]
    counts: tuple[tuple[Standing, int], ...]
    facts: Facts
    chosen: Chosen | None
    decision: Decision
    blocked: tuple[Blocked, ...]
    charts: tuple[Drawn, ...]
    figure_heads: tuple[str, ...]
    figures: tuple[Line, ...]
    goal: str
    details: tuple[Detail, ...]
    left_out: tuple[str, ...]
    notes: Notes
    caution: str
    buys: tuple[Bought, ...]
    ladder: tuple[Line, ...]
    ladder_heads: tuple[str, ...]
    footprint: Footprint
    trust: Trust
    reproduce: Facts
    packages: Facts
    embedded: Embedded
    failed: tuple[tuple[str, str, Failure], ...]
    baseline: str
    anchors: Mapping[str, str]
    version: str

    @property
    def outcome_word(self) -> str:
        """What was decided, in a word or two."""
        return OUTCOMES[self.outcome]

    @property
    def outcome_shade(self) -> str:
        """The shape and colour that go with it."""
        return {"infeasible": "fail", "incomplete": "inconclusive", "ranked": "warn"}.get(self.outcome, self.outcome)

    @property
    def sections(self) -> Facts:
        """The anchors and headings that this page has."""
        kept = {
            "verdict": True,
            "recommendation": self.chosen,
            "decision": self.decision.heads,
            "blocking": self.blocked,
            "tradeoff": self.charts,
            "buys": self.buys,
            "ladder": self.ladder,
            "failed": self.failed,
        }
        named = dict(SECTIONS)
        if self.chosen and self.chosen.standing != "recommended":
            named["recommendation"] = "Nearest miss"
        return tuple((anchor, words) for anchor, words in named.items() if kept.get(anchor, True))


def page(record: Record, verdict: Verdict | None) -> Page:
    """The report of a record, judged or not."""
    all_lines, places = lines(record, verdict, ()), anchors(record)
    most = DETAILED if len(record.rows) > EMBEDDED_UP_TO else len(record.rows)
    detailed, notes = details(record, verdict, most)
    simple = tuple(ladder(record, verdict))
    few = len(record.rows) <= ROOMY_UP_TO
    compared = headline_metrics(record) if few else (primary_quality(record),)
    compared = tuple(dict.fromkeys((*compared, objective(verdict))))
    return Page(
        title=record.title or record.name,
        name=record.name,
        outcome=_outcome(verdict),
        headline=verdict.headline if verdict else "The candidates were measured, and no policy was given to judge them by.",
        interrupted=record.ended == "interrupted",
        cautions=cautions(record, verdict),
        counts=_counts(all_lines),
        facts=_facts(record, verdict),
        chosen=chosen(record, verdict),
        decision=decision(record, verdict),
        blocked=blocked(record, verdict) if verdict else (),
        charts=_charts(record, verdict),
        figure_heads=tuple(title(metric) for metric in compared),
        figures=lines(record, verdict, compared),
        goal=title(objective(verdict)),
        details=detailed,
        left_out=tuple(line.name for line in all_lines[len(detailed) :]),
        notes=notes,
        caution=CAUTION,
        buys=buys(record, verdict) if verdict else (),
        ladder=simple,
        ladder_heads=tuple(title(one.metric) for one in simple[0].cells) if simple else (),
        footprint=footprint(record, verdict),
        trust=trust(record, verdict),
        reproduce=reproduce(record, verdict),
        packages=packages(record),
        embedded=embedded(record, len(record.rows) <= EMBEDDED_UP_TO),
        failed=tuple((places[row.candidate.name], row.candidate.name, row.failure) for row in record.rows if row.failure),
        baseline=record.baseline,
        anchors=places,
        version=record.version,
    )


def _outcome(verdict: Verdict | None) -> str:
    """A key of `OUTCOMES`; what a policy recommends that can reject nobody is only ranked."""
    if verdict is None:
        return "not judged"
    return "ranked" if verdict.only_ranks and verdict.outcome == "recommended" else verdict.outcome


def _counts(found: tuple[Line, ...]) -> tuple[tuple[Standing, int], ...]:
    """How many stand where; the recommended one also passes."""
    standings = ["pass" if line.standing == "recommended" else line.standing for line in found]
    order: tuple[Standing, ...] = ("pass", "warn", "inconclusive", "fail", "not judged", "not measured")
    return tuple((one, standings.count(one)) for one in order if one in standings)


def _facts(record: Record, verdict: Verdict | None) -> Facts:
    rows = record.workload.splits.get("certify", 0)
    policy = verdict.policy if verdict else None
    found = {
        "policy": (policy.title or policy.name) if policy else "none",
        "policy hash": policy.digest[:12] if policy else "",
        "gate": answer(record, verdict) if verdict else "",
        "exit code": str(verdict.exit_code) if verdict else "",
        "baseline": record.baseline,
        "measured on": counted(rows, record.workload.unit),
        "date": _date(record.created),
        "commit": (record.commit or "")[:12],
    }
    return tuple((name, words) for name, words in found.items() if words)


def _date(written: str) -> str:
    """A date in words, such as "14 March 2026, 09:26 UTC"; what is no date stays as it is."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return one_line(written, 40)
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}, {at:%H:%M} {at.tzname() or ''}".rstrip()


def _charts(record: Record, verdict: Verdict | None) -> tuple[Drawn, ...]:
    """Quality against what the policy minimises; where candidates are few, also against latency (or size, if that is latency)."""
    quality, goal = primary_quality(record), objective(verdict)
    second = "size.artifact" if goal.startswith("latency.") else f"latency.batch_{smallest_batch(record)}.p50"
    costs = (goal, second) if len(record.rows) <= ROOMY_UP_TO else (goal,)
    return tuple(drawn for cost in costs if (drawn := _drawn(record, verdict, cost, quality)))


def _drawn(record: Record, verdict: Verdict | None, cost: str, quality: str) -> Drawn | None:
    chart = tradeoff(record, verdict, cost, quality)
    return Drawn(chart, title(cost), title(quality)) if chart else None
