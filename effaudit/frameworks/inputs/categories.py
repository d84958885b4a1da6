"""Values found among a model's categories: by what they are, and where that is of another kind, by what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from effaudit.core import watch
from effaudit.core.classes import class_text
from effaudit.core.store import Array
from effaudit.frameworks.inputs.requests import is_text

UNKNOWN = -1
"""The code of a value that is no category, and of a missing one."""


def finder(values: Sequence[Any], example: Array, name: str) -> Callable[[Array], Array]:
    """A function from a stored column like `example` to its codes among `values` (rows,) int64; `name` is what counts call it.

    Words and numbers are one category where they say the same: a zone that was the word "1" in training is found by the number 1
    that a csv file makes of it.
    """
    import pandas

    words = all(isinstance(value, str) for value in values)
    numbered = all(isinstance(value, bool | np.bool_) for value in values) and example.dtype.kind in "fiu"
    if words == is_text(example) and not numbered:
        index = pandas.Index(list(values))
        return lambda column: _told(name, column, np.asarray(index.get_indexer(column), dtype=np.int64))
    text = class_text if not numbered else lambda value: str(bool(value)) if value in (0, 1) else class_text(value)
    places = {text(value): place for place, value in enumerate(values)}

    def find(column: Array) -> Array:
        codes = np.array([places.get(text(value), UNKNOWN) for value in column.tolist()], dtype=np.int64)
        return _told(name, column, codes, respelt=True)

    return find


def _told(name: str, column: Array, codes: Array, respelt: bool = False) -> Array:
    tally = watch.current()
    if tally is not None:
        tally.count(name, codes == UNKNOWN, missing(column))
        if respelt and (codes != UNKNOWN).any():
            tally.respelt.add(name)
    return codes


def missing(column: Array) -> Array:
    """Which rows of a stored column have no value, booleans (rows,)."""
    if column.dtype.kind in "fc":
        return np.asarray(np.isnan(column))
    if column.dtype.kind in "Mm":
        return np.asarray(np.isnat(column))
    if column.dtype.kind == "O":
        return np.asarray([not isinstance(value, str) for value in column.tolist()], dtype=bool)
    return np.zeros(len(column), dtype=bool)
