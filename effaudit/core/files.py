"""Files and folders that are effaudit's own: links in their place are never followed, and each is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from effaudit.core.errors import InputError, Place

PART = ".part"
"""How the name of a file ends that is not written to its end yet."""

ADVICE = "Move it away, or give another folder with --out (from Python: out=)."

_ROOM = 1 << 16

_OPENING = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def own_folder(path: Path) -> Path:
    """Makes a folder inside one that is there. Raises InputError where a link or a file has its name."""
    try:
        path.mkdir()
    except FileExistsError:
        expect(path, folder=True)
    return path


def expect(path: Path, *, folder: bool) -> None:
    """Raises InputError where what has this name is a link, or not of the kind that effaudit writes there."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise InputError("this is a link, and effaudit follows no links inside of an audit's folder", Place(shown(path)), ADVICE)
    if folder and not stat.S_ISDIR(mode):
        raise InputError("this is a file, where effaudit keeps a folder", Place(shown(path)), ADVICE)
    if not folder and not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise InputError(f"this is {kind}, where effaudit writes a file", Place(shown(path)), ADVICE)


def own_file(path: Path, flags: int) -> int:
    """A descriptor of a file that is written in place, made if need be.

    Raises InputError for links and for files that have a second name (a hard link): what is written would be seen there too.
    """
    if os.path.lexists(path):
        expect(path, folder=False)
    descriptor = os.open(path, flags | os.O_CREAT | _OPENING, 0o666)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    expect(path, folder=False)
    raise InputError("this file has another name too (a hard link), which would be changed with it", Place(shown(path)), ADVICE)


@contextlib.contextmanager
def replacing(path: Path, *, lasting: bool = False) -> Iterator[IO[bytes]]:
    """A new file beside `path`, which takes its place when all is written; where that fails, nothing is left of it.

    `lasting`: it is flushed to the disk before. An OSError names `path`.
    """
    beside = path.with_name(f".{path.name[:180]}.{secrets.token_hex(4)}{PART}")
    try:
        with _naming(path, beside):
            descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _OPENING, 0o666)
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                if lasting:
                    os.fsync(descriptor)
            beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Writes an npy file, whole or not at all. A full disk is told with its number, which `np.save` leaves out."""
    with replacing(path) as file:
        np.lib.format.write_array(_Written(file), np.ascontiguousarray(array), allow_pickle=False)


def check_room(folder: Path) -> None:
    """Raises OSError where no more can be written into a folder: what failed a moment ago failed for that."""
    probe = folder / f".room.{secrets.token_hex(4)}{PART}"
    try:
        with _naming(folder, probe):
            descriptor = os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _OPENING, 0o600)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                file.write(bytes(_ROOM))
                os.fsync(descriptor)
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def shown(path: Path) -> str:
    """A path as its reader would write it: below the current folder, from there on."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


@contextlib.contextmanager
def _naming(path: Path, beside: Path) -> Iterator[None]:
    """Makes an OSError name the file that was to be written, and not the one that stood in for it."""
    try:
        yield
    except OSError as error:
        if error.filename in (None, str(beside)):
            error.filename, error.filename2 = str(path), None
        raise


class _Written:
    """A file that numpy does not know for one: it writes to it through Python, whose errors have numbers."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write
