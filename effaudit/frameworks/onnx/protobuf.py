"""Protocol buffers' wire format, walked in place: no schema, no copies, no library (https://protobuf.dev/programming-guides/encoding).

Runs of repeated numbers are skipped in one step, so that a tree ensemble of millions of numbers costs milliseconds.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from effaudit.core.store import Array

Data = bytes | mmap.mmap

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}


class Malformed(ValueError):
    """The bytes are not what they should be."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field, or a run of fields with the same tag. `start` and `stop` bound its bytes; those of a run include the tags."""

    number: int
    kind: int
    start: int
    stop: int
    tag: int
    """Bytes of each tag within a run; 0 for a single string or message."""


def fields(data: Data, start: int, stop: int, short_strings: int = 0) -> Iterator[Field]:
    """The fields of the message in `data[start:stop]`; those numbered `short_strings` also in runs. Raises Malformed."""
    at = start
    while at < stop:
        key, after = varint(data, at, stop)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise Malformed(f"field 0 at byte {at}")
        run = _words(bytes(data[at:after])).match(data, at, stop) if number == short_strings and kind == BYTES else None
        if run is not None:
            end = run.end()
            field = Field(number, kind, at, end, after - at)
        elif kind == BYTES:
            length, begin = varint(data, after, stop)
            end = begin + length
            field = Field(number, kind, begin, end, 0)
        elif kind in (VARINT, FIXED32, FIXED64):
            run = _run(bytes(data[at:after]), kind).match(data, at, stop)
            if run is None:
                raise Malformed(f"a number is cut off at byte {at}")
            end = run.end()
            field = Field(number, kind, at, end, after - at)
        else:
            raise Malformed(f"wire type {kind} at byte {at}")
        if end > stop:
            raise Malformed(f"a field of {end - at:,} bytes in a message of {stop - at:,}")
        yield field
        at = end


def varint(data: Data, at: int, stop: int) -> tuple[int, int]:
    """The unsigned number at byte `at`, and where it ends."""
    value = shift = 0
    while at < stop and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Malformed("a number is cut off")


def text(data: Data, field: Field) -> str:
    """A string; bytes that are not UTF-8 are replaced."""
    _need(field, BYTES)
    return bytes(data[field.start : field.stop]).decode("utf-8", "replace")


def integers(data: Data, field: Field) -> NDArray[np.int64]:
    """The signed whole numbers of a run or of a packed field."""
    if field.kind not in (VARINT, BYTES):
        raise Malformed(f"field {field.number} holds no whole numbers")
    raw = np.frombuffer(data, np.uint8, field.stop - field.start, field.start)
    if field.kind == VARINT:
        raw = raw[~_tags(raw, field.tag)]
    ends = np.flatnonzero(raw < 0x80)
    if len(raw) and (not len(ends) or ends[-1] != len(raw) - 1):
        raise Malformed(f"field {field.number} is cut off")
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)[: len(ends)]
    place = np.arange(len(raw)) - np.repeat(starts, ends - starts + 1)
    parts = (raw & 0x7F).astype(np.uint64) << (7 * np.minimum(place, 9)).astype(np.uint64)
    return np.add.reduceat(parts, starts).view(np.int64) if len(ends) else np.empty(0, np.int64)


def count(data: Data, field: Field, kind: int) -> int:
    """How many numbers of wire type `kind` a run or a packed field holds."""
    length = field.stop - field.start
    if field.kind in _SIZES:
        return length // (field.tag + _SIZES[field.kind])
    if field.kind == BYTES and kind in _SIZES:
        return length // _SIZES[kind]
    ends = int(np.count_nonzero(np.frombuffer(data, np.uint8, length, field.start) < 0x80))
    return ends // 2 if field.kind == VARINT else ends  # a tag has one byte below 0x80, its last, and so has a number


def numbers(data: Data, field: Field, dtype: str) -> Array:
    """The floats (`<f4`) or doubles (`<f8`) of a run or of a packed field."""
    width = np.dtype(dtype).itemsize
    raw = np.frombuffer(data, np.uint8, field.stop - field.start, field.start)
    if field.kind in _SIZES:
        if width != _SIZES[field.kind]:
            raise Malformed(f"field {field.number} holds numbers of another size")
        raw = raw.reshape(-1, field.tag + width)[:, field.tag :].ravel()
    return raw[: len(raw) // width * width].view(dtype)


def _need(field: Field, kind: int) -> None:
    if field.kind != kind:
        raise Malformed(f"field {field.number} has wire type {field.kind}, expected {kind}")


def _tags(raw: Array, tag: int) -> Any:
    """Which bytes of a run of varints belong to tags: those that begin it, and those that follow the end of a number."""
    finals = np.flatnonzero(raw < 0x80)[1::2]
    begins = np.concatenate([[0], finals[:-1] + 1]).astype(np.int64)
    mask = np.zeros(len(raw), dtype=bool)
    for offset in range(tag):
        mask[begins + offset] = True
    return mask


@cache
def _words(tag: bytes) -> re.Pattern[bytes]:
    """A run of strings of at most 16 bytes."""
    word = b"|".join(b"\\x%02x.{%d}" % (length, length) for length in range(17))
    return re.compile(rb"(?:" + re.escape(tag) + rb"(?:" + word + rb"))++", re.DOTALL)


@cache
def _run(tag: bytes, kind: int) -> re.Pattern[bytes]:
    number = rb"[\x80-\xff]{0,9}+[\x00-\x7f]" if kind == VARINT else b".{%d}" % _SIZES[kind]
    return re.compile(rb"(?:" + re.escape(tag) + number + rb")++", re.DOTALL)  # possessive: no memory for going back
