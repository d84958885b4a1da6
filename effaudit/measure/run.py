"""The run's folder: locked while an audit works in it, with a journal to go on from after any kind of end."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from effaudit.core.errors import InputError, Place
from effaudit.measure.journal import Journal
from effaudit.process import tree

LOCK = ".lock"
JOURNAL = "journal.bin"


@dataclass(frozen=True)
class Run:
    """A folder that belongs to one audit at a time."""

    folder: Path
    token: str

    def journal(self, key: str) -> Journal:
        """What earlier sessions of this same audit have won (`key` says what makes it the same), to go on from."""
        return Journal(self.folder / JOURNAL, key)

    @property
    def data(self) -> Path:
        """The workload's store."""
        return self.folder / "data"

    @property
    def predictions(self) -> Path:
        """The candidates' answers."""
        return self.folder / "predictions"

    @property
    def artifacts(self) -> Path:
        """What compression made."""
        return self.folder / "artifacts"

    @property
    def logs(self) -> Path:
        """What workers printed."""
        return self.folder / "logs"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[Run]:
    """Locks the folder. Raises InputError when another audit works there, or it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+")
    except OSError as error:
        raise InputError(
            f"cannot write here ({os.strerror(error.errno or errno.EIO)})", Place(folder.name), "Give another folder with --out."
        ) from error
    with lock:
        _lock(lock.fileno(), folder)
        token = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        for stray in tree.known_by(f"{token}/"):
            tree.end(stray, f"{token}/")  # left by an audit that was killed
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield Run(folder, token)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        _take(descriptor)
    except OSError as error:
        owner = (folder / LOCK).read_text("utf-8", "replace").strip() or "unknown"
        raise InputError(
            f"another audit (process {owner}) is at work in this folder",
            Place(folder.name),
            "Wait for it, or give another folder with --out.",
        ) from error


def _take(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
