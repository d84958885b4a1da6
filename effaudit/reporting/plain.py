"""Frozen types as JSON that every reader takes: no NaN, no library's own numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from effaudit.core.wire import pack


def said(value: Any, beyond: Callable[[float], Any]) -> Any:
    """`value` as dicts, lists, words and numbers; `beyond` says what stands for NaN and infinities."""
    return _said(pack(value), beyond)


def in_words(figure: float) -> str:
    """NaN and infinities as record.json writes them."""
    return "NaN" if math.isnan(figure) else "Infinity" if figure > 0 else "-Infinity"


def as_null(figure: float) -> None:
    """NaN and infinities as null."""


def _said(value: Any, beyond: Callable[[float], Any]) -> Any:
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, str):
        # Half a character, from a worker's output, cannot be written as UTF-8.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else beyond(value)
    if isinstance(value, Mapping):
        return {_said(str(key), beyond): _said(item, beyond) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_said(item, beyond) for item in value]
    return value
