"""What the judge must know of a quality metric: what decides it, and by how much one more differing row can move it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from effaudit.core.workload import Workload

Decides = Literal["labels", "scores", "values"]
"""What a figure is made of: labels (accuracy, F1), scores (ROC AUC, log loss), or predicted numbers (RMSE)."""


@dataclass(frozen=True)
class Kind:
    """One quality metric in one workload.

    `shift`: by how much the figure can change at most, per unit share of certify rows whose label changes; None: not known.
    `every_class`: does a class with few rows make it uncertain?
    """

    decides: Decides
    shift: float | None = None
    every_class: bool = True
    share: bool = False
    """Is it a share of rows, such as accuracy?"""


def kind_of(metric: str, workload: Workload) -> Kind:
    """The kind of a metric's full id (`quality.f1`, `behaviour.ece`)."""
    if workload.task == "regression":
        return Kind("values", every_class=False)
    family, _, name = metric.partition(".")
    if family == "behaviour":
        return Kind("scores") if name in _CALIBRATION else Kind("labels", 1.0, every_class=False, share=True)
    if name.startswith(_BY_SCORES):
        return Kind("scores")
    if name == "accuracy":
        return Kind("labels", 1.0, every_class=False, share=True)
    if workload.multilabel:
        return Kind("labels")
    if name in _BY_ROWS:
        return Kind("labels", _BY_ROWS[name], every_class=False)
    return Kind("labels", _SHIFTS[name](_shares(workload)) if name in _SHIFTS else None)


_CALIBRATION = ("ece", "brier")
_BY_SCORES = ("roc_auc", "average_precision", "log_loss", "brier_score", "top_k_accuracy", "d2_log_loss", "d2_brier")

_BY_ROWS = {
    "f1_micro": 1.0,
    "precision_micro": 1.0,
    "recall_micro": 1.0,
    "recall_weighted": 1.0,
    "f1_weighted": 3.0,
}
"""Metrics that weigh rows and not classes. Weighted F1: a changed label moves the F1 of its true class k by at most 2/n_k
and that of another class by at most 1/n_k, each weighted by n_k/n."""

_SHIFTS: dict[str, Callable[[tuple[float, ...]], float | None]] = {
    "balanced_accuracy": lambda shares: _over_present(1.0, shares),
    "recall_macro": lambda shares: _over(1.0, shares),
    "f1_macro": lambda shares: _over(3.0, shares),
    "recall": lambda shares: _over_positive(1.0, shares),
    "f1": lambda shares: _over_positive(2.0, shares),
    "jaccard": lambda shares: _over_positive(1.0, shares),
}
"""Per changed row: recall = TP/P moves by 1/P; F1 = 2TP/(P + predicted) by at most 2/P; Jaccard = TP/(P + FP) by at most 1/P.
Averages over K classes divide by K."""


def _shares(workload: Workload) -> tuple[float, ...]:
    """Of each class, in rows or in weight."""
    if workload.effective is not None:
        return workload.effective.class_shares
    total = sum(workload.class_rows)
    return tuple(rows / total for rows in workload.class_rows) if total else ()


def _over(most: float, shares: tuple[float, ...]) -> float | None:
    """Of an average over all classes, each of which must occur: one that does not may enter the average with a single label."""
    return most / (len(shares) * min(shares)) if shares and min(shares) > 0 else None


def _over_present(most: float, shares: tuple[float, ...]) -> float | None:
    return _over(most, tuple(share for share in shares if share > 0))


def _over_positive(most: float, shares: tuple[float, ...]) -> float | None:
    return most / shares[-1] if len(shares) == 2 and shares[-1] > 0 else None
