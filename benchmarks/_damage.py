"""Damage to files, by a seed: to bytes, to numbers and words, to the structure of JSON, to lengths, and inside of archives."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

Damage = Callable[[bytes, Random], bytes]

_ODD_NUMBERS = (
    "0", "1", "-1", "2", "-0", "+1", "01", "1e0", "1e5", "0x10", "1_000", "127", "128", "255", "256", "-128", "32768", "65536",
    "2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "1e308", "1e309",
    "-1e400", "1e-320", "nan", "inf", "-inf", "NaN", "Infinity", ".5", "5.", "1.5", "1,5", "99999999999999999999999999", "0" * 400,
    "9" * 5000, "", "x", "١", "true", "null",
)  # fmt: skip
_ODD_WORDS = (
    "", " ", "\t", "\0", "\r", "\n", "\n\n", "=", ":", ",", ";", "'", '"', "\\", "{}", "[]", "[", "}", "- ", "#", "&a ", "*a",
    "!!python/name:os.system ", "<<: ", "%", "../../etc/passwd", "é", "\u202e", "\ud7ff", "\U0001f600", "\x1b[31m", "a" * 10_000,
    "{" * 2_000, "null", "~", "yes", "2026-07-31", "__class__", "NaN", "1e999", "file:x#y", "effaudit:x", "50 ms", "-5 %",
    "1e300 s", "10 GiB",
)  # fmt: skip
_ODD_BYTES = (b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n", b"\x80", b"\xff\xff\xff\xff", b"\0" * 8, b"\x7f" * 8)
_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308, float("inf"), float("nan"), "", "x", "NaN", "Infinity",
    [], {}, [[]], [None], {"": None}, {"a": {"b": {"c": []}}}, "a" * 5_000, "\x1b[2J", "é\u202e", "2026-13-45", "1 s", "5 %",
)  # fmt: skip
_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
"""Wire types of protocol buffers: https://protobuf.dev/programming-guides/encoding."""
_TOKEN = re.compile(rb"[A-Za-z0-9_.+-]+|[^A-Za-z0-9_.+-]")


def of_bytes(data: bytes, random: Random) -> bytes:
    """Bits flipped; bytes put in, taken out, repeated, moved, overwritten; the end cut off."""
    at, length = random.randrange(len(data) + 1), min(random.choice((1, 1, 2, 4, 16, 200)), len(data))
    end = min(len(data), at + length)
    kind = random.randrange(7)
    if kind == 0 and at < len(data):
        return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + (random.choice(_ODD_BYTES) if random.random() < 0.5 else random.randbytes(length)) + data[at:]
    if kind == 2:
        return data[:at] + data[end:]
    if kind == 3:
        return data[:end] + data[at:]
    if kind == 4:
        other = random.randrange(len(data) + 1)
        return data[:other] + data[at:end] + data[other:]
    if kind == 5:
        odd = random.choice(_ODD_BYTES)
        return data[:at] + odd + data[at + len(odd) :]
    return data[:at]


def of_numbers(data: bytes, random: Random) -> bytes:
    """One number written otherwise, one nearby, or an odd one."""
    found = _picked(_NUMBER, data, random)
    if found is None:
        return of_bytes(data, random)
    new = random.choice(_ODD_NUMBERS).encode()
    if random.random() < 0.4 and found[0].lstrip(b"-").isdigit() and len(found[0]) < 18:
        new = b"%d" % (int(found[0]) + random.choice((-1, 1, 10, -100, 2**16, 2**32)))
    return data[: found.start()] + new + data[found.end() :]


def of_words(data: bytes, random: Random) -> bytes:
    """Words and lines exchanged, repeated, left out, replaced by odd ones."""
    if random.random() < 0.4:
        lines = data.split(b"\n")
        return b"\n".join(_shuffled(lines, random))
    first, second = _picked(_TOKEN, data, random), _picked(_TOKEN, data, random)
    if first is None or second is None:
        return of_bytes(data, random)
    kind = random.randrange(4)
    if kind == 0:
        return data[: first.start()] + second[0] + data[first.end() :]
    if kind == 1:
        return data[: first.end()] + first[0] + data[first.end() :]
    odd = random.choice(_ODD_WORDS).encode()
    return data[: first.start() if kind == 2 else first.end()] + odd + data[first.end() :]


def of_lengths(data: bytes, random: Random) -> bytes:
    """A little-endian whole number of one to eight bytes set to an odd length."""
    size = random.choice((1, 2, 4, 4, 8))
    if len(data) < size:
        return of_bytes(data, random)
    at = random.choice((random.randrange(min(64, len(data) - size + 1)), random.randrange(len(data) - size + 1), len(data) - size))
    most = 1 << (8 * size)
    now = int.from_bytes(data[at : at + size], "little")
    odd = (0, 1, now + 1, now - 1, 2 * now, most - 1, most // 2, most // 2 - 1, now + 1000, random.randrange(most))
    new = random.choice(odd) % most
    return data[:at] + new.to_bytes(size, "little") + data[at + size :]


def of_bits(data: bytes, random: Random) -> bytes:
    """One bit flipped."""
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def of_protobuf(data: bytes, random: Random) -> bytes:
    """A field of a protocol buffer, at any depth: another value, left out, repeated, moved; lengths fit again afterwards."""
    fields = _fields(data)
    at, other = random.randrange(len(fields)), random.randrange(len(fields))
    key, payload = fields[at]
    kind = random.randrange(10)
    if kind == 0:
        del fields[at]
    elif kind == 1:
        fields.insert(other, fields[at])
    elif kind == 2:
        fields[at], fields[other] = fields[other], fields[at]
    elif key & 7 == _VARINT:
        now = payload if isinstance(payload, int) else 0
        fields[at] = key, random.choice((0, 1, now + 1, now - 1, 2**31 - 1, 2**63, 2**64 - 1, random.randrange(256))) % 2**64
    elif key & 7 == _BYTES and isinstance(payload, bytes) and payload:
        try:
            inside = of_protobuf(payload, random)
        except ValueError:
            inside = random.choice((of_bits, of_bytes, of_words, of_numbers))(payload, random)
        fields[at] = key, inside
    else:
        fields[at] = key ^ random.choice((1, 2, 8, 16)), payload
    return b"".join(_written(key, payload) for key, payload in fields)


def of_json(data: bytes, random: Random) -> bytes:
    """The structure of a JSON text."""
    return json.dumps(of_structure(json.loads(data), random), ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def of_structure(value: Any, random: Random) -> Any:
    """One node, anywhere inside, made something else: of another type, left out, repeated, renamed, moved, nested."""
    nodes = list(_nodes(value))
    if not nodes:
        return random.choice(_ODD_VALUES)
    holder, key = random.choice(nodes)
    kind = random.randrange(7)
    if kind == 0:
        del holder[key]
    elif kind == 1:
        other, there = random.choice(nodes)
        holder[key] = json.loads(json.dumps(other[there])) if isinstance(other[there], (dict, list)) else other[there]
    elif kind == 2:
        for _ in range(random.choice((1, 3, 200))):
            holder[key] = [holder[key]] if random.random() < 0.5 else {"x": holder[key]}
    elif kind == 3 and isinstance(holder, dict):
        holder[random.choice(_ODD_WORDS)] = holder.pop(key)
    elif kind == 4 and isinstance(holder[key], str):
        holder[key] = of_words(holder[key].encode("utf-8", "replace"), random).decode("utf-8", "replace")
    elif kind == 5 and isinstance(holder[key], (int, float)):
        holder[key] = holder[key] * random.choice((-1, 0, 2, 1e9, 1e-9)) + random.choice((0, 1, -1))
    elif kind == 6 and isinstance(holder, list):
        holder.extend([holder[key]] * random.choice((1, 2, 50)))
    else:
        holder[key] = random.choice(_ODD_VALUES)
    return value


def in_archive(inner: Damage) -> Damage:
    """One member of a zip archive, which is whole again afterwards: damage that no checksum tells."""

    def damage(data: bytes, random: Random) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        name = random.choice(sorted(members))
        kind = random.randrange(12)
        if kind == 0:
            del members[name]
        elif kind == 1:
            members[random.choice(_ODD_WORDS).replace("\0", "0")[:200] or "x"] = members.pop(name)
        elif kind == 2:
            members[name] = members[random.choice(sorted(members))]
        else:
            members[name] = inner(members[name], random)
        return zipped(members)

    return damage


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive that is the same on every day."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return whole.getvalue()


def any_of(*damages: Damage) -> Damage:
    """One to four of these, one after the other; mostly one, as what is damaged all over is refused at once."""

    def damage(data: bytes, random: Random) -> bytes:
        for _ in range(random.choice((1, 1, 1, 1, 2, 3, 4))):
            try:
                data = random.choice(damages)(data, random)
            except Exception:  # damaged before: it has no such structure any more
                data = of_bytes(data, random)
        return data

    return damage


def _picked(pattern: re.Pattern[bytes], data: bytes, random: Random) -> re.Match[bytes] | None:
    """A match near a random place: the whole of a large file need not be searched."""
    return pattern.search(data, random.randrange(len(data) + 1)) or pattern.search(data)


def _shuffled(parts: list[bytes], random: Random) -> list[bytes]:
    first, second = random.randrange(len(parts)), random.randrange(len(parts))
    kind = random.randrange(3)
    if kind == 0:
        parts[first], parts[second] = parts[second], parts[first]
    elif kind == 1:
        parts.insert(second, parts[first])
    else:
        del parts[first]
    return parts


def _fields(data: bytes) -> list[tuple[int, int | bytes]]:
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key >> 3 == 0 or key & 7 not in (_VARINT, _BYTES, *_FIXED):
            raise ValueError("no protocol buffer")
        if key & 7 == _VARINT:
            payload: int | bytes
            payload, at = _varint(data, at)
        else:
            length, at = _varint(data, at) if key & 7 == _BYTES else (_FIXED[key & 7], at)
            payload, at = data[at : at + length], at + length
        fields.append((key, payload))
    if at != len(data) or not fields:
        raise ValueError("no protocol buffer")
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("no protocol buffer")
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def _written(key: int, payload: int | bytes) -> bytes:
    def varint(value: int) -> bytes:
        parts = [value >> shift & 0x7F for shift in range(0, max(1, value.bit_length()), 7)]
        return bytes([*(part | 0x80 for part in parts[:-1]), parts[-1]])

    if isinstance(payload, int):
        return varint(key) + varint(payload)
    return varint(key) + (varint(len(payload)) if key & 7 == _BYTES else b"") + payload


def _nodes(value: Any) -> Any:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _nodes(inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield value, place
            yield from _nodes(inner)
