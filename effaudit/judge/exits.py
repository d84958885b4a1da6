"""What a decision means to the shell: 0 stands, 1 fails, 3 is undecided, 4 could not be measured. Documented in the help."""

from __future__ import annotations

from collections.abc import Iterable

from effaudit.core.errors import InputError
from effaudit.core.policy import Policy
from effaudit.core.record import Record, Row
from effaudit.core.text import did_you_mean, one_line
from effaudit.core.verdict import Check, Outcome, Verdict
from effaudit.judge.judged import Judged, unmeasured
from effaudit.judge.select import Selection

STANDS, FAILS, UNDECIDED, UNMEASURED = 0, 1, 3, 4


def outcome_of(judged: Judged, selection: Selection, blocking: tuple[str, ...]) -> tuple[Outcome, int]:
    """The outcome and exit code of selecting: what could not be measured comes first, then whether anything is feasible."""
    if blocking:
        return "incomplete", UNMEASURED
    if selection.recommended is not None:
        return "recommended", STANDS
    measured = [name for name, row in judged.evidence.rows.items() if row.failure is None]
    if any(judged.statuses[name] == "inconclusive" for name in measured):
        return "inconclusive", _undecided(judged.policy)
    return "infeasible", FAILS


def blocking_of(judged: Judged, selection: Selection) -> tuple[str, ...]:
    """Those whose failure could have changed the recommendation; the baseline first, without which nothing relative is known.

    A candidate counts when the plan names it and it could not be measured, or it passes and the figure that the policy minimises
    is not known of it, or when a reading that one of its error rules needs could not be had. It does not count when another rule
    rejects it anyway, or when it is known to be too large to be preferred. Where that figure is known of nobody who passes, all
    of them count.
    """
    baseline = judged.evidence.baseline
    first = (baseline,) if baseline_is_missing(judged) else ()
    others = [name for name in judged.evidence.rows if name != baseline or not first]
    if selection.ranking and selection.recommended is None:
        return (*first, *(name for name in others if name in selection.ranking))
    return (*first, *(name for name in others if _failed(judged, name) and _could_have_won(judged, selection, name)))


def baseline_is_missing(judged: Judged) -> bool:
    """Could the baseline, or a figure of it that error rules compare with, not be measured?"""
    stored = judged.evidence.stored
    if stored is not None:
        return stored.record.row(stored.candidate).failure is not None
    row = judged.evidence.rows.get(judged.evidence.baseline)
    if row is None or row.failure is not None:
        return True
    return any(unmeasured(check) and check.rule.relative for _, check in judged.broken(row.candidate.name))


def gate_one(record: Record, verdict: Verdict, name: str) -> int:
    """The exit code of gating one candidate, the `recommended` one, or `all` of them, from their error rules.

    Where nobody is recommended, `recommended` never passes. With `all`, ladder members and products that could not be made or
    measured do not count. Raises InputError for an unknown name.
    """
    rows = {row.candidate.name: row for row in record.rows}
    if name == "recommended" and name not in rows:
        return STANDS if verdict.recommended is not None else verdict.exit_code or UNDECIDED
    if name == "all" and name not in rows:
        return _all(verdict, rows.values())
    if name not in rows:
        words = f"the record has no candidate {one_line(name, 64)!r}.{did_you_mean(name, rows)}"
        raise InputError(words, advice="Name one of its candidates, `recommended` or `all`.")
    if rows[name].failure is not None:
        return UNMEASURED
    return _code(verdict.policy, verdict.of(name))


def _failed(judged: Judged, name: str) -> bool:
    row = judged.evidence.rows[name]
    if row.failure is not None:
        return row.planned
    if judged.statuses[name] == "pass" and row.planned and judged.objective(name) is None:
        return True
    return any(unmeasured(check) for _, check in judged.broken(name))


def _could_have_won(judged: Judged, selection: Selection, name: str) -> bool:
    if judged.statuses[name] == "fail" or _known_to_fail(judged, name):
        return False
    best = min((value for other in selection.ranking if (value := judged.objective(other)) is not None), default=None)
    own = judged.objective(name)
    return best is None or own is None or own <= best + selection.band * abs(best)


def _known_to_fail(judged: Judged, name: str) -> bool:
    """Does the size of an artifact that could not be measured already break a rule?"""
    rules = [check.rule for _, check in judged.held[name] if check.rule.severity == "error"]
    size = judged.evidence.value(name, "size.artifact")
    limits = [rule.limit.amount for rule in rules if rule.metric == "size.artifact" and rule.bound == "max"]
    return size is not None and any(size > limit for limit in limits)


def _all(verdict: Verdict, rows: Iterable[Row]) -> int:
    failed = {row.candidate.name: row.planned for row in rows if row.failure is not None}
    code = _code(verdict.policy, (check for check in verdict.checks if check.candidate not in failed))
    return UNMEASURED if code != FAILS and any(failed.values()) else code


def _code(policy: Policy, checks: Iterable[Check]) -> int:
    errors = [check for check in checks if check.rule.severity == "error"]
    if any(check.status == "fail" for check in errors):
        return FAILS
    if any(unmeasured(check) for check in errors):
        return UNMEASURED
    if any(check.status == "inconclusive" for check in errors):
        return _undecided(policy)
    return STANDS


def _undecided(policy: Policy) -> int:
    return UNDECIDED if policy.on_inconclusive == "fail" else STANDS
