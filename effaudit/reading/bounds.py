"""How much a data file may become in memory: bounded by what it takes on the disk, before it is read."""

from __future__ import annotations

from pathlib import Path

from effaudit.core.limits import free_memory

LEAST = 256_000_000
"""Any file may hold so many bytes of values."""
TIMES = 25
"""And so many times what it takes on the disk: real tables, well compressed, hold 5 to 15 times that."""
LEAST_MEMORY = 1_000_000_000
MEMORY_TIMES = 100
"""Reading takes so many bytes, or so many times what the files take on the disk: several copies of all that they may hold."""
_BLOCK = 512


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
    """The bytes of memory that may still be used."""
    return free_memory()[0]
