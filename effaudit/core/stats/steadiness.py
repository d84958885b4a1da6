"""Does a figure stay as it is while it is measured: flat, warm-up, slowdown or unsteady, by a test for one change point.

Pettitt's (1979, Applied Statistics 28:126) rank statistic U_t compares the rounds up to t with those after it; it needs no
distribution, and a few disturbed rounds do not move it. Incarnations are runs of the same program, so their statistics are
added round by round: under no change the sum is a Brownian bridge, whose greatest distance from zero exceeds x with
probability 2 exp(−2x²). Neighbouring rounds resemble each other where a machine changes its speed slowly; the ranks' own
autocorrelation, taken on both sides of the change, widens the bridge accordingly. Simulated in the tests: a flat figure is
called otherwise in at most 5 % of audits where neighbours correlate by up to 0.3, and in 7 % at 0.6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shape = Literal["flat", "warm-up", "slowdown", "unsteady"]

FEWEST = 10
"""Rounds in an incarnation from which a change can be told from chance."""
NOTABLE = 0.01
"""Changes of the logarithm under this are not worth a word: the figures themselves are wanted within 2 %."""
_FEWEST_APART = 3
"""So many rounds on each side of a change."""
_MOST_CORRELATED = 0.9


@dataclass(frozen=True)
class Steadiness:
    """What a series did. `at`: rounds before the change, in each incarnation; `change`: of the logarithm, after against before."""

    shape: Shape
    at: int = 0
    change: float = 0.0
    p_value: float = 1.0


FLAT = Steadiness("flat")


def steadiness(incarnations: Sequence[Floats], alpha: float = 0.05) -> Steadiness:
    """The shape of a figure's logarithms over rounds, one array (rounds,) per incarnation, in the order they were taken.

    Falling with time is a warm-up (what takes long becomes faster), rising a slowdown. `unsteady` has more than one change, or
    incarnations that change in different ways. `alpha` is the chance that a flat figure is called anything else.
    """
    known = [np.asarray(series, dtype=np.float64) for series in incarnations if len(series) >= FEWEST]
    if not known:
        return FLAT
    common = _common(known, alpha / 2)
    if common is not None:
        return common
    own = [found for series in known if (found := _common([series], alpha / 2 / len(known))) is not None]
    if not own:
        return FLAT
    worst = min(own, key=lambda found: found.p_value)
    return Steadiness("unsteady", worst.at, worst.change, worst.p_value)


def _common(known: Sequence[Floats], alpha: float) -> Steadiness | None:
    """A change that all incarnations share; None where chance explains what is seen."""
    at, p_value = _split(known)
    change = float(np.median([np.median(series[at:]) - np.median(series[:at]) for series in known]))
    if p_value >= alpha or abs(change) < NOTABLE:
        return None
    # A second change in the other direction: what came and went is neither a warm-up nor a slowdown.
    for part in ([series[:at] for series in known], [series[at:] for series in known]):
        if min(map(len, part)) < FEWEST:
            continue
        again, p_again = _split(part)
        back = float(np.median([np.median(series[again:]) - np.median(series[:again]) for series in part]))
        if p_again < alpha and back * change < 0 and abs(back) >= NOTABLE:
            return Steadiness("unsteady", at, change, p_value)
    return Steadiness("warm-up" if change < 0 else "slowdown", at, change, p_value)


def _split(known: Sequence[Floats]) -> tuple[int, float]:
    """The round before which most changed, and the p-value of no change at all."""
    rounds = min(map(len, known))
    ranked = [_ranks(series[:rounds]) for series in known]
    sums = np.sum([np.cumsum(ranks)[:-1] for ranks in ranked], axis=0)
    places = np.arange(1, rounds)
    inner = (places >= _FEWEST_APART) & (places <= rounds - _FEWEST_APART)
    at = int(places[inner][np.argmax(np.abs(sums[inner]))])
    variance = sum(float(np.var(ranks)) for ranks in ranked) * _longer([(ranks, at) for ranks in ranked])
    if variance <= 0.0:
        return at, 1.0
    distance = float(np.abs(sums[inner]).max()) / math.sqrt(variance * rounds)
    return at, min(1.0, 2.0 * math.exp(-2.0 * distance**2))


def _longer(parts: Sequence[tuple[Floats, int]]) -> float:
    """How many times larger the variance of a sum is for the correlation of neighbours: (1 + r) / (1 − r), and at least 1."""
    products = squares = 0.0
    pairs = count = 0
    for ranks, at in parts:
        for part in (ranks[:at], ranks[at:]):
            rest = part - part.mean()
            products += float(rest[1:] @ rest[:-1])
            squares += float(rest @ rest)
            pairs += len(rest) - 1
            count += len(rest)
    if squares == 0.0 or pairs == 0:
        return 1.0
    # Taking two means out of a series makes neighbours look less alike than they are, by about two parts in its length.
    r = min(max(0.0, products / squares * count / pairs + 2.0 * len(parts) / count), _MOST_CORRELATED)
    return (1.0 + r) / (1.0 - r)


def _ranks(series: Floats) -> Floats:
    """Ranks less their mean; ties share theirs."""
    _, back, counts = np.unique(series, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2.0)[back] - (len(series) + 1) / 2.0, dtype=np.float64)
