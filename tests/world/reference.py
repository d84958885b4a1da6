"""What the original library answers to the rows of a cell, and whether effaudit reads the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics

from effaudit.core.candidate import Candidate
from effaudit.core.classes import class_text
from effaudit.core.observed import Answers, together
from effaudit.core.plan import Data
from effaudit.core.plugin import Refused
from effaudit.core.store import Store
from effaudit.core.workload import Workload
from effaudit.reading.data import build_store
from effaudit.scoring.scorers import Part, score
from effaudit.worker import asking

RANKINGS = ("roc_auc", "roc_auc_ovr", "average_precision")


@dataclass(frozen=True)
class Expected:
    """Of the certify rows: `truth`; `labels` as the library's own predict gives them; `shares` by
    class as its own predict_proba gives them; `values` of a regression. `near`: how far numbers of its precision may differ.
    `single`: in single precision, where sums of trees are rounded by the number of rows asked at once, so that ties are broken and
    shares of 0 become 1e-7: a log loss that rests on such a share says nothing, and rankings are compared to 0.01.
    `flips`: on how many rows a technique said that its product answers another label; figures are then of the product's answers."""

    truth: Any
    labels: Any = None
    shares: Mapping[str, Any] = field(default_factory=dict)
    values: Any = None
    weights: Any = None
    positive: str = ""
    near: float = 1e-6
    single: bool = False
    flips: int = 0


@dataclass(frozen=True)
class Made:
    """A cell that was made: the candidate, its data, and what is right."""

    candidate: Candidate
    data: Data
    expected: Expected
    baseline: Candidate | None = None


class Wrong(Exception):
    """effaudit reads another figure than the library."""


def read(made: Made, folder: Path) -> tuple[Answers, Workload, Any]:
    """effaudit's answers to all certify rows, in several requests."""
    workload, store = build_store(made.data, folder / "store", False, 0)
    asked = asking.opened(made.candidate, workload, store)
    rows = workload.splits["certify"]
    parts = [asked.answers("certify", np.arange(at, min(at + 137, rows))) for at in range(0, rows, 137)]
    return together(parts), workload, np.asarray(store.answers("certify"))


def check(made: Made, folder: Path) -> int:
    """Compares every label, probability and figure. Gives how many figures were compared; raises Wrong, and Refused."""
    answers, workload, truth = read(made, folder)
    expected = made.expected
    weights = Store(workload.store).weights()
    part = Part.whole(answers, truth, workload, weights)
    if expected.values is not None:
        _close("values", answers.scores, expected.values, expected.near)
        return _figures(figures_of(expected), part, expected.near)
    if workload.multilabel:
        _same("labels", answers.labels, expected.labels)
        if expected.shares:
            _close("probabilities", answers.scores, np.column_stack(list(expected.shares.values())), expected.near)
        return _figures(figures_of(expected), part, expected.near)
    names = np.array(answers.classes, dtype=object)
    _same("truth", names[truth], _texts(expected.truth))
    _same("labels", names[answers.labels], _texts(expected.labels), expected.flips)
    apart = len(truth) // 50 if expected.flips else 0  # what crosses a cut by rounding flips some labels, and moves more shares
    for name, share in expected.shares.items():
        _close(f"the probability of {name}", answers.scores[:, answers.classes.index(name)], share, expected.near, apart)
    if expected.flips:
        shares = {name: answers.scores[:, answers.classes.index(name)] for name in expected.shares}
        expected = replace(expected, labels=names[answers.labels], shares=shares)
    return _figures(figures_of(expected), part, expected.near, 0.01 if expected.single else 0.0)


def figures_of(expected: Expected) -> dict[str, float]:
    """scikit-learn's figures of the library's own outputs, over all classes of the model."""
    if expected.values is not None:
        return _of_values(expected)
    return _of_classes(expected) if np.ndim(expected.truth) == 1 else _of_several(expected)


def _of_classes(expected: Expected) -> dict[str, float]:
    truth, labels = _texts(expected.truth), _texts(expected.labels)
    by = {"sample_weight": expected.weights}
    figures = {
        "accuracy": metrics.accuracy_score(truth, labels, **by),
        "f1_macro": metrics.f1_score(truth, labels, average="macro", **by),
        "matthews_corrcoef": metrics.matthews_corrcoef(truth, labels, **by),
        "precision_weighted": metrics.precision_score(truth, labels, average="weighted", zero_division=0, **by),
    }
    present, positive = sorted(set(truth)), expected.positive
    if positive:
        figures["f1"] = metrics.f1_score(truth == positive, labels == positive, **by)
        figures["recall"] = metrics.recall_score(truth == positive, labels == positive, **by)
    if not expected.shares:
        return figures
    ordered = sorted(expected.shares)
    matrix = np.column_stack([expected.shares[name] for name in ordered])
    totals = matrix.sum(axis=1, keepdims=True)
    matrix = matrix / np.where(totals == 0, 1, totals)
    if set(present) <= set(ordered) and len(ordered) > 1 and np.allclose(matrix.sum(axis=1), 1.0):
        hot = truth[:, None] == np.array(ordered, dtype=object)[None, :]
        if not expected.single or matrix[hot].min() > 1e-4:
            figures["log_loss"] = metrics.log_loss(truth, matrix, labels=ordered, **by)
        squares = float(np.average(((matrix - hot) ** 2).sum(axis=1), weights=expected.weights))
        figures["brier_score"] = squares / 2 if len(ordered) == 2 else squares
    if positive:
        figures["roc_auc"] = metrics.roc_auc_score(truth == positive, expected.shares[positive], **by)
        figures["average_precision"] = metrics.average_precision_score(truth == positive, expected.shares[positive], **by)
    elif len(present) > 2:
        each = [metrics.roc_auc_score(truth == name, expected.shares[name], **by) for name in present]
        figures["roc_auc_ovr"] = float(np.mean(each))
    return figures


def _of_several(expected: Expected) -> dict[str, float]:
    figures = {
        "f1_macro": metrics.f1_score(expected.truth, expected.labels, average="macro"),
        "accuracy": metrics.accuracy_score(expected.truth, expected.labels),
    }
    if expected.shares:
        figures["roc_auc"] = metrics.roc_auc_score(expected.truth, np.column_stack(list(expected.shares.values())))
    return figures


def _of_values(expected: Expected) -> dict[str, float]:
    truth, values = expected.truth, expected.values
    return {
        "r2": metrics.r2_score(truth, values),
        "mean_absolute_error": metrics.mean_absolute_error(truth, values),
        "root_mean_squared_error": metrics.root_mean_squared_error(truth, values),
    }


def _figures(expected: Mapping[str, float], part: Part, near: float, ranked: float = 0.0) -> int:
    for name, value in expected.items():
        found, most = score(name, part), max(20 * near, ranked if name in RANKINGS else 0.0)
        if not np.isclose(found, value, rtol=most, atol=most):
            raise Wrong(f"{name} is {found:.6g}, scikit-learn gives {value:.6g}")
    return len(expected)


def _texts(values: Any) -> Any:
    return np.array([class_text(value) for value in values], dtype=object)


def _same(what: str, found: Any, expected: Any, told: int = 0) -> None:
    """Raises Wrong unless exactly as many rows differ as were told."""
    differing = np.asarray(found) != np.asarray(expected)
    rows = int(differing.reshape(len(differing), -1).any(axis=1).sum())
    if rows != told:
        raise Wrong(f"{what}: {rows} of {len(differing)} rows differ, and {told} were told")


def _close(what: str, found: Any, expected: Any, near: float, told: int = 0) -> None:
    if found is None:
        raise Wrong(f"{what}: there are none")
    apart = np.abs(np.asarray(found, dtype=float) - np.asarray(expected, dtype=float))
    scale = max(1.0, float(np.abs(np.asarray(expected, dtype=float)).max()))
    if not np.isfinite(apart).all() or np.count_nonzero(apart > near * scale) > told:
        raise Wrong(f"{what}: differ by {apart.max():.3g}")


__all__ = ["Expected", "Made", "Refused", "Wrong", "check", "read"]
