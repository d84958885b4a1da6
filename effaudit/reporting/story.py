"""What a verdict says, in the same words in every output: what was met, what blocks, what smaller and larger ones would mean."""

from __future__ import annotations

from typing import Literal

from effaudit.core.reading import Measurement
from effaudit.core.record import Record
from effaudit.core.text import counted, listed
from effaudit.core.units import show, show_interval, show_round
from effaudit.core.verdict import Buys, Check, Explanation, Status, Verdict
from effaudit.reporting.candidate_rows import amount, cell, headline_metrics, objective, warns
from effaudit.reporting.formatting import find, title, waived, why, written

Shade = Status | Literal["warn", "waived"]
"""How a check is shown: its status, that it only warns, or that only a waiver lets it pass."""


def by_rule(record: Record, verdict: Verdict, status: Shade) -> tuple[tuple[Check, ...], ...]:
    """The checks of one status, in one tuple per rule (in whatever slices), those nearest to the limit first.

    Unmeasured candidates have none.

    `warn`: what passes with a warning, or does not pass a rule that only warns. Such checks are never among fail or inconclusive.
    `waived`: what passes only under a waiver, which is never among pass or warn.
    """
    unmeasured = {row.candidate.name for row in record.rows if row.failure}
    found = [check for check in verdict.checks if check.candidate not in unmeasured and _stands(check, status)]
    rules = dict.fromkeys(written(rule) for rule in verdict.policy.every_rule)
    groups = (sorted((check for check in found if written(check.rule) == rule), key=_distance) for rule in rules)
    return tuple(tuple(group) for group in groups if group)


def wanting(verdict: Verdict, check: Check) -> str:
    """Why a check is inconclusive and what would decide it, and the waiver that is at work.

    "the interval reaches over the limit · ~7 more rounds".
    """
    gaps = (gap for told in verdict.explanations if told.candidate == check.candidate for gap in told.gaps)
    more = next((gap.more for gap in gaps if gap.rule == check.rule.id), "")
    undecided = (why(check), more) if check.status == "inconclusive" else ()
    return " · ".join(part for part in (*undecided, waived(check)) if part)


def meets(record: Record, verdict: Verdict, name: str) -> tuple[str, ...]:
    """What a candidate is in the figure that the policy minimises, and how many error rules it meets."""
    goal = cell(record, record.row(name), objective(verdict))
    against = f" ({goal.change} against {record.baseline})" if goal.change else ""
    own = [check for check in verdict.of(name) if check.rule.severity == "error"]
    if verdict.only_ranks:
        warnings = verdict.of(name)
        missed = sum(check.status != "pass" for check in warnings)
        misses = (f"does not meet {missed} of its {counted(len(warnings), 'rule')}",) if missed else ()
        return (f"{goal.text}{against}", "no error rule was asked; this only ranks", *misses)
    met = sum(check.status == "pass" for check in own)
    allowed = sum(check.waived is not None for check in own)
    return (f"{goal.text}{against}", f"meets {met} of {len(own)} error rules{f' ({allowed} waived)' if allowed else ''}")


def tied(verdict: Verdict) -> str:
    """Which candidates the tie-breaks decided between; "" when there was only one."""
    others = [name for name in verdict.equals if name != verdict.recommended]
    if not others:
        return ""
    select = verdict.policy.select
    breaks = ", then ".join(title(by) if by != "simple_first" else "the simpler family" for by in select.tie_break)
    equal = f"Equal in {title(select.minimize)} within {show(select.equal_within, '%')}: {listed(others)}."
    return f"{equal} Decided by {breaks or 'the objective'}."


def smaller(record: Record, verdict: Verdict) -> tuple[Explanation, ...]:
    """Why nothing smaller is recommended: rejected candidates with a better objective, those with the fewest gaps first."""
    if verdict.recommended is None:
        return ()
    goal = objective(verdict)
    size = {row.candidate.name: amount(row, goal) for row in record.rows}
    ours = size[verdict.recommended]
    found = [e for e in verdict.explanations if size.get(e.candidate, float("inf")) < ours]
    return tuple(sorted(found, key=lambda e: (len(e.gaps), -size[e.candidate])))


def larger(verdict: Verdict) -> tuple[Buys, ...]:
    """What the larger candidates buy: those that surely buy something first, the most first."""
    return tuple(sorted(verdict.buys, key=lambda buys: (buys.low <= 0 or buys.negligible is not None, -buys.difference)))


def bought(record: Record, buys: Buys) -> str:
    """A difference in quality with its interval, in the metric's own direction as in tables: "+0.31 pp [+0.10, +0.52]".

    "no difference (under 0.05 pp)" where it surely is none.
    """
    reading = find(record.row(buys.candidate).readings, buys.metric)
    unit = reading.unit if isinstance(reading, Measurement) else "score"
    unit = "pp" if unit in ("score", "share") else unit
    if buys.negligible is not None:
        return f"no difference (under {show_round(buys.negligible, unit)})"
    return show_interval(*buys.change, unit, signed=True)


def times(ratio: float) -> str:
    """How many times: "15.1×"."""
    return f"{show(ratio, '')}×"


def buys_sentence(record: Record, verdict: Verdict, buys: Buys) -> str:
    """What one larger candidate buys, in a sentence without its name."""
    surely = f" ({buys.surely})" if buys.surely else "" if buys.negligible is not None else " (no certain difference)"
    return (
        f"{bought(record, buys)} in {title(buys.metric)}{surely} for {times(buys.objective_ratio)} the {title(objective(verdict))}"
    )


def resolution(record: Record, verdict: Verdict | None) -> str:
    """The smallest difference that this machine resolves, for metrics shown or ruled on, and what the baseline's twin read."""
    wanted = (*headline_metrics(record), *(rule.metric for rule in (verdict.policy.rules if verdict else ())))
    known = [(full, floor) for full, floor in record.floors.items() if floor.share > 0 and _among(full, wanted)]
    floors = [f"{show(floor.share, '%', 2)} in {title(full)}" for full, floor in known]
    twins = [f"{title(full)} {ratio(twin)}" for full, twin in record.twins.items() if _among(full, wanted)]
    parts = [f"This machine resolves differences of {', '.join(floors)}."] if floors else []
    if not floors and (none := floorless(record)):
        parts = [none]
    if twins:
        parts.append(f"A second copy of {record.baseline} read against it: {', '.join(twins)}.")
    return " ".join(parts) or "No noise floor was established: nothing was timed against the baseline."


def floorless(record: Record) -> str:
    """Says so when nothing was started twice, so that no noise between processes was seen; "" otherwise."""
    if record.settings.restarts > 1 or any(floor.share > 0 for floor in record.floors.values()):
        return ""
    return "No noise floor: it needs restarts of 2 or more (`measure: {restarts: 4}`)."


def ratio(measurement: Measurement) -> str:
    """A ratio with its interval: "×1.002 [0.996, 1.008]"."""
    return "×" + show_interval(measurement.value, measurement.low, measurement.high, "")


def _among(full: str, wanted: tuple[str, ...]) -> bool:
    return any(full == metric or full.startswith(metric + ".") for metric in wanted)


def shade(check: Check) -> Shade:
    """How a check is shown where it is shown once."""
    if check.waived:
        return "waived"
    return "warn" if warns(check) else check.status


def _stands(check: Check, status: str) -> bool:
    if status == "waived" or check.waived:
        return status == "waived" and check.waived is not None
    only_warns = check.rule.severity == "warn" and check.status != "pass"
    if status == "warn":
        return check.warned or only_warns
    return check.status == status and not only_warns


def _distance(check: Check) -> float:
    if check.value is None:
        return float("inf")
    return -check.value if check.rule.bound == "min" else check.value
