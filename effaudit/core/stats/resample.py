"""Shared resamples of rows or groups: the same Poisson weights for every candidate, so that replicates subtract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resamples:
    """`count` resamples with Poisson(1) weights, one weight per group (`groups`: each row's group number, from 0)."""

    groups: NDArray[np.int64]
    count: int = 2000
    seed: int = 0

    def sums(self, columns: Floats) -> Floats:
        """Weighted column sums (count, m) of `columns` (rows, m)."""
        totals = int(self.groups.max()) + 1
        by_group = np.zeros((totals, columns.shape[1]))
        np.add.at(by_group, self.groups, columns)
        weights = np.random.default_rng(self.seed).poisson(1.0, (self.count, totals))
        return np.asarray(weights @ by_group, dtype=np.float64)
