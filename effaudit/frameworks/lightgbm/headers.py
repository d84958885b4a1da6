"""The lines of a LightGBM text before its trees: classes, features, the objective."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from effaudit.frameworks.lightgbm.model import Header, Malformed
from effaudit.frameworks.lightgbm.numbers import check_reals, count, shown, spaced, whole, wholes

VERSIONS = ("v2", "v3", "v4")

_MOST_CLASSES = 100_000
_MOST = 2**31 - 1
_KEYS = frozenset({
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective", "average_output",
    "feature_names", "monotone_constraints", "feature_infos", "tree_sizes",
})  # fmt: skip
_ALIASES = {
    "regression_l2": "regression", "mean_squared_error": "regression", "mse": "regression", "l2": "regression",
    "l2_root": "regression", "root_mean_squared_error": "regression", "rmse": "regression", "mean_absolute_error": "regression_l1",
    "l1": "regression_l1", "mae": "regression_l1", "xentropy": "cross_entropy", "xentlambda": "cross_entropy_lambda",
    "mean_absolute_percentage_error": "mape", "xendcg": "rank_xendcg", "xe_ndcg": "rank_xendcg", "xe_ndcg_mart": "rank_xendcg",
    "xendcg_mart": "rank_xendcg", "none": "custom", "null": "custom", "na": "custom",
}  # fmt: skip
"""Other names of objectives that LightGBM reads, where a name stands alone."""

_REGRESSIONS = ("regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie")
_OTHERS = ("lambdarank", "rank_xendcg", "cross_entropy", "cross_entropy_lambda", "custom")
_OBJECTIVES: dict[str, tuple[str, ...]] = {
    "binary": ("sigmoid",),
    "multiclass": ("num_class",),
    "multiclassova": ("num_class", "sigmoid"),
    **dict.fromkeys((*_REGRESSIONS, *_OTHERS), ()),
}
"""Objectives, and the settings that each must have. `sqrt` may follow a regression."""


def read_header(lines: Iterable[bytes]) -> tuple[Header, list[int] | None]:
    """The header, and the sizes in bytes that it tells of its trees, if it does. Raises Malformed."""
    found = _lines(lines)
    if found.get("version", b"").decode("ascii", "replace") not in VERSIONS:
        raise Malformed(f"its version is {shown(found.get('version', b''))}, where {', '.join(VERSIONS)} can be read")
    classes = whole(found.get("num_class"), "num_class", 1, _MOST_CLASSES)
    per_iteration = whole(found.get("num_tree_per_iteration", b"%d" % classes), "num_tree_per_iteration", 1, _MOST_CLASSES)
    if per_iteration != classes:
        raise Malformed(f"it declares {classes} classes and {per_iteration} trees an iteration, which LightGBM never does")
    features = 1 + whole(found.get("max_feature_idx"), "max_feature_idx", 0, _MOST)
    header = Header(
        version=found["version"].decode(),
        classes=classes,
        per_iteration=per_iteration,
        label=whole(found.get("label_index"), "label_index", -_MOST, _MOST),
        objective=_objective(found["objective"], classes) if "objective" in found else "",
        average="average_output" in found,
        features=_words(found, "feature_names", features),
        monotone=_monotone(found, features),
        infos=_words(found, "feature_infos", features),
    )
    return header, _sizes(found)


def _lines(lines: Iterable[bytes]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    source = iter(lines)
    if next(source, None) != b"tree":
        raise Malformed("it does not begin with `tree`")
    for line in filter(None, source):
        key, equals, value = line.partition(b"=")
        name = key.decode("ascii", "replace")
        if name not in _KEYS or bool(equals) == (name == "average_output"):
            raise Malformed(f"its header holds {shown(line)}, which is not LightGBM's")
        if name in found:
            raise Malformed(f"it says {name} twice")
        found[name] = value
    return found


def _words(found: Mapping[str, bytes], key: str, expected: int) -> tuple[str, ...]:
    try:
        words = tuple(filter(None, found.get(key, b"").decode().split(" ")))
    except UnicodeDecodeError as error:
        raise Malformed(f"its {key} are not UTF-8") from error
    if len(words) != expected:
        raise Malformed(f"it holds {len(words)} {key} where {expected} features are declared")
    return words


def _monotone(found: Mapping[str, bytes], features: int) -> tuple[int, ...]:
    if "monotone_constraints" not in found:
        return ()
    values = _wholes(found, "monotone_constraints")
    if len(values) != features or not set(values) <= {-1, 0, 1}:
        raise Malformed(f"its monotone_constraints are not one of -1, 0 and 1 for each of {features} features")
    return tuple(values)


def _sizes(found: Mapping[str, bytes]) -> list[int] | None:
    if "tree_sizes" not in found:
        return None
    return _wholes(found, "tree_sizes")


def _wholes(found: Mapping[str, bytes], key: str) -> list[int]:
    value = spaced(found[key])
    return [int(number) for number in wholes({key: value}, {key: count(value)})[key]]


def _objective(text: bytes, classes: int) -> str:
    words = text.decode("ascii", "replace").split()
    name = _ALIASES.get(words[0], words[0]) if len(words) == 1 else next(iter(words), "")
    if name not in _OBJECTIVES:
        raise Malformed(f"its objective is {shown(text)}, which LightGBM does not know")
    settings = [word.partition(":")[::2] for word in words[1:] if not (word == "sqrt" and name in _REGRESSIONS)]
    if sorted(key for key, _ in settings) != list(_OBJECTIVES[name]):
        raise Malformed(f"its objective {shown(text)} should have {' and '.join(_OBJECTIVES[name]) or 'no settings'}")
    said = {key: value.encode() for key, value in settings}
    if "num_class" in said:
        whole(said["num_class"], "objective's num_class", classes, classes)
    elif classes > 1 and name != "custom":
        raise Malformed(f"its objective {name} has one answer, where {classes} classes are declared")
    if "sigmoid" in said and not _is_steepness(said["sigmoid"]):
        raise Malformed(f"its objective's sigmoid is {shown(said['sigmoid'])}, which is no number above 0")
    return " ".join([name, *words[1:]])


def _is_steepness(text: bytes) -> bool:
    try:
        check_reals({"sigmoid": text})
    except Malformed:
        return False
    return bool(text) and 0 < float(text) < math.inf
