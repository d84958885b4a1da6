"""Which of the candidates that meet every error rule is recommended, and which comes nearest when none does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from effaudit.core.candidate import Family
from effaudit.judge.evidence import Evidence
from effaudit.judge.judged import Held, Judged

SIMPLEST_FIRST: tuple[str, ...] = get_args(Family)


@dataclass(frozen=True)
class Selection:
    """The feasible in order of preference, those in the band that tie-breaks decided between, and the nearest miss.

    `band` is the share by which an objective may be larger than the best and still count as equal. `recommended` is the first
    of the ranking, or None where nobody in it has a figure to be preferred by.
    """

    ranking: tuple[str, ...]
    equals: tuple[str, ...]
    nearest: str | None
    band: float
    recommended: str | None


def select(judged: Judged) -> Selection:
    """Ranks the feasible by the policy's objective. Inside the band the tie-breaks decide, and nowhere else."""
    share = band(judged)
    known = {name: value for name in judged.feasible if (value := judged.objective(name)) is not None}
    unknown = [name for name in judged.feasible if name not in known]
    by_objective = sorted(known, key=lambda name: (known[name], name))
    limit = known[by_objective[0]] + share * abs(known[by_objective[0]]) if by_objective else math.inf
    equals = _tie_broken(judged, [name for name in by_objective if known[name] <= limit])
    rest = [name for name in by_objective if known[name] > limit]
    ranking = (*equals, *rest, *_tie_broken(judged, unknown))
    alike = tuple(equals) if len(equals) > 1 else ()
    return Selection(ranking, alike, None if ranking else _nearest(judged), share, ranking[0] if known else None)


def band(judged: Judged) -> float:
    """`equal_within`, or what the machine resolves in the objective where that is more: inside its noise, models tie."""
    floor = judged.evidence.record.floors.get(judged.policy.select.minimize)
    return max(judged.policy.select.equal_within, floor.share if floor else 0.0)


def shortfall(held: Held) -> float:
    """How far the bad end of an interval lies beyond its limit, as a share of the limit; infinite where nothing is known."""
    _, check = held
    bad, limit = check.low if check.rule.bound == "min" else check.high, check.rule.limit.amount
    if bad is None or not math.isfinite(bad):
        return math.inf
    beyond = limit - bad if check.rule.bound == "min" else bad - limit
    return max(0.0, beyond) / (abs(limit) or abs(bad) or 1.0)


def binding(judged: Judged, candidate: str) -> Held | None:
    """The rule that keeps a candidate out: failed before undecided, then by the greatest shortfall, then in the policy's order."""
    broken = judged.broken(candidate)
    return max(broken, key=lambda held: (held[1].status == "fail", shortfall(held)), default=None)


def telling_tie_break(judged: Judged, first: str, second: str) -> str | None:
    """The tie-break that prefers one of two equals to the other; None where none does."""
    for word in judged.policy.select.tie_break:
        figure, tolerance = _tie_break(judged.evidence, word)
        least, most = sorted((figure(first), figure(second)))
        if least != most and not most <= least + tolerance * abs(least):
            return word
    return None


def _tie_broken(judged: Judged, names: Sequence[str]) -> list[str]:
    return _ordered(judged, list(names), judged.policy.select.tie_break)


def _ordered(judged: Judged, names: list[str], breaks: Sequence[str]) -> list[str]:
    """Sorted into classes that the first tie-break cannot tell apart, each of them by the next one; by name at last."""
    if len(names) < 2:
        return names
    if not breaks:
        return sorted(names, key=lambda name: (_or_infinity(judged.objective(name)), name))
    figure, tolerance = _tie_break(judged.evidence, breaks[0])
    classes: list[list[str]] = []
    best = math.nan
    for name in sorted(names, key=lambda name: (figure(name), name)):
        value = figure(name)
        if classes and (value == best or value <= best + tolerance * abs(best)):
            classes[-1].append(name)
        else:
            classes.append([name])
            best = value
    return [name for alike in classes for name in _ordered(judged, alike, breaks[1:])]


def _tie_break(evidence: Evidence, word: str) -> tuple[Callable[[str], float], float]:
    """A figure to be small, and the share inside which two of them say nothing."""
    if word == "simple_first":
        return lambda name: _complexity(evidence, name), 0.0
    floor = evidence.record.floors.get(word)
    return lambda name: _signed(evidence, name, word), floor.share if floor else 0.0


def _complexity(evidence: Evidence, name: str) -> float:
    facts = evidence.rows[name].facts
    return float(SIMPLEST_FIRST.index(facts.family)) if facts else math.inf


def _signed(evidence: Evidence, name: str, metric: str) -> float:
    """The figure, turned round where more is better, so that small is always preferred."""
    value = evidence.value(name, metric)
    if value is None:
        return math.inf
    found = evidence.rows[name].readings.get(metric)
    return -value if getattr(found, "better", "lower") == "higher" else value


def _or_infinity(value: float | None) -> float:
    return math.inf if value is None else value


def _nearest(judged: Judged) -> str | None:
    """The measured candidate with the fewest failed rules, then the fewest undecided ones, then the smallest shortfall."""
    measured = [name for name, row in judged.evidence.rows.items() if row.failure is None]
    return min(measured, key=lambda name: _distance(judged, name), default=None)


def _distance(judged: Judged, name: str) -> tuple[int, int, float, float, str]:
    broken = judged.broken(name)
    failed = sum(check.status == "fail" for _, check in broken)
    worst = max((shortfall(held) for held in broken), default=0.0)
    return failed, len(broken) - failed, worst, _or_infinity(judged.objective(name)), name
