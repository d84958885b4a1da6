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

from effaudit.core import keeper

TOKEN = "EFFAUDIT_RUN"  # noqa: S105
"""The environment variable by which a run's processes are known, wherever they have gone."""


def members(pid: int) -> list[int]:
    """A process and its descendants."""
    return [pid, *started_by(pid)]


def started_by(pid: int) -> list[int]:
    """A process's descendants. Those of a keeper are a candidate's processes, daemons included."""
    if sys.platform.startswith("linux"):
        return keeper.descendants(pid)
    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def resident(pids: Iterable[int]) -> int:
    """Resident bytes of some processes together."""
    return sum(_resident(pid) for pid in pids)


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds that some processes have used together, with those of their children that ended and were waited for."""
    return sum(sum(_cpu_seconds(pid)) for pid in pids)


def orphans_cpu_seconds(pid: int) -> float:
    """CPU seconds of a keeper's children that ended: processes that outlived the one that had started them."""
    return _cpu_seconds(pid)[1]


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


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        if sys.platform.startswith("linux"):
            return 0
        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(pid).memory_info().rss)
        return 0


def _cpu_seconds(pid: int) -> tuple[float, float]:
    """A process's own, and those of the children it has waited for; 0 when it is gone."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            user, system, waited_user, waited_system = (int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in fields[11:15])
            return user + system, waited_user + waited_system
        return 0.0, 0.0
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system, getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return 0.0, 0.0


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
