"""The weights of rows: how many rows of the world each certify row stands for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from effaudit.core.effective import Effective, kish
from effaudit.core.errors import InputError
from effaudit.core.notes import Note, coded
from effaudit.core.store import Array
from effaudit.core.text import counted, one_line
from effaudit.reading.columns import Values
from effaudit.reading.parts import Part


def weights_of(part: Part, name: str) -> Array:
    """The weights (rows,) of certify rows, with a mean of 1. Raises InputError for what is no weight, naming the first row."""
    assert part.weights is not None
    values, shown = part.weights, repr(one_line(name, 60))
    if values.text or values.shape or values.data.dtype.kind not in "iuf":
        what = f"the weights in {shown} are {_described(values)}, and a weight is a number for each row"
        raise InputError(what, part.place, "Name a column of numbers under `weights`.")
    found = values.data.astype(np.float64)
    for wrong, word, advice in (
        (np.isnan(found), "without a weight", "Give every row one; 0 leaves a row out of all figures."),
        (np.isinf(found), "with an infinite weight", "Weights must be finite."),
        (found < 0, "with a negative weight", "Weights must be 0 or more."),
    ):
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0]) + 1
            what = f"{counted(int(wrong.sum()), 'row')} {word} in {shown}, first in row {first:,}"
            raise InputError(what, part.place, advice)
    if not found.any():
        raise InputError(f"all weights in {shown} are 0", part.place, "Give the rows that count a weight.")
    if kish(found) < 2.0:
        raise InputError(f"one row has nearly all of the weight in {shown}, and nothing can be said of one row", part.place)
    scaled = found / found.max()  # the largest numbers would overflow in a sum
    return np.asarray(scaled / scaled.mean())


def weight_notes(name: str, weights: Array, effective: Effective, parts: Mapping[str, Part]) -> tuple[Note, ...]:
    """What readers must know of weights, and what knows nothing of them."""
    worth = f"{len(weights):,} certify rows say as much as {effective.rows:,.0f} of equal weight"
    said = f"rows weigh as {one_line(name, 40)} says: {worth}"
    steered = "training, the ladder and all that is steered on search rows" if "search" in parts else "training and the ladder"
    nothing = int(np.count_nonzero(weights == 0.0))
    none = f"; {counted(nothing, 'row')} of no weight count in no figure" if nothing else ""
    return coded("weighted", f"{said}{none}; {steered} know nothing of weights")


def _described(values: Values) -> str:
    return values.dtype if not values.shape else f"several values a row ({values.dtype})"
