"""Answers as workers send them, and which of two answers to the same rows differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from effaudit.core.observed import Answers
from effaudit.core.protocol import Message
from effaudit.core.store import Array
from effaudit.core.workload import Workload

MORE_CLASSES = 1000
"""A model may know so many classes beside the data's."""


_ROUNDING = {"float16": (1e-2, 1e-3), "float32": (3e-4, 1.2e-7)}
"""Of raw answers by their type: the difference that is none, as a share of how far answers lie from their middle, and one unit
in the last place as a share of the answer itself. Of other types those of double precision."""
_UNITS = 8
"""So many units in the last place of an answer are lost where terms are added in another order."""


def stored(reply: Message) -> Answers:
    """The answers in a reply."""
    return Answers(reply.arrays.get("scores"), reply.arrays.get("labels"), tuple(reply.facts["classes"]))


def reply_limit(workload: Workload, rows: int) -> int:
    """The bytes that answers to some rows may take."""
    columns = max(len(workload.classes) + MORE_CLASSES, len(workload.answers))
    return (1 << 20) + 2 * rows * columns * 8


@dataclass(frozen=True)
class Scale:
    """Of answers to many rows: the middle of each output, and the median distance from it (outputs,).

    `whole`: what the outputs of a row add up to, and are rounded with: 1 for probabilities.
    """

    middle: Array
    spread: Array
    whole: float = 0.0


def scale_of(answers: Answers) -> Scale:
    """The scale on which answers differ. It follows neither a few huge values nor the other outputs."""
    if answers.scores is None or not len(answers):
        return Scale(np.zeros(1), np.ones(1))
    scores = answers.scores.reshape(len(answers), -1)
    middle = np.median(scores, axis=0)
    away = np.abs(scores - middle)
    shares = answers.labels is not None and scores.min() >= 0 and scores.max() <= 1
    return Scale(middle, np.array([_typical(column) for column in away.T]), float(shares))


def _typical(away: Array) -> float:
    """The median distance; where most values are the same one, of those that are not."""
    found = float(np.median(away))
    return found or float(np.median(away[away > 0])) if away.any() else 1.0


def differing_rows(first: Answers, second: Answers, dtype: str, scale: Scale) -> Array:
    """Whose answers differ beyond the rounding of raw answers of type `dtype` (rows,). Labels that scores explain are ties."""
    if first.scores is None or second.scores is None:
        labels = second.labels_in(first.classes)
        if first.labels is None or labels is None:
            return np.zeros(len(second), dtype=bool)
        return np.asarray((first.labels != labels).reshape(len(second), -1).any(axis=1))
    near, unit = _ROUNDING.get(dtype, (1e-6, 2.3e-16))
    width = min(first.scores.shape[1], second.scores.shape[1]) if first.scores.ndim == 2 else None
    scores, again = first.scores[..., :width], second.scores[..., :width]
    flat, other = scores.reshape(len(scores), -1), again.reshape(len(scores), -1)
    allowed = near * (scale.spread[:width] + np.abs(flat - scale.middle[:width]))
    allowed += _UNITS * unit * np.maximum(np.abs(flat), scale.whole)
    allowed += unit / 4 * np.max(np.abs(scale.middle) + scale.spread)  # an output may be no more than the rounding of another
    return np.asarray(~(np.abs(flat - other) <= allowed).all(axis=1))
