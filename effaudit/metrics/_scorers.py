"""scikit-learn's scorers: their names, directions and units, and how to ask one about stored answers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from effaudit.core.observed import Answers
from effaudit.core.plugin import Refused
from effaudit.core.store import Array
from effaudit.core.text import one_line

HIGHER = frozenset(
    (
        *("accuracy", "average_precision", "balanced_accuracy", "d2_absolute_error_score", "d2_brier_score", "d2_log_loss_score"),
        *("explained_variance", "matthews_corrcoef", "positive_likelihood_ratio", "r2", "top_k_accuracy"),
        *("roc_auc", "roc_auc_ovo", "roc_auc_ovo_weighted", "roc_auc_ovr", "roc_auc_ovr_weighted"),
        *(
            f"{name}{average}"
            for name in ("f1", "jaccard", "precision", "recall")
            for average in ("", "_macro", "_micro", "_samples", "_weighted")
        ),
    )
)
"""The scorers of classification and regression that grow as models get better."""

LOWER = frozenset(
    (
        *("brier_score", "log_loss", "max_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_gamma_deviance"),
        *("mean_poisson_deviance", "mean_squared_error", "mean_squared_log_error", "median_absolute_error"),
        *("negative_likelihood_ratio", "root_mean_squared_error", "root_mean_squared_log_error"),
    )
)
"""Those that scikit-learn calls `neg_…`: here they keep their own sign, and lower is better."""

SHARES = (
    HIGHER
    - {"r2", "explained_variance", "matthews_corrcoef", "positive_likelihood_ratio"}
    - {name for name in HIGHER if name.startswith("d2_")}
)
"""Scores that lie between 0 and 1."""

IN_ANSWER_UNITS = frozenset(("max_error", "mean_absolute_error", "median_absolute_error", "root_mean_squared_error"))
"""Errors in the unit of the answer."""

NO_UNIT = frozenset(
    (
        *("positive_likelihood_ratio", "negative_likelihood_ratio", "log_loss", "mean_squared_error", "mean_squared_log_error"),
        *("mean_gamma_deviance", "mean_poisson_deviance", "root_mean_squared_log_error"),
    )
)
"""Figures that are neither shares nor in a unit that a reader would write."""


ONE_CLASS = frozenset(
    (
        *("balanced_accuracy", "brier_score", "d2_brier_score", "d2_log_loss_score", "f1", "jaccard", "log_loss"),
        *("matthews_corrcoef", "negative_likelihood_ratio", "positive_likelihood_ratio", "precision", "recall", "top_k_accuracy"),
    )
)
"""Scorers made for rows of one class. Of several labels scikit-learn refuses most, and gives the rest a figure of no meaning."""


def score(name: str, answers: Answers, truth: Array, classes: int, rows: Array | None = None) -> float:
    """The scorer's own figure, its sign as users know it. `rows`: which rows, in any number of copies; None: each once.

    Raises Refused in words when it cannot read these answers.
    """
    return scored(name, answers, truth, classes, rows)[0]


def scored(name: str, answers: Answers, truth: Array, classes: int, rows: Array | None = None) -> tuple[float, tuple[str, ...]]:
    """The same, and what scikit-learn warns of, each once."""
    from sklearn.metrics import get_scorer

    scorer = get_scorer(f"neg_{name}" if name in LOWER else name)
    labels = truth.shape[1] if classes and truth.ndim == 2 else 0
    if labels > 1 and name in ONE_CLASS:
        better = f"{name}_macro" if f"{name}_macro" in HIGHER else "f1_macro"
        raise Refused(f"{name} is made for one class a row, and here each has {labels} labels; take {better} or average_precision")
    stored = _regressor(answers) if classes == 0 else _classifier(answers, [np.arange(2)] * labels or np.arange(classes))
    chosen = np.arange(len(truth)) if rows is None else rows
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            value = float(scorer(stored, chosen.reshape(-1, 1), truth[chosen]))
    except AttributeError as error:
        raise Refused(f"{name} needs probabilities, and this candidate gives labels only") from error
    except (ValueError, TypeError) as error:
        raise Refused(f"scikit-learn's {name}: {str(error).splitlines()[0]}") from error
    if not np.isfinite(value):
        raise Refused(f"scikit-learn's {name} is not defined for these answers")
    told = dict.fromkeys(one_line(str(warning.message).partition(". ")[0], 200) for warning in caught)
    return -value if name in LOWER else value, tuple(f"scikit-learn warns: {text}" for text in told)


def _classifier(answers: Answers, classes: Array | list[Array]) -> Any:
    """`classes` as scikit-learn keeps them: one array, or, where a row has several labels, one for each label."""
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Labels(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
        """Answers from memory; `X` holds row numbers."""

        classes_ = classes

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict(self, X: Array) -> Any:  # noqa: N803
            return answers.labels[X[:, 0]]  # type: ignore[index]

    class Scores(Labels):
        """With probabilities, which scikit-learn looks for by the method's presence."""

        def predict_proba(self, X: Array) -> Any:  # noqa: N803
            return answers.scores[X[:, 0]]  # type: ignore[index]

    return Labels() if answers.scores is None else Scores()


def _regressor(answers: Answers) -> Any:
    from sklearn.base import BaseEstimator, RegressorMixin

    class Stored(RegressorMixin, BaseEstimator):  # type: ignore[misc]
        """Values from memory; `X` holds row numbers."""

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict(self, X: Array) -> Any:  # noqa: N803
            return answers.scores[X[:, 0]]  # type: ignore[index]

    return Stored()
