"""How coordinator and worker talk: frames of a versioned JSON header and raw arrays, over two pipes.

A frame is 12 bytes (the header's and the body's length, little-endian), the header, then the arrays' bytes one after the other.
Nothing in it can run code; a frame larger than the reader allows is refused before it is read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1
_LENGTHS = struct.Struct("<IQ")
_HEADER_LIMIT = 4 << 20


class BadFrame(Exception):
    """The other side sent something that is not a frame, or more than it was allowed to."""


@dataclass(frozen=True)
class Message:
    """A word with its facts (JSON) and its arrays."""

    word: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def encode(message: Message) -> bytes:
    """The bytes of a message. Arrays must be numeric or boolean."""
    described, bodies = [], []
    for name, array in message.arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"array {name!r} holds Python objects")
        described.append({"name": name, "dtype": array.dtype.str, "shape": list(array.shape)})
        bodies.append(np.ascontiguousarray(array).tobytes())
    header = json.dumps({"v": VERSION, "word": message.word, "facts": dict(message.facts), "arrays": described}).encode()
    body = b"".join(bodies)
    return _LENGTHS.pack(len(header), len(body)) + header + body


def read(take: Callable[[int], bytes], limit: int) -> Message:
    """Reads one message. `take(n)` returns exactly n bytes or raises; `limit` bounds the arrays' bytes."""
    header_length, body_length = _LENGTHS.unpack(take(_LENGTHS.size))
    if header_length > _HEADER_LIMIT or body_length > limit:
        raise BadFrame(f"an answer of {header_length + body_length:,} bytes, where at most {limit:,} were asked for")
    header = _header(take(header_length))
    return Message(header["word"], header["facts"], _arrays(header["arrays"], take(body_length)))


def _header(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data)
        if header["v"] != VERSION:
            raise BadFrame(f"protocol version {header['v']!r}, expected {VERSION}")
        if not (isinstance(header["word"], str) and isinstance(header["facts"], dict) and isinstance(header["arrays"], list)):
            raise BadFrame("a header of the wrong form")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadFrame("a header that is not one") from error
    return dict(header)


def _arrays(described: list[Any], body: bytes) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    at = 0
    try:
        for entry in described:
            dtype = np.dtype(entry["dtype"])
            shape = tuple(int(n) for n in entry["shape"])
            count = int(np.prod(shape, dtype=np.float64)) if shape else 1
            if dtype.hasobject or min(shape, default=0) < 0 or at + count * dtype.itemsize > len(body):
                raise BadFrame("an array that does not fit its frame")
            arrays[entry["name"]] = np.frombuffer(body, dtype, count, at).reshape(shape)
            at += count * dtype.itemsize
    except (ValueError, KeyError, TypeError) as error:
        raise BadFrame("an array that is none") from error
    return arrays
