"""How the values of an answer are written in contracts: the same text whatever type a library gives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def label_texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Class labels as text: "True", "0" (also for 0.0), or the words themselves; bytes are read as UTF-8."""
    return tuple(_text(value) for value in values)


def _text(value: Any) -> str:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bytes):
        return plain.decode("utf-8", "replace")
    if isinstance(plain, float) and plain.is_integer():
        return str(int(plain))
    return str(plain)
