"""Why each candidate is not the recommended one, in a sentence, and what the larger ones buy over it."""

from __future__ import annotations

import math

from effaudit.core.policy import Select
from effaudit.core.reading import Measurement
from effaudit.core.text import one_line
from effaudit.core.units import show
from effaudit.core.verdict import Buys, Explanation, Gap
from effaudit.judge import words
from effaudit.judge.compare import loss
from effaudit.judge.evidence import Undecidable
from effaudit.judge.gaps import gap_of
from effaudit.judge.judged import Held, Judged, curable
from effaudit.judge.select import Selection, shortfall, telling_tie_break
from effaudit.judge.together import Together

MOST_RULES = 3
"""A sentence names this many of the rules that a candidate breaks; the gaps name them all."""
LEAST_TOLD, LEAST_SHARE = 0.0005, 0.001
"""What is too small to be told as a difference: of a score, and as a share of any other figure."""


def explain(judged: Judged, selection: Selection) -> tuple[Explanation, ...]:
    """One explanation for every candidate but the recommended one, in the record's order."""
    together = Together(judged)
    others = (name for name in judged.evidence.rows if name != selection.recommended)
    return tuple(_explanation(judged, selection, name, together) for name in others)


def in_words(held: Held, gap: Gap) -> str:
    """What stands between a candidate and one rule: "fails size.artifact: is 120 MB where at most 100 MB is allowed; …"."""
    _, check = held
    rule = check.rule.id
    if check.status == "fail":
        cure = "" if gap.relaxed is None else f"; would pass with {words.would_pass(check.rule, gap.relaxed, gap.unit)}"
        return f"fails {rule}: {words.against_limit(check)}{cure}"
    if check.value is not None and curable(check):
        return f"is undecided on {rule}: {words.against_limit(check)}{_would_decide(gap)}"
    return f"cannot be judged on {rule}: {check.detail or check.reason}"


def buys(judged: Judged, selection: Selection) -> tuple[Buys, ...]:
    """What every larger candidate scores more than the recommended one in the primary metric, the smallest of them first."""
    best, quality = selection.recommended, judged.evidence.record.workload.quality
    own = judged.objective(best) if best else None
    if best is None or own is None or not quality:
        return ()
    sized = {name: value for name in judged.evidence.rows if (value := judged.objective(name)) is not None}
    larger = [name for name in sized if sized[name] > own + selection.band * abs(own)]
    found = (_buys(judged, name, best, f"quality.{quality[0]}", sized[name], own) for name in sorted(larger, key=sized.__getitem__))
    return tuple(one for one in found if one is not None)


def negligible(judged: Judged, reference: str, metric: str, low: float, high: float) -> float | None:
    """The size that a difference to a reference surely stays under, where that is nothing to tell; None where it may be more.

    That size is a twentieth of the margin that the policy leaves in this metric, and at least 0.05 pp of a score or a
    thousandth of any other figure.
    """
    found = judged.evidence.reading(reference, metric)
    if isinstance(found, Undecidable):
        return None
    rules = [rule for rule in judged.policy.rules if rule.metric == metric and rule.relative]
    margins = [rule.limit.amount * (abs(found.value) if rule.limit.unit == "%" else 1.0) for rule in rules]
    least = LEAST_TOLD if found.unit in ("score", "share") else LEAST_SHARE * abs(found.value)
    size = max(least, words.PART_OF_MARGIN * min(margins, default=0.0))
    return size if max(abs(low), abs(high)) <= size else None


def _explanation(judged: Judged, selection: Selection, name: str, together: Together) -> Explanation:
    row = judged.evidence.rows[name]
    if row.failure is not None:
        sentence = f"could not be measured ({row.failure.stage}): {one_line(row.failure.reason)}"
        return Explanation(name, sentence, measured=False)
    broken = judged.broken(name)
    if not broken:
        return Explanation(name, f"passes too; {_not_chosen(judged, selection, name)}")
    gaps = {held[1].rule.id: gap_of(judged.evidence, held) for held in broken}
    worst = sorted(broken, key=lambda held: (held[1].status != "fail", -shortfall(held)))
    rest = len(worst) - MOST_RULES
    told = [in_words(held, gaps[held[1].rule.id]) for held in worst[:MOST_RULES]]
    if rest > 0:
        told.append(f"and {rest} more")
    admitting = together.admitting(name, gaps)
    hidden = [one for one in admitting if one.rule not in gaps]
    if hidden:
        told.append(f"beside more candidates it would then need {words.limits_moved(hidden)} too")
    return Explanation(name, "; ".join(told), tuple(gaps.values()), admitting)


def _not_chosen(judged: Judged, selection: Selection, name: str) -> str:
    best, select = selection.recommended, judged.policy.select
    own, least = judged.objective(name), judged.objective(best) if best else None
    if own is None or least is None or best is None:
        return f"its {select.minimize} is not known"
    if name not in selection.equals:
        return words.ratio(own / least, select.minimize) if least > 0 else f"more {select.minimize}"
    within = show(selection.band, "%", 2)
    return f"equal to {best} within {within}; {_lost_by(judged, select, best, name)}"


def _lost_by(judged: Judged, select: Select, best: str, name: str) -> str:
    word = telling_tie_break(judged, best, name)
    if word == "simple_first":
        ours, theirs = (judged.evidence.rows[one].facts for one in (name, best))
        return f"less simple ({ours.family if ours else 'of unknown kind'}, not {theirs.family if theirs else 'unknown'})"
    if word is None:
        return f"the tie-breaks cannot tell them apart, and its {select.minimize} or its name comes later"
    mine, least = judged.evidence.value(name, word), judged.evidence.value(best, word)
    if mine is None or least is None:
        return f"its {word} is not known"
    return f"{word} is {words.ratio(mine / least, word)}" if 0 < least < mine else f"{word} prefers {best}"


def _buys(judged: Judged, name: str, best: str, metric: str, own: float, least: float) -> Buys | None:
    lost = loss(judged.evidence, name, best, metric, relative=False)
    if isinstance(lost, Undecidable):
        return None
    low, high = lost.interval(judged.policy.confidence_level)
    small = negligible(judged, best, metric, low, high)
    found = judged.evidence.reading(best, metric)
    return Buys(
        name,
        metric,
        -lost.value + 0.0,
        -high + 0.0,
        -low + 0.0,
        own / least if least else math.inf,
        small,
        _unit(judged, best, metric),
        "lower" if isinstance(found, Measurement) and found.better == "lower" else "higher",
    )


def _unit(judged: Judged, name: str, metric: str) -> str:
    found = judged.evidence.reading(name, metric)
    return "pp" if isinstance(found, Undecidable) or found.unit in ("score", "share") else found.unit


def _would_decide(gap: Gap) -> str:
    if not gap.more:
        return ""
    return f"; {gap.more} would decide" if gap.within_reach else f"; {gap.more}"
