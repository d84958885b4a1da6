"""Numbers in LightGBM's texts, strictly: what is not a number in full is no number, whatever LightGBM would make of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from effaudit.core.store import Array
from effaudit.frameworks.lightgbm.model import Malformed

_OTHER, _DIGIT, _MINUS, _PLUS, _DOT, _POWER, _SPACE = range(7)
_SIGNS = {b"-": _MINUS, b"+": _PLUS, b".": _DOT, b"e": _POWER, b" ": _SPACE}
_KINDS = bytes(_DIGIT if chr(byte) in "0123456789" else _SIGNS.get(bytes([byte]), _OTHER) for byte in range(256))
_SPECIAL = re.compile(rb"(?:(?<= )|\A)-?(?:nan|inf)(?= |\Z)")


def _pairs(*pairs: tuple[int, int]) -> bytes:
    return bytes(8 * first + second for first, second in pairs)


_WHOLE = _pairs((_DIGIT, _DIGIT), (_DIGIT, _SPACE), (_SPACE, _DIGIT), (_SPACE, _MINUS), (_MINUS, _DIGIT))
_REAL = _WHOLE + _pairs(
    (_DIGIT, _DOT), (_DOT, _DIGIT), (_DIGIT, _POWER), (_POWER, _DIGIT), (_POWER, _MINUS), (_POWER, _PLUS), (_PLUS, _DIGIT)
)
"""Which kind of character may follow which. A regular expression takes as long over a large model as LightGBM itself."""


def spaced(value: bytes) -> bytes:
    """The same with one space between numbers, and none around them."""
    if b"  " in value or value[:1] == b" " or value[-1:] == b" ":
        return b" ".join(filter(None, value.split(b" ")))
    return value


def count(value: bytes) -> int:
    """How many numbers `spaced` text holds."""
    return value.count(b" ") + 1 if value else 0


def wholes(values: Mapping[str, bytes], counts: Mapping[str, int]) -> dict[str, Array]:
    """Arrays of so many whole numbers, all at once. Raises Malformed with the key of what is none."""
    text = b" ".join(filter(None, values.values()))
    if text and not _is_whole(text):
        raise Malformed(_wrong(values, _is_whole))
    numbers = np.fromstring(text, np.int64, sep=" ") if text else np.empty(0, np.int64)
    arrays, begin = {}, 0
    for key in values:
        arrays[key] = numbers[begin : begin + counts[key]]
        begin += counts[key]
    return arrays


def check_reals(values: Mapping[str, bytes]) -> None:
    """Raises Malformed with the key of what is no number. Infinity and NaN are numbers."""
    text = b" ".join(filter(None, values.values()))
    if text and not _is_real(text):
        raise Malformed(_wrong(values, _is_real))


def whole(text: bytes | None, key: str, low: int, high: int) -> int:
    """One whole number. Raises Malformed where there is none, or one outside of [low, high]."""
    if text is None:
        raise Malformed(f"it says no {key}")
    if not re.fullmatch(rb"-?[0-9]{1,12}", text):
        raise Malformed(f"its {key} is {shown(text)}, which is no whole number")
    if not low <= int(text) <= high:
        raise Malformed(f"its {key} is {int(text)}, outside of {low} to {high}")
    return int(text)


def shown(text: bytes) -> str:
    """Any bytes, short enough for a message."""
    quoted = repr(text[:40].decode("utf-8", "replace"))
    return quoted + ("…" if len(text) > 40 else "")


def _is_whole(text: bytes) -> bool:
    return _follows(text, _WHOLE)


def _is_real(text: bytes) -> bool:
    if b"n" in text:
        text = _SPECIAL.sub(b"0", text)
    signs = text.translate(None, b"0123456789-+")  # what is left of a number: nothing, a point, a power, or both in this order
    return _follows(text, _REAL) and not any(wrong in signs for wrong in (b"..", b"ee", b"e."))


def _follows(text: bytes, pairs: bytes) -> bool:
    kinds = np.frombuffer((b" " + text + b" ").translate(_KINDS), np.uint8)
    return not ((kinds[:-1] << 3) | kinds[1:]).tobytes().translate(None, pairs)


def _wrong(values: Mapping[str, bytes], is_right: Callable[[bytes], bool]) -> str:
    key = next(key for key, value in values.items() if value and not is_right(value))
    token = next((token for token in values[key].split(b" ") if not is_right(token)), values[key])
    return f"{key} holds {shown(token)}, which is no {'whole ' if is_right is _is_whole else ''}number"
