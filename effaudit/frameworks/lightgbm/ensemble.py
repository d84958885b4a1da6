"""LightGBM's trees in the one form of _ensembles.py, read from the text that a Booster writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from effaudit.core.plugin import Refused
from effaudit.core.store import Array
from effaudit.frameworks.lightgbm.model import Tree as Written
from effaudit.frameworks.lightgbm.reading import summary, trees_of
from effaudit.frameworks.trees.ensemble import Ensemble, Link, Tree

_ZERO = 1e-35
"""What LightGBM takes for zero where zeros count as missing."""

_LINKS: dict[str, Link] = {
    "binary": "logistic", "cross_entropy": "logistic", "multiclass": "softmax", "multiclassova": "logistic_each",
    "poisson": "exp", "gamma": "exp", "tweedie": "exp", "cross_entropy_lambda": "log1p_exp",
}  # fmt: skip


def ensemble_of(booster: Any, raw: bool = False) -> Ensemble:
    """The trees of a Booster (all that it uses to predict); `raw`: without the last step from scores to probabilities.

    Raises Refused for linear trees and for zeros that count as missing.
    """
    said, trees = trees_of(booster.model_to_string(num_iteration=_iterations(booster)))
    objective, targets = said.objective.split(), said.per_iteration
    link: Link = "none" if raw or not objective else _LINKS.get(objective[0], "none")
    if objective[:1] == ["regression"] and "sqrt" in objective[1:] and not raw:
        link = "square"
    scale = _steepness(objective) if link in ("logistic", "logistic_each") else 1.0
    divisor = len(trees) / targets if said.average and trees else 1.0
    parsed = [_tree(tree, number % targets, scale) for number, tree in enumerate(trees)]
    return Ensemble(parsed, np.zeros(targets), len(said.features), link, divisor=divisor)


def categories_of(booster: Any) -> dict[int, list[Any]]:
    """By feature, the values of a DataFrame's categories in the order of their codes; empty when it was trained on codes."""
    values = booster.pandas_categorical or []
    if not values:
        return {}
    columns = summary(booster.model_to_string(num_iteration=1)).categorical
    if len(columns) != len(values):
        raise Refused(
            f"its file lists the categories of {len(values)} columns, but does not say which these are; "
            "encode the categories in `preprocess`"
        )
    return dict(zip(columns, values, strict=True))


def _iterations(booster: Any) -> int:
    return int(booster.best_iteration) if booster.best_iteration > 0 else -1


def _steepness(objective: list[str]) -> float:
    return next((float(word.partition(":")[2]) for word in objective if word.startswith("sigmoid:")), 1.0)


def _tree(tree: Written, target: int, scale: float) -> Tree:
    if tree.linear:
        raise Refused("its trees have linear leaves, which ONNX has no operator for; train it without linear_tree")
    leaves, splits, kinds = tree.leaves, tree.splits, tree.whole["decision_type"]
    thresholds = np.concatenate([tree.numbers("threshold"), np.zeros(leaves)])
    categorical = (kinds & 1) == 1
    values = np.concatenate([np.zeros(splits), tree.numbers("leaf_value")]) * scale
    none = np.full(leaves, -1)
    return Tree(
        feature=np.concatenate([tree.whole["split_feature"], np.zeros(leaves, dtype=np.int64)]),
        threshold=thresholds,
        left=np.concatenate([_children(tree.whole["left_child"], splits), none]),
        right=np.concatenate([_children(tree.whole["right_child"], splits), none]),
        missing_left=np.concatenate([_missing_left(kinds, thresholds[:splits]) & ~categorical, np.zeros(leaves, dtype=bool)]),
        values=values[:, None],
        target=target,
        members=_members(tree, np.flatnonzero(categorical), thresholds),
    )


def _children(children: Array, splits: int) -> Array:
    """LightGBM numbers leaf n as −n−1; here leaves follow the splits."""
    return np.where(children < 0, splits - 1 - children, children)


def _missing_left(kinds: Array, thresholds: Array) -> Array:
    """Where a row without a value goes: by default in the split's own way, else as a zero would."""
    default, how = (kinds & 2) != 0, (kinds >> 2) & 3
    as_zero = thresholds >= 0
    if np.any((how == 1) & (np.abs(thresholds) > _ZERO) & (default != as_zero)):
        raise Refused("it treats zeros as missing values, which ONNX's trees cannot; train it with zero_as_missing=false")
    return np.asarray(np.where(how == 0, as_zero, default))


def _members(tree: Written, nodes: Array, thresholds: Array) -> dict[int, Array]:
    if not len(nodes):
        return {}
    bounds, words = tree.whole["cat_boundaries"], tree.whole["cat_threshold"].astype("<u4")
    found = {}
    for node in nodes:
        which = int(thresholds[node])
        bits = np.unpackbits(words[bounds[which] : bounds[which + 1]].view(np.uint8), bitorder="little")
        found[int(node)] = np.flatnonzero(bits)
    return found
