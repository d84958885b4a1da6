"""Comparisons of timings: the median of paired log-ratios in each incarnation, and how much those differ between incarnations.

The evidence of one candidate and figure is an array (n, 3): the incarnation's number, the key of the round, and the natural
logarithm of the figure. Rounds with the same key were taken within about a second of each other. A tail such as p95 has one
row per incarnation, whose key is −1 − incarnation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from effaudit.core.reading import Spread
from effaudit.core.record import Floor
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, Student, TooFew
from effaudit.core.stats.moderate import MEDIAN_EFFICIENCY, Variance, moderated

Floats = NDArray[np.float64]
_FEWEST_FOR_NOISE = 4
"""Rounds in an incarnation from which their spread says anything."""
_FEWEST_TO_TRIM = 4
"""Incarnations from which the extreme two are left out of the middle."""
_GREATEST_LOG = 300.0


@dataclass(frozen=True)
class Medians:
    """One log-figure per incarnation: the median of its rounds (k,), that median's standard error, and the rounds.

    The standard error is NaN where rounds are too few to tell.
    """

    values: Floats
    errors: Floats
    rounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def own(self) -> Variance:
        """The variance between these incarnations."""
        return Variance(_variance(self.values.tolist()), max(0, len(self) - 1))

    @property
    def noise(self) -> Variance:
        """The part of it that is within incarnations."""
        known = [
            (error, rounds) for error, rounds in zip(self.errors.tolist(), self.rounds.tolist(), strict=True) if error == error
        ]
        if not known:
            return Variance(0.0, 0.0)
        dof = MEDIAN_EFFICIENCY * sum(rounds - 1 for _, rounds in known)
        return Variance(sum(error * error for error, _ in known) / len(known), dof)


def paired(a: Floats, b: Floats) -> Medians:
    """For each incarnation of `a` the median of log a − log b over the rounds that both have. No such round: empty."""
    ours, theirs = _sound(a), _sound(b)
    _once_each(ours)
    if len(ours) == len(theirs) and (ours[:, 1] == theirs[:, 1]).all():  # as in one panel: nothing to look for
        return _medians(ours[:, 0], ours[:, 2] - theirs[:, 2])
    _once_each(theirs)
    _, at_ours, at_theirs = np.intersect1d(ours[:, 1], theirs[:, 1], assume_unique=True, return_indices=True)
    return _medians(ours[at_ours, 0], ours[at_ours, 2] - theirs[at_theirs, 2])


def paired_alike(many: Mapping[str, Floats], b: Floats) -> Mapping[str, Medians]:
    """`paired` of many candidates with one other at once: of those whose rounds stand in the very order of its own, as they do
    in one panel. The rest are left out, and so is what `paired` would refuse. Raises ValueError as `paired` does, for `b`.
    """
    theirs = _sound(b)
    _once_each(theirs)
    if not len(theirs):
        return {}
    alike = {name: rows for name, rows in many.items() if _in_order_of(rows, theirs)}
    if not alike:
        return {}
    logs = np.stack([rows[:, 2] for rows in alike.values()]).astype(np.float64) - theirs[:, 2]
    parts = [np.sort(logs[:, theirs[:, 0] == number], axis=1).T for number in sorted(set(theirs[:, 0].tolist()))]
    values = np.stack([_quantile(part, 0.5) for part in parts], axis=1)
    errors = np.stack([_error_of_median(part) for part in parts], axis=1)
    rounds = np.array([len(part) for part in parts], dtype=np.int64)
    return {name: Medians(values[place], errors[place], rounds) for place, name in enumerate(alike)}


def ratio(
    a: Floats, b: Floats, spread: Spread | None, baseline: Floats | None = None, direct: Medians | None = None
) -> Student | TooFew:
    """The ratio a / b on the log scale.

    `spread`: what all candidates of the audit show of the variance between incarnations (`spread_of`), None where unknown.
    `baseline`: where a and b share no round (they were timed in different panels), but both share rounds with the baseline,
    the ratio is the ratio of their ratios to it, and the variances add. `direct`: `paired` of the two, where it is known.
    """
    direct = paired(a, b) if direct is None else direct
    if len(direct) or baseline is None:
        return _student(direct, _doubled(spread))
    first, second = (_student(paired(one, baseline), _doubled(spread)) for one in (a, b))
    if isinstance(first, TooFew) or isinstance(second, TooFew):
        return first if isinstance(first, TooFew) else second
    return _over(first, second)


def location(a: Floats, spread: Spread | None) -> Student | TooFew:
    """One candidate's own figure, on the log scale: the middle of the incarnations' medians over rounds."""
    rows = _sound(a)
    _once_each(rows)
    return _student(_medians(rows[:, 0], rows[:, 2]), spread)


def spread_of(pairs: Sequence[Medians]) -> Spread:
    """How much a figure's logarithm varies between incarnations of one candidate, from all candidates' pairs with the baseline.

    Give the A/A twin's pair too. The noise within incarnations is taken out. Since all pairs share the baseline's incarnations,
    n pairs of d degrees of freedom are worth 4dn / (n + 3), of which d are the own ones of the pair that will be judged; so
    one pair alone tells nothing of the others (0 degrees), two 0.6 d, three d.
    """
    known = [pair for pair in pairs if len(pair) > 1]
    weights = [pair.own.dof for pair in known]
    if not known:
        return Spread(0.0, 0.0)
    excess = sum(pair.own.dof * (pair.own.value - pair.noise.value) for pair in known) / sum(weights)
    count = len(known)
    return Spread(max(0.0, excess) / 2.0, sum(weights) / count * 3.0 * (count - 1) / (count + 3))


def floor_of(spread: Spread, twin: Student | TooFew | None, level: float = DRAWN_ONE_SIDED) -> Floor | None:
    """The smallest difference that this machine resolves: twice the standard deviation between incarnations of one candidate,
    and not less than the upper bound of the difference between the baseline and its twin (`twin`: their ratio).

    None where nothing differed, or no candidate was started twice: what was not seen to vary says nothing of what is resolved.
    """
    between = math.expm1(2.0 * math.sqrt(spread.variance))
    if twin is None or isinstance(twin, TooFew):
        return Floor(between, "incarnations") if between > 0.0 else None
    low, high = twin.interval(level)
    apart = max(high, 1.0 / low if low > 0.0 else math.inf) - 1.0
    return Floor(apart, "A/A") if apart > between else Floor(between, "incarnations")


def _sound(evidence: Floats) -> Floats:
    rows = np.asarray(evidence, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise ValueError(f"evidence of shape {rows.shape}, not (n, 3)")
    if not np.isfinite(rows).all() or np.any(np.abs(rows[:, 2]) > _GREATEST_LOG):
        raise ValueError("evidence that is no logarithm of a figure")
    return rows


def _once_each(rows: Floats) -> None:
    if len(set(rows[:, 1].tolist())) != len(rows):
        raise ValueError("two figures of one round")


def _in_order_of(rows: Floats, theirs: Floats) -> bool:
    if rows.shape != theirs.shape or rows.dtype.kind not in "fiu" or not (rows[:, :2] == theirs[:, :2]).all():
        return False
    return bool((np.abs(rows[:, 2]) <= _GREATEST_LOG).all())


def _medians(incarnations: Floats, logs: Floats) -> Medians:
    parts = [np.sort(logs[incarnations == number]) for number in sorted(set(incarnations.tolist()))]
    return Medians(
        np.array([_quantile(part, 0.5) for part in parts], dtype=np.float64),
        np.array([_error_of_median(part) for part in parts], dtype=np.float64),
        np.array([len(part) for part in parts], dtype=np.int64),
    )


def _error_of_median(ordered: Floats) -> Floats:
    """1.2533 σ/√n, with σ from the interquartile range, which a few disturbed rounds do not move. Of each column, if several."""
    if len(ordered) < _FEWEST_FOR_NOISE:
        return np.full(ordered.shape[1:], math.nan)
    low, high = _quantile(ordered, 0.25), _quantile(ordered, 0.75)
    return np.asarray(1.2533 * (high - low) / 1.349 / math.sqrt(len(ordered)))


def _quantile(ordered: Floats, share: float) -> Floats:
    """By linear interpolation, as numpy's: on some twenty sorted values, numpy's own costs thirty times as much."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return np.asarray(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _centre(values: Sequence[float]) -> float:
    """The mean of incarnations; from four on without the lowest and the highest, for one bad start should not move a figure.

    The variance is that of all of them: what a bad start does to the interval stays.
    """
    kept = sorted(values)[1:-1] if len(values) >= _FEWEST_TO_TRIM else values
    return sum(kept) / len(kept)


def variance_of_centre(count: int) -> float:
    """Of normal values with a variance of 1. Leaving two out costs 1.6 n^-1.5 of it (simulated, to 1 %: 0.19 of 4, 0.07 of 8)."""
    return (1.0 + 1.6 * count**-1.5 if count >= _FEWEST_TO_TRIM else 1.0) / count


def _student(medians: Medians, spread: Spread | None) -> Student | TooFew:
    count = len(medians)
    others = Variance(spread.variance, spread.dof) if spread is not None else Variance(0.0, 0.0)
    if count == 0:
        return TooFew(1, 0, "rounds measured together")
    if count == 1 and others.dof < 1.0:
        return TooFew(2, 1, "incarnations")
    noise, share = medians.noise, variance_of_centre(count)
    variance = moderated(medians.own, noise, others)
    fixed = max(0.0, variance.value - noise.value) if noise.dof > 0 else 0.0
    return Student(
        value=math.exp(_centre(medians.values.tolist())),
        se=math.sqrt(variance.value * share),
        dof=variance.dof,
        log=True,
        floor=math.sqrt(fixed * share),
    )


def _doubled(spread: Spread | None) -> Spread | None:
    """Of a difference between two candidates."""
    return None if spread is None else Spread(2.0 * spread.variance, spread.dof)


def _over(first: Student, second: Student) -> Student:
    """The quotient of two independent ratios, with Satterthwaite's degrees of freedom."""
    parts = [(one.se**2, one.dof or math.inf) for one in (first, second)]
    variance = sum(part for part, _ in parts)
    rest = sum(part**2 / dof for part, dof in parts)
    return Student(
        value=first.value / second.value,
        se=math.sqrt(variance),
        dof=variance**2 / rest if rest > 0.0 else None,
        log=True,
        floor=min(math.hypot(first.floor, second.floor), math.sqrt(variance)),
    )
