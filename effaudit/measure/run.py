"""The run's folder: effaudit's own, locked while an audit works in it, with a journal to go on from after any kind of end."""

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
from effaudit.core.files import own_file, shown
from effaudit.core.system import told
from effaudit.measure import ownership
from effaudit.measure.journal import Journal
from effaudit.process import tree


@dataclass(frozen=True)
class Run:
    """A folder that belongs to one audit at a time. `lock` is the descriptor that holds it."""

    folder: Path
    token: str
    lock: int

    def journal(self, key: str) -> Journal:
        """What earlier sessions of this same audit have won (`key` says what makes it the same), to go on from."""
        return Journal(self.folder / ownership.JOURNAL, key)

    @property
    def data(self) -> Path:
        """The workload's store."""
        return self.folder / ownership.DATA

    @property
    def predictions(self) -> Path:
        """The candidates' answers."""
        return self.folder / ownership.PREDICTIONS

    @property
    def artifacts(self) -> Path:
        """What compression made."""
        return self.folder / ownership.ARTIFACTS

    @property
    def logs(self) -> Path:
        """What workers printed."""
        return self.folder / ownership.LOGS

    def check(self) -> None:
        """Raises FileNotFoundError when the folder was removed, or another one put in its place, while the audit was at work."""
        held = os.fstat(self.lock)
        with contextlib.suppress(FileNotFoundError):
            found = (self.folder / ownership.LOCK).lstat()
            if sys.platform == "win32" or (found.st_ino, found.st_dev) == (held.st_ino, held.st_dev):
                return
        raise FileNotFoundError(errno.ENOENT, "the folder was removed while the audit was at work in it", str(self.folder))


@contextlib.contextmanager
def held(folder: Path) -> Iterator[Run]:
    """Claims and locks the folder, which may be a link itself.

    Raises InputError when another audit works there, when it holds files of somebody else or links in their place, or when the
    system refuses something, here or while the audit is at work.
    """
    with told(), _held(_made(folder)) as run:
        yield run


def _made(folder: Path) -> Path:
    try:
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        place = Place(shown(folder)[:300])
        raise InputError(f"cannot write here ({said})", place, "Give another folder with --out (from Python: out=).") from error
    return folder


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[Run]:
    ownership.claim(folder)
    descriptor = own_file(folder / ownership.LOCK, os.O_RDWR)
    try:
        _lock(descriptor, folder)
        token = hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        for stray in tree.known_by(f"{token}/"):
            tree.end(stray, f"{token}/")  # left by an audit that was killed
        ownership.sweep(folder)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield Run(folder, token, descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        _take(descriptor)
    except OSError as error:
        owner = os.read(descriptor, 20).decode("utf-8", "replace").strip() or "unknown"
        raise InputError(
            f"another audit (process {owner}) is at work in this folder",
            Place(shown(folder)),
            "Wait for it, or give another folder with --out (from Python: out=).",
        ) from error


def _take(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
