"""Frozen types as JSON facts and back, with the standard library only: workers must start light."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def pack(value: Any) -> Any:
    """A frozen dataclass (or tuple, mapping, plain value) as what JSON can say, less fields whose metadata says `packed: False`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field.name for field in dataclasses.fields(value) if field.metadata.get("packed", True))
        return {name: pack(getattr(value, name)) for name in fields}
    if isinstance(value, Mapping):
        return {str(key): pack(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [pack(item) for item in value]
    return value


def unpack(kind: type[T], facts: Any) -> T:
    """The dataclass that `pack` took apart. Unknown fields are ignored, missing ones take their defaults."""
    return typing.cast(T, _built(kind, facts))


def _built(kind: Any, facts: Any) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _built(hint, facts[name]) for name, hint in hints.items() if name in facts})
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if facts is None else _built(next(a for a in inner if a is not type(None)), facts)
    if origin is tuple:
        return tuple(_built(inner[0], item) for item in facts)
    if origin is not None and isinstance(facts, dict) and len(inner) == 2:
        return {key: _built(inner[1], item) for key, item in facts.items()}
    return facts


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
