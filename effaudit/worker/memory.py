"""A process's own resident memory, now and at its highest since a moment."""

from __future__ import annotations

import sys
from pathlib import Path

METHOD = "VmHWM" if sys.platform.startswith("linux") else "resident size at the end of each phase"


def begin() -> None:
    """Starts a phase: from now on `peak` speaks of this phase only (Linux: `clear_refs`, see proc(5))."""
    if sys.platform.startswith("linux"):
        Path("/proc/self/clear_refs").write_text("5")


def now() -> int:
    """Resident bytes."""
    return _field("VmRSS")


def peak() -> int:
    """The most resident bytes since `begin`. Where the system cannot tell, the bytes now."""
    return _field("VmHWM")


def _field(name: str) -> int:
    if sys.platform.startswith("linux"):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    import psutil

    return int(psutil.Process().memory_info().rss)
