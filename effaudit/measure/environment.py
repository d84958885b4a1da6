"""What the machine did while it was measured on: its regime, by a fixed kernel once a round, and what was taken from it."""

from __future__ import annotations

import hashlib
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import distributions

import psutil

from effaudit.core.text import one_line
from effaudit.measure import counters
from effaudit.process import cores

SLOW = 1.5
"""A round in which the kernel takes this many times its typical time is played again."""
STOLEN = 0.10
"""So is one in which the hypervisor took this share of the processors."""


@dataclass
class Watch:
    """Looks at the machine once a round. `kernel` returns the seconds that a fixed piece of work took."""

    kernel: Callable[[], float]
    read: Callable[[], counters.Counters] = counters.read
    _kernels: list[float] = field(default_factory=list)
    _last: counters.Counters | None = None
    _begun: counters.Counters | None = None
    rounds: int = 0
    bad: int = 0
    repeated: int = 0
    switches: int = 0

    def begin(self) -> None:
        """Starts a round."""
        self._last = self.read()
        self._begun = self._begun or self._last

    def was_bad(self) -> bool:
        """Ends a round: was the machine slow or taken away during it?"""
        seconds, now = self.kernel(), self.read()
        typical = statistics.median(self._kernels[-200:]) if len(self._kernels) >= 5 else seconds
        self._kernels.append(seconds)
        stolen = now.since(self._last).stolen_share if self._last else 0.0
        self.rounds += 1
        bad = seconds > SLOW * typical or stolen > STOLEN
        self.bad += bad
        return bad

    def summary(self) -> dict[str, float]:
        """Shares and counts for the session's record."""
        kernels = sorted(self._kernels) or [0.0]
        typical = statistics.median(kernels)
        over = self.read().since(self._begun) if self._begun else counters.Counters()
        return {
            "rounds": float(self.rounds),
            "bad_rounds": float(self.bad),
            "repeated_rounds": float(self.repeated),
            "kernel_median_s": typical,
            "kernel_p90_ratio": kernels[int(0.9 * (len(kernels) - 1))] / typical if typical else 1.0,
            "kernel_max_ratio": kernels[-1] / typical if typical else 1.0,
            "stolen_share": over.stolen_share,
            "throttled_s": over.throttled_s,
            "involuntary_switches": float(self.switches),
            "run_queue": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        }


def kernel() -> float:
    """Seconds for a fixed piece of work of about two milliseconds that no library can speed up or slow down."""
    begun = time.perf_counter()
    data = b"effaudit"
    for _ in range(2500):
        data = hashlib.blake2b(data, digest_size=32).digest()
    return time.perf_counter() - begun


def host() -> dict[str, str]:
    """The machine in words, without its name or its user's."""
    memory = psutil.virtual_memory().total
    return {
        "os": f"{platform.system()} {platform.release()}",
        "arch": platform.machine(),
        "cpu": one_line(counters.cpu_model(), 80),
        "cores": str(cores()),
        "memory_bytes": str(memory),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "governor": counters.governor(),
        "hypervisor": counters.hypervisor(),
    }


_TOLD = frozenset(
    (
        *("numpy", "scipy", "scikit-learn", "lightgbm", "torch", "onnx", "onnxruntime", "onnxscript", "skl2onnx", "onnxmltools"),
        *("skops", "joblib", "pandas", "pyarrow", "codecarbon", "effaudit"),
    )
)


def packages() -> dict[str, str]:
    """The versions that figures may depend on."""
    return {d.name.lower(): d.version for d in distributions() if d.name and d.name.lower() in _TOLD}
