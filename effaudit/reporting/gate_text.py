"""Whom a gate asks about, how grave a check is for its answer, and the sentence that says so in machines' formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from effaudit.core.policy import Policy, Rule
from effaudit.core.record import Record, Row
from effaudit.core.text import counted, listed, one_line
from effaudit.core.verdict import MISSING, Check, Verdict
from effaudit.reporting.formatting import checked, limit, own_limit
from effaudit.reporting.story import wanting

Grave = Literal["error", "warning", "note"]
"""Breaks the gate, should be looked at, or only tells why a candidate was not chosen."""

LONGEST = 1000
"""So many characters of foreign words stand in one sentence."""
PRESET = "effaudit:"
"""A policy of this name comes with effaudit: no file of the user's repository holds it."""


def asked(record: Record, verdict: Verdict) -> tuple[Row, ...]:
    """The candidates that the gate asks about: one of them, or all where it selects or gates all."""
    name = verdict.recommended if verdict.subject == "recommended" else verdict.subject
    own = tuple(row for row in record.rows if row.candidate.name == name)
    return own or record.rows


def answer(record: Record, verdict: Verdict) -> str:
    """What gating says, in one harmless line: "tree fails 1 of 5 error rules: quality.floor"; "" where one is selected."""
    if verdict.subject == "":
        return ""
    found = asked(record, verdict)
    if verdict.subject == "recommended" and len(found) != 1:
        return "no candidate is recommended"
    if len(found) == 1:
        return one_line(f"{found[0].candidate.name} {_ends(verdict, found[0])}{_others(verdict)}", LONGEST)
    passing = sum(_passes(verdict, row) for row in found)
    return f"{passing} of {counted(len(found), 'candidate')} pass all error rules"


def hollow(record: Record, verdict: Verdict) -> bool:
    """Is a green answer less than it seems: was nothing asked of whom it is about, or could others not be judged?"""
    if verdict.subject == "":
        return verdict.only_ranks
    found = asked(record, verdict)
    is_asked = any(check.rule.severity == "error" for row in found for check in verdict.of(row.candidate.name))
    return bool(_others(verdict)) or not is_asked


def _others(verdict: Verdict) -> str:
    """Who might have been recommended instead, could it have been measured."""
    if verdict.subject != "recommended" or not verdict.blocking:
        return ""
    return f"; the selection is incomplete, for {listed(verdict.blocking, 3)} might have been recommended and could not be judged"


def gravity(verdict: Verdict, check: Check) -> Grave | None:
    """How grave a check is; None where it passes without a warning or a waiver.

    Where selecting ends in 0, what other candidates fail breaks nothing: it tells why they were not chosen.
    """
    if check.status == "pass":
        return "warning" if check.warned else "note" if check.waived else None
    if verdict.subject == "" and verdict.exit_code == 0 and check.candidate != verdict.recommended:
        return "note" if check.status == "fail" or verdict.recommended is not None else "warning"
    return "error" if breaks(verdict.policy, check) else "warning"


def breaks(policy: Policy, check: Check) -> bool:
    """Does it count against its candidate: a failed or unmeasured error rule, or an undecided one where the policy says `fail`?"""
    undecided = check.status == "inconclusive" and policy.on_inconclusive == "warn" and check.reason not in MISSING
    return check.status != "pass" and check.rule.severity == "error" and not undecided


def failed(record: Record, verdict: Verdict) -> Iterator[tuple[Row, Grave, str]]:
    """The candidates asked about that could not be measured, how grave that is, and why in one line."""
    for row in asked(record, verdict):
        if row.failure is not None:
            blocks = row.candidate.name in verdict.blocking or verdict.subject not in ("", "all")
            words = f"{row.candidate.name} could not be measured ({row.failure.stage}): {row.failure.reason}"
            yield row, "error" if blocks else "warning" if row.planned else "note", one_line(words, LONGEST)


def sentence(verdict: Verdict, check: Check) -> str:
    """One check in one harmless line: what was found, the limit, and what is wanting or who waived it."""
    verb, under = _status(check)
    found = f"{check.candidate} {verb} {check.rule.id}{under}: {checked(check)}, {own_limit(check)}"
    return one_line("; ".join(part for part in (found, wanting(verdict, check)) if part), LONGEST)


def rule_words(rule: Rule) -> str:
    """What a rule asks for, in one harmless line: "latency.batch_1.p95: max 25 ms"."""
    return one_line(limit(rule) if rule.alternatives else f"{rule.metric}: {limit(rule)}", LONGEST)


def place(policy: Policy, rule: Rule) -> tuple[str, int] | None:
    """The file and line that hold a rule, relative to the folder in which it was judged; None for ready-made policies."""
    file = rule.file or policy.file
    if not file or file.startswith(PRESET) or rule.line is None:
        return None
    return one_line(file, LONGEST).replace("\\", "/"), rule.line


def written_id(rule: Rule) -> str:
    """The id in the policy's file: that of the rule which this one is made of for a slice, or its own."""
    return rule.of or rule.id


def _passes(verdict: Verdict, row: Row) -> bool:
    return row.failure is None and all(c.status == "pass" for c in verdict.of(row.candidate.name) if c.rule.severity == "error")


def _ends(verdict: Verdict, row: Row) -> str:
    if row.failure is not None:
        return f"could not be measured ({row.failure.stage}): {row.failure.reason}"
    own = [check for check in verdict.of(row.candidate.name) if check.rule.severity == "error"]
    for status, words in (("fail", "fails"), ("inconclusive", "is undecided on")):
        if ids := [check.rule.id for check in own if check.status == status]:
            return f"{words} {len(ids)} of {counted(len(own), 'error rule')}: {listed(ids)}"
    if not own:
        return "passes: no error rule was asked of it, and none can reject it"
    waived = sum(check.waived is not None for check in own)
    return f"passes {counted(len(own), 'error rule')}" + (f", {waived} of them under a waiver" if waived else "")


def _status(check: Check) -> tuple[str, str]:
    """A verb, and what belongs behind its object."""
    if check.status == "pass":
        return "passes", " under a waiver" if check.waived else " with a warning" if check.warned else ""
    return "fails" if check.status == "fail" else "is undecided on", ""
