"""Scorers that are functions of sums over rows: 2,000 resamples of them are one matrix product.

Each statistic names the columns to sum, by row, and the figure that follows from the weighted means of those columns. The
figure at equal weights is checked against scikit-learn's own before any replicate is believed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit.core.observed import Answers
from effaudit.core.store import Array
from effaudit.scoring.scorers import Part


@dataclass(frozen=True)
class Statistic:
    """`columns` (rows, m), and `figure` from means (n, m) to values (n,)."""

    columns: Array
    figure: Callable[[Array], Array]


def statistic(name: str, part: Part) -> Statistic | None:
    """The statistic of a scorer, or None when it is not a function of sums."""
    answers, truth = part.answers, part.truth
    if part.regression:
        return _of_values(name, answers, truth)
    if answers.labels is None or answers.labels.ndim != 1:
        return None
    if name in _BY_SCORES and answers.scores is not None:
        return Statistic(_BY_SCORES[name](answers.scores, truth)[:, None], _first)
    if name == "accuracy":
        return Statistic(np.asarray(answers.labels == truth, dtype=np.float64)[:, None], _first)
    averaged = part.true if name == "balanced_accuracy" else part.occurring
    figure = _of_counts(name, averaged, part.classes)
    return Statistic(_counts(answers.labels, truth, averaged), figure) if figure else None


def _first(means: Array) -> Array:
    return np.asarray(means[:, 0])


def _counts(labels: Array, truth: Array, averaged: Array) -> Array:
    """Per class: hits, labels given, true rows; (rows, 3 × classes)."""
    given, true = labels[:, None] == averaged, truth[:, None] == averaged
    return np.concatenate([given & true, given, true], axis=1).astype(np.float64)


def _of_counts(name: str, averaged: Array, classes: int) -> Callable[[Array], Array] | None:
    base, _, average = name.partition("_")
    if name == "balanced_accuracy":
        base, average = "recall", "macro"
    ratio = _RATIOS.get(base)
    if ratio is None or average not in ("", "macro", "weighted") or (average == "" and classes != 2):
        return None

    places = np.flatnonzero(averaged == 1)
    if average == "" and not len(places):
        return None

    def figure(means: Array) -> Array:
        hits, given, true = np.split(means, 3, axis=1)
        above, below = ratio(hits, given, true)
        each = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        if average == "":
            return np.asarray(each[:, places[0]])
        if average == "weighted":
            return np.asarray((each * true).sum(axis=1) / true.sum(axis=1))
        return np.asarray(each.mean(axis=1))

    return figure


_RATIOS: dict[str, Callable[[Array, Array, Array], tuple[Array, Array]]] = {
    "recall": lambda hits, _, true: (hits, true),
    "precision": lambda hits, given, _: (hits, given),
    "f1": lambda hits, given, true: (2 * hits, given + true),
    "jaccard": lambda hits, given, true: (hits, given + true - hits),
}


def _log_loss(scores: Array, truth: Array) -> Array:
    tiny = np.finfo(scores.dtype).eps
    whole = np.clip(scores, tiny, 1 - tiny)
    return np.asarray(-np.log(whole[np.arange(len(truth)), truth]))


def _brier(scores: Array, truth: Array) -> Array:
    if scores.shape[1] == 2:
        return np.asarray((scores[:, 1] - truth) ** 2)
    return np.asarray(((scores - np.eye(scores.shape[1])[truth]) ** 2).sum(axis=1))


_BY_SCORES: dict[str, Callable[[Array, Array], Array]] = {"log_loss": _log_loss, "brier_score": _brier}


def _of_values(name: str, answers: Answers, truth: Array) -> Statistic | None:
    values = answers.scores
    if values is None or values.ndim != 1:
        return None
    errors: Array = truth - values
    means: dict[str, tuple[Any, ...]] = {
        "mean_absolute_error": (np.abs(errors),),
        "mean_squared_error": (errors**2,),
        "root_mean_squared_error": (errors**2,),
        "r2": (errors**2, truth, truth**2),
        "explained_variance": (errors**2, errors, truth, truth**2),
    }
    if name not in means:
        return None
    return Statistic(np.column_stack(means[name]), _FIGURES.get(name, _first))


_FIGURES: dict[str, Callable[[Array], Array]] = {
    "root_mean_squared_error": lambda m: np.sqrt(m[:, 0]),
    "r2": lambda m: 1 - m[:, 0] / (m[:, 2] - m[:, 1] ** 2),
    "explained_variance": lambda m: 1 - (m[:, 0] - m[:, 1] ** 2) / (m[:, 3] - m[:, 2] ** 2),
}
