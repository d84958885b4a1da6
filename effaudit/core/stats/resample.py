"""Shared resamples of rows or groups: the same Poisson weights for every candidate, so that replicates subtract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TABLE_COUNTS = (24108, 24110, 12058, 4016, 1004, 201, 33, 5, 1)
"""How many of 65,536 equally likely draws give the weight 0, 1, 2 …: Poisson(1), with a mean and a variance of exactly 1."""
_KEPT_BYTES = 150_000_000
_BLOCK = 4096
"""Weights are drawn and multiplied for so many groups at a time; up to one block, in double precision."""
_EXACT = 512.0
"""Whole numbers up to this size are summed without rounding in single precision: 4096 × 8 × 512 is 2 to the power of 24."""


@dataclass(frozen=True, eq=False)
class Resamples:
    """`count` resamples with Poisson(1) weights, one weight per group (`groups`: each row's group number).

    The weights follow from the seed alone: every candidate, call and machine gets the same. They are kept, a byte each, as long
    as this object lives. Beyond 150 MB of them (75,000 groups at 2,000 resamples) groups are put together at random, a few to
    one weight, which leaves the spread of sums over independent groups as it is.
    """

    groups: NDArray[np.int64]
    count: int = 2000
    seed: int = 0
    weights: Floats | None = None
    """How much each row counts beside its draw (rows,): draws of groups times weights. None: all rows count alike."""

    @property
    def groups_count(self) -> int:
        """How many groups there are."""
        return int(self._numbered.max()) + 1

    def sums(self, columns: Floats) -> Floats:
        """Weighted column sums (count, m) of `columns` (rows, m). A column that holds NaN or infinity sums to NaN."""
        centred, centres = self._centred(columns)
        return self._weighed(self._own(centred)) + self._totals[:, None] * centres

    def means(self, columns: Floats) -> Floats:
        """Weighted column means (count, m) of `columns` (rows, m)."""
        centred, centres = self._centred(columns)
        return np.asarray(self._weighed(self._own(centred)) / self._totals[:, None] + centres)

    def row_weights(self, limit: int) -> Iterator[Floats]:
        """Each row's weight (rows,) in the first `limit` resamples, for scorers that take sample weights."""
        for draws in self.draws(limit):
            yield draws if self.weights is None else draws * self.weights

    def draws(self, limit: int) -> Iterator[Floats]:
        """How often each row is drawn (rows,) in the first `limit` resamples."""
        for weights in self._weights[: max(0, limit)]:
            yield weights[self._bundles].astype(np.float64)

    def within(self, rows: NDArray[np.intp], count: int) -> Resamples:
        """The first `count` of the same resamples, of some rows (by position) only."""
        weights = None if self.weights is None else self.weights[rows]
        return _Within(self._numbered[rows], min(count, self.count), self.seed, weights, whole=self, rows=rows)

    @cached_property
    def _numbered(self) -> NDArray[np.intp]:
        """Each row's group, numbered from 0 without gaps."""
        groups = np.asarray(self.groups)
        if groups.ndim != 1 or groups.size == 0:
            raise ValueError(f"one group number per row is needed, not an array of shape {groups.shape}")
        return np.unique(groups, return_inverse=True)[1]

    @cached_property
    def _bundles(self) -> NDArray[np.intp]:
        """Each row's bundle: the groups that share a weight. Usually the group itself."""
        most = max(_BLOCK, _KEPT_BYTES // self.count)
        if self.groups_count <= most:
            return self._numbered
        shuffled = np.argsort(_bits(self.seed, 0, self.groups_count), kind="stable")
        bundle = np.empty(self.groups_count, dtype=np.intp)
        bundle[shuffled] = np.arange(self.groups_count) % most
        return bundle[self._numbered]

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        """How many rows each bundle has."""
        return np.bincount(self._bundles).astype(np.int64)

    @cached_property
    def _weights(self) -> NDArray[np.uint8]:
        """(count, bundles). A resample that drew nothing at all, as happens with very few groups, is the sample itself."""
        table = np.repeat(np.arange(len(_TABLE_COUNTS), dtype=np.uint8), _TABLE_COUNTS)
        weights = np.empty((self.count, len(self._sizes)), dtype=np.uint8)
        for start in range(0, weights.shape[1], _BLOCK):
            draws = _bits(self.seed, 1 + start // _BLOCK, self.count * _BLOCK // 4).view("<u2")
            part = weights[:, start : start + _BLOCK]
            part[:] = table[draws.reshape(self.count, _BLOCK)[:, : part.shape[1]]]
        weights[~weights.any(axis=1)] = 1
        return weights

    @cached_property
    def _totals(self) -> Floats:
        """The sum of all rows' weights (count,)."""
        if self.weights is not None:
            return np.asarray(self._weighed(self.weights[:, None])[:, 0])
        return np.array([np.dot(weights.astype(np.float64), self._sizes) for weights in self._weights])

    def _centred(self, columns: Floats) -> tuple[Floats, Floats]:
        """Columns less their means, so that single precision keeps the digits that vary; whole numbers stay as they are."""
        values = np.asarray(columns, dtype=np.float64)
        if values.ndim != 2 or len(values) != len(self.groups):
            raise ValueError(f"columns of shape {values.shape} for {len(self.groups)} rows")
        values = np.where(np.isfinite(values).all(axis=0), values, np.nan)
        if self.weights is not None:
            centres = np.average(values, axis=0, weights=self.weights)
            return values - centres, centres
        most = _EXACT if len(self._sizes) > _BLOCK else 2.0**30
        whole = (np.abs(values).max(axis=0) * self._sizes.max() <= most) & (values == np.rint(values)).all(axis=0)
        centres = np.where(whole, 0.0, values.mean(axis=0))
        return values - centres, centres

    def _own(self, columns: Floats) -> Floats:
        return columns if self.weights is None else columns * self.weights[:, None]

    def _weighed(self, columns: Floats) -> Floats:
        bundled = self._bundled(columns)
        weights = self._weights
        if len(bundled) <= _BLOCK:
            return np.asarray(weights.astype(np.float64) @ bundled)
        scales = np.ldexp(1.0, np.frexp(np.abs(bundled).max(axis=0))[1])  # powers of two, which cost no digit
        scaled = (bundled / scales).astype(np.float32)
        buffer = np.empty((self.count, _BLOCK), dtype=np.float32)
        total = np.zeros((self.count, bundled.shape[1]))
        for start in range(0, len(bundled), _BLOCK):
            part = scaled[start : start + _BLOCK]
            taken = buffer[:, : len(part)]
            np.copyto(taken, weights[:, start : start + _BLOCK])
            total += taken @ part
        return np.asarray(total * scales)

    def _bundled(self, columns: Floats) -> Floats:
        """Column sums by bundle (bundles, m)."""
        if len(self._sizes) == len(columns):
            ordered = np.empty_like(columns)
            ordered[self._bundles] = columns
            return ordered
        summed = [np.bincount(self._bundles, column, len(self._sizes)) for column in columns.T]
        return np.stack(summed, axis=1) if summed else np.empty((len(self._sizes), 0))


@dataclass(frozen=True, eq=False)
class _Within(Resamples):
    """Another's resamples, of some of its rows."""

    whole: Resamples = field(kw_only=True)
    rows: NDArray[np.intp] = field(kw_only=True)

    @cached_property
    def _taken(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The whole's bundles that these rows are in, and each row's place among them."""
        return np.unique(self.whole._bundles[self.rows], return_inverse=True)

    @cached_property
    def _bundles(self) -> NDArray[np.intp]:
        return self._taken[1]

    @cached_property
    def _weights(self) -> NDArray[np.uint8]:
        weights = self.whole._weights[: self.count, self._taken[0]]
        weights[~weights.any(axis=1)] = 1
        return weights


def _bits(seed: int, stream: int, count: int) -> NDArray[np.uint64]:
    """Random 64-bit words. A bit generator's stream is the same in every version of numpy, which distributions are not."""
    return np.random.PCG64([seed & 0xFFFF_FFFF_FFFF_FFFF, stream]).random_raw(count).astype("<u8")
