"""scikit-learn's figures of stored answers: over all classes of the model, on any rows, weighted or not."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np

from effaudit.core.observed import Answers
from effaudit.core.plugin import Refused
from effaudit.core.scorers import HIGHER, LOWER, ONE_CLASS, UNWEIGHTED
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.core.workload import Workload


@dataclass(frozen=True)
class Part:
    """Answers to some rows with the truth: class indices, a 0/1 matrix, or values.

    `classes`: how many the data has; 0 in regression and of several labels a row. `occurring` are the classes that occur in truth
    or labels of all rows, `true` those that occur in the truth: averages over classes stay averages over these in every resample.
    """

    answers: Answers
    truth: Array
    classes: int
    regression: bool
    occurring: Array
    true: Array
    weights: Array | None = None

    @classmethod
    def whole(cls, answers: Answers, truth: Array, workload: Workload, weights: Array | None = None) -> Part:
        """All rows that a figure speaks of."""
        plain = answers.labels is not None and truth.ndim == 1 and workload.task != "regression"
        true = np.unique(truth if weights is None else truth[weights > 0.0]) if plain else np.empty(0, dtype=np.int64)
        occurring = np.union1d(truth, answers.labels) if plain and answers.labels is not None else true
        return cls(answers, truth, len(workload.classes), workload.task == "regression", occurring, true, weights)

    def drawn(self, rows: Array) -> Part:
        """Some of the rows, each as often as it is named."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, answers=self.answers.of(rows), truth=self.truth[rows], weights=weights)

    @property
    def labels(self) -> Array:
        """Raises Refused where there are none."""
        if self.answers.labels is None:
            raise Refused("needs labels, and this candidate gives none")
        return self.answers.labels

    @property
    def scores(self) -> Array:
        """Probabilities or values. Raises Refused where there are none."""
        if self.answers.scores is None:
            raise Refused("needs probabilities, and this candidate gives labels only")
        return self.answers.scores

    @property
    def several(self) -> int:
        """How many labels a row has, where it may have several."""
        return self.truth.shape[1] if not self.regression and self.truth.ndim == 2 else 0


def score(name: str, part: Part) -> float:
    """The scorer's own figure, its sign as users know it. Raises Refused in words when it cannot read these answers."""
    return scored(name, part)[0]


def scored(name: str, part: Part) -> tuple[float, tuple[str, ...]]:
    """The same, and what scikit-learn warns of, each once."""
    if part.several > 1 and name in ONE_CLASS:
        better = f"{name}_macro" if f"{name}_macro" in HIGHER else "f1_macro"
        raise Refused(
            f"{name} is made for one class a row, and here each has {part.several} labels; take {better} or average_precision"
        )
    if part.weights is not None and name in UNWEIGHTED:
        raise Refused(f"scikit-learn's {name} takes no weights of rows; leave it out, or audit without `weights`")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = float(_figure(name, part))
    except Refused as refused:
        raise Refused(f"{name} {refused}") from refused
    except (ValueError, TypeError) as error:
        raise Refused(f"scikit-learn's {name}: {str(error).splitlines()[0]}") from error
    if not np.isfinite(value):
        raise Refused(f"scikit-learn's {name} is not defined for these answers")
    told = dict.fromkeys(one_line(str(warning.message).partition(". ")[0], 200) for warning in caught)
    return value, tuple(f"scikit-learn warns: {text}" for text in told)


def _figure(name: str, part: Part) -> float:
    if part.regression:
        return _regression(name, part)
    base, _, average = name.partition("_")
    if base in ("f1", "precision", "recall", "jaccard"):
        return _of_labels(base, average, part)
    if name not in _CLASSIFICATION:
        raise Refused("is for regressions, and this is a classification")
    return _CLASSIFICATION[name](part)


def _regression(name: str, part: Part) -> float:
    from sklearn import metrics

    function = getattr(metrics, {"r2": "r2_score", "explained_variance": "explained_variance_score"}.get(name, name), None)
    if name in _CLASSIFICATION or name not in HIGHER | LOWER or function is None:
        raise Refused("is for classifications, and this is a regression")
    return float(function(part.truth, part.scores, **_weighted(part)))


def _weighted(part: Part) -> dict[str, Array]:
    return {} if part.weights is None else {"sample_weight": part.weights}


def _of_labels(base: str, average: str, part: Part) -> float:
    from sklearn import metrics

    function = getattr(metrics, f"{base}_score")
    truth, labels, weights = part.truth, part.labels, _weighted(part)
    if average == "" and part.classes == 2:
        return float(function(truth == 1, labels == 1, **weights))
    known = {} if part.several or not average or average == "samples" else {"labels": part.occurring}
    return float(function(truth, labels, average=average or "binary", **known, **weights))


def _accuracy(part: Part) -> float:
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(part.truth, part.labels, **_weighted(part)))


def _balanced_accuracy(part: Part) -> float:
    """The mean recall of the classes that occur in the truth."""
    from sklearn.metrics import recall_score

    return float(recall_score(part.truth, part.labels, labels=part.true, average="macro", zero_division=0, **_weighted(part)))


def _matthews(part: Part) -> float:
    from sklearn.metrics import matthews_corrcoef

    return float(matthews_corrcoef(part.truth, part.labels, **_weighted(part)))


def _likelihood_ratio(part: Part, place: int) -> float:
    from sklearn.metrics import class_likelihood_ratios

    if part.classes != 2:
        raise Refused(f"is made for two classes, and there are {part.classes}")
    return float(class_likelihood_ratios(part.truth == 1, part.labels == 1, **_weighted(part))[place])


def _roc_auc(part: Part, average: str = "macro") -> float:
    from sklearn.metrics import roc_auc_score

    if part.several:
        return float(roc_auc_score(part.truth, part.scores, average=average, **_weighted(part)))
    if part.classes != 2:
        raise Refused(f"is made for two classes, and there are {part.classes}; take roc_auc_ovr")
    return float(roc_auc_score(part.truth == 1, part.scores[:, 1], **_weighted(part)))


def _each_present(function: str, part: Part, average: str) -> float:
    """The average over the classes that occur among these rows, each against the rest."""
    from sklearn import metrics

    present = np.unique(part.truth)
    if len(present) < 2:
        return np.nan
    hits = part.truth[:, None] == present[None, :]
    return float(getattr(metrics, function)(hits, part.scores[:, present], average=average, **_weighted(part)))


def _roc_auc_ovr(part: Part, average: str) -> float:
    if part.several or part.classes == 2:
        return _roc_auc(part, average)
    return _each_present("roc_auc_score", part, average)


def _roc_auc_ovo(part: Part, average: str) -> float:
    """The average over pairs of the classes that occur, as Hand and Till (2001) have it."""
    from sklearn.metrics import roc_auc_score

    if part.several or part.classes == 2:
        return _roc_auc(part, average)
    present, counts = np.unique(part.truth, return_counts=True)
    if len(present) < 2:
        return np.nan
    figures, shares = [], []
    for first, second in combinations(range(len(present)), 2):
        rows = np.isin(part.truth, present[[first, second]])
        both = [roc_auc_score(part.truth[rows] == present[k], part.scores[rows, present[k]]) for k in (first, second)]
        figures.append(float(np.mean(both)))
        shares.append(counts[first] + counts[second])
    return float(np.average(figures, weights=shares if average == "weighted" else None))


def _average_precision(part: Part) -> float:
    from sklearn.metrics import average_precision_score

    if part.several:
        return float(average_precision_score(part.truth, part.scores, **_weighted(part)))
    if part.classes == 2:
        return float(average_precision_score(part.truth == 1, part.scores[:, 1], **_weighted(part)))
    return _each_present("average_precision_score", part, "macro")


def _of_all_classes(function: str, part: Part) -> float:
    """A figure of whole probabilities: what a model gives to classes that no row has is lost."""
    from sklearn import metrics

    scores = part.scores
    return float(getattr(metrics, function)(part.truth, scores, labels=np.arange(scores.shape[1]), **_weighted(part)))


def _top_k_accuracy(part: Part) -> float:
    from sklearn.metrics import top_k_accuracy_score

    scores = part.scores
    binary = scores.shape[1] == 2
    return float(
        top_k_accuracy_score(part.truth, scores[:, 1] if binary else scores, labels=np.arange(scores.shape[1]), **_weighted(part))
    )


_CLASSIFICATION: Mapping[str, Callable[[Part], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "matthews_corrcoef": _matthews,
    "positive_likelihood_ratio": partial(_likelihood_ratio, place=0),
    "negative_likelihood_ratio": partial(_likelihood_ratio, place=1),
    "roc_auc": _roc_auc,
    "roc_auc_ovr": partial(_roc_auc_ovr, average="macro"),
    "roc_auc_ovr_weighted": partial(_roc_auc_ovr, average="weighted"),
    "roc_auc_ovo": partial(_roc_auc_ovo, average="macro"),
    "roc_auc_ovo_weighted": partial(_roc_auc_ovo, average="weighted"),
    "average_precision": _average_precision,
    "log_loss": partial(_of_all_classes, "log_loss"),
    "brier_score": partial(_of_all_classes, "brier_score_loss"),
    "d2_log_loss_score": partial(_of_all_classes, "d2_log_loss_score"),
    "d2_brier_score": partial(_of_all_classes, "d2_brier_score"),
    "top_k_accuracy": _top_k_accuracy,
}
