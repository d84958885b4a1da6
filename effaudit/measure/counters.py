"""The kernel's own counters of what was taken from this machine; zero where the kernel has none."""

from __future__ import annotations

import contextlib
import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Counters:
    """Processor ticks since the system started (all together, and stolen), seconds throttled by the control group, and how many
    processes want to run at this moment, this one not counted.
    """

    total: float = 0.0
    stolen: float = 0.0
    throttled_s: float = 0.0
    running: float = 0.0

    def since(self, earlier: Counters) -> Counters:
        """What was added since an earlier look; who wants to run is as of now."""
        return Counters(
            self.total - earlier.total, self.stolen - earlier.stolen, self.throttled_s - earlier.throttled_s, self.running
        )

    @property
    def stolen_share(self) -> float:
        """The share of processor time that the hypervisor gave to others while we wanted it."""
        return self.stolen / self.total if self.total > 0 else 0.0


def read() -> Counters:
    """The counters now."""
    total = stolen = running = 0.0
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = _text("/proc/stat").splitlines()
        ticks = [float(tick) for tick in lines[0].split()[1:9]]
        total, stolen = sum(ticks), ticks[7]
        running = next((float(line.split()[1]) - 1.0 for line in lines if line.startswith("procs_running")), 0.0)
    return Counters(total, stolen, _throttled(), max(0.0, running))


def cpu_model() -> str:
    """The processor's name."""
    with contextlib.suppress(OSError):
        for line in _text("/proc/cpuinfo").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def governor() -> str:
    """How the system sets the processor's frequency, or "unknown"."""
    with contextlib.suppress(OSError):
        return _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip()
    return "unknown"


def hypervisor() -> str:
    """Is this a virtual machine: "yes", "no" or "unknown"."""
    if not sys.platform.startswith("linux"):
        return "unknown"
    with contextlib.suppress(OSError):
        return "yes" if " hypervisor" in _text("/proc/cpuinfo") else "no"
    return "unknown"


def _throttled() -> float:
    """Of this process's own control group, or of the root that a container sees as its own (version 2, then version 1)."""
    for folder in (_own_group(), "/sys/fs/cgroup", "/sys/fs/cgroup/cpu"):
        with contextlib.suppress(OSError, ValueError):
            for line in _text(f"{folder}/cpu.stat").splitlines():
                if line.startswith("throttled_usec"):
                    return float(line.split()[1]) / 1e6
                if line.startswith("throttled_time"):
                    return float(line.split()[1]) / 1e9
    return 0.0


@cache
def _own_group() -> str:
    with contextlib.suppress(OSError):
        for line in _text("/proc/self/cgroup").splitlines():
            if line.startswith("0::"):
                return f"/sys/fs/cgroup{line[3:].rstrip('/')}"
    return "/sys/fs/cgroup"


def _text(path: str) -> str:
    return Path(path).read_text()
