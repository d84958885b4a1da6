"""What measuring saw of one candidate, before any metric turns it into readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from effaudit.core.candidate import Candidate, Facts
from effaudit.core.notes import Note
from effaudit.core.reading import Failure, Reading, Spread
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.stats.resample import Resamples
from effaudit.core.store import Array, Store
from effaudit.core.workload import Workload


@dataclass(frozen=True)
class Block:
    """A few calls in a row of one batch size, timed in one round of one incarnation.

    `nanos` holds each call's nanoseconds; when `grouped` > 1 each figure is the mean of that many calls.
    Rounds of all candidates of a panel with the same `key` were taken within about a second of each other.
    """

    incarnation: int
    key: int
    batch: int
    nanos: Array
    cpu_nanos: int
    calls: int
    grouped: int = 1
    callers: int = 0
    """When several asked at once (`throughput.parallel_N`), how many; 0 for a block of single calls."""
    processes: bool = False
    """Were they processes, because the format's models take one call at a time?"""
    untimed: int = 0
    """Requests that were asked before the clock, to warm up."""
    peak: int = 0
    """The most bytes that the candidate held during the block, counted as `resident`."""
    resident: int = 0
    """Bytes that the candidate held when the block had ended, less those of the largest requests that were held for it."""
    freshness: str = "mixed"
    """`new`: none of its rows was asked before in its process. `known`: all were, in these requests. `mixed`: they come round."""


@dataclass(frozen=True)
class Window:
    """Some tenths of a second of one candidate at work without pause, with the joules that the machine's sensors counted.

    `joules` is all that was counted, idle power included; `idle_watts` is what the machine drew in the same incarnation while
    all candidates rested. Windows of all candidates of a panel with the same `key` were taken in one round.
    """

    incarnation: int
    key: int
    batch: int
    rows: int
    seconds: float
    joules: float
    idle_watts: float
    sensors: str = ""


@dataclass(frozen=True)
class Start:
    """One incarnation's way from nothing to steady: seconds and bytes."""

    incarnation: int
    import_s: float
    load_s: float
    first_s: float
    memory: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """A candidate's answers to the certify rows.

    `scores`: probabilities (rows, classes), or values (rows,) or (rows, outputs); None when the model only gives labels.
    `labels`: class indices (rows,), or a 0/1 matrix (multilabel); None for regression. `classes`: what both refer to: the
    workload's classes, and behind them those that only this model has. Empty for regression and several labels a row.
    """

    scores: Array | None
    labels: Array | None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many rows were asked."""
        return len(self.scores) if self.scores is not None else 0 if self.labels is None else len(self.labels)

    def labels_in(self, classes: Sequence[str]) -> Array | None:
        """The labels as indices into other classes, whose first are the same; −1 for those that are not among them."""
        if self.labels is None or self.labels.ndim != 1 or self.classes == tuple(classes):
            return self.labels
        places = {name: place for place, name in enumerate(classes)}
        return np.array([places.get(name, -1) for name in self.classes], dtype=np.int64)[self.labels]

    def of(self, rows: Array | slice) -> Answers:
        """Those to some of the rows, by number, as booleans or as a range."""
        scores, labels = (None if array is None else array[rows] for array in (self.scores, self.labels))
        return Answers(scores, labels, self.classes)


def together(parts: Sequence[Answers]) -> Answers:
    """Answers to rows that were asked one part after the other; later parts may know more classes."""
    width = len(parts[-1].classes)
    scores = [_widened(part.scores, width) for part in parts if part.scores is not None]
    labels = [part.labels for part in parts if part.labels is not None]
    return Answers(np.concatenate(scores) if scores else None, np.concatenate(labels) if labels else None, parts[-1].classes)


def _widened(scores: Array, width: int) -> Array:
    """With a column of no probability for each class that was not known yet."""
    more = width - scores.shape[1] if scores.ndim == 2 and width else 0
    return np.column_stack([scores, np.zeros((len(scores), more))]) if more > 0 else scores


@dataclass(frozen=True)
class Sizes:
    """Bytes on disk: of the model with all its files, its preprocessing, both compressed, and what it imports.

    `model` and `transfer` are None for code that may read files which nobody named.
    """

    model: int | None
    preprocess: int
    transfer: int | None
    runtime: int
    packages: Mapping[str, int] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True)
class Seen:
    """Everything known of one candidate. A metric reads from here and nowhere else.

    `baseline` is what was seen of the baseline (of itself, for the baseline). `readings` are those of the metrics that
    this one needs. `probes` holds what a metric's own probe found, once per incarnation.
    """

    candidate: Candidate
    facts: Facts
    sizes: Sizes
    workload: Workload
    store: Store
    settings: Settings
    assumptions: Assumptions
    resamples: Resamples
    answers: Answers
    baseline: Seen | None = None
    starts: tuple[Start, ...] = ()
    blocks: tuple[Block, ...] = ()
    windows: tuple[Window, ...] = ()
    """Where the machine has power sensors."""
    processors: int = 1
    """Of the whole machine, busy or not: load is a share of them."""
    fallen: Failure | None = None
    """Why timing it came to an end early, if it did."""
    probes: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    """What all candidates show of the noise between incarnations, by full id; empty on the first reading."""
    steadiness: Mapping[int, Note] = field(default_factory=dict)
    """By batch size: how its time changed beside the baseline's while it was measured. Steady ones are not there."""
    remembered: Mapping[int, Note] = field(default_factory=dict)
    """By batch size, where it answers faster what it was asked before: then its blocks are those of new rows only."""
    notes: tuple[Note, ...] = ()
    """What is worth knowing of its answers."""
    sampled: bool = False
    """Are its answers those of the workload's first batch size in the slice SAMPLE only?"""
    doubts: tuple[Note, ...] = ()
    """Why its quality cannot be believed as it was read, such as answers that differ from call to call."""


@dataclass(frozen=True)
class Ready:
    """A loaded model in its worker, for a metric's probe: `ask` answers a request, `requests` builds some of n rows."""

    ask: Callable[[Any], Any]
    requests: Callable[[int, int], list[Any]]
    settings: Settings
    assumptions: Assumptions
