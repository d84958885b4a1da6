"""The processes that a candidate has started, seen from its worker: what they use is the candidate's, wherever they have gone."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

from effaudit.core import cgroup, keeper


def running() -> list[int]:
    """The candidate's processes beside this one, daemons included."""
    if sys.platform.startswith("linux"):
        return [pid for pid in keeper.descendants(_root()) if pid != os.getpid()]
    import psutil

    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process().children(recursive=True)]
    return []


def cpu_nanos() -> int:
    """Processor nanoseconds of the other processes so far, those that have ended included.

    It only grows, but by a tick of the scheduler where only a control group has seen some of them.
    """
    own = time.process_time_ns()  # first, which has the kernel count this process up to now: the group's figure lags behind
    return max(cgroup.cpu_nanos() - own, _waited_for() + sum(_cpu_nanos(pid) for pid in running()))


def resident() -> int:
    """Bytes that the other processes hold; of memory that several share each has its part."""
    return sum(_resident(pid) for pid in running())


def _root() -> int:
    """The keeper, whose descendants daemons remain; without one, this process."""
    coordinator = os.environ.get(keeper.COORDINATOR)
    parent = os.getppid()
    return parent if coordinator and int(coordinator) != parent else os.getpid()


def _waited_for() -> int:
    """Of processes that have ended: children of this one to the microsecond, orphans that the keeper waited for to the tick."""
    if sys.platform == "win32":
        return 0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = int((used.ru_utime + used.ru_stime) * 1e9)
    root = _root()
    return own + (_ticks(root, 13, 15) if root != os.getpid() else 0)


def _cpu_nanos(pid: int) -> int:
    """A running process, all threads to the nanosecond, with its own children that have ended."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            return time.clock_gettime_ns(~pid << 3 | 2) + _ticks(pid, 13, 15)  # clock_getcpuclockid(3), CPUCLOCK_SCHED
        return 0
    import psutil

    with contextlib.suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return int((times.user + times.system) * 1e9)
    return 0


def _ticks(pid: int, first: int, end: int) -> int:
    """Some of the times in /proc/PID/stat, whose fields are counted from the state on, as nanoseconds."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return sum(map(int, fields[first:end])) * 10**9 // os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    import psutil

    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
