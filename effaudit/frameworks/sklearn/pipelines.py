"""scikit-learn models, taken apart and put together again."""

from __future__ import annotations

import copy
from typing import Any

_WRAPPERS = {"BaseSearchCV": "best_estimator_", "BaseThresholdClassifier": "estimator_", "FrozenEstimator": "estimator"}
"""Models that ask another one, and where they hold it: searches, classifiers with a threshold of their own, and frozen ones."""


def kinds_of(thing: Any) -> set[str]:
    """The names of a class and its ancestors in scikit-learn or LightGBM, by which it is known without importing them."""
    return {kind.__name__ for kind in type(thing).__mro__ if kind.__module__.split(".")[0] in ("sklearn", "lightgbm")}


def unwrapped(model: Any) -> Any:
    """The model that a search or a threshold asks; the model itself, if it is neither."""
    for kind, name in _WRAPPERS.items():
        if kind in kinds_of(model):
            return unwrapped(getattr(model, name))
    return model


def taken_apart(model: Any) -> tuple[list[Any], Any]:
    """The transformers before the last model, and that model."""
    inner = unwrapped(model)
    if "Pipeline" not in kinds_of(inner):
        return [], inner
    before, last = taken_apart(inner.steps[-1][1])
    return [step for _, step in inner.steps[:-1] if step not in (None, "passthrough")] + before, last


def with_last(model: Any, last: Any) -> Any:
    """A copy whose last model is exchanged for `last`; searches and thresholds around it are left out."""
    inner = unwrapped(model)
    if "Pipeline" not in kinds_of(inner):
        return last
    whole = copy.copy(inner)
    whole.steps = [*inner.steps[:-1], (inner.steps[-1][0], with_last(inner.steps[-1][1], last))]
    return whole
