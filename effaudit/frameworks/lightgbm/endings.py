"""The lines of a LightGBM text after its trees: how often features were used, what it was trained with, its categories."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from effaudit.frameworks.lightgbm.model import Ending, Header, Malformed
from effaudit.frameworks.lightgbm.numbers import shown

_CATEGORIES = b"pandas_categorical:"
_IMPORTANCES = (b"feature importances:", b"feature_importances:")
_IMPORTANCE = re.compile(rb".+=[0-9]+")
_PARAMETER = re.compile(r"\[([a-zA-Z0-9_]+): (.*)\]")


def read_ending(lines: Iterable[bytes]) -> Ending:
    """From the line that ends the trees on. Raises Malformed."""
    rest: Sequence[bytes] = [line for line in lines if line]
    rest = _without_importances(rest[rest[:1] == [b"end of trees"] :])
    parameters, rest = _section(rest, b"parameters:", b"end of parameters")
    _, rest = _section(rest, b"parser:", b"end of parser")  # how LightGBM's own program reads files
    categories = None
    if rest and rest[0].startswith(_CATEGORIES):
        categories, rest = _categories(rest[0][len(_CATEGORIES) :]), rest[1:]
    if rest:
        raise Malformed(f"it holds {shown(rest[0])} after its trees, which is not LightGBM's")
    return Ending(tuple(_parameter(line) for line in parameters), categories)


def categorical(header: Header, ending: Ending, count: int) -> tuple[int, ...]:
    """The numbers of categorical columns: as trained with, or else those whose range is a list of values."""
    said = dict(ending.parameters).get("categorical_feature", "").split(",")
    columns = [int(number) for number in said if re.fullmatch("[0-9]{1,9}", number) and int(number) < len(header.features)]
    if not count or len(columns) == count:
        return tuple(columns)
    return tuple(place for place, info in enumerate(header.infos) if ":" in info and not info.startswith("["))


def _without_importances(rest: Sequence[bytes]) -> Sequence[bytes]:
    """LightGBM counts them again."""
    if not rest or rest[0] not in _IMPORTANCES:
        return rest
    end = next((place for place, line in enumerate(rest[1:], 1) if not _IMPORTANCE.fullmatch(line)), len(rest))
    return rest[end:]


def _section(rest: Sequence[bytes], begin: bytes, end: bytes) -> tuple[Sequence[bytes], Sequence[bytes]]:
    if not rest or rest[0] != begin:
        return (), rest
    if end not in rest:
        raise Malformed(f"it ends within its {begin.decode().strip(':')}; it is cut off")
    last = rest.index(end)
    return rest[1:last], rest[last + 1 :]


def _parameter(line: bytes) -> tuple[str, str]:
    found = _PARAMETER.fullmatch(line.decode("utf-8", "replace"))
    if found is None:
        raise Malformed(f"its parameters hold {shown(line)}, which is none")
    return found[1], found[2]


def _categories(text: bytes) -> tuple[tuple[Any, ...], ...] | None:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("its pandas_categorical is no JSON") from error
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(each, list) and all(map(_is_plain, each)) for each in values):
        raise Malformed("its categories are not plain values")
    return tuple(map(tuple, values))


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    return value is None or isinstance(value, (bool, int, float))
