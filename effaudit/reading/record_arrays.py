"""A record's evidence, each array looked at when it is first asked for: of what type and shape, and whether its numbers can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from effaudit.core.errors import InputError, Place
from effaudit.core.slices import CODES, WEIGHTS
from effaudit.core.store import Array
from effaudit.core.text import one_line

CORRECT = "correct"
_COLUMNS = 3
_GREATEST_LOG = 700.0
_SHORTEST = 4
"""Bytes of the shortest fraction that an audit writes."""


class Checked(Mapping[str, Array]):
    """Arrays by name. Raises InputError, on asking, where `fault` says in words that this is none that an audit writes."""

    def __init__(self, arrays: Mapping[str, Array], fault: Callable[[str, Array], str], place: Place) -> None:
        self._arrays, self._fault, self._place = arrays, fault, place
        self._sound: set[str] = set()

    def __getitem__(self, name: str) -> Array:
        array = self._arrays[name]
        if name not in self._sound:
            fault = self._fault(name, array)
            if fault:
                what = f"this record is damaged: its array {one_line(name, 120)!r} {fault}"
                raise InputError(what, self._place, "Take all files as the audit wrote them, or audit again.")
            self._sound.add(name)
        return array

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def evidence_fault(rows: int, name: str, array: Array) -> str:
    """What is wrong with an array of evidence on so many certify rows; nothing where it is sound."""
    if name == WEIGHTS:
        return _of(array, "f", (rows,)) or ("" if np.isfinite(array).all() and (array >= 0.0).all() else "holds no weights")
    if name == CODES:
        return _of(array, "u", (rows, None))
    if name.rpartition("/")[2] == CORRECT:
        return _of(array, "u", (-(-rows // 8),))
    if array.ndim == 1:
        return _of(array, "f", (None,)) or ("" if not np.isinf(array).any() else "holds numbers without end")
    return _of(array, "f", (None, _COLUMNS)) or _of_rounds(array)


def samples_fault(_: str, array: Array) -> str:
    """What is wrong with raw timings: rows of (incarnation, round key, nanoseconds)."""
    return _of(array, "fi", (None, _COLUMNS)) or ("" if np.isfinite(array).all() else "holds numbers without end")


def _of_rounds(array: Array) -> str:
    """Rows of (incarnation, round key, natural logarithm)."""
    numbers: Any = array[:, :2].astype(np.float64)
    if not (np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all() and (np.abs(numbers) < 2.0**62).all()):
        return "numbers no rounds"
    known = array[:, 2][np.isfinite(array[:, 2])]
    return "holds figures that cannot be" if (np.abs(known) > _GREATEST_LOG).any() else ""


def _of(array: Array, kinds: str, shape: tuple[int | None, ...]) -> str:
    if array.dtype.kind not in kinds or (array.dtype.kind == "f" and array.dtype.itemsize < _SHORTEST):
        return f"is of type {array.dtype}"
    fits = array.ndim == len(shape) and all(wanted in (None, got) for wanted, got in zip(shape, array.shape, strict=True))
    return "" if fits else f"has the shape {array.shape}"
