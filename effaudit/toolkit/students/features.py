"""What a student sees of the teacher's columns: numbers, by preprocessing of its own, or by the teacher's where words are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from effaudit.core.candidate import Artifact
from effaudit.core.notes import Note, coded
from effaudit.core.plugin import Refused, Workbench
from effaudit.core.store import Array
from effaudit.core.text import listed
from effaudit.toolkit.columns import Profile, frame, matrix, of_kind, only_numbers, profiles
from effaudit.toolkit.parents import transforming
from effaudit.toolkit.preprocessing import for_linear, for_numbers, for_trees

_CHUNK = 20_000
_MOST_NUMBERS = 1e8
"""Features of train rows are held in memory: as many numbers at most."""
_MOST_WORDS = 500


@dataclass(frozen=True)
class Features:
    """How train rows become features. `prepare` is a scikit-learn transformer; None: columns of numbers as they are.

    `borrowed` is the teacher's own preprocessing, used instead.
    """

    bench: Workbench
    found: tuple[Profile, ...]
    dense: bool
    prepare: Any = None
    borrowed: Artifact | None = None
    notes: tuple[Note, ...] = ()

    @classmethod
    def of(cls, bench: Workbench, columns: Sequence[str], *, dense: bool) -> Features:
        """For trees, or `dense` for a network. Raises Refused where no column is of use."""
        found = profiles(bench, columns)
        before, words = bench.given.preprocess, of_kind(found, "words")
        if before is not None and words:
            return cls(
                bench, tuple(found), dense, borrowed=before, notes=coded("preprocessing", "reads the teacher's own preprocessing")
            )
        left = of_kind(found, "useless") + ([] if dense else words)
        used = tuple(profile for profile in found if profile.name not in left)
        if not used:
            raise Refused(f"none of the teacher's columns ({listed(columns)}) is of use to this student")
        return cls(bench, used, dense, notes=coded("left_out", f"left out {listed(left)}" if left else ""))

    @property
    def columns(self) -> tuple[str, ...]:
        """The data's columns that it uses."""
        return tuple(profile.name for profile in self.found)

    @property
    def categorical(self) -> range:
        """Which features are codes of categories."""
        borrowed = self.borrowed is not None or self.dense
        return range(0 if borrowed else len(of_kind(self.found, "category")))

    @property
    def most_rows(self) -> int:
        """As many train rows as fit in memory."""
        words = _MOST_WORDS * len(of_kind(self.found, "words"))
        wide = sum(min(len(profile.values), 100) if self.dense else 1 for profile in self.found if profile.kind == "category")
        width = sum(profile.width for profile in self.found) + words + wide + 20 * len(of_kind(self.found, "time"))
        return max(1000, int(_MOST_NUMBERS / width))

    @property
    def some(self) -> Array:
        """A few rows, to see what becomes of them."""
        return np.arange(min(2, self.bench.store.rows("train")))

    def fitted(self, rows: Array) -> Features:
        """Ready, by what these train rows hold."""
        if self.borrowed is not None or (only_numbers(self.found) and not self.dense):
            return self
        if only_numbers(self.found):
            prepare = for_numbers(self.found)
        elif self.dense:
            prepare = for_linear(self.found, most_words=_MOST_WORDS, dense=True)
        else:
            prepare = for_trees(self.found)
        return replace(self, prepare=prepare.fit(self._inputs(rows[:100_000])))

    def of_rows(self, rows: Array) -> Array:
        """Features (rows, width) of train rows, in single precision for a network."""
        parts = [self._transformed(rows[at : at + _CHUNK]) for at in range(0, len(rows), _CHUNK)]
        return np.concatenate(parts)

    def saved(self) -> Artifact | None:
        """Preprocessing as a file of its own."""
        if self.borrowed is not None or self.prepare is None:
            return self.borrowed
        return self.bench.formats("sklearn").write(self.prepare, self.bench.scratch / "preprocess", {})

    def _inputs(self, rows: Array) -> Any:
        inputs = self.bench.store.inputs("train", rows, self.columns)
        return matrix(inputs) if only_numbers(self.found) else frame(inputs)

    def _transformed(self, rows: Array) -> Array:
        if self.borrowed is not None:
            made = transforming(self.bench, self.borrowed, "train")(self.bench.store.inputs("train", rows, self.columns))
        else:
            made = self._inputs(rows) if self.prepare is None else self.prepare.transform(self._inputs(rows))
        return np.asarray(made, dtype=np.float32 if self.dense else np.float64)
