"""Does a product answer as its parent does? Compared row by row, rows with missing values among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from effaudit.core.candidate import Candidate
from effaudit.core.observed import Answers
from effaudit.core.plugin import Workbench
from effaudit.core.store import Array
from effaudit.toolkit.parents import spread

ROWS = 20_000
"""Search rows compared, beside as many as a quarter of these that have missing values."""
CLOSE = 1e-4
"""Scores that differ by less, as a share of their range, differ by rounding only."""
CLOSE_TREES = 1e-5
"""The same for trees, where a value on the other side of a threshold may move a score by little."""
WRONG_LABELS = 0.01
WRONG_SCORES = 1e-3
"""Where a larger share of labels changes, or scores differ by more on average, it is another model."""


@dataclass(frozen=True)
class Parity:
    """How a product's answers differ from its parent's on `rows` search rows.

    flips: labels that changed; ties: those of them whose scores changed by rounding only, and so were at the edge of two labels
    in the parent. largest, mean: of absolute differences of scores, as a share of their range in regression.
    """

    rows: int
    flips: int
    largest: float
    mean: float
    missing: int
    ties: int = 0

    def rounding_only(self, trees: bool) -> bool:
        """Do they differ by rounding only?"""
        return self.flips == 0 and self.largest <= (CLOSE_TREES if trees else CLOSE)

    @property
    def wrong(self) -> bool:
        """Is it another model?"""
        return self.flips - self.ties > WRONG_LABELS * self.rows or self.mean > WRONG_SCORES

    @property
    def figures(self) -> dict[str, float]:
        """For the record."""
        return {"rows": self.rows, "flips": self.flips, "ties": self.ties, "largest_difference": self.largest}


def rows_to_compare(bench: Workbench, columns: Sequence[str]) -> Array:
    """Search rows, evenly spread, and more of those with missing values."""
    rows = spread(bench, "search", ROWS)
    if len(rows) == bench.store.rows("search"):
        return rows
    lacking = np.flatnonzero(missing_in(bench, columns))[: ROWS // 4]
    return np.union1d(rows, lacking)


def missing_in(bench: Workbench, columns: Sequence[str]) -> Array:
    """Which search rows lack a value in some column (rows,)."""
    lacking = np.zeros(bench.store.rows("search"), dtype=bool)
    for column in bench.workload.inputs:
        if column.missing and column.name in columns:
            values = bench.store.inputs("search", slice(None), (column.name,))[column.name]
            lacking |= _missing(values)
    return lacking


def compared(bench: Workbench, product: Candidate, before: Answers, rows: Array, lacking: Array) -> Parity:
    """Asks the product about `rows`, to which its parent answered `before`; each is labelled by its own contract.

    Raises BadAnswer and Refused.
    """
    return differing(before, bench.ask(product, "search", rows), int(lacking[rows].sum()))


def differing(before: Answers, after: Answers, missing: int = 0) -> Parity:
    """Two answers to the same rows, compared."""
    first, second = before.labels, after.labels_in(before.classes)
    changed = first != second if first is not None and second is not None else np.zeros(len(before), dtype=bool)
    flipped = changed.reshape(len(before), -1).any(axis=1)
    if before.scores is None or after.scores is None:
        flips = int(np.count_nonzero(flipped))
        return Parity(len(before), flips, float(flips > 0), flips / len(before), missing)
    apart = np.abs(_aligned(after, before.classes) - before.scores)
    scale = float(np.ptp(before.scores)) or 1.0 if first is None else 1.0
    ties = int(np.count_nonzero(flipped & (apart.reshape(len(before), -1).max(axis=1) <= CLOSE_TREES)))
    largest, mean = float(apart.max()) / scale, float(apart.mean()) / scale
    return Parity(len(before), int(np.count_nonzero(flipped)), largest, mean, missing, ties)


def _aligned(answers: Answers, classes: Sequence[str]) -> Array:
    """Scores with a column for each of `classes`, of nothing where the model does not know one."""
    scores = np.asarray(answers.scores)
    if answers.classes == tuple(classes):
        return scores
    columns = dict(zip(answers.classes, scores.T, strict=True))
    return np.column_stack([columns.get(name, np.zeros(len(scores))) for name in classes])


def _missing(values: Array) -> Array:
    if values.dtype.kind in "fc":
        return np.asarray(np.isnan(values).reshape(len(values), -1).any(axis=1))
    if values.dtype.kind in "mM":
        return np.asarray(np.isnat(values))
    if values.dtype.kind == "O":
        return np.array([not isinstance(value, str) for value in values], dtype=bool)
    return np.zeros(len(values), dtype=bool)
