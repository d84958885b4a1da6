"""What rows of unequal weight are worth: so many of equal weight would say as much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Effective:
    """Effective numbers of rows, of groups, and of rows of each class (Kish 1965): (Σw)² / Σw². They stand in place of counts.

    `class_shares`: the share of the weight that each class has.
    """

    rows: float
    groups: float
    class_rows: tuple[float, ...] = ()
    class_shares: tuple[float, ...] = ()

    @staticmethod
    def of(weights: Array, groups: Array, classes: Array | None, known: int) -> Effective:
        """Of some rows: their weights, group numbers, and class indices below `known` (None: answers are no classes)."""
        numbered = np.unique(groups, return_inverse=True)[1]
        of_class = [] if classes is None else [weights[classes == place] for place in range(known)]
        total = float(weights.sum()) or 1.0
        shares = tuple(float(own.sum()) / total for own in of_class)
        return Effective(kish(weights), kish(np.bincount(numbered, weights)), tuple(map(kish, of_class)), shares)


def kish(weights: Array) -> float:
    """How many equal weights say as much as these; 0 where all of them are 0."""
    largest = float(np.max(weights, initial=0.0))
    if largest <= 0.0:
        return 0.0
    scaled = np.asarray(weights, dtype=np.float64) / largest
    return float(scaled.sum() ** 2 / np.square(scaled).sum())
