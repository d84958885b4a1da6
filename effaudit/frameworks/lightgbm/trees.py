"""One tree of a LightGBM text: every line of it known, every array whole, every index inside."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np

from effaudit.core.store import Array
from effaudit.frameworks.lightgbm.model import (
    KEYS,
    OPTIONAL,
    REAL_PER_LEAF,
    REAL_PER_SPLIT,
    WHOLE_PER_LEAF,
    WHOLE_PER_SPLIT,
    Malformed,
    Tree,
)
from effaudit.frameworks.lightgbm.numbers import check_reals, count, shown, spaced, whole, wholes
from effaudit.frameworks.trees.kinds import is_tree

_MOST = 2**31 - 1
_SCALARS = frozenset({"num_leaves", "num_cat", "is_linear"})
_LINEAR = ("leaf_const", "num_features", "leaf_features", "leaf_coeff")
_CATEGORICAL = ("cat_boundaries", "cat_threshold")
_WHOLE = (*WHOLE_PER_SPLIT, *WHOLE_PER_LEAF, *_CATEGORICAL, "leaf_features")
_REAL = (*REAL_PER_SPLIT, *REAL_PER_LEAF, "leaf_coeff", "shrinkage")
_TYPES = 12
"""Decision types: categorical or not (1), where gaps go (2), and what a gap is: nothing, zero or NaN (0, 4 or 8)."""


def read_tree(body: Mapping[str, bytes], features: int) -> Tree:
    """A tree of its lines (by key). Raises Malformed."""
    unknown = next((key for key in body if key not in KEYS), None)
    if unknown is not None:
        raise Malformed(f"it says {shown(unknown.encode())}, which no tree of LightGBM does")
    leaves, categories = whole(body.get("num_leaves"), "num_leaves", 1, _MOST), whole(body.get("num_cat"), "num_cat", 0, _MOST)
    linear = whole(body.get("is_linear", b"0"), "is_linear", 0, 1) == 1
    texts = {key: spaced(value) if key in _LINEAR else value for key, value in body.items() if key not in _SCALARS}
    counts = {key: count(value) for key, value in texts.items()}
    _check_keys(texts.keys(), linear, categories > 0)
    _check_counts(counts, leaves, categories)
    arrays = wholes({key: texts[key] for key in _WHOLE if key in texts}, counts)
    check_reals({key: texts[key] for key in _REAL if key in texts})
    tree = Tree(leaves, categories, linear, arrays, texts)
    _check_ranges(arrays)
    _check_shape(tree, features)
    _check_categories(tree)
    _check_linear(tree, features)
    return tree


def _check_keys(keys: Set[str], linear: bool, categorical: bool) -> None:
    needed = {*WHOLE_PER_SPLIT, *REAL_PER_SPLIT, "leaf_value"} - OPTIONAL
    for more, there, what in ((_LINEAR, linear, "linear leaves"), (_CATEGORICAL, categorical, "categories")):
        needed |= set(more) if there else set()
        odd = next((key for key in more if key in keys and not there), None)
        if odd is not None:
            raise Malformed(f"it says {odd}, which a tree without {what} has not")
    missing = next((key for key in KEYS if key in needed - keys), None)
    if missing is not None:
        raise Malformed(f"it says no {missing}")


def _check_counts(counts: Mapping[str, int], leaves: int, categories: int) -> None:
    expected = dict.fromkeys((*WHOLE_PER_SPLIT, *REAL_PER_SPLIT), leaves - 1)
    expected |= dict.fromkeys((*WHOLE_PER_LEAF, *REAL_PER_LEAF), leaves)
    expected |= {"cat_boundaries": categories + 1, "shrinkage": 1}
    for key, found in counts.items():
        if key in expected and found != expected[key] and (found or key not in OPTIONAL):
            raise Malformed(f"{key} holds {found} numbers where {expected[key]} are declared")


def _check_ranges(arrays: Mapping[str, Array]) -> None:
    for key, numbers in arrays.items():
        low, high = (0, 2**32 - 1) if key == "cat_threshold" else (-_MOST - 1, _MOST)
        if len(numbers) and (numbers.min() < low or numbers.max() > high):
            raise Malformed(f"{key} holds {numbers.min()} or {numbers.max()}, outside of {low} to {high}")


def _check_shape(tree: Tree, features: int) -> None:
    splits = tree.splits
    if not splits:
        return
    children = np.concatenate([tree.whole["left_child"], tree.whole["right_child"]])
    if children.max() >= splits or not is_tree(np.where(children < 0, splits - 1 - children, children), splits + tree.leaves):
        raise Malformed("its nodes point outside of it")
    used, kinds = tree.whole["split_feature"], tree.whole["decision_type"]
    if used.min() < 0 or used.max() >= features:
        raise Malformed(f"it splits on feature {used.max() if used.min() >= 0 else used.min()} of {features}")
    if kinds.min() < 0 or kinds.max() >= _TYPES:
        raise Malformed(f"its decision types are {kinds.min()} to {kinds.max()}, of which LightGBM knows 0 to {_TYPES - 1}")


def _check_categories(tree: Tree) -> None:
    if tree.categorical:
        bounds = tree.whole["cat_boundaries"]
        if bounds[0] != 0 or np.any(np.diff(bounds) < 0):
            raise Malformed("its categories are out of order")
        if len(tree.whole["cat_threshold"]) != bounds[-1]:
            raise Malformed(f"cat_threshold holds {len(tree.whole['cat_threshold'])} numbers where {bounds[-1]} are declared")
    chosen = tree.whole["decision_type"] & 1 == 1
    if not chosen.any():
        return
    which = tree.numbers("threshold")[chosen]
    if not np.all((which >= 0) & (which < tree.categorical) & (which == np.floor(which))):
        raise Malformed("its categorical splits point outside of its categories")


def _check_linear(tree: Tree, features: int) -> None:
    if not tree.linear:
        return
    counts, used = tree.whole["num_features"], tree.whole["leaf_features"]
    terms = count(tree.texts["leaf_coeff"])
    if counts.min() < 0 or counts.sum() != len(used) or terms != len(used):
        raise Malformed(f"its linear leaves declare {counts.sum()} terms and hold {len(used)} features and {terms} coefficients")
    if len(used) and (used.min() < 0 or used.max() >= features):
        raise Malformed("its linear leaves use features that do not exist")
