"""LightGBM's text format, read without LightGBM: what a model says of itself, and whether it may be handed to the library.

LightGBM aborts the process over malformed text, reads beyond its arrays where a tree points outside of itself, and trusts the
byte counts of `tree_sizes`; so all of these are checked here first. Lines are streamed: a large model is never held whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit.core.candidate import Facts, Family
from effaudit.core.store import Array
from effaudit.formats._trees import is_tree

HEAD = b"tree\nversion="

_MOST_CLASSES = 100_000
_ODD = re.compile(rb"[13579](?: |$)")
_NEEDED = frozenset(
    b"num_leaves num_cat split_feature threshold decision_type left_child right_child leaf_value cat_boundaries cat_threshold "
    b"is_linear num_features leaf_features leaf_coeff".split()
)


class Malformed(ValueError):
    """The text is not a model that LightGBM may be given; the message says what is wrong."""


@dataclass(frozen=True)
class Summary:
    """What the text says: `categorical` are column numbers, `categories` their values as pandas had them."""

    objective: str
    classes: int
    per_iteration: int
    features: tuple[str, ...]
    trees: int
    splits: int
    leaves: int
    coefficients: int
    categorical: tuple[int, ...]
    categories: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class _Tree:
    splits: int
    leaves: int
    coefficients: int


def summary(lines: Iterable[bytes]) -> Summary:
    """Reads and checks a model's lines (with their line ends). Raises Malformed."""
    source = _Lines(iter(lines))
    header = _header(source)
    features = tuple(header.get(b"feature_names", b"").decode("utf-8", "replace").split())
    last = _integer(header, b"max_feature_idx")
    classes, per_iteration = _integer(header, b"num_class"), _integer(header, b"num_tree_per_iteration")
    if len(features) != last + 1:
        raise Malformed(f"it names {len(features)} features where {last + 1} are declared")
    if not (1 <= per_iteration <= _MOST_CLASSES and 1 <= classes <= _MOST_CLASSES):
        raise Malformed(f"it declares {classes} classes and {per_iteration} trees an iteration")
    sizes = [int(size) for size in header[b"tree_sizes"].split()] if b"tree_sizes" in header else None
    trees = list(_trees(source, sizes, len(features)))
    if len(trees) % per_iteration:
        raise Malformed(f"it holds {len(trees)} trees, not a multiple of {per_iteration} an iteration")
    parameters, categories = _tail(source)
    infos = header.get(b"feature_infos", b"").split()
    return Summary(
        objective=header.get(b"objective", b"").decode("utf-8", "replace").strip(),
        classes=classes,
        per_iteration=per_iteration,
        features=features,
        trees=len(trees),
        splits=sum(tree.splits for tree in trees),
        leaves=sum(tree.leaves for tree in trees),
        coefficients=sum(tree.coefficients for tree in trees),
        categorical=_categorical(parameters, infos, len(categories)),
        categories=categories,
    )


def boosted_facts(summary: Summary, kind: str) -> Facts:
    """The facts of boosted trees; one tree is a tree."""
    parameters = summary.splits + summary.leaves + summary.coefficients
    family: Family = "ensemble" if summary.trees > 1 else "tree" if summary.trees else "constant"
    return Facts(family, kind, parameters, parameters, summary.splits + summary.leaves)


class _Lines:
    """Lines one after the other, with the place (in bytes) where the current one begins."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self.at = 0
        self._next = 0
        self.line = b""

    def advance(self) -> bool:
        """Goes to the next line; False at the end."""
        line = next(self._lines, None)
        if line is None:
            return False
        self.at, self._next = self._next, self._next + len(line)
        self.line = line.rstrip(b"\n")
        return True


def _header(source: _Lines) -> dict[bytes, bytes]:
    if not source.advance() or source.line.rstrip(b"\r") != b"tree":
        raise Malformed("it does not begin with `tree`")
    if source.line.endswith(b"\r"):
        raise Malformed("its line ends were changed to Windows ones, which LightGBM cannot read")
    header: dict[bytes, bytes] = {}
    while source.advance():
        if source.line.startswith(b"Tree=") or source.line == b"end of trees":
            return header
        _add(header, source.line)
    raise Malformed("it has no trees; it is cut off")


def _add(found: dict[bytes, bytes], line: bytes) -> None:
    key, _, value = line.partition(b"=")
    if key in found:
        raise Malformed(f"it says {key.decode('utf-8', 'replace')} twice")
    if key:
        found[key] = value


def _trees(source: _Lines, sizes: list[int] | None, features: int) -> Iterator[_Tree]:
    number, expected = 0, source.at
    while source.line.startswith(b"Tree="):
        if sizes is not None and (number >= len(sizes) or source.at != expected):
            raise Malformed(f"tree {number} does not begin where `tree_sizes` says; the text was changed")
        if sizes is not None:
            expected += sizes[number]
        body = _body(source)
        try:
            yield _checked_tree(body, features)
        except Malformed as error:
            raise Malformed(f"tree {number}: {error}") from error
        number += 1
    if sizes is not None and (number != len(sizes) or source.at != expected):
        raise Malformed(f"it holds {number} trees where {len(sizes)} are declared; it is cut off or was changed")
    if not source.line.startswith((b"end of trees", b"feature importances", b"feature_importances")):
        raise Malformed("it ends within its trees; it is cut off")


def _body(source: _Lines) -> dict[bytes, bytes]:
    body: dict[bytes, bytes] = {}
    while source.advance():
        if source.line.startswith(b"Tree=") or (source.line and b"=" not in source.line):
            return body
        if source.line.partition(b"=")[0] in _NEEDED:
            _add(body, source.line)
    source.line = b""
    return body


def _checked_tree(body: dict[bytes, bytes], features: int) -> _Tree:
    leaves, categorical = _integer(body, b"num_leaves"), _integer(body, b"num_cat")
    if leaves < 1 or categorical < 0:
        raise Malformed(f"{leaves} leaves")
    splits = leaves - 1
    _count(body, b"leaf_value", leaves)
    coefficients = _linear_terms(body, leaves, features) if body.get(b"is_linear", b"0").strip() == b"1" else 0
    if splits:
        children = np.concatenate([_numbers(body, side, splits, np.int64) for side in (b"left_child", b"right_child")])
        used = _numbers(body, b"split_feature", splits, np.int64)
        if children.max() >= splits or not is_tree(np.where(children < 0, splits - 1 - children, children), splits + leaves):
            raise Malformed("its nodes point outside of it")
        if used.min() < 0 or used.max() >= features:
            raise Malformed(f"it splits on feature {used.max()} of {features}")
        _check_categories(body, splits, categorical)
    return _Tree(splits, leaves, coefficients)


def _check_categories(body: dict[bytes, bytes], splits: int, categorical: int) -> None:
    _count(body, b"threshold", splits)
    _count(body, b"decision_type", splits)
    if not _ODD.search(body[b"decision_type"]):  # an odd type is a categorical split
        return
    kinds = _numbers(body, b"decision_type", splits, np.int64)
    chosen = _numbers(body, b"threshold", splits, np.float64)[(kinds & 1) == 1]
    if not (chosen.min() >= 0 and chosen.max() < categorical):
        raise Malformed("its categorical splits point outside of it")
    bounds = _numbers(body, b"cat_boundaries", categorical + 1, np.int64)
    if bounds[0] != 0 or np.any(np.diff(bounds) < 0):
        raise Malformed("its categories are out of order")
    _count(body, b"cat_threshold", int(bounds[-1]))


def _linear_terms(body: dict[bytes, bytes], leaves: int, features: int) -> int:
    counts = _numbers(body, b"num_features", leaves, np.int64)
    if counts.min() < 0:
        raise Malformed("its linear leaves have negative counts")
    total = int(counts.sum())
    used = _numbers(body, b"leaf_features", total, np.int64)
    if total and (used.min() < 0 or used.max() >= features):
        raise Malformed("its linear leaves use features that do not exist")
    _numbers(body, b"leaf_coeff", total, np.float64)
    return total + leaves


def _count(body: dict[bytes, bytes], key: bytes, count: int) -> None:
    text = body.get(key, b"").strip()
    found = text.count(b" ") + 1 if text else 0
    if found != count:
        raise Malformed(f"{key.decode()} holds {found} numbers where {count} are declared")


def _numbers(body: dict[bytes, bytes], key: bytes, count: int, dtype: Any) -> Array:
    text = body.get(key, b"").strip()
    found = np.fromstring(text, dtype, sep=" ") if text else np.empty(0, dtype)
    if len(found) != count:
        raise Malformed(f"{key.decode()} holds {len(found)} numbers where {count} are declared")
    return found


def _integer(found: dict[bytes, bytes], key: bytes) -> int:
    try:
        return int(found[key])
    except (KeyError, ValueError):
        raise Malformed(f"it says no {key.decode()}") from None


def _tail(source: _Lines) -> tuple[dict[bytes, bytes], tuple[tuple[Any, ...], ...]]:
    parameters: dict[bytes, bytes] = {}
    categories: Any = None
    while source.advance():
        if source.line.startswith(b"pandas_categorical:"):
            categories = json.loads(source.line.partition(b":")[2])
            if any(isinstance(value, (list, dict)) for values in categories or () for value in values):
                raise Malformed("its categories are not plain values")
        elif source.line.startswith(b"["):
            key, _, value = source.line.strip(b"[]").partition(b":")
            parameters[key] = value.strip()
    return parameters, tuple(tuple(values) for values in categories or ())


def _categorical(parameters: dict[bytes, bytes], infos: list[bytes], count: int) -> tuple[int, ...]:
    """The numbers of categorical columns: as trained with, or else those whose range is a list of values."""
    said = parameters.get(b"categorical_feature", b"").split(b",")
    columns = [int(number) for number in said if number.isdigit()]
    if not count or len(columns) == count:
        return tuple(columns)
    return tuple(place for place, info in enumerate(infos) if b":" in info and not info.startswith(b"["))
