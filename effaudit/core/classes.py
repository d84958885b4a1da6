"""Which names mean the same class: words only where they are the same word, numbers by value where the data holds numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

ABSENT = -1
"""The place of a class that is not there."""


def places(names: Sequence[str], classes: Sequence[str], numeric: bool) -> list[int]:
    """The place of each of `names` among `classes`; ABSENT where it is none of them."""
    known = {class_key(name, numeric): place for place, name in enumerate(classes)}
    return [known.get(class_key(name, numeric), ABSENT) for name in names]


def class_key(name: str, numeric: bool) -> str:
    """The form in which a class name is compared. `numeric`: False, 0 and 0.0 are one class, as they are in Python."""
    if not numeric:
        return name
    lowered = name.strip().lower()
    if lowered in _BOOLEANS:
        return "01"[lowered == "true"]
    if _WHOLE.fullmatch(lowered):  # not by way of a float: identifiers may have more digits than it holds
        return str(int(lowered))
    try:
        number = float(lowered)
    except ValueError:
        return name.strip()
    return str(int(number)) if number.is_integer() else repr(number)


def class_text(value: Any) -> str:
    """The one text form of an answer's value: True, 0 (also for 0.0), other numbers in full, words as they are."""
    plain = value.item() if hasattr(value, "item") and not isinstance(value, (str, bytes)) else value
    if isinstance(plain, bytes):
        return plain.decode("utf-8", "replace")
    if isinstance(plain, float):
        return str(int(plain)) if plain.is_integer() else repr(plain)
    return str(plain)


def are_booleans(names: Sequence[str]) -> bool:
    """Are these the two words of a boolean, in whatever spelling?"""
    return {name.strip().lower() for name in names} == _BOOLEANS


def natural(count: int) -> tuple[str, ...]:
    """The names of a model's outputs that it only numbers: 0, 1, 2 and so on."""
    return tuple(map(str, range(count)))


def with_more(classes: Sequence[str], names: Sequence[str], numeric: bool) -> tuple[str, ...]:
    """`classes`, and behind them those of `names` that are none of them, each once."""
    found = zip(names, places(names, classes, numeric), strict=True)
    return (*classes, *dict.fromkeys(name for name, place in found if place == ABSENT))


_WHOLE = re.compile(r"-?[0-9]{1,300}")
_BOOLEANS = {"false", "true"}
