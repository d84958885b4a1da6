"""Answers as workers send them, and which of two answers to the same rows differ."""

from __future__ import annotations

import numpy as np

from effaudit.core.observed import Answers
from effaudit.core.protocol import Message
from effaudit.core.store import Array
from effaudit.core.workload import Workload

MORE_CLASSES = 1000
"""A model may know so many classes beside the data's."""


_ROUNDING = {"float16": 1e-2, "float32": 1e-4}
"""Answers that differ by no more, absolutely or as a share, are the same; of other types a millionth."""


def stored(reply: Message) -> Answers:
    """The answers in a reply."""
    return Answers(reply.arrays.get("scores"), reply.arrays.get("labels"), tuple(reply.facts["classes"]))


def reply_limit(workload: Workload, rows: int) -> int:
    """The bytes that answers to some rows may take."""
    columns = max(len(workload.classes) + MORE_CLASSES, len(workload.answers))
    return (1 << 20) + 2 * rows * columns * 8


def differing_rows(first: Answers, second: Answers, dtype: str, spread: float | None = None) -> Array:
    """Whose answers differ beyond the rounding of raw answers of type `dtype` (rows,). Labels that scores explain are ties.

    `spread`: the standard deviation of all values, where there are more than these; 1 for probabilities.
    """
    if first.scores is None or second.scores is None:
        labels = second.labels_in(first.classes)
        if first.labels is None or labels is None:
            return np.zeros(len(second), dtype=bool)
        return np.asarray((first.labels != labels).reshape(len(second), -1).any(axis=1))
    near = _ROUNDING.get(dtype, 1e-6)
    width = min(first.scores.shape[1], second.scores.shape[1]) if first.scores.ndim == 2 else None
    scores, again = first.scores[..., :width], second.scores[..., :width]
    if spread is None:
        spread = 1.0 if first.labels is not None else float(np.std(scores))
    same = np.isclose(scores, again, rtol=near, atol=near * (spread or 1.0))
    return np.asarray(~same.reshape(len(same), -1).all(axis=1))
