"""What binds a process that effaudit starts: it ends with its parent, and takes no more memory than it may."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CGROUP = Path("/sys/fs/cgroup")
_DATA = 5
"""The field of /proc/self/statm that holds the pages of data and stack."""


def die_with_parent(parent: int) -> None:
    """Asks Linux to kill this process when its parent ends, however it ends. Elsewhere nothing is done."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if parent and os.getppid() != parent:  # it ended before we asked
            os._exit(0)


def bind_memory(limit: int) -> None:
    """Refuses memory beyond what is held now plus `limit` bytes; files that are mapped to be read do not count (Linux).

    The limit is a soft one, which a process that is started may raise for itself.
    """
    if sys.platform.startswith("linux"):
        import resource

        with contextlib.suppress(OSError, ValueError):
            held = int(Path("/proc/self/statm").read_text().split()[_DATA]) * resource.getpagesize()
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            wanted = held + limit
            resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def leave_no_core() -> None:
    """Turns core files off: a model that crashes writes none beside the user's files."""
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def free_memory() -> tuple[int, int]:
    """The bytes of memory that may still be used, and those that there are, by the machine or its container (cgroup version 2)."""
    free, whole = _of_machine()
    with contextlib.suppress(OSError, ValueError):
        limit, used = (int((_CGROUP / name).read_text()) for name in ("memory.max", "memory.current"))
        return max(0, min(free, limit - used)), min(whole, limit)
    return free, whole


def _of_machine() -> tuple[int, int]:
    with contextlib.suppress(OSError, ValueError, KeyError):
        lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
        known = {words[0]: int(words[1]) * 1024 for words in lines if len(words) > 1}
        return known["MemAvailable:"], known["MemTotal:"]
    import psutil

    memory = psutil.virtual_memory()
    return int(memory.available), int(memory.total)
