"""Tree ensembles as ONNX operators: compact ones of ai.onnx.ml 5 where each tree adds to one sum, those of version 3 where leaves
hold several values.

skl2onnx 1.20 and onnxmltools 1.16 cannot convert histogram boosting with onnx 1.23, have no double precision for boosted trees,
take seconds for 400,000 nodes and write three times the bytes (200 trees of 1,000 leaves: 15.8 MB, here 5.0 MB).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from effaudit.core.plugin import Refused
from effaudit.core.store import Array
from effaudit.frameworks.trees.ensemble import Ensemble, Tree
from effaudit.toolkit.graphs.graph import ML, Graph, ints, tensor

_LEQ, _MEMBER = 0, 6


def answer(graph: Graph, features: str, ensemble: Ensemble) -> str:
    """Adds the ensemble to a graph: from `features` (rows, features) to its sums with the link applied (rows, targets)."""
    sums = _sums(graph, features, ensemble)
    if ensemble.divisor != 1.0:
        sums = graph.add("Div", sums, graph.store([ensemble.divisor]))
    return _linked(graph, sums, ensemble)


def two_columns(graph: Graph, positive: str) -> str:
    """Both classes' probabilities (rows, 2) from the positive one's (rows, 1)."""
    negative = graph.add("Sub", graph.store([1.0]), positive)
    return graph.add("Concat", negative, positive, axis=1)


def _sums(graph: Graph, features: str, ensemble: Ensemble) -> str:
    from onnx import TensorProto

    if ensemble.single and graph.double:  # it was trained to compare in single precision
        features = graph.cast(graph.cast(features, TensorProto.FLOAT), TensorProto.DOUBLE)
    trees = [tree for tree in ensemble.trees if not tree.is_leaf[0]]
    constant = np.array(ensemble.start, dtype=np.float64)
    for tree in ensemble.trees:
        if tree.is_leaf[0]:
            _add_to(constant, tree, tree.values[0])
    if not trees:
        rows = graph.add("Gather", graph.add("Shape", features), graph.store([0], np.int64))
        shape = graph.add("Concat", rows, graph.store([ensemble.targets], np.int64), axis=0)
        return graph.add("Expand", graph.store(constant[None, :]), shape)
    if ensemble.joint:
        return _joint(graph, features, trees, constant)
    return _separate(graph, features, trees, constant)


def _add_to(sums: Array, tree: Tree, values: Array) -> None:
    if len(values) == len(sums):
        sums += values
    else:
        sums[tree.target] += values[0]


def _separate(graph: Graph, features: str, trees: Sequence[Tree], constant: Array) -> str:
    """TreeEnsemble (ai.onnx.ml 5): splits and leaves are numbered apart."""
    from onnx import NodeProto, helper

    splits = np.array([np.count_nonzero(~tree.is_leaf) for tree in trees])
    leaves = np.array([np.count_nonzero(tree.is_leaf) for tree in trees])
    roots = np.concatenate([[0], np.cumsum(splits)[:-1]])
    first_leaves = np.concatenate([[0], np.cumsum(leaves)[:-1]])
    numbers = [_numbered(tree, root, leaf) for tree, root, leaf in zip(trees, roots, first_leaves, strict=True)]
    inner = [~tree.is_leaf for tree in trees]

    def both(side: str) -> tuple[Array, Array]:
        children = [getattr(tree, side)[at] for tree, at in zip(trees, inner, strict=True)]
        return (
            np.concatenate([number[child] for number, child in zip(numbers, children, strict=True)]),
            np.concatenate([tree.is_leaf[child] for tree, child in zip(trees, children, strict=True)]),
        )

    (true_ids, true_leaves), (false_ids, false_leaves) = both("left"), both("right")
    node = NodeProto(op_type="TreeEnsemble", domain=ML, input=[features])
    node.attribute.extend([
        ints("tree_roots", roots),
        ints("nodes_featureids", _of_splits(trees, "feature")),
        ints("nodes_truenodeids", true_ids), ints("nodes_trueleafs", true_leaves),
        ints("nodes_falsenodeids", false_ids), ints("nodes_falseleafs", false_leaves),
        ints("nodes_missing_value_tracks_true", _of_splits(trees, "missing_left")),
        tensor("nodes_splits", _thresholds(_of_splits(trees, "threshold"), graph)),
        tensor("nodes_modes", np.concatenate([_modes(tree) for tree in trees])),
        ints("leaf_targetids", np.repeat([tree.target for tree in trees], leaves)),
        tensor("leaf_weights", _leaf_values(trees, constant).astype(graph.dtype)),
        helper.make_attribute("n_targets", len(constant)),
    ])  # fmt: skip
    members = [part for tree in trees for at in sorted(tree.members) for part in (tree.members[at], [np.nan])]
    if members:
        node.attribute.append(tensor("membership_values", np.concatenate(members).astype(graph.dtype)))
    sums = graph.place(node, version=5)
    return graph.add("Add", sums, graph.store(constant[None, :])) if constant.any() else sums


def _numbered(tree: Tree, root: int, leaf: int) -> Array:
    """Each node's number among all splits, or among all leaves."""
    return np.where(tree.is_leaf, np.cumsum(tree.is_leaf) - 1 + leaf, np.cumsum(~tree.is_leaf) - 1 + root)


def _of_splits(trees: Sequence[Tree], name: str) -> Array:
    return np.concatenate([getattr(tree, name)[~tree.is_leaf] for tree in trees])


def _modes(tree: Tree) -> Array:
    modes = np.full(len(tree.left), _LEQ, dtype=np.uint8)
    modes[list(tree.members)] = _MEMBER
    return modes[~tree.is_leaf]


def _leaf_values(trees: Sequence[Tree], constant: Array) -> Array:
    """Leaf values, with each sum's constant added to those of the first tree that adds to it, and taken from `constant`."""
    found = []
    for tree in trees:
        found.append(tree.values[tree.is_leaf, 0] + constant[tree.target])
        constant[tree.target] = 0.0
    return np.concatenate(found)


def _thresholds(values: Array, graph: Graph) -> Array:
    """In single precision the largest number not above: the same rows of single precision are below it."""
    if graph.double:
        return values.astype(np.float64)
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    return np.where(rounded > values, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def _joint(graph: Graph, features: str, trees: Sequence[Tree], constant: Array) -> str:
    """TreeEnsembleRegressor (ai.onnx.ml 3), whose leaves may add to several sums; those that add nothing are left out."""
    from onnx import AttributeProto, NodeProto, helper

    if any(tree.members for tree in trees):
        raise Refused("its leaves hold several values and its splits ask for categories; ONNX has no operator for both")
    sizes = [len(tree.left) for tree in trees]
    ids = np.concatenate([np.arange(size) for size in sizes])
    leaf = np.concatenate([tree.is_leaf for tree in trees])
    modes = AttributeProto(name="nodes_modes", type=AttributeProto.STRINGS)
    modes.strings.extend([b"LEAF" if is_leaf else b"BRANCH_LEQ" for is_leaf in leaf.tolist()])
    values = [np.where(tree.is_leaf[:, None], tree.values, 0.0) for tree in trees]
    places = [np.nonzero(value) for value in values]
    weights = np.concatenate([value[place] for value, place in zip(values, places, strict=True)])
    thresholds = np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees]))
    node = NodeProto(op_type="TreeEnsembleRegressor", domain=ML, input=[features])
    node.attribute.extend([
        ints("nodes_treeids", np.repeat(np.arange(len(trees)), sizes)),
        ints("nodes_nodeids", ids),
        ints("nodes_featureids", np.where(leaf, 0, np.concatenate([tree.feature for tree in trees]))),
        modes,
        ints("nodes_truenodeids", np.where(leaf, 0, np.concatenate([tree.left for tree in trees]))),
        ints("nodes_falsenodeids", np.where(leaf, 0, np.concatenate([tree.right for tree in trees]))),
        ints("nodes_missing_value_tracks_true", np.concatenate([tree.missing_left & ~tree.is_leaf for tree in trees])),
        ints("target_treeids", np.repeat(np.arange(len(trees)), [len(place[0]) for place in places])),
        ints("target_nodeids", np.concatenate([place[0] for place in places])),
        ints("target_ids", np.concatenate([place[1] for place in places])),
        helper.make_attribute("n_targets", len(constant)),
    ])  # fmt: skip
    for name, numbers in (("nodes_values", _thresholds(thresholds, graph)), ("target_weights", weights), ("base_values", constant)):
        node.attribute.append(_numbers(graph, name, numbers))
    sums = graph.place(node, version=3)
    return graph.cast(sums, graph.float_type) if graph.double else sums


def _numbers(graph: Graph, name: str, values: Array) -> Any:
    """Doubles must be given as tensors; the operator's answer is of single precision all the same."""
    from onnx import AttributeProto

    if graph.double:
        return tensor(f"{name}_as_tensor", values.astype(np.float64))
    attribute = AttributeProto(name=name, type=AttributeProto.FLOATS)
    attribute.floats.extend(values.astype(np.float32).tolist())
    return attribute


def _linked(graph: Graph, sums: str, ensemble: Ensemble) -> str:
    if ensemble.link == "logistic":
        return graph.add("Sigmoid", sums)
    if ensemble.link == "softmax":
        return graph.add("Softmax", sums, axis=1)
    if ensemble.link == "logistic_each":
        each = graph.add("Sigmoid", sums)
        return graph.add("Div", each, graph.add("ReduceSum", each, graph.store([1], np.int64), keepdims=1))
    if ensemble.link == "exp":
        return graph.add("Exp", sums)
    if ensemble.link == "square":
        return graph.add("Mul", sums, graph.add("Abs", sums))
    if ensemble.link == "log1p_exp":
        return graph.add("Log", graph.add("Add", graph.add("Exp", sums), graph.store([1.0])))
    return sums
