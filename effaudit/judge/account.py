"""The whole account of one candidate under a verdict, in lines: every rule with its gap, what would admit it, what it buys."""

from __future__ import annotations

from collections.abc import Iterator

from effaudit.core.text import one_line
from effaudit.core.units import show_interval, show_round
from effaudit.core.verdict import Buys, Check, Explanation, Gap, Verdict
from effaudit.judge import words
from effaudit.judge.gaps import short_by

_ORDER = {"fail": 0, "inconclusive": 1, "pass": 2}
_INDENT = " " * 16
_LONGEST = 1000


def account(verdict: Verdict, candidate: str) -> tuple[str, ...]:
    """Lines of text without control characters, the candidate's name first.

    What is broken comes before what passes, rules that only warn come last.
    """
    told = next((one for one in verdict.explanations if one.candidate == candidate), None)
    checks = sorted(verdict.of(candidate), key=lambda one: (one.rule.severity == "warn", _ORDER[one.status]))
    gaps = {gap.rule: gap for gap in told.gaps} if told else {}
    lines = [_line("", f"{candidate}: {_standing(verdict, candidate, told)}")]
    if told is not None and not told.measured:
        return tuple(lines)
    for check in checks:
        lines.extend(_rule(check, gaps.get(check.rule.id)))
    if told is not None:
        lines.extend(_admitted(verdict, told))
    lines.extend(_line("  ", f"beside {verdict.recommended}: {_bought(one)}") for one in verdict.buys if one.candidate == candidate)
    return tuple(lines)


def _standing(verdict: Verdict, candidate: str, told: Explanation | None) -> str:
    if candidate == verdict.recommended:
        return "recommended"
    status = verdict.statuses.get(candidate, "inconclusive")
    if told is not None and (status == "pass" or not told.measured):
        return told.sentence
    blocks = "; might have been recommended had everything been measured" if candidate in verdict.blocking else ""
    return f"{'rejected' if status == 'fail' else 'undecided'}{blocks}"


def _rule(check: Check, gap: Gap | None) -> Iterator[str]:
    """What was found under one rule, with what is to spare, or beneath it what is missing."""
    severity = " (only warns)" if check.rule.severity == "warn" else ""
    moved, under = check.waived or check.beyond, "only under" if check.waived else "not even under"
    waived = f", {under} waiver {moved.id} ({moved.limit.written})" if moved else ""
    detail = check.detail or str(check.reason)
    found = words.against_limit(check) if _known(check) else detail
    distance = _distance(check)
    spare = f"; {distance}" if distance and check.status == "pass" else ""
    yield _line(f"  {check.status:<12}  ", f"{check.rule.id}{severity}: {found}{waived}{spare}")
    below = [text for text in ("" if spare else distance, *_cures(check, gap)) if text]
    if below:
        yield _line(_INDENT, "; ".join(below))


def _known(check: Check) -> bool:
    """Is there a figure that was compared with the limit?"""
    return check.value is not None and check.reason in (None, "interval_straddles")


def _distance(check: Check) -> str:
    short = short_by(check)
    if short is None or not _known(check):
        return ""
    figure = words.amount(abs(short), check.unit)
    if check.status == "pass":
        return f"{figure} to spare" if short else "nothing to spare"
    end = "" if check.low == check.high else f" at the {'lower' if check.rule.bound == 'min' else 'upper'} end of its interval"
    return f"{figure} outside the limit{end}"


def _cures(check: Check, gap: Gap | None) -> Iterator[str]:
    """What would admit it under this rule; nothing where it passes."""
    if gap is None:
        return
    if gap.relaxed is not None:
        yield f"would pass with {words.would_pass(check.rule, gap.relaxed, gap.unit)}"
    else:
        yield "no limit would admit it" if check.value is not None else "no limit admits what is not known"
    if gap.more:
        yield f"{gap.more} would decide" if gap.within_reach else f"more measuring would not decide it, {gap.more}"


def _admitted(verdict: Verdict, told: Explanation) -> Iterator[str]:
    """The joint relaxation; it goes without saying where one rule alone is broken and needs nothing else."""
    if verdict.statuses.get(told.candidate) == "pass":
        return
    if not told.together:
        yield "  no limits would admit it"
    elif len(told.together) > 1 or len(told.gaps) > 1:
        yield _line("  ", f"would be admitted with {words.limits_moved(told.together)}")
        hidden = [one.rule for one in told.together if one.rule not in {gap.rule for gap in told.gaps}]
        if hidden:
            yield _line(_INDENT, f"{', '.join(hidden)}: met now, but decided at a stricter level once more are compared")


def _bought(buys: Buys) -> str:
    """The difference in the primary quality, in its own direction."""
    times = f"at {buys.objective_ratio:,.1f}× of what is minimised"
    if buys.negligible is not None:
        return f"no difference in {buys.metric} (under {show_round(buys.negligible, buys.unit)}), {times}"
    surely = f" ({buys.surely})" if buys.surely else " (no certain difference)"
    return f"{show_interval(*buys.change, buys.unit, signed=True)} in {buys.metric}{surely}, {times}"


def _line(indent: str, text: str) -> str:
    return indent + one_line(text, _LONGEST)
