"""A worker's processes: how many there are, what they hold, and how to end them all."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

TOKEN = "EFFAUDIT_RUN"  # noqa: S105
"""The environment variable by which a run's processes are known, wherever they have gone."""


def members(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for parent in found:
        found.extend(child for child in _children(parent) if child not in found)
        if len(found) > 10_000:
            break
    return found


def resident(pids: Iterable[int]) -> int:
    """Resident bytes of some processes together."""
    return sum(_resident(pid) for pid in pids)


def end(pid: int, token: str) -> None:
    """Kills a worker, what it started, and what that left behind. Returns when none is left (or after a second of trying)."""
    strays = {*members(pid), *known_by(token)}
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # at once for all of the group: a fork bomb cannot outrun it
    give_up = time.monotonic() + 1.0
    while strays and time.monotonic() < give_up:
        for stray in strays:
            _kill(stray)
        strays = set(known_by(token))
        if strays:
            time.sleep(0.01)


def known_by(token: str) -> list[int]:
    """The living processes whose environment carries this token, or one that it is the beginning of (`run/…`)."""
    mark = f"\0{TOKEN}={token}".encode()
    if not sys.platform.startswith("linux"):
        return [p.pid for p in psutil.process_iter() if _environment(p).get(TOKEN, "").startswith(token)]
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark in b"\0" + (entry / "environ").read_bytes() and _state(entry) != "Z":
                    found.append(int(entry.name))
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        if sys.platform.startswith("linux"):
            return []
        with contextlib.suppress(psutil.Error):
            return [child.pid for child in psutil.Process(pid).children()]
        return []


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        if sys.platform.startswith("linux"):
            return 0
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(pid).memory_info().rss)
        return 0


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return dict(process.environ())
    except psutil.Error:
        return {}
