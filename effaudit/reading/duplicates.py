"""Counts rows that occur twice: by 64-bit hashes of all inputs, and exactly where hashes meet."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from effaudit.core.store import Array
from effaudit.reading.columns import Values

Words64 = NDArray[np.uint64]
_CHUNK_CELLS = 4 << 20


def also_in(rows: Mapping[str, Values], others: Mapping[str, Values]) -> int:
    """How many rows occur among the others, with all inputs equal (missing equals missing)."""
    hashes, known = _hashes(rows), _hashes(others)
    order = np.argsort(known, kind="stable")
    ranked = known[order]
    at = np.searchsorted(ranked, hashes)
    open_rows = np.flatnonzero((at < len(ranked)) & (ranked[np.minimum(at, len(ranked) - 1)] == hashes))
    found = 0
    while len(open_rows):
        same = _equal(rows, open_rows, others, order[at[open_rows]])
        found += int(same.sum())
        at[open_rows] += 1  # a hash that another row has too: look at the next
        left = open_rows[~same]
        open_rows = left[(at[left] < len(ranked)) & (ranked[np.minimum(at[left], len(ranked) - 1)] == hashes[left])]
    return found


def repeats(rows: Mapping[str, Values]) -> NDArray[np.bool_]:
    """Which rows are equal to an earlier one (rows,)."""
    hashes = _hashes(rows)
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    earlier = first[inverse]
    later = np.flatnonzero(earlier != np.arange(len(hashes)))
    found = np.zeros(len(hashes), dtype=bool)
    found[later] = _equal(rows, later, rows, earlier[later])
    return found


def _hashes(columns: Mapping[str, Values]) -> Words64:
    """One hash for each row: a sum of mixed cells, each weighted by an odd number that belongs to its place."""
    rows = len(next(iter(columns.values())).data)
    total: Words64 = np.zeros(rows, dtype=np.uint64)
    draw = np.random.default_rng(0x5EED)
    for values in columns.values():
        width = int(np.prod(values.shape, dtype=np.int64))
        weights = draw.integers(1, 1 << 63, size=width, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        step = max(1, _CHUNK_CELLS // max(1, width))
        for start in range(0, rows, step):
            part = slice(start, start + step)
            total[part] += (_mixed(_bits(values, part) + weights) * weights).sum(axis=1, dtype=np.uint64)
    return _mixed(total)


def _mixed(x: Words64) -> Words64:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _bits(values: Values, rows: Array | slice) -> Words64:
    """Cells as 64-bit words (rows, cells of a row), the same for equal values: one NaN, one zero."""
    chosen = values.data[rows]
    data = np.asarray(chosen).reshape(len(chosen), -1)
    if data.dtype.kind == "f":
        real = data.astype(np.float64) + 0.0
        real[np.isnan(real)] = np.nan
        return real.view(np.uint64)
    return data.astype(np.int64).view(np.uint64)


def _equal(rows: Mapping[str, Values], at: Array, others: Mapping[str, Values], other_at: Array) -> Array:
    same = np.ones(len(at), dtype=bool)
    for name, values in rows.items():
        width = int(np.prod(values.shape, dtype=np.int64))
        step = max(1, _CHUNK_CELLS // max(1, width))
        for start in range(0, len(at), step):
            part = slice(start, start + step)
            same[part] &= (_bits(values, at[part]) == _bits(others[name], other_at[part])).all(axis=1)
    return same
