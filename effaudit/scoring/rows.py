"""The rows that a quality figure is read from: all certify rows, or those of one slice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from effaudit.core.notes import Note, coded
from effaudit.core.observed import Answers, Seen
from effaudit.core.reading import Failure
from effaudit.core.slices import Slice
from effaudit.core.stats.resample import Resamples
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.core.workload import Workload
from effaudit.scoring.scorers import Part

KEPT = 500
"""Resamples behind the figures of a slice, the first of the shared ones: they are many, and are kept in single precision."""


@dataclass(frozen=True)
class Rows:
    """Answers, true answers and resamples of some rows."""

    workload: Workload
    answers: Answers
    truth: Array
    resamples: Resamples
    weights: Array | None = None
    slice: Slice | None = None

    @cached_property
    def groups(self) -> int:
        """How many groups the rows fall into; of rows with weights, how many of equal weight would say as much."""
        if effective := (self.workload if self.slice is None else self.slice).effective:
            return int(effective.groups)
        return self.workload.groups["certify"] if self.slice is None else self.slice.groups

    @property
    def fewest(self) -> int:
        """How many rows there are of the rarest class, or groups: where nothing was seen to go wrong, so many say so."""
        known = (self.workload if self.slice is None else self.slice).effective
        if known is not None:
            counts = [int(count) for count in known.class_rows]
        else:
            plain = self.truth.ndim == 1 and self.workload.task == "classification"
            counts = np.bincount(self.truth.astype(np.int64)).tolist() if plain else []
        return max(1, min((count for count in (*counts, self.groups) if count > 0), default=1))

    @cached_property
    def part(self) -> Part:
        """The rows as scorers read them."""
        return Part.whole(self.answers, self.truth, self.workload, self.weights)

    @property
    def only_class(self) -> str | None:
        """The class that all rows are of, where they are of one."""
        counts = self.slice.class_rows if self.slice else ()
        present = [name for name, count in zip(self.workload.classes, counts, strict=False) if count]
        return present[0] if len(present) == 1 else None


def only_distances(seen: Seen) -> Failure | None:
    """Why scores of probabilities mean nothing of a candidate whose scores are distances to a boundary; None of others."""
    if not any(note.code == "distances" for note in seen.facts.notes):
        return None
    words = "its scores are distances to a boundary, not probabilities; CalibratedClassifierCV around it gives some"
    return Failure("no_probabilities", "answer", words)


def weighted(workload: Workload, worth: float) -> tuple[Note, ...]:
    """The note of a figure in which rows have weights; none where they have not."""
    words = f"weighted by {one_line(workload.weights, 40)}, worth {worth:,.0f} of equal weight"
    return coded("weighted", words if workload.weights else "")


def all_rows(seen: Seen) -> Rows:
    """Every certify row."""
    truth = np.asarray(seen.store.answers("certify"))
    return Rows(seen.workload, seen.answers, truth, seen.resamples, seen.store.weights())


def by_slice(seen: Seen) -> Iterator[Rows]:
    """The rows of each slice of the workload, in its order."""
    if not seen.workload.slices:
        return
    codes, whole = np.asarray(seen.store.slices()), all_rows(seen)
    for place, one in enumerate(seen.workload.slices):
        rows = np.flatnonzero((codes == place).any(axis=1))
        weights = None if whole.weights is None else whole.weights[rows]
        yield Rows(seen.workload, whole.answers.of(rows), whole.truth[rows], seen.resamples.within(rows, KEPT), weights, one)
