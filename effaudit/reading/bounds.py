"""How much a data file may become in memory: bounded by what it takes on the disk, before it is read."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

LEAST = 256_000_000
"""Any file may hold so many bytes of values."""
TIMES = 25
"""And so many times what it takes on the disk: real tables, well compressed, hold 5 to 15 times that."""
LEAST_MEMORY = 1_000_000_000
MEMORY_TIMES = 100
"""Reading takes so many bytes, or so many times what the files take on the disk: several copies of all that they may hold."""
_BLOCK = 512
_CGROUP = Path("/sys/fs/cgroup")


def on_disk(path: Path) -> int:
    """The bytes that a file really takes: of one with holes less than its size."""
    state = path.stat()
    return min(state.st_size, getattr(state, "st_blocks", 0) * _BLOCK or state.st_size)


def most(path: Path) -> int:
    """The most bytes of values that a file may hold."""
    return max(LEAST, TIMES * on_disk(path))


def memory(files: list[Path]) -> int:
    """The most bytes of memory that reading some files may take, or what is free where that is less."""
    return min(free(), max(LEAST_MEMORY, MEMORY_TIMES * sum(on_disk(file) for file in files if file.is_file())))


def free() -> int:
    """The bytes of memory that may still be used: by the machine, and by the control group (version 2) of a container."""
    available = int(psutil.virtual_memory().available)
    with contextlib.suppress(OSError, ValueError):
        limit, used = (int((_CGROUP / name).read_text()) for name in ("memory.max", "memory.current"))
        return max(0, min(available, limit - used))
    return available
