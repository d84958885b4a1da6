"""What can be counted in a fitted scikit-learn model: its family, its parameters and its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from effaudit.core.candidate import Facts, Family
from effaudit.core.notes import Note
from effaudit.core.store import Array
from effaudit.frameworks.lightgbm.reading import boosted_facts, summary
from effaudit.frameworks.sklearn.arrays import kinds, reachable

_LEARNT = frozenset({
    "coef_", "intercept_", "coefs_", "intercepts_", "support_vectors_", "dual_coef_", "_fit_X", "theta_", "var_",
    "feature_log_prob_", "class_log_prior_", "class_prior_", "means_", "covariances_", "covariance_", "rotations_", "scalings_",
    "components_", "singular_values_", "mean_", "scale_", "min_", "center_", "idf_", "statistics_", "lambdas_", "quantiles_",
    "cluster_centers_", "centroids_", "x_rotations_", "y_rotations_", "X_thresholds_", "y_thresholds_", "X_train_", "alpha_",
    "constant_", "encodings_", "a_", "b_",
})  # fmt: skip
"""Attributes that hold what was learnt from data, as scikit-learn names them."""

_WRAPPERS = ("best_estimator_", "regressor_", "estimator_", "final_estimator_")
_FAMILIES: tuple[tuple[str, Family], ...] = (
    ("sklearn.dummy.", "constant"),
    ("sklearn.linear_model.", "linear"),
    ("sklearn.svm._classes.LinearSVC", "linear"),
    ("sklearn.svm._classes.LinearSVR", "linear"),
    ("sklearn.discriminant_analysis.LinearDiscriminantAnalysis", "linear"),
    ("sklearn.cross_decomposition.", "linear"),
    ("sklearn.tree.", "tree"),
    ("sklearn.ensemble.", "ensemble"),
    ("lightgbm.", "ensemble"),
    ("xgboost.", "ensemble"),
    ("catboost.", "ensemble"),
    ("sklearn.neural_network.", "network"),
)


def facts_of(model: Any, notes: tuple[Note, ...]) -> Facts:
    """Facts of a whole model, its preprocessing steps included; family and kind are those of its last step."""
    core = final_step(model)
    boosters = [thing for thing in reachable(model) if "lightgbm.basic.Booster" in kinds(thing)]
    boosted = [boosted_facts(summary(booster.model_to_string()), "") for booster in boosters]
    arrays = list(_arrays(model))
    nodes, in_trees = _trees(model)
    parameters = sum(array.size for array in arrays) + in_trees + sum(fact.parameters or 0 for fact in boosted)
    zeros = sum(array.size - int(np.count_nonzero(array)) for array in arrays)
    all_nodes = nodes + sum(fact.nodes or 0 for fact in boosted)
    family = family_of(core)
    if "lightgbm.sklearn.LGBMModel" in kinds(core) and len(boosted) == 1:
        family = boosted[0].family
    return Facts(family, type(core).__name__, parameters, parameters - zeros, all_nodes or None, notes=notes)


def final_step(model: Any) -> Any:
    """The model at the end of pipelines and inside of searches, thresholds and transformed targets."""
    steps = getattr(model, "steps", None)
    if isinstance(steps, list) and steps:
        return final_step(steps[-1][1])
    for name in _WRAPPERS:
        inner = vars(model).get(name) if hasattr(model, "__dict__") else None
        if inner is not None and hasattr(inner, "predict") and not _is_ensemble(model):
            return final_step(inner)
    return model


def first_step(model: Any) -> Any:
    """What a request is given to first."""
    steps = getattr(model, "steps", None)
    if isinstance(steps, list) and steps:
        return first_step(steps[0][1])
    inner = vars(model).get("best_estimator_") if hasattr(model, "__dict__") else None
    return model if inner is None else first_step(inner)


def family_of(core: Any) -> Family:
    """How simple a model is. One model for each output or class is as simple as its members."""
    names = kinds(core)
    for start, family in _FAMILIES:
        if any(name.startswith(start) for name in names):
            return family
    members = getattr(core, "estimators_", None)
    if any(name.startswith(("sklearn.multiclass.", "sklearn.multioutput.")) for name in names) and members:
        families = {family_of(final_step(member)) for member in members}
        return families.pop() if len(families) == 1 else "other"
    return "other"


def _is_ensemble(model: Any) -> bool:
    return type(model).__module__.startswith("sklearn.ensemble.")


def _arrays(model: Any) -> Iterator[Array]:
    """The learnt numbers of every part of a model, each once."""
    seen: set[int] = set()
    for thing in reachable(model):
        held = getattr(thing, "__dict__", {})
        for name in _LEARNT & held.keys():
            if name == "var_" and "scale_" in held:  # a scaler uses one of them
                continue
            value = held[name]
            for part in value if isinstance(value, (list, tuple)) else [value]:
                numbers = np.atleast_1d(part) if name == "intercept_" else _numbers(part)
                if numbers is not None and id(part) not in seen:
                    seen.add(id(part))
                    yield numbers


def _numbers(part: Any) -> Array | None:
    stored = part.data if hasattr(part, "nnz") else part
    return stored if isinstance(stored, np.ndarray) and stored.dtype.kind in "fiu" else None


def _trees(model: Any) -> tuple[int, int]:
    """(nodes, thresholds and leaf values) of all trees; a leaf has one value for each class or output."""
    nodes = parameters = 0
    for thing in reachable(model):
        names = kinds(thing)
        if "sklearn.tree._tree.Tree" in names:
            leaves = int(thing.n_leaves)
            nodes += thing.node_count
            parameters += thing.node_count - leaves + leaves * thing.n_outputs * thing.max_n_classes
        elif "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor" in names:
            nodes += len(thing.nodes)
            parameters += len(thing.nodes)
    return nodes, parameters
