"""The kernel's own counters of what was taken from this machine; zero where the kernel has none."""

from __future__ import annotations

import contextlib
import platform
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Counters:
    """Ticks since the system started (user, idle, stolen and all together) and seconds throttled by the control group."""

    total: float = 0.0
    stolen: float = 0.0
    throttled_s: float = 0.0

    def since(self, earlier: Counters) -> Counters:
        """What was added since an earlier look."""
        return Counters(self.total - earlier.total, self.stolen - earlier.stolen, self.throttled_s - earlier.throttled_s)

    @property
    def stolen_share(self) -> float:
        """The share of processor time that the hypervisor gave to others while we wanted it."""
        return self.stolen / self.total if self.total > 0 else 0.0


def read() -> Counters:
    """The counters now."""
    total = stolen = 0.0
    with contextlib.suppress(OSError, ValueError, IndexError):
        ticks = [float(tick) for tick in _text("/proc/stat").splitlines()[0].split()[1:9]]
        total, stolen = sum(ticks), ticks[7]
    return Counters(total, stolen, _throttled())


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
    with contextlib.suppress(OSError, ValueError):
        for line in _text("/sys/fs/cgroup/cpu.stat").splitlines():
            if line.startswith("throttled_usec"):
                return float(line.split()[1]) / 1e6
    return 0.0


def _text(path: str) -> str:
    return Path(path).read_text()
