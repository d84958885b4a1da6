"""A record opened for judging: readings and evidence arrays by candidate and metric, and the words for what is not there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from effaudit.core import curves
from effaudit.core.policy import Stored
from effaudit.core.reading import Failure, Measurement
from effaudit.core.record import Record, Row
from effaudit.core.slices import CODES, SAMPLE, WEIGHTS, Slice, apart, in_words, sliced
from effaudit.core.stats import ratios
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.core.verdict import REASONS_OF_FAILURES, Reason
from effaudit.core.workload import Workload

ROUNDING = 1e-9
"""A figure may stand this share of itself outside its interval, as rounding makes it where the interval has no width."""


@dataclass(frozen=True)
class Undecidable:
    """A question that this record cannot answer, with the reason as verdicts name it."""

    reason: Reason
    detail: str


@dataclass(frozen=True)
class Evidence:
    """What a record holds, by name."""

    record: Record
    rows: Mapping[str, Row]
    slice: Slice | None = None
    """Where only a slice of the certify rows is looked at: ids are the plain ones, figures and counts those of the slice."""
    against: Stored | str | None = None
    """What relative rules compare with, where that is not the record's baseline."""

    @staticmethod
    def of(record: Record, against: Stored | str | None = None) -> Evidence:
        """Opens a record."""
        return Evidence(record, {row.candidate.name: row for row in record.rows}, against=against)

    @cached_property
    def baseline(self) -> str:
        """The name of what relative rules compare with; a stored candidate's is not among `rows`."""
        if isinstance(self.against, Stored):
            return self.against.name
        return self.against or self.record.baseline

    @cached_property
    def stored(self) -> Stored | None:
        """The baseline, where it is a candidate of another record."""
        return self.against if isinstance(self.against, Stored) else None

    @cached_property
    def workload(self) -> Workload:
        """What the rows are that quality was measured on."""
        whole, part = self.record.workload, self.slice
        worth = whole.effective if part is None else part.effective
        if worth is not None:
            counts = {"certify": int(worth.rows)}, {"certify": int(worth.groups)}, tuple(map(int, worth.class_rows))
            return replace(whole, splits=counts[0], groups=counts[1], class_rows=counts[2], effective=worth)
        if part is None:
            return whole
        return replace(whole, splits={"certify": part.rows}, groups={"certify": part.groups}, class_rows=part.class_rows)

    @property
    def weighted(self) -> bool:
        """Do rows have weights? Counts of rows are then effective numbers: how many of equal weight would say as much."""
        return self.record.workload.effective is not None

    @property
    def worth(self) -> float:
        """How many rows are worth one of equal weight; 1 where rows have no weights."""
        rows = self.slice.rows if self.slice else self.record.workload.splits.get("certify", 0)
        return rows / self.certify_rows if self.weighted and self.certify_rows else 1.0

    def count(self, bits: NDArray[np.uint8]) -> int:
        """How many certify rows packed bits mark; of rows with weights, their share of the effective number, rounded up."""
        if not self.weighted:
            return int(np.bitwise_count(bits).sum())
        weights = self.record.arrays.get(WEIGHTS)
        if weights is None:
            return 0
        own = weights if self.slice is None else weights[self._inside if self._inside is not None else slice(0)]
        marked = np.unpackbits(bits, count=len(own)).astype(bool)
        total = float(own.sum(dtype=np.float64))
        return math.ceil(float(own[marked].sum(dtype=np.float64)) / total * self.certify_rows) if total > 0.0 else 0

    @property
    def certify_rows(self) -> int:
        """How many rows quality was measured on."""
        return self.workload.splits.get("certify", 0)

    @property
    def certify_groups(self) -> int:
        """How many groups those rows fall into: as many as rows where they are independent."""
        return self.workload.groups.get("certify", self.certify_rows)

    @property
    def independent(self) -> bool:
        """Does each certify row stand for itself?"""
        return self.certify_groups >= self.certify_rows

    def at(self, metric: str, *candidates: str) -> tuple[Evidence, str]:
        """Where the figures of an id are found, and under which plain id: those of a slice in the record seen through it.

        Quality of `candidates` that were read on a sample of rows is found there for all of them.
        """
        plain, key = apart(metric)
        if not key and metric.startswith("quality.") and any(row.sampled for name in candidates if (row := self._row(name))):
            key = SAMPLE
        return (self._slices[key], plain) if key in self._slices else (self, metric)

    def reading(self, candidate: str, metric: str) -> Measurement | Undecidable:
        """A candidate's figure, or why there is none."""
        key = (candidate, metric)
        if key not in self._read:
            self._read[key] = self._reading(candidate, metric)
        return self._read[key]

    def value(self, candidate: str, metric: str) -> float | None:
        """A candidate's figure alone; of an artifact that could not be measured, its bytes where they are known."""
        row = self._row(candidate)
        found = row.readings.get(self._id(metric)) if row else None
        if isinstance(found, Measurement):
            return found.value if math.isfinite(found.value) else None
        if metric == "size.artifact" and row and row.sizes and row.sizes.model is not None:
            return float(row.sizes.model + row.sizes.preprocess)
        return None

    def array(self, candidate: str, metric: str, curve: str | None = None) -> Array | None:
        """The evidence of a reading: replicates (n,) or paired rounds (n, 3). `curve`: a modelled one's, under that power curve."""
        key = (candidate, metric, curve)
        if key not in self._found:
            self._found[key] = self._array(*key)
        return self._found[key]

    def rounds_with(self, versus: str, metric: str, curve: str | None = None) -> Mapping[str, ratios.Medians]:
        """All candidates that were timed in the very rounds of one, paired with it at once: judging asks for one after another."""
        key = (versus, metric, curve)
        if key not in self._paired:
            arrays = {name: self.array(name, metric, curve) for name in (*self.rows, versus)}
            timed = {name: array for name, array in arrays.items() if array is not None and array.ndim == 2}
            self._paired[key] = ratios.paired_alike(timed, timed[versus]) if versus in timed else {}
        return self._paired[key]

    def right(self, candidate: str) -> NDArray[np.uint8] | None:
        """Which certify rows a candidate's labels got right, as packed bits; None where that was not kept."""
        record, name = self._home(candidate)
        bits = record.arrays.get(f"{name}/correct")
        rows = self.record.workload.splits.get("certify", 0)
        if bits is None or rows < 1 or bits.dtype != np.uint8 or bits.shape != (-(-rows // 8),):
            return None
        if bits[-1] & ((1 << (-rows % 8)) - 1):
            return None
        if self.slice is None:
            return bits
        inside = self._inside
        return None if inside is None else np.packbits(np.unpackbits(bits, count=rows)[inside])

    def pair(self, candidate: str, versus: str, metric: str) -> Pair | Undecidable:
        """Two candidates' readings of one metric, or why there are not two."""
        ours, theirs = self.reading(candidate, metric), self.reading(versus, metric)
        if isinstance(theirs, Undecidable):
            reason: Reason = theirs.reason if theirs.reason in _TOLD_OF_BOTH else "baseline_missing"
            return Undecidable(reason, f"{one_line(versus, 64)}: {theirs.detail}")
        return ours if isinstance(ours, Undecidable) else Pair(self, candidate, versus, metric, ours, theirs)

    def _reading(self, candidate: str, metric: str) -> Measurement | Undecidable:
        row = self._row(candidate)
        if row is None:
            return Undecidable("metric_missing", f"the record has no candidate {one_line(candidate, 64)}")
        if row.failure is not None:
            return _missing(row.failure)
        found = row.readings.get(self._id(metric))
        if found is None:
            return Undecidable("metric_missing", self._not_measured(metric))
        if isinstance(found, Failure):
            return _missing(found)
        return self._apart(candidate, metric, found) or _sound(found, metric)

    def _array(self, candidate: str, metric: str, curve: str | None) -> Array | None:
        row = self._row(candidate)
        found = row.readings.get(self._id(metric)) if row else None
        named = found.evidence if isinstance(found, Measurement) else None
        record, name = self._home(candidate)
        evidence = named or f"{name}/{self._id(metric)}"
        return record.arrays.get(curves.named(evidence, curve) if curve else evidence)

    @cached_property
    def _paired(self) -> dict[tuple[str, str, str | None], Mapping[str, ratios.Medians]]:
        return {}

    @cached_property
    def _found(self) -> dict[tuple[str, str, str | None], Array | None]:
        """The arrays that were looked up before."""
        return {}

    @cached_property
    def _read(self) -> dict[tuple[str, str], Measurement | Undecidable]:
        """What was looked up before: every rule, explanation and note asks for the same figures."""
        return {}

    @cached_property
    def _slices(self) -> Mapping[str, Evidence]:
        """The record seen through each of its slices, by key."""
        whole = self.record.workload.slices if self.slice is None else ()
        return {one.key: replace(self, slice=one) for one in whole}

    @cached_property
    def _inside(self) -> NDArray[np.intp] | None:
        """The certify rows of the slice, by position; None where the record does not say, or says otherwise than it counts."""
        whole, codes = self.record.workload, self.record.arrays.get(CODES)
        if self.slice is None or codes is None or codes.ndim != 2 or len(codes) != whole.splits.get("certify", 0):
            return None
        inside = np.flatnonzero((codes == whole.slices.index(self.slice)).any(axis=1))
        return inside if len(inside) == self.slice.rows else None

    def _home(self, candidate: str) -> tuple[Record, str]:
        """The record that a candidate is of, and its name there."""
        stored = self.stored
        return (stored.record, stored.candidate) if stored and candidate == stored.name else (self.record, candidate)

    def _row(self, candidate: str) -> Row | None:
        record, name = self._home(candidate)
        if record is self.record:
            return self.rows.get(name)
        return next((row for row in record.rows if row.candidate.name == name), None)

    def _apart(self, candidate: str, metric: str, found: Measurement) -> Undecidable | None:
        """Why a stored figure cannot be compared with those of this record: counted ones can, and quality on the same rows."""
        record, _ = self._home(candidate)
        if record is self.record or found.method == "counted":
            return None
        if not metric.startswith("quality."):
            words = f"{self._id(metric)} was read in another audit: measure its artifact in this one"
            return Undecidable("not_measured_together", words)
        if not _same_rows(self.record, record) or (self.slice is not None and self.slice not in record.workload.slices):
            return Undecidable(
                "not_measured_together", f"{self._id(metric)} was read on other certify rows, or resampled otherwise"
            )
        return None

    def _id(self, metric: str) -> str:
        return sliced(metric, self.slice.key) if self.slice else metric

    def _not_measured(self, metric: str) -> str:
        _, key = apart(metric)
        if not key:
            return f"{self._id(metric)} was not measured in this audit"
        column = in_words(key.partition("=")[0] + "=*").removesuffix(" *")
        if any(one.key.partition("=")[0] == key.partition("=")[0] for one in self.record.workload.slices):
            return f"this audit has no slice {in_words(key)}: too few certify rows, or no such value"
        return f"this audit tells no slices of {column} apart: name it under `slices` in the plan"


@dataclass(frozen=True)
class Pair:
    """Two candidates' readings of one metric. A loss is positive where the first is worse, whichever direction is better."""

    evidence: Evidence
    candidate: str
    versus: str
    metric: str
    ours: Measurement
    theirs: Measurement

    @property
    def sign(self) -> float:
        """Of (theirs − ours), to make it a loss."""
        return -1.0 if self.theirs.better == "lower" else 1.0

    @property
    def loss(self) -> float:
        """How much worse the first is, in the metric's own unit."""
        return self.sign * (self.theirs.value - self.ours.value)

    def arrays(self, curve: str | None = None) -> tuple[Array, Array] | None:
        """The evidence of both, where both have some."""
        ours = self.evidence.array(self.candidate, self.metric, curve)
        theirs = self.evidence.array(self.versus, self.metric, curve)
        return None if ours is None or theirs is None else (ours, theirs)

    def right(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
        """Which rows each got right, where that was kept of both."""
        ours, theirs = self.evidence.right(self.candidate), self.evidence.right(self.versus)
        return None if ours is None or theirs is None else (ours, theirs)


_TOLD_OF_BOTH = ("too_few_samples", "not_measured_together")
"""Reasons that mean the same whichever of two lacks the figure."""


def _same_rows(one: Record, other: Record) -> bool:
    """Were two records' qualities read on the same rows, answers and groups, with the same resamples?"""

    def told(record: Record) -> tuple[object, ...]:
        workload = record.workload
        drawn = (record.seed, record.settings.resamples, workload.sampling, workload.groups.get("certify"))
        return (*drawn, workload.task, workload.classes, workload.splits.get("certify"))

    digests = [record.workload.digests.get("certify") for record in (one, other)]
    return bool(digests[0]) and digests[0] == digests[1] and told(one) == told(other)


def _missing(failure: Failure) -> Undecidable:
    """A failure whose code is a verdict's reason is undecided for that reason; others mean that there is no such figure."""
    reason = cast(Reason, failure.code) if failure.code in REASONS_OF_FAILURES else "metric_missing"
    return Undecidable(reason, one_line(failure.reason if reason == failure.code else failure.words))


def _sound(found: Measurement, metric: str) -> Measurement | Undecidable:
    """Records are read from files: a figure that is not one, or stands outside its interval, is no figure."""
    slack = ROUNDING * abs(found.value)
    if not math.isfinite(found.value) or not found.low - slack <= found.value <= found.high + slack:
        return Undecidable("metric_missing", f"{metric} is not a finite figure inside its interval")
    if found.dof is not None and not found.dof > 0.0:
        return Undecidable("too_few_samples", f"{metric} was read too few times for an interval")
    if found.method != "counted" and found.samples < 2 and found.low == found.high:
        return Undecidable("too_few_samples", f"{metric} was read once, which gives no interval")
    if found.low <= found.value <= found.high:
        return found
    return replace(found, low=min(found.low, found.value), high=max(found.high, found.value))
