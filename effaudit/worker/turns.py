"""The order in which certify rows are asked in one worker: none twice before all were, and some again on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from effaudit.core.store import Array

HELD_ROWS = 1000
"""Up to so many rows, a quarter at most, are asked whenever it does not matter which."""

Freshness = Literal["new", "known", "mixed"]
"""Of a block's rows: none was asked before in its process; all were, in these very requests; or they come round again."""


@dataclass(frozen=True)
class Turn:
    """Rows by number (requests × batch,), and whether they were asked before."""

    rows: Array
    freshness: Freshness


class Turns:
    """Hands out rows. Every row of a first pass is new; each later pass takes all rows in another order.

    `distinct`: the rows of the first pass, as one that equals an earlier row is not new to a model that remembers.
    Memory, first answers and warm-ups are asked with held rows, so that they use up none of the new ones.
    """

    def __init__(self, rows: int, seed: Sequence[int], distinct: Array | None = None) -> None:
        self._random = np.random.default_rng(seed)
        self._order = self._random.permutation(np.arange(rows) if distinct is None else distinct)
        first = len(self._order)
        self._held = self._order[first - min(HELD_ROWS, first // 4) :] if first >= 4 else self._order
        self._total = rows
        self._new = first - len(self._held)
        self._at = 0
        self._fresh = True
        self._held_at = 0
        self._last: dict[int, Array] = {}

    def any_new(self, batch: int) -> bool:
        """Are there rows for a request that were never asked?"""
        return self._fresh and self._at + batch <= self._new

    def next(self, requests: int, batch: int) -> Turn:
        """The next rows in turn."""
        count = requests * batch
        fresh = self._fresh and self._at + count <= self._new
        parts = []
        while count:
            end = self._new if self._fresh else self._total
            part = self._order[self._at : min(self._at + count, end)]
            parts.append(part)
            count -= len(part)
            self._at += len(part)
            if count and self._at == end:
                self._order, self._at, self._fresh = self._random.permutation(self._total), 0, False
        rows = np.concatenate(parts)
        self._last[batch] = rows
        return Turn(rows, "new" if fresh else "mixed")

    def again(self, requests: int, batch: int) -> Turn:
        """The last requests of this batch size once more, while others are new; else the next ones."""
        if batch not in self._last or not self.any_new(batch):
            return self.next(requests, batch)
        return Turn(self._last[batch][: requests * batch], "known")

    def held(self, requests: int, batch: int) -> Array:
        """Held rows in turn, round and round (requests × batch,)."""
        places = (self._held_at + np.arange(requests * batch)) % len(self._held)
        self._held_at = int(places[-1]) + 1
        return self._held[places]
