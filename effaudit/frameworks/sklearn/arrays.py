"""The arrays that scikit-learn's compiled code walks without checking bounds, checked before they are used.

A file can be of trusted types only and still make `predict` read beyond an array: children or features that do not exist
(trees, histogram boosting), counts that do not fit (libsvm), column numbers out of range (sparse matrices), or an ensemble
that hands a tree fewer columns than it reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from effaudit.core.plugin import Refused
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.frameworks.trees.kinds import is_tree

_PLAIN = (type(None), bool, int, float, str, bytes)


def reachable(root: object) -> Iterator[Any]:
    """Every object that a model holds, through attributes and containers; numbers, text and plain arrays left out."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        thing = waiting.pop()
        if type(thing) in _PLAIN or id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, np.ndarray):
            waiting.extend(thing.ravel().tolist() if thing.dtype == object else ())
            continue
        if isinstance(thing, dict):
            waiting.extend(thing.values())
        elif isinstance(thing, (list, tuple, set, frozenset, deque)):
            waiting.extend(thing)
        else:
            yield thing
        if isinstance(thing, partial):
            waiting.extend((thing.func, thing.args, thing.keywords))
        attributes = getattr(thing, "__dict__", None)
        if isinstance(attributes, dict):
            waiting.extend(attributes.values())


def check_arrays(root: object) -> None:
    """Checks everything that a model holds. Raises Refused, naming the part that is damaged."""
    held = [(thing, kinds(thing)) for thing in reachable(root)]
    for name, check in _CHECKS.items():
        for thing, names in held:
            if name in names:
                _verify(thing, name.rpartition(".")[2], check)


def kinds(thing: object) -> frozenset[str]:
    """The full names of a thing's class and all its ancestors, by which it is known here without importing anything."""
    return _ancestry(type(thing))  # type: ignore[arg-type]


@cache
def _ancestry(of: type) -> frozenset[str]:
    return frozenset(f"{kind.__module__}.{kind.__qualname__}" for kind in of.__mro__)


def _verify(thing: Any, name: str, check: Callable[[Any], bool]) -> None:
    try:
        good = check(thing)
    except Refused:
        raise
    except Exception as error:  # attributes of a hostile file can be anything
        words = f"{type(error).__name__}: {one_line(str(error), 160)}"
        raise Refused(f"its {name} is damaged, or of an unknown scikit-learn version ({words}); save the model again") from error
    if not good:
        raise Refused(f"its {name} is damaged: it would be read beyond its arrays; save the model again from its source")


def _tree(tree: Any) -> bool:
    nodes = tree.node_count
    if not 1 <= nodes <= tree.capacity:  # before its arrays are looked at: they are views of this length
        return False
    left, right = tree.children_left, tree.children_right
    splits = left != -1
    children = np.concatenate([left[splits], right[splits]])
    return is_tree(children, nodes) and _within(tree.feature[splits], tree.n_features)


def _decision_tree(estimator: Any) -> bool:
    tree = vars(estimator).get("tree_")
    return tree is None or tree.n_features == estimator.n_features_in_


def _members(ensemble: Any) -> bool:
    """Does each tree get as many columns as it was trained with? Forests ask their trees without checking again."""
    if "estimators_" not in vars(ensemble):  # not fitted: a setting of another model
        return True
    members = np.ravel(np.asarray(ensemble.estimators_, dtype=object))
    widths = [ensemble.n_features_in_] * len(members)
    if "estimators_features_" in vars(ensemble):
        widths = [len(columns) for columns in ensemble.estimators_features_]
    return all(member.tree_.n_features == width for member, width in zip(members, widths, strict=True))


def _boosted_stages(model: Any) -> bool:
    """Gradient boosting writes one column a stage into what its `init_` answers, without checking how many there are."""
    stages = vars(model).get("estimators_")
    if stages is None or not _members(model):
        return stages is None
    start = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))
    return bool(stages.ndim == 2 and start.shape == (1, stages.shape[1]))


def _histogram_boosting(model: Any) -> bool:
    if "_predictors" not in vars(model):
        return True
    width = _histogram_width(model)
    categorical = np.asarray(model._bin_mapper.is_categorical_).astype(bool)
    if categorical.shape != (width,) or len(model._bin_mapper.bin_thresholds_) != width:
        return False
    return all(_predictor(tree, width, categorical) for stage in model._predictors for tree in stage)


def _histogram_width(model: Any) -> int:
    """How many columns its trees get: asked of its own preprocessing, on one row, where it has some."""
    width = int(model.n_features_in_)
    if getattr(model, "_preprocessor", None) is None:
        return width
    categories = iter(model._preprocessor.named_transformers_["encoder"].categories_)
    row = [next(categories)[0] if is_category else 0.0 for is_category in model.is_categorical_]
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return int(model._preprocess_X(np.array([row], dtype=object), reset=False).shape[1])
    import pandas

    return int(model._preprocess_X(pandas.DataFrame([row], columns=names), reset=False).shape[1])


def _predictor(tree: Any, width: int, categorical: Array) -> bool:
    nodes = tree.nodes
    if nodes.ndim != 1 or not len(nodes):
        return False
    splits = nodes[nodes["is_leaf"] == 0]
    if not is_tree(np.concatenate([splits["left"], splits["right"]]), len(nodes)) or not _within(splits["feature_idx"], width):
        return False
    by_category = splits[splits["is_categorical"] != 0]
    bits = tree.raw_left_cat_bitsets
    if bits.ndim != 2 or (len(by_category) and bits.shape[1] != 8):
        return False
    return _within(by_category["bitset_idx"], len(bits)) and bool(categorical[by_category["feature_idx"]].all())


def _libsvm(model: Any) -> bool:
    if "support_" not in vars(model):
        return True
    counts, vectors = model._n_support, len(model.support_)
    pairs = len(counts) * (len(counts) - 1) // 2
    kept = model.support_vectors_.shape
    fits = (
        len(counts) >= 2
        and len(kept) == 2
        and kept[0] in ((0, vectors) if model.kernel == "precomputed" else (vectors,))
        and _within(model.support_, model.shape_fit_[0])
        and model._dual_coef_.shape == (len(counts) - 1, vectors)
        and model._intercept_.size >= pairs
    )
    if not fits or "sklearn.svm._base.BaseSVC" not in kinds(model):
        return fits
    likelihoods = {model._probA.size, model._probB.size}
    return bool(
        likelihoods in ({0}, {pairs}) and counts.min() >= 0 and counts.sum() == vectors and len(counts) == len(model.classes_)
    )


def _compressed(array: Any) -> bool:
    array.check_format(full_check=True)  # raises
    return True


def _no_booster(kind: type) -> bool:
    """A class can stand where a function is called later; this one would then be given text that nobody checked."""
    return "lightgbm.basic.Booster" not in {f"{each.__module__}.{each.__qualname__}" for each in kind.__mro__}


def _within(indices: Array, limit: int) -> bool:
    return not len(indices) or bool(indices.min() >= 0 and indices.max() < limit)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "sklearn.tree._tree.Tree": _tree,
    "sklearn.tree._classes.BaseDecisionTree": _decision_tree,
    "scipy.sparse._compressed._cs_matrix": _compressed,
    "builtins.type": _no_booster,
    "sklearn.svm._base.BaseLibSVM": _libsvm,
    "sklearn.ensemble._forest.BaseForest": _members,
    "sklearn.ensemble._iforest.IsolationForest": _members,
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.BaseHistGradientBoosting": _histogram_boosting,
    "sklearn.ensemble._gb.BaseGradientBoosting": _boosted_stages,
}
"""In this order: the last two ask a part of the model, whose own parts must have been checked by then."""
