"""Percentiles and means of calls that were timed in blocks, with intervals that know that calls of a block resemble each other.

Woodruff's (1952) interval inverts the share of calls below the percentile, whose variance is taken between blocks (a ratio
estimate, Student's t). Order-statistic intervals, which take calls for independent, covered 0.11 to 0.74 where 0.95 was meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from effaudit.core.reading import Spread
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, TooFew
from effaudit.core.stats.moderate import Variance, moderated
from effaudit.core.stats.student import t_quantile

Floats = NDArray[np.float64]
Blocks = Sequence[NDArray[Any]]
LEAST_BLOCKS = 20


@dataclass(frozen=True)
class Located:
    """A percentile or mean with its interval, in the unit of the calls. `n` is how many calls it is made of."""

    value: float
    low: float
    high: float
    dof: float
    n: int


def percentile(
    blocks: Blocks,
    share: float,
    incarnations: Sequence[int] | None = None,
    spread: Spread | None = None,
    level: float = DRAWN_ONE_SIDED,
) -> Located | TooFew:
    """The figure that a `share` of all calls stays under, with each bound at the one-sided `level`.

    blocks: the positive figures of each block's calls; blocks may be of unequal length. incarnations: the incarnation of each
    block; the interval is then never narrower than what the differences between incarnations show (`spread`: what all
    candidates show of them). Fewer than 20 blocks, or too few calls for any of them to bound the percentile, is a TooFew.
    Raises ValueError for calls that are not positive and finite, or a share outside 0 to 1.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"a share strictly between 0 and 1 is needed, not {share}")
    timed = _Timed.of(blocks, incarnations)
    few = timed.too_few(least_calls(share))
    if few is not None:
        return few
    value = float(np.quantile(timed.calls, share))
    below = (timed.calls < value) + 0.5 * (timed.calls == value)  # ties count half, as timers are coarse
    reach = t_quantile(level, timed.dof) * timed.error_of_mean(below)
    room = min(share, 1.0 - share)
    if reach >= room:
        return TooFew(math.ceil(timed.n * (reach / room) ** 2) + 1, timed.n, "calls")
    low, high = np.quantile(timed.calls, [share - reach, share + reach])
    inner = Located(value, float(low), float(high), timed.dof, timed.n)
    return _across(inner, timed, spread, level, lambda calls: float(np.quantile(calls, share)))


def median(
    blocks: Blocks, incarnations: Sequence[int] | None = None, spread: Spread | None = None, level: float = DRAWN_ONE_SIDED
) -> Located | TooFew:
    """The 50th percentile."""
    return percentile(blocks, 0.5, incarnations, spread, level)


def mean(
    blocks: Blocks, incarnations: Sequence[int] | None = None, spread: Spread | None = None, level: float = DRAWN_ONE_SIDED
) -> Located | TooFew:
    """The mean over calls, with the variance of the blocks' totals. Arguments and errors as for `percentile`."""
    timed = _Timed.of(blocks, incarnations)
    few = timed.too_few(1)
    if few is not None:
        return few
    value = float(np.mean(timed.calls))
    reach = t_quantile(level, timed.dof) * timed.error_of_mean(timed.calls)
    inner = Located(value, value * math.exp(-reach / value), value * math.exp(reach / value), timed.dof, timed.n)
    return _across(inner, timed, spread, level, lambda calls: float(np.mean(calls)))


def least_calls(share: float, level: float = 0.975) -> int:
    """How many calls a percentile needs, were they independent, so that the extreme calls can bound it at this one-sided level.

    All n calls lie on the inner side of the percentile with probability qⁿ, q being the larger of the share and its rest: only
    when that is 1 − level or less has it a bound on the outer side. At 95 % two-sided: 6 for p50, 36 for p90, 72 for p95 and
    368 for p99.
    """
    return math.ceil(math.log(1.0 - level) / math.log(max(share, 1.0 - share)))


@dataclass(frozen=True)
class _Timed:
    """All calls in a row, how many of them each block has, and each block's incarnation."""

    calls: Floats
    sizes: NDArray[np.int64]
    incarnations: NDArray[np.int64]

    @staticmethod
    def of(blocks: Blocks, incarnations: Sequence[int] | None) -> _Timed:
        numbers = np.zeros(len(blocks), np.int64) if incarnations is None else np.asarray(incarnations, dtype=np.int64)
        if len(numbers) != len(blocks):
            raise ValueError(f"{len(blocks)} blocks of {len(numbers)} incarnations")
        flat = [np.asarray(block, dtype=np.float64).ravel() for block in blocks]
        sizes = np.array([len(block) for block in flat], dtype=np.int64)
        calls = np.concatenate(flat) if flat else np.empty(0)
        if not (np.isfinite(calls) & (calls > 0.0)).all():
            raise ValueError("calls must be positive and finite")
        return _Timed(calls, sizes[sizes > 0], numbers[sizes > 0])

    @property
    def n(self) -> int:
        return len(self.calls)

    @property
    def dof(self) -> float:
        return len(self.sizes) - 1.0

    def too_few(self, needed: int) -> TooFew | None:
        if len(self.sizes) < LEAST_BLOCKS:
            return TooFew(LEAST_BLOCKS, len(self.sizes), "blocks")
        return TooFew(needed, self.n, "calls") if self.n < needed else None

    def error_of_mean(self, values: NDArray[Any]) -> float:
        """The standard error of the mean of a value (n,) over calls, from the blocks' totals: a ratio estimate."""
        starts = np.cumsum(self.sizes) - self.sizes
        residuals = np.add.reduceat(values, starts) - np.mean(values) * self.sizes
        blocks = len(self.sizes)
        return float(math.sqrt(blocks / (blocks - 1) * np.sum(residuals**2)) / self.n)

    def by_incarnation(self) -> list[Floats]:
        """The calls of each incarnation."""
        of_call = np.repeat(self.incarnations, self.sizes)
        return [self.calls[of_call == number] for number in np.unique(self.incarnations)]


def _across(inner: Located, timed: _Timed, spread: Spread | None, level: float, of: Callable[[Floats], float]) -> Located:
    """Widens an interval that blocks alone gave to what incarnations show, on the log scale and each side in proportion."""
    values = np.log([of(calls) for calls in timed.by_incarnation()])
    count = len(values)
    others = Variance(spread.variance, spread.dof) if spread is not None else Variance(0.0, 0.0)
    own = Variance(float(np.var(values, ddof=1)) if count > 1 else 0.0, count - 1)
    if own.dof + others.dof <= 0:
        return inner
    sides = np.log([inner.value / inner.low, inner.high / inner.value])
    within = float(np.mean(sides)) / t_quantile(level, inner.dof)
    variance = moderated(own, Variance(count * within**2, inner.dof), others)
    error = math.sqrt(variance.value / count)
    shape = sides / np.mean(sides) if within > 0.0 else np.ones(2)
    reach = t_quantile(level, variance.dof) * np.maximum(error * shape, math.sqrt(own.value / count))
    below, above = np.exp(np.maximum(reach, sides))
    return Located(inner.value, inner.value / float(below), inner.value * float(above), variance.dof, inner.n)
