"""The one text form of an answer's value: how classes are named in plans, records and reports."""

from __future__ import annotations

import math
from typing import Any

from effaudit.core.classes import class_text


def label_text(value: Any) -> str:
    """A class's name, as core/classes.py writes it.

    Raises ValueError for what is no answer: nothing, NaN, infinity, lists and mappings.
    """
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, (bool, str, int)) or (isinstance(value, float) and math.isfinite(value)):
        return class_text(value)
    if isinstance(value, float):
        raise ValueError(f"{value} is not an answer")
    raise ValueError(f"expected a word or a number, found {'nothing' if value is None else type(value).__name__}")


def in_order(labels: set[str]) -> list[str]:
    """Classes sorted as numbers when all of them are numbers, else as text."""
    return sorted(labels, key=_number) if all(_is_number(label) for label in labels) else sorted(labels)


def _number(label: str) -> tuple[float, str]:
    return float(label), label


def _is_number(label: str) -> bool:
    try:
        return math.isfinite(float(label))
    except ValueError:
        return False
