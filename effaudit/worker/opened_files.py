"""Which files this process reads for its candidate: those that Python opens or imports, and those that are mapped into memory."""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

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
        read = self._read | {path for path in imported if path} | set(_mapped())
        found = [*map(str, named), *sorted(path for path in read if path not in self._written and self._is_candidates(path))]
        files = dict.fromkeys(str(Path(path).absolute()) for path in found)
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


def _mapped() -> list[str]:
    """Files that lie in this process's memory, which libraries may have opened without Python."""
    try:
        lines = Path("/proc/self/maps").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    return [parts[5] for line in lines if len(parts := line.split(None, 5)) == 6 and parts[5].startswith("/")]
