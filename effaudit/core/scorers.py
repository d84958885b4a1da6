"""scikit-learn's scorers by name: their directions, ranges and units."""

from __future__ import annotations

import math

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

OF_PROBABILITIES = frozenset(("brier_score", "d2_brier_score", "d2_log_loss_score", "log_loss"))
"""Scorers of how far probabilities can be believed, which mean nothing of other scores."""

OF_SCORES = OF_PROBABILITIES | {"average_precision", "top_k_accuracy"} | {name for name in HIGHER if name.startswith("roc_auc")}
"""Scorers of classification that do not look at labels."""

UNWEIGHTED = frozenset(("max_error", "roc_auc_ovo", "roc_auc_ovo_weighted"))
"""Those that scikit-learn cannot weigh rows in."""

OF_ONE = frozenset(
    (
        *("f1", "precision", "recall", "jaccard", "average_precision"),
        *("positive_likelihood_ratio", "negative_likelihood_ratio"),
    )
)
"""Scores of one of two classes, the positive one: the other class has other figures."""


def bounds(metric: str) -> tuple[float, float]:
    """Between which values a figure of quality or behaviour lies, by its plain id (`quality.f1`, `behaviour.ece`)."""
    family, _, name = metric.partition(".")
    if family == "behaviour":
        return 0.0, 2.0 if name == "brier" else 1.0
    if name in SHARES:
        return 0.0, 1.0
    if name == "matthews_corrcoef":
        return -1.0, 1.0
    if name == "brier_score":
        return 0.0, 2.0
    if name in ("r2", "explained_variance") or name.startswith("d2_"):
        return -math.inf, 1.0
    return 0.0, math.inf


def clipped(low: float, high: float, metric: str, *, difference: bool = False) -> tuple[float, float]:
    """An interval that does not leave the values that a figure, or the difference of two, can have."""
    least, most = bounds(metric)
    if difference:
        least, most = least - most, most - least
    return max(low, least), min(high, most)
