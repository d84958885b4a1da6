"""Forests: models that average members which were trained side by side, any of which can go."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit.core.store import Array
from effaudit.frameworks.sklearn.pipelines import kinds_of

_SMALLEST = np.float32(1e-3)
"""Shares of the true class are taken for at least this: one row that all members miss must not outweigh all others."""
_WORK = 8e8
"""Ordering compares so many answers at most, which takes some seconds; with more trees, fewer rows."""


def is_forest(model: Any) -> bool:
    """Is it a fitted forest or bagging?"""
    return bool(kinds_of(model) & {"BaseForest", "BaseBagging"}) and hasattr(model, "estimators_")


@dataclass(frozen=True)
class Forest:
    """A fitted forest or bagging, whose members are known by their number."""

    model: Any

    @property
    def count(self) -> int:
        """How many members it has."""
        return len(self.model.estimators_)

    def order(self, features: Any, truth: Array) -> list[int]:
        """Members in the order in which each next one lowers the average's loss most (Caruana et al. 2004, without repeats).

        truth: for classifiers, the columns of a member's answer that hold the true classes (rows, answers), and the loss is
        the log loss; for regressors the true values (rows,) or (rows, outputs), and the loss is the squared error.
        """
        most = max(200, int(_WORK / self.count**2))
        few = np.linspace(0, len(truth) - 1, min(most, len(truth))).astype(np.int64)
        numbers, known = np.asarray(features)[few], truth[few]
        if not hasattr(self.model, "classes_"):
            return _by_squares(np.stack([self._member(n, numbers).ravel() for n in range(self.count)]), known.ravel())
        shares = [np.take_along_axis(self._member(n, numbers), known, axis=1).ravel() for n in range(self.count)]
        return _by_log_loss(np.stack(shares).astype(np.float32))

    def answers(self, features: Any, order: Sequence[int], counts: Sequence[int]) -> Iterator[tuple[int, Array]]:
        """The raw answers of the first members in `order` only, for each of `counts`."""
        numbers, wanted = np.asarray(features), set(counts)
        total: Array = np.zeros(())
        for count, place in enumerate(order, 1):
            total = total + self._member(place, numbers)
            if count in wanted:
                yield count, self._joined(total / count)

    def kept(self, chosen: Sequence[int]) -> Any:
        """A copy with some members only, in their own order."""
        smaller, order = copy.copy(self.model), sorted(chosen)
        for name in ("estimators_", "estimators_features_"):
            if hasattr(self.model, name):
                setattr(smaller, name, [getattr(self.model, name)[place] for place in order])
        if hasattr(self.model, "_seeds"):
            smaller._seeds = self.model._seeds[order]
        smaller.n_estimators = len(order)
        for name in ("oob_decision_function_", "oob_prediction_", "oob_score_"):
            vars(smaller).pop(name, None)
        return smaller

    def _member(self, place: int, features: Array) -> Array:
        """One member's answer: shares (rows, classes), side by side for several answers; or values (rows, outputs)."""
        model, member = self.model, self.model.estimators_[place]
        seen = features[:, model.estimators_features_[place]] if hasattr(model, "estimators_features_") else features
        if not hasattr(model, "classes_"):
            return np.asarray(member.predict(seen)).reshape(len(features), -1)
        if isinstance(model.classes_, list):
            return np.asarray(np.hstack(member.predict_proba(seen)))
        if not hasattr(member, "predict_proba"):
            return np.asarray(np.eye(len(model.classes_))[np.asarray(member.predict(seen)).astype(int)])
        whole = np.zeros((len(features), len(model.classes_)))
        whole[:, np.asarray(member.classes_).astype(int)] = member.predict_proba(seen)  # its sample may have lacked a class
        return whole

    def _joined(self, mean: Array) -> Array:
        if not hasattr(self.model, "classes_"):
            return mean[:, 0] if mean.shape[1] == 1 else mean
        if isinstance(self.model.classes_, list):
            ends = np.cumsum([len(classes) for classes in self.model.classes_])
            return np.asarray(mean[:, ends - 1])
        return mean


def _by_log_loss(shares: Array) -> list[int]:
    left = list(range(len(shares)))
    order: list[int] = []
    total = np.zeros(shares.shape[1], dtype=np.float32)
    while left:
        means = (total + shares[left]) / (len(order) + 1)
        best = left.pop(int(np.argmax(np.log(np.maximum(means, _SMALLEST)).mean(axis=1))))
        total += shares[best]
        order.append(best)
    return order


def _by_squares(values: Array, truth: Array) -> list[int]:
    """By products alone: ‖(S + v)/m − y‖² = (‖S‖² + 2 S·v + ‖v‖²)/m² − 2 (S + v)·y/m + ‖y‖²."""
    centre = truth.mean()
    off, wanted = values.astype(np.float64) - centre, truth - centre
    products, against = off @ off.T, off @ wanted
    left = list(range(len(values)))
    order: list[int] = []
    with_sum, norm, along = np.zeros(len(values)), 0.0, 0.0
    while left:
        size = len(order) + 1
        losses = (norm + 2 * with_sum[left] + products[left, left]) / size**2 - 2 * (along + against[left]) / size
        best = left.pop(int(np.argmin(losses)))
        norm += 2 * with_sum[best] + products[best, best]
        along += against[best]
        with_sum += products[best]
        order.append(best)
    return order
