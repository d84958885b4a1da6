"""Which files a candidate reads: those that Python opens or imports in this process, and those mapped into memory or held open.

Of the processes that it started only the last two are seen. A file that any of them writes is not one that it was given.
"""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.worker import helpers

MOST_FILES = 10_000
_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/bin", "/opt/lib")
_WRITING = os.O_WRONLY | os.O_RDWR
_MOVES = frozenset(("os.rename", "os.link", "os.symlink", "shutil.copyfile", "shutil.move"))


class OpenedFiles:
    """Notes every file that is opened from now on. `besides`: folders and files that are no candidate's."""

    def __init__(self, besides: Iterable[str | Path]) -> None:
        self._read: set[str] = set()
        self._written: set[str] = set()
        own = [Path(__file__).parents[1], *besides, sys.prefix, sys.base_prefix, sys.exec_prefix, *_SYSTEM]
        own += [folder for folder in sysconfig.get_paths().values() if folder]
        own += [Path(entry) for entry in sys.path if "site-packages" in entry or "dist-packages" in entry]
        self._others = tuple(str(folder) for folder in own)
        sys.addaudithook(self._hear)

    def paths(self, named: Iterable[str | Path]) -> list[str]:
        """All regular files that were read and not written, with those that are `named`, each once."""
        imported = [getattr(module, "__file__", None) for module in tuple(sys.modules.values())]
        read, written = self._read | {path for path in imported if path}, set(self._written)
        for process in ("self", *map(str, helpers.running())):
            for held in (_mapped(process), _open(process)):
                read |= held.read
                written |= held.written
        really_written = {os.path.realpath(path) for path in written}
        found = [path for path in sorted(read) if self._is_candidates(path) and os.path.realpath(path) not in really_written]
        files = dict.fromkeys(str(Path(path).absolute()) for path in [*map(str, named), *found])
        return [path for path in files if Path(path).is_file()][:MOST_FILES]

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _MOVES:  # a file that takes another one's place is written: (source, destination, …)
            with contextlib.suppress(TypeError, ValueError, IndexError):
                self._written.add(str(Path(os.fsdecode(arguments[1])).absolute()))
        if event != "open" or len(self._read) > MOST_FILES:
            return
        path, mode, flags = (*arguments, None, None)[:3]
        with contextlib.suppress(TypeError, ValueError):
            name = str(Path(os.fsdecode(path)).absolute())
            writes = any(letter in "wax+" for letter in mode) if isinstance(mode, str) else bool((flags or 0) & _WRITING)
            (self._written if writes else self._read).add(name)

    def _is_candidates(self, path: str) -> bool:
        inside = any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in self._others)
        return not inside and "__pycache__" not in path


@dataclass(frozen=True)
class _Held:
    """Files that a process holds, by whether it may write them."""

    read: frozenset[str]
    written: frozenset[str]


def _held(found: Iterable[tuple[str, bool]]) -> _Held:
    paths = [(path, writes) for path, writes in found if path.startswith("/")]
    return _Held(frozenset(path for path, _ in paths), frozenset(path for path, writes in paths if writes))


def _mapped(process: str) -> _Held:
    """Files that lie in a process's memory, which libraries may have opened; shared and writable ones are written."""
    try:
        lines = Path(f"/proc/{process}/maps").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return _held(())
    parts = (line.split(None, 5) for line in lines)
    return _held((part[5], "w" in part[1] and "s" in part[1]) for part in parts if len(part) == 6)


def _open(process: str) -> _Held:
    """Files that a process holds open."""
    return _held(_descriptors(Path(f"/proc/{process}")))


def _descriptors(process: Path) -> Iterator[tuple[str, bool]]:
    with contextlib.suppress(OSError):
        for descriptor in list((process / "fd").iterdir()):
            with contextlib.suppress(OSError, ValueError, IndexError):
                flags = (process / "fdinfo" / descriptor.name).read_text().split("flags:")[1].split()[0]
                yield str(descriptor.readlink()), bool(int(flags, 8) & _WRITING)
