"""Named arrays in a zip file: written whole, read one by one, and never more bytes than the file declared and the caller allows."""

from __future__ import annotations

import math
import struct
import sys
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from effaudit.core.errors import InputError, Place
from effaudit.core.store import Array
from effaudit.core.text import one_line

MEMBER_LIMIT = 200_000
_SUFFIX = ".npy"
_LONGEST_HEADER = 10_000
_NO_DATE = (1980, 1, 1, 0, 0, 0)

BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, MemoryError),
    *(SyntaxError, TypeError, tokenize.TokenError),
)
"""What truncated, encrypted or hostile zip files and array headers raise when they are opened or read."""


class Npz(Mapping[str, Array]):
    """The arrays of an npz file, each read when it is first asked for. Pickled objects are refused.

    Raises InputError, on opening where the file's directory is wrong, on asking where an array is.
    """

    def __init__(self, file: Path | IO[bytes], place: Place, limit: int) -> None:
        self._place = place
        self._read: dict[str, Array] = {}
        try:
            self._zip = zipfile.ZipFile(file)
        except BROKEN as error:
            raise self._fault(f"this is not an npz file, or only a part of one ({one_line(str(error), 120)})") from error
        self._members = self._checked(self._zip.infolist(), limit)

    def __getitem__(self, name: str) -> Array:
        if name not in self._read:
            self._read[name] = self._array(name, self._members[name])
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def _checked(self, members: list[zipfile.ZipInfo], limit: int) -> dict[str, zipfile.ZipInfo]:
        if len(members) > MEMBER_LIMIT:
            raise self._fault(f"{len(members):,} arrays, where {MEMBER_LIMIT:,} are the most")
        declared = sum(member.file_size for member in members)
        if declared > limit:
            raise self._fault(f"it unpacks to {declared:,} bytes, where {limit:,} are the most")
        named: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = member.filename.removesuffix(_SUFFIX)
            if name == member.filename or name in named:
                raise self._fault(f"{one_line(member.filename, 80)!r} is not an array, or stands twice")
            named[name] = member
        return named

    def _array(self, name: str, member: zipfile.ZipInfo) -> Array:
        try:
            with self._zip.open(member) as file:
                shape, fortran, dtype = _header(file)
                size = math.prod(shape) * dtype.itemsize
                if dtype.hasobject:
                    raise ValueError("it holds pickled Python objects, which are never read")
                held = member.file_size - file.tell()
                if min(shape, default=0) < 0 or size > held:
                    raise ValueError(f"it declares {size:,} bytes and holds {held:,}")
                data = file.read(size)
                if len(data) != size:
                    raise ValueError("it ends too early")
            flat: Array = np.frombuffer(data, dtype) if size else np.empty(0, dtype)
            check_characters(flat)
        except BROKEN as error:
            raise self._fault(f"the array {one_line(name, 80)!r} cannot be read: {one_line(str(error), 160)}") from error
        return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)

    def _fault(self, what: str) -> InputError:
        return InputError(what, self._place)


def check_characters(array: Array) -> None:
    """Raises ValueError where an array of words holds numbers that are no character's."""
    if array.dtype.kind == "U" and array.dtype.itemsize and array.size:
        codes = np.ascontiguousarray(array).view(np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if int(codes.max()) > sys.maxunicode:
            raise ValueError("its words hold numbers that are no character's")


def write_npz(file: IO[bytes], arrays: Mapping[str, Array]) -> None:
    """Writes arrays of numbers; the same arrays always give the same bytes. Raises ValueError for what is not numeric."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, given in arrays.items():
            array = np.asarray(given)
            if array.dtype.hasobject or "\0" in name:
                raise ValueError(f"the array {name!r} cannot be written: it holds Python objects, or its name a NUL")
            member = zipfile.ZipInfo(name + _SUFFIX, _NO_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=array.nbytes >= 1 << 31) as inner:
                np.lib.format.write_array(inner, array, allow_pickle=False)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"npy version {version} is not known")
    shape, fortran, dtype = readers[version](file, max_header_size=_LONGEST_HEADER)
    return shape, fortran, dtype
