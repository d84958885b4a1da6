"""How good the answers are, by scikit-learn's scorers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from effaudit.core.answer import label
from effaudit.core.candidate import Contract
from effaudit.core.notes import coded
from effaudit.core.observed import Answers, Seen
from effaudit.core.plugin import Metric, Refused, Result
from effaudit.core.reading import Better, Failure, Meaning, Measurement
from effaudit.core.slices import apart, sliced
from effaudit.core.stats import ranking
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, Skewed
from effaudit.core.stats.replicates import Leaning, of_replicates, of_score
from effaudit.core.stats.student import wilson
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.core.workload import Workload
from effaudit.metrics import _scorers
from effaudit.metrics._rows import Rows, all_rows, by_slice
from effaudit.metrics._statistics import statistic

FEW = 200
"""Resamples of scorers that must be called once for each."""

LEAST_KNOWN = 0.95
"""The share of the resamples in which a score must be defined."""

TRIED = 200
"""Thresholds tried when one is tuned: so many quantiles of the scores."""


@dataclass(frozen=True)
class Quality(Metric):
    """Any scikit-learn scorer of classification or regression: `quality.accuracy`, `quality.roc_auc`, `quality.log_loss`…

    Errors keep their own sign (`neg_` is dropped, lower is better). Answers to all certify rows are scored by scikit-learn; the
    interval comes from resamples of rows, or of whole groups where the plan names them, which all candidates share. Where the
    plan names `slices`, so do the certify rows of each: `quality.roc_auc[carrier=UA]`.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """By the scorer's name, in all rows or in a slice."""
        name = apart(metric)[0].removeprefix("quality.")
        if name in _scorers.HIGHER:
            unit = "number" if name in _scorers.NO_UNIT else "score"
            return Meaning(unit, "higher", "measured", False, (), name)
        if name in _scorers.LOWER:
            unit = "answer" if name in _scorers.IN_ANSWER_UNITS else "number" if name in _scorers.NO_UNIT else "score"
            return Meaning(unit, "lower", "measured", False, (), name)
        return None

    def examples(self) -> Sequence[str]:
        """All scorers."""
        return tuple(f"quality.{name}" for name in sorted(_scorers.HIGHER | _scorers.LOWER))

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the stored answers to certify rows."""
        scorers = seen.workload.quality
        found = {f"quality.{name}": _reading(all_rows(seen), name) for name in scorers}
        parts = ((rows, rows.slice) for rows in by_slice(seen))
        return found | {sliced(f"quality.{name}", own.key): _reading(rows, name) for rows, own in parts if own for name in scorers}


def figure(name: str, scores: Array, truth: Array, contract: Contract, workload: Workload) -> float:
    """A scorer's figure of canonical scores to some rows, whose true answers are `truth`. Raises Refused."""
    classes = len(workload.classes) or (2 if workload.multilabel else 0)
    return _scorers.score(name, label(scores, contract, workload), truth, classes)


def direction(name: str) -> Better:
    """Which way a scorer's figure is better."""
    return "lower" if name in _scorers.LOWER else "higher"


def tuned_threshold(scores: Array, truth: Array, scorer: str) -> float:
    """The probability of the positive class from which on its label serves `scorer` best, on rows that steer only.

    `scores` (rows, 2). Of equally good thresholds the one nearest to 0.5. Raises Refused.
    """
    positive = scores[:, 1]
    tried = np.unique(np.quantile(positive, np.linspace(0.0, 1.0, TRIED + 1)))
    sign = -1.0 if scorer in _scorers.LOWER else 1.0
    figures = [sign * _scorers.score(scorer, Answers(scores, (positive >= t).astype(np.int64)), truth, 2) for t in tried]
    best = max(figures)
    return float(min(tried[np.isclose(figures, best)], key=lambda threshold: abs(threshold - 0.5)))


def _reading(rows: Rows, name: str) -> Result:
    try:
        value, warned = _scorers.scored(name, rows.answers, rows.truth, rows.classes)
        replicates, note = _replicates(rows, name, value)
    except Refused as refused:
        return Result(Failure("undefined", "score", _why(rows, name, refused)))
    estimate = _estimate(rows, name, value, replicates)
    if isinstance(estimate, Failure):
        return Result(estimate)
    count = len(rows.truth)
    low, high = estimate.interval(DRAWN_ONE_SIDED)
    if name == "accuracy" and rows.groups == count and not rows.workload.multilabel:
        low, high = wilson(round(value * count), count, DRAWN_ONE_SIDED)
    grouped = f"{rows.groups:,} groups" if rows.groups < count else ""
    notes = (*coded("few_resamples", note), *coded("groups", grouped), *coded("scikit_learn_warns", *warned))
    low, high = min(low, value), max(high, value)
    unit = _unit(rows.workload, name)
    reading = Measurement(value, low, high, unit, direction(name), "measured", count, estimate.dof, notes=notes)
    return Result(reading, replicates.astype(np.float32) if rows.slice else replicates)


def _estimate(rows: Rows, name: str, value: float, replicates: Array) -> Skewed | Leaning | Failure:
    """From the resamples in which the score is defined, which must be nearly all of them."""
    known = replicates[np.isfinite(replicates)]
    if rows.groups < 2:
        return Failure("too_few_samples", "score", "all rows are of one group, which gives no interval")
    if len(known) < LEAST_KNOWN * len(replicates):
        return Failure("too_few_samples", "score", f"{name} is defined in {len(known)} of {len(replicates)} resamples only")
    return (of_score if name in _scorers.SHARES else of_replicates)(value, known, rows.groups)


def _why(rows: Rows, name: str, refused: Refused) -> str:
    if rows.only_class is None:
        return str(refused)
    return f"all {len(rows.truth):,} rows are of class {one_line(rows.only_class, 40)}, of which {name} says nothing"


def _replicates(rows: Rows, name: str, value: float) -> tuple[Array, str]:
    resamples, answers, truth, classes = rows.resamples, rows.answers, rows.truth, rows.classes
    binary = answers.scores is not None and classes == 2 and not rows.workload.multilabel
    if name == "roc_auc" and answers.scores is not None and binary and answers.scores.ndim == 2:
        _, influence = ranking.auc(answers.scores[:, 1], truth == 1)
        return value + resamples.means(influence[:, None])[:, 0], ""
    if name == "average_precision" and answers.scores is not None and binary:
        return ranking.average_precision_replicates(answers.scores[:, 1], truth == 1, resamples, FEW), f"{FEW} resamples"
    found = statistic(name, answers, truth, classes)
    if found is not None:
        plain = float(found.figure(found.columns.mean(axis=0, keepdims=True))[0])
        if np.isclose(plain, value, rtol=1e-6, atol=1e-9):
            return found.figure(resamples.means(found.columns)), ""
    each = np.arange(len(truth))
    drawn = (np.repeat(each, weights.astype(np.int64)) for weights in resamples.row_weights(FEW))
    return np.array([_score_or_nan(name, rows, own) for own in drawn]), f"{FEW} resamples"


def _score_or_nan(name: str, rows: Rows, drawn: Array) -> float:
    """In a resample of few rows a score may be undefined."""
    try:
        return _scorers.score(name, rows.answers, rows.truth, rows.classes, drawn)
    except Refused:
        return np.nan


def _unit(workload: Workload, name: str) -> str:
    if name in _scorers.IN_ANSWER_UNITS:
        return workload.answer_unit or "number"
    return "number" if name in _scorers.NO_UNIT else "score"
