"""Fitted trees of any library in one form: arrays of splits and leaf values, whose answers add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from effaudit.core.store import Array

Link = Literal["none", "logistic", "softmax", "logistic_each", "exp", "square", "log1p_exp"]
"""What turns an ensemble's sums into its answer. `logistic_each`: each class by itself, then all divided by their sum;
`square` keeps the sign."""


@dataclass(frozen=True)
class Tree:
    """One binary tree. Node 0 is the root; a row goes left where its feature is at most the threshold.

    feature, threshold, left, right, missing_left: (nodes,). Children are node numbers, −1 in leaves; `missing_left` tells where
    rows without a value go. values: (nodes, targets), read in leaves only; a tree with one value a leaf adds to `target`.
    members: by node, the categories that go left, in splits that ask for membership; a missing one goes right there.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_left: Array
    values: Array
    target: int = 0
    members: Mapping[int, Array] = field(default_factory=dict)

    @property
    def is_leaf(self) -> Array:
        """Which nodes are leaves (nodes,)."""
        return self.left < 0


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaf values are added to `start` (targets,); `link` makes the answer of the sums.

    `single`: do its splits compare in single precision, as scikit-learn's forests do?
    """

    trees: Sequence[Tree]
    start: Array
    features: int
    link: Link = "none"
    single: bool = False
    divisor: float = 1.0
    """What the sums are divided by before the link: shares of votes tie exactly only where they are added up first."""

    @property
    def targets(self) -> int:
        """How many sums there are."""
        return len(self.start)

    @property
    def joint(self) -> bool:
        """Do leaves hold values for several targets at once?"""
        return any(tree.values.shape[1] > 1 for tree in self.trees)
