"""A LightGBM student: trees that learn softened answers as raw scores, saved as LightGBM's own text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from effaudit.core.store import Array
from effaudit.toolkit.boosted_training import Examples, Terms, trained
from effaudit.toolkit.soft_targets import Course, Lessons, softened

_RATE = 0.1
_FLATTEST = 1e-6


@dataclass(frozen=True)
class Schooling:
    """How a student is trained. `size`: stages at most and leaves of trees, or widths of hidden layers."""

    size: Sequence[int]
    seed: int
    threads: int
    seconds: float
    epochs: int = 0


def taught(learnt: Course, aside: Course, categorical: Sequence[int], how: Schooling, tell: Callable[[float], None]) -> Any:
    """A Booster that answers raw scores of the classes (of the positive one, where there are two), or values.

    Rows set aside stop the training.
    """
    trees, leaves = how.size
    terms = Terms("regression", "l2", trees, leaves, _RATE, how.seed, how.threads, how.seconds, categorical)
    if learnt.lessons.kind == "values":
        values = [Examples(part.features, part.lessons.blended[:, 0]) for part in (learnt, aside)]
        return trained(values[0], values[1], terms, tell)
    start = _start(learnt.lessons)
    wanted = {"num_class": len(start)} if len(start) > 1 else {}
    losses = [_SoftLoss(part.lessons) for part in (learnt, aside)]
    terms = replace(terms, objective=losses[0].slopes, loss=losses[1].watched, more=wanted)
    return _beginning_with(trained(_from(learnt.features, start), _from(aside.features, start), terms, tell), start)


def _from(features: Array, start: Array) -> Examples:
    """Rows whose answers the loss knows, training beginning with the same scores for each."""
    begin = np.tile(start, (len(features), 1))
    return Examples(features, np.zeros(len(features)), begin if len(start) > 1 else begin[:, 0])


@dataclass(frozen=True)
class _SoftLoss:
    """Cross-entropy against softened answers at their temperature (times its square, as Hinton et al. 2015 weigh it), and against
    the truth at temperature 1. Scores are (rows,) for two classes, else (rows, classes).
    """

    lessons: Lessons

    def slopes(self, scores: Array, _: Any) -> tuple[Array, Array]:
        """Gradient and curvature for each score, as LightGBM's objectives give them."""
        lessons, wide = self.lessons, self._wide(scores)
        heat, share, classes = lessons.temperature, lessons.share, wide.shape[1]
        warm, cold = softened(np.exp(_shifted(wide)), heat), softened(np.exp(_shifted(wide)), 1.0)
        first = share * heat * (warm - lessons.soft) + (1.0 - share) * (cold - lessons.hard)
        second = share * warm * (1.0 - warm) + (1.0 - share) * cold * (1.0 - cold)
        if scores.ndim == 1:
            return first[:, 1], np.maximum(second[:, 1], _FLATTEST)
        return first, np.maximum(second * classes / (classes - 1), _FLATTEST)

    def watched(self, scores: Array, _: Any) -> tuple[str, float, bool]:
        """The loss on its rows; lower is better."""
        lessons, wide = self.lessons, self._wide(scores)
        soft = -(lessons.soft * _log_shares(wide / lessons.temperature)).sum(axis=1).mean() * lessons.temperature**2
        hard = -(lessons.hard * _log_shares(wide)).sum(axis=1).mean()
        return "soft", float(lessons.share * soft + (1.0 - lessons.share) * hard), False

    @staticmethod
    def _wide(scores: Array) -> Array:
        return np.column_stack([np.zeros(len(scores)), scores]) if scores.ndim == 1 else scores


def _shifted(scores: Array) -> Array:
    return np.asarray(scores - scores.max(axis=1, keepdims=True))


def _log_shares(scores: Array) -> Array:
    shifted = _shifted(scores)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _start(lessons: Lessons) -> Array:
    expected = lessons.expected
    return np.array([expected[1] - expected[0]]) if len(expected) == 2 else expected


def _beginning_with(booster: Any, start: Array) -> Any:
    """LightGBM does not save what training began with: it is added to the leaves of the first stage."""
    for tree, info in enumerate(booster.dump_model(num_iteration=1)["tree_info"]):
        for leaf in range(info["num_leaves"]):
            booster.set_leaf_output(tree, leaf, booster.get_leaf_output(tree, leaf) + float(start[tree]))
    return booster
