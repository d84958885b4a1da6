"""Whether a file can be read at all, found out without ever waiting for a pipe or a device."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from effaudit.core.text import one_line

HEAD = 4096
"""So many bytes of a file are looked at."""

_POINTER = b"version https://git-lfs.github.com/spec/"
_KINDS = (
    (stat.S_ISDIR, "is a folder, a file was expected"),
    (stat.S_ISFIFO, "is a pipe, a file was expected"),
    (stat.S_ISSOCK, "is a socket, a file was expected"),
    (stat.S_ISCHR, "is a device, a file was expected"),
    (stat.S_ISBLK, "is a device, a file was expected"),
)
_MISSING = (errno.ENOENT, errno.ENOTDIR)
_REFUSED = (errno.EACCES, errno.EPERM)


class Unreadable(Exception):
    """A file cannot be read: its words go on from the file's name ("is empty; save it again")."""


def head_of(path: Path) -> bytes:
    """The first bytes of a regular file. Raises Unreadable for everything else."""
    try:
        _check_kind(os.stat(path).st_mode)  # noqa: PTH116 - before it is opened: opening a device may do something
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(descriptor)
            _check_kind(state.st_mode)
            head = file.read(HEAD)
    except (OSError, ValueError) as error:
        raise Unreadable(_why(path, error)) from error
    if head is None or (head and not state.st_size):  # such as /proc/kmsg, which has no end
        raise Unreadable("is no file on a disk: the system makes it up while it is read")
    if head.startswith(_POINTER):
        raise Unreadable("is a Git LFS pointer and not the file itself; fetch it with: git lfs pull")
    return head


def filled_head_of(path: Path) -> bytes:
    """The first bytes of a regular file that is not empty. Raises Unreadable for everything else."""
    head = head_of(path)
    if not head:
        raise Unreadable("is empty; save it again")
    return head


def _why(path: Path, error: OSError | ValueError) -> str:
    """Why a path could not be opened or read."""
    code = error.errno if isinstance(error, OSError) else None
    words = one_line((error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__, 120)
    if code in _MISSING:
        return "is a link to a file that is not there" if os.path.islink(path) else "is not there: there is no such file"  # noqa: PTH114
    if code == errno.ELOOP:
        return "is a link that leads back to itself"
    if code in _REFUSED:
        return f"may not be read ({words}); give the user who runs the audit the right to read it"
    return f"cannot be read ({words})"


def _check_kind(mode: int) -> None:
    found = next((words for is_kind, words in _KINDS if is_kind(mode)), None)
    if found is not None:
        raise Unreadable(found)
