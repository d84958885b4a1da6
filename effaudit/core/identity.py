"""What a candidate is: the files that it reads, with digests and the stamps by which a change is noticed, and the packages used."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from effaudit.core.readable import Unreadable, check_whole

LARGEST = 200 * 10**9
"""Bytes: a larger file is not hashed, and its candidate refused."""

Stamp = tuple[int, ...]
"""Bytes, times of the last changes of content and of state in nanoseconds, device and inode."""
STATE_NS = 2
"""Where in a stamp the time of the last change of state stands."""


@dataclass(frozen=True)
class ReadFile:
    """A file that a candidate reads: its path, its stamp when it was hashed, and the SHA-256 of its bytes in hexadecimal."""

    path: str
    stamp: Stamp
    digest: str


@dataclass(frozen=True)
class Identity:
    """All files that a candidate reads, by path, and the versions of the packages that its worker imported."""

    files: tuple[ReadFile, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 over the files' names and contents, in hexadecimal; folders may have other names elsewhere."""
        parts = sorted(f"{Path(file.path).name}\0{file.digest}" for file in self.files)
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def suspects(self) -> tuple[ReadFile, ...]:
        """The files that have another stamp now, or are gone: they may have changed, or only been touched."""
        return tuple(file for file in self.files if stamp(file.path) != file.stamp)


class NoFile(Exception):
    """A path is no file that can be hashed; the message says why."""


def stamp(path: str | Path) -> Stamp | None:
    """What changes when a file's content does, links followed; None where there is no file. The third cannot be set by users."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino)


def read_file(path: str) -> ReadFile:
    """Hashes a file. Raises NoFile where it is none, or larger than 200 GB, and when it changed meanwhile."""
    before = stamp(path)
    if before is None:
        raise NoFile(f"{Path(path).name} is no longer there")
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise NoFile(f"{Path(path).name} is no regular file")
    if before[0] > LARGEST:
        raise NoFile(f"{Path(path).name} has more than {LARGEST // 10**9} GB")
    try:
        check_whole(Path(path))
    except Unreadable as unreadable:
        raise NoFile(f"{Path(path).name} {unreadable}") from unreadable
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if stamp(path) != before:
        raise NoFile(f"{Path(path).name} changed while it was read")
    return ReadFile(path, before, digest)


def stamps(paths: Iterable[str | Path]) -> dict[str, Stamp | None]:
    """The stamp of each path."""
    return {str(path): stamp(path) for path in paths}
