"""How good the answers are, by scikit-learn's scorers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from effaudit.core.answer import label
from effaudit.core.candidate import Contract
from effaudit.core.observed import Answers, Seen
from effaudit.core.plugin import Metric, Refused, Result
from effaudit.core.reading import Better, Failure, Meaning, Measurement
from effaudit.core.stats import ranking
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED
from effaudit.core.stats.replicates import of_replicates, of_score
from effaudit.core.stats.student import wilson
from effaudit.core.store import Array
from effaudit.core.workload import Workload
from effaudit.metrics import _scorers
from effaudit.metrics._statistics import statistic

FEW = 200
"""Resamples of scorers that must be called once for each."""

TRIED = 200
"""Thresholds tried when one is tuned: so many quantiles of the scores."""


@dataclass(frozen=True)
class Quality(Metric):
    """Any scikit-learn scorer of classification or regression: `quality.accuracy`, `quality.roc_auc`, `quality.log_loss`…

    Errors keep their own sign (`neg_` is dropped, lower is better). Answers to all certify rows are scored by scikit-learn; the
    interval comes from resamples of rows, or of whole groups where the plan names them, which all candidates share.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """By the scorer's name."""
        name = metric.removeprefix("quality.")
        if name in _scorers.HIGHER:
            unit = "count" if name in _scorers.NO_UNIT else "score"
            return Meaning(unit, "higher", "measured", False, (), name)
        if name in _scorers.LOWER:
            unit = "answer" if name in _scorers.IN_ANSWER_UNITS else "count" if name in _scorers.NO_UNIT else "score"
            return Meaning(unit, "lower", "measured", False, (), name)
        return None

    def examples(self) -> Sequence[str]:
        """All scorers."""
        return tuple(f"quality.{name}" for name in sorted(_scorers.HIGHER | _scorers.LOWER))

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the stored answers to certify rows."""
        return {f"quality.{name}": _reading(seen, name) for name in seen.workload.quality}


def figure(name: str, scores: Array, truth: Array, contract: Contract, workload: Workload) -> float:
    """A scorer's figure of canonical scores to some rows, whose true answers are `truth`. Raises Refused."""
    return _scorers.score(name, label(scores, contract, workload), truth, _classes(workload))


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


def _reading(seen: Seen, name: str) -> Result:
    workload = seen.workload
    truth = np.asarray(seen.store.answers("certify"))
    classes = _classes(workload)
    try:
        value = _scorers.score(name, seen.answers, truth, classes)
        replicates, note = _replicates(seen, name, value, truth, classes)
    except Refused as refused:
        return Result(Failure("score", str(refused)))
    groups = workload.groups["certify"]
    drawn = of_score if name in _scorers.SHARES else of_replicates
    estimate = drawn(value, replicates, groups)
    low, high = estimate.interval(DRAWN_ONE_SIDED)
    if name == "accuracy" and groups == len(truth) and not workload.multilabel:
        low, high = wilson(round(value * len(truth)), len(truth), DRAWN_ONE_SIDED)
    better = direction(name)
    notes = tuple(filter(None, (note, f"{groups:,} groups" if groups < len(truth) else "")))
    low, high = min(low, value), max(high, value)
    return Result(
        Measurement(value, low, high, _unit(seen, name), better, "measured", len(truth), estimate.dof, notes=notes), replicates
    )


def _replicates(seen: Seen, name: str, value: float, truth: Array, classes: int) -> tuple[Array, str]:
    resamples, answers = seen.resamples, seen.answers
    if (
        name == "roc_auc"
        and answers.scores is not None
        and answers.scores.ndim == 2
        and classes == 2
        and not seen.workload.multilabel
    ):
        _, influence = ranking.auc(answers.scores[:, 1], truth == 1)
        return value + resamples.means(influence[:, None])[:, 0], ""
    if name == "average_precision" and answers.scores is not None and classes == 2 and not seen.workload.multilabel:
        return ranking.average_precision_replicates(answers.scores[:, 1], truth == 1, resamples, FEW), f"{FEW} resamples"
    found = statistic(name, answers, truth, classes)
    if found is not None:
        plain = float(found.figure(found.columns.mean(axis=0, keepdims=True))[0])
        if np.isclose(plain, value, rtol=1e-6, atol=1e-9):
            return found.figure(resamples.means(found.columns)), ""
    each = np.arange(len(truth))
    drawn = (np.repeat(each, weights.astype(np.int64)) for weights in resamples.row_weights(FEW))
    return np.array([_scorers.score(name, answers, truth, classes, rows) for rows in drawn]), f"{FEW} resamples"


def _classes(workload: Workload) -> int:
    return len(workload.classes) or (2 if workload.multilabel else 0)


def _unit(seen: Seen, name: str) -> str:
    if name in _scorers.IN_ANSWER_UNITS:
        return seen.workload.answer_unit or "count"
    return "count" if name in _scorers.NO_UNIT else "score"
