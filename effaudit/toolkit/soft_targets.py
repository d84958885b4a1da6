"""What a student learns from: the teacher's softened answers to train rows, blended with the truth."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from effaudit.core.observed import Answers, together
from effaudit.core.plugin import Workbench
from effaudit.core.store import Array

_CHUNK = 2000
_SMALLEST = 1e-6
"""A teacher that is surer than this is taken to be this sure: a logarithm of nothing teaches nothing."""


@dataclass(frozen=True)
class Lessons:
    """Train rows with what their student should answer.

    classes: `soft` (rows, classes) at `temperature`, `hard` (rows, classes) the true classes as 0 and 1. labels: the same, each
    column a label of its own. values: both are values (rows, outputs). `share` is the weight of the soft ones.
    """

    kind: Literal["classes", "labels", "values"]
    rows: Array
    soft: Array
    hard: Array
    share: float
    temperature: float = 1.0

    def of(self, places: Array) -> Lessons:
        """Some of them."""
        return replace(self, rows=self.rows[places], soft=self.soft[places], hard=self.hard[places])

    @property
    def blended(self) -> Array:
        """Values to learn (rows, outputs)."""
        return np.asarray(self.share * self.soft + (1.0 - self.share) * self.hard)

    @property
    def expected(self) -> Array:
        """The scores (classes,) that answer every row with the mean, at this temperature."""
        return np.asarray(self.temperature * np.log(np.clip(self.soft.mean(axis=0), _SMALLEST, None)))


@dataclass(frozen=True)
class Course:
    """Features of train rows (rows, columns) with their lessons."""

    features: Array
    lessons: Lessons


def lessons(bench: Workbench, rows: Array, share: float, temperature: float, seconds: float) -> Lessons:
    """Asks the teacher about `rows` in an order drawn by the seed, until time is up."""
    begun = time.monotonic()
    order = np.random.default_rng(bench.seed).permutation(rows)
    answers: list[Answers] = []
    for at in range(0, len(order), _CHUNK):
        answers.append(bench.ask(bench.given, "train", order[at : at + _CHUNK]))
        spent = (time.monotonic() - begun) / seconds
        bench.tell(0.5 * min(1.0, max((at + _CHUNK) / len(order), spent)), "asking the teacher")
        if spent > 1.0:
            break
    taught = together(answers)
    asked = order[: sum(map(len, answers))]
    truth = np.asarray(bench.store.answers("train")[asked])
    known = np.asarray(taught.labels if taught.scores is None else taught.scores)
    if bench.workload.task == "regression":
        return Lessons("values", asked, known.reshape(len(asked), -1), truth.reshape(len(asked), -1), share)
    if bench.workload.multilabel:
        each = _softened_each(known.astype(np.float64), temperature)
        return Lessons("labels", asked, each, truth.astype(np.float64), share, temperature)
    count = len(bench.workload.classes)  # what the teacher gives to classes that the data lacks, no student can answer
    shares = (np.eye(len(taught.classes))[known] if taught.scores is None else known)[:, :count]
    return Lessons("classes", asked, softened(shares, temperature), np.eye(count)[truth], share, temperature)


def softened(shares: Array, temperature: float) -> Array:
    """Probabilities (rows, classes) at a temperature: those whose logarithms are divided by it (Hinton et al. 2015)."""
    logs = np.log(np.clip(shares, _SMALLEST, None)) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _softened_each(shares: Array, temperature: float) -> Array:
    """The same for labels that do not exclude each other."""
    kept = np.clip(shares, _SMALLEST, 1.0 - _SMALLEST)
    return np.asarray(1.0 / (1.0 + ((1.0 - kept) / kept) ** (1.0 / temperature)))
