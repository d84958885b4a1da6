"""scikit-learn's trees, forests and boosted trees in the one form of _ensembles.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from effaudit.core.store import Array
from effaudit.frameworks.sklearn.pipelines import kinds_of
from effaudit.frameworks.trees.ensemble import Ensemble, Link, Tree


def ensemble_of(model: Any) -> Ensemble | None:
    """The trees of a fitted tree, forest, gradient boosting or histogram boosting; None for anything else.

    A classifier of two classes has one sum, its positive class's; several answers at once have one each.
    """
    kinds = kinds_of(model)
    if "BaseHistGradientBoosting" in kinds:
        return _histogram_boosting(model)
    if "BaseGradientBoosting" in kinds:
        return _gradient_boosting(model)
    if kinds & {"ForestClassifier", "ForestRegressor"}:
        return _averaged(model, [member.tree_ for member in model.estimators_])
    if kinds & {"DecisionTreeClassifier", "DecisionTreeRegressor"}:
        return _averaged(model, [model.tree_])
    return None


def _averaged(model: Any, fitted: list[Any]) -> Ensemble | None:
    trees = []
    for tree in fitted:
        values = _shares(tree.value, getattr(model, "n_classes_", None))
        if values is None:
            return None
        trees.append(_tree(tree, values))
    start = np.zeros(trees[0].values.shape[1])
    return Ensemble(trees, start, int(model.n_features_in_), single=True, divisor=float(len(fitted)))


def _shares(values: Array, classes: Any) -> Array | None:
    """What each node answers (nodes, targets), of scikit-learn's (nodes, outputs, classes). None where it has no such form."""
    if classes is None:
        return values[:, :, 0]
    shares = values / values.sum(axis=2, keepdims=True)
    counts = np.atleast_1d(classes)
    if np.all(counts == 2):
        return np.asarray(shares[:, :, 1])
    return np.asarray(shares[:, 0, :]) if len(counts) == 1 and counts[0] > 2 else None


def _tree(tree: Any, values: Array, target: int = 0) -> Tree:
    missing = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    left, right = tree.children_left.astype(np.int64), tree.children_right.astype(np.int64)
    return Tree(tree.feature.astype(np.int64), tree.threshold, left, right, missing.astype(bool), values, target)


def _gradient_boosting(model: Any) -> Ensemble | None:
    start = model.init_
    if not (isinstance(start, str) or type(start).__module__.startswith("sklearn.dummy")):
        return None
    scale = model.learning_rate * (2.0 if model.loss == "exponential" else 1.0)
    trees = [
        _tree(member.tree_, scale * member.tree_.value[:, 0, :1], target)
        for stage in model.estimators_
        for target, member in enumerate(stage)
    ]
    first = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))[0]
    scaled = np.asarray(first, dtype=np.float64) * (scale / model.learning_rate)
    return Ensemble(trees, scaled, int(model.n_features_in_), _class_link(model), single=True)


def _histogram_boosting(model: Any) -> Ensemble | None:
    known, places = model._bin_mapper.make_known_categories_bitsets()
    trees = [_histogram_tree(stage[target], target, known, places) for stage in model._predictors for target in range(len(stage))]
    link = _class_link(model)
    if not hasattr(model, "classes_"):
        names = {"IdentityLink": "none", "LogLink": "exp"}
        found = names.get(type(model._loss.link).__name__)
        if found is None:
            return None
        link = found  # type: ignore[assignment]
    start = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(-1)
    return Ensemble(trees, start, len(model._bin_mapper.is_categorical_), link)


def _histogram_tree(predictor: Any, target: int, known: Array, places: Array) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"] != 0
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    missing = nodes["missing_go_to_left"] != 0
    members = {}
    for node in np.flatnonzero((nodes["is_categorical"] != 0) & ~leaf):
        goes_left = _bits(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
        members[int(node)] = goes_left
        if missing[node]:  # unknown and missing go left: ask for those that go right instead
            every = _bits(known[places[nodes["feature_idx"][node]]])
            members[int(node)] = np.setdiff1d(every, goes_left)
            left[node], right[node] = right[node], left[node]
    missing[list(members)] = False
    left[leaf] = right[leaf] = -1
    values = nodes["value"].astype(np.float64)[:, None]
    return Tree(nodes["feature_idx"].astype(np.int64), nodes["num_threshold"], left, right, missing, values, target, members)


def _bits(words: Array) -> Array:
    """The numbers whose bits are set in eight words of 32 bits."""
    return np.flatnonzero(np.unpackbits(np.ascontiguousarray(words, dtype="<u4").view(np.uint8), bitorder="little"))


def _class_link(model: Any) -> Link:
    if not hasattr(model, "classes_"):
        return "none"
    return "logistic" if len(model.classes_) == 2 else "softmax"
