"""What a LightGBM text holds, once it was read: its header, its trees, its ending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit.core.store import Array

WHOLE_PER_SPLIT = ("split_feature", "decision_type", "left_child", "right_child", "internal_count")
REAL_PER_SPLIT = ("split_gain", "threshold", "internal_value", "internal_weight")
WHOLE_PER_LEAF = ("leaf_count", "num_features")
REAL_PER_LEAF = ("leaf_value", "leaf_weight", "leaf_const")
KEYS = (
    "num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
    "leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count", "cat_boundaries",
    "cat_threshold", "is_linear", "leaf_const", "num_features", "leaf_features", "leaf_coeff", "shrinkage",
)  # fmt: skip
"""The lines of a tree, in LightGBM's own order. It reads no more than 22 of them."""

OPTIONAL = frozenset({"split_gain", "internal_value", "internal_weight", "internal_count", "leaf_weight", "leaf_count"})
"""What LightGBM does not predict with; texts of older versions, and trees of one leaf, lack some."""


class Malformed(ValueError):
    """The text is not a model that LightGBM may be given; the message says what is wrong."""


@dataclass(frozen=True)
class Header:
    """The lines before the trees. `average`: are the trees' answers averaged (random forests) and not added up?

    `monotone` is empty or holds −1, 0 or 1 for each feature; `infos` are the ranges of the features, as LightGBM writes them.
    """

    version: str
    classes: int
    per_iteration: int
    label: int
    objective: str
    average: bool
    features: tuple[str, ...]
    monotone: tuple[int, ...]
    infos: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """One tree. `texts` are its arrays as they were written, every number checked; `whole` those of whole numbers, read.

    Children below zero are leaves: leaf n is −n−1. Odd decision types are categorical splits, whose thresholds count them.
    """

    leaves: int
    categorical: int
    linear: bool
    whole: Mapping[str, Array]
    texts: Mapping[str, bytes]

    @property
    def splits(self) -> int:
        """How many nodes are no leaves."""
        return self.leaves - 1

    @property
    def coefficients(self) -> int:
        """How many numbers its linear leaves hold."""
        return len(self.whole["leaf_features"]) + self.leaves if self.linear else 0

    def numbers(self, key: str) -> Array:
        """An array of numbers, double precision; of its splits, its leaves or its linear terms."""
        return np.array(self.texts[key].split(b" ") if self.texts[key] else [], dtype=np.float64)


@dataclass(frozen=True)
class Ending:
    """The lines after the trees. `categories` are a DataFrame's, in the order of their codes; None where it was trained on none."""

    parameters: tuple[tuple[str, str], ...]
    categories: tuple[tuple[Any, ...], ...] | None


@dataclass(frozen=True)
class Summary:
    """What the text says: `categorical` are column numbers, `categories` their values as pandas had them."""

    objective: str
    classes: int
    per_iteration: int
    average: bool
    features: tuple[str, ...]
    trees: int
    splits: int
    leaves: int
    coefficients: int
    categorical: tuple[int, ...]
    categories: tuple[tuple[Any, ...], ...]
