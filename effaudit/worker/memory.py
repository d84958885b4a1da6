"""Resident memory of a candidate: of its own process, now and at its highest since a moment, and of what it has started."""

from __future__ import annotations

import sys
from pathlib import Path

from effaudit.worker import helpers

METHOD = "VmHWM" if sys.platform.startswith("linux") else "resident size at the end of each phase"


def begin() -> None:
    """Starts a phase: from now on `peak` speaks of this phase only (Linux: `clear_refs`, see proc(5))."""
    if sys.platform.startswith("linux"):
        Path("/proc/self/clear_refs").write_text("5")


def now() -> int:
    """Resident bytes of all processes."""
    return _field("VmRSS") + helpers.resident()


def peak() -> int:
    """The most resident bytes since `begin`, with what other processes hold now. Where the system cannot tell, the bytes now."""
    return _field("VmHWM") + helpers.resident()


def _field(name: str) -> int:
    if sys.platform.startswith("linux"):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    import psutil

    return int(psutil.Process().memory_info().rss)
