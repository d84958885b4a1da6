"""What the machine did while it was measured on: its regime, by a fixed kernel once a round, and what was taken from it."""

from __future__ import annotations

import hashlib
import math
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distributions

import psutil

from effaudit.core.notes import Note, coded
from effaudit.core.text import one_line
from effaudit.measure import counters
from effaudit.process import cores

SLOW = 1.5
"""A round in which the kernel takes this many times its typical time is played again."""
STOLEN = 0.10
"""So is one in which the hypervisor took this share of the processors, or in which the control group throttled anything."""
CLOCK_TICK_S = 1e-9
FEWEST_KERNELS = 20
APART, EXPLAINED, LEAST_SHARE = 1.25, 0.8, 0.05
"""Two speeds are told apart when they differ by a quarter, explain 80 % of the variance, and each has 5 % of the rounds."""
TOLD_STOLEN, TOLD_WAITING = 0.02, 0.5
"""From these shares and counts on, a session's notes say so."""


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
    waiting: float = 0.0
    """Other processes that wanted to run, added up over rounds."""

    def begin(self) -> None:
        """Starts a round."""
        self._last = self.read()
        self._begun = self._begun or self._last

    def was_bad(self) -> bool:
        """Ends a round: was the machine slow or taken away during it?"""
        seconds, now = self.kernel(), self.read()
        typical = statistics.median(self._kernels[-200:]) if len(self._kernels) >= 5 else seconds
        self._kernels.append(seconds)
        over = now.since(self._last) if self._last else counters.Counters()
        self.rounds += 1
        self.waiting += now.running
        bad = seconds > SLOW * typical or over.stolen_share > STOLEN or over.throttled_s > 0.0
        self.bad += bad
        return bad

    def summary(self) -> dict[str, float]:
        """Shares and counts for the session's record."""
        kernels = sorted(self._kernels) or [0.0]
        typical = statistics.median(kernels)
        over = self.read().since(self._begun) if self._begun else counters.Counters()
        slower = regimes(kernels)
        return {
            "rounds": float(self.rounds),
            "bad_rounds": float(self.bad),
            "repeated_rounds": float(self.repeated),
            "slow_share": slower.share,
            "slow_ratio": slower.ratio,
            "kernel_median_s": typical,
            "kernel_p90_ratio": kernels[int(0.9 * (len(kernels) - 1))] / typical if typical else 1.0,
            "kernel_max_ratio": kernels[-1] / typical if typical else 1.0,
            "stolen_share": over.stolen_share,
            "throttled_s": over.throttled_s,
            "involuntary_switches": float(self.switches),
            "run_queue": self.waiting / max(1, self.rounds),
        }

    def notes(self) -> tuple[Note, ...]:
        """What disturbed the session enough to be told in words."""
        return disturbances(self.summary())


@dataclass(frozen=True)
class Regimes:
    """The machine's slower speed: the share of rounds it ran at it, and how many times longer work took. One speed: 0 and 1."""

    share: float = 0.0
    ratio: float = 1.0


def regimes(kernels: Sequence[float]) -> Regimes:
    """Two speeds, if the kernel's times fall into two clusters at least a quarter apart that explain most of how they vary.

    The split is Otsu's (1979): the one with the greatest variance between the clusters, on the log scale.
    """
    logs = sorted(math.log(seconds) for seconds in kernels if seconds >= CLOCK_TICK_S)
    count, total = len(logs), sum(logs)
    if count < FEWEST_KERNELS:
        return Regimes()
    mean, best, at, left = total / count, 0.0, 0, 0.0
    for place in range(1, count):
        left += logs[place - 1]
        between = (left - place * mean) ** 2 * count / (place * (count - place))
        if between > best:
            best, at = between, place
    within = sum((log - mean) ** 2 for log in logs)
    if at == 0 or best < EXPLAINED * within:
        return Regimes()
    ratio = math.exp(statistics.median(logs[at:]) - statistics.median(logs[:at]))
    share = (count - at) / count
    return Regimes(share, ratio) if ratio >= APART and min(share, 1 - share) >= LEAST_SHARE else Regimes()


def disturbances(summary: Mapping[str, float]) -> tuple[Note, ...]:
    """A session's conditions in sentences, with what to do; nothing where it was quiet."""
    share, ratio = summary.get("slow_share", 0.0), summary.get("slow_ratio", 1.0)
    repeated, bad = summary.get("repeated_rounds", 0.0), summary.get("bad_rounds", 0.0)
    stolen, throttled = summary.get("stolen_share", 0.0), summary.get("throttled_s", 0.0)
    waiting = summary.get("run_queue", 0.0)
    found = {
        f"The machine ran at two speeds: {share:.0%} of rounds fell into spells in which work took {ratio:.2f} times as long. "
        "Comparisons are made inside a round, which such spells widen but do not shift.": share > 0,
        f"{bad:,.0f} rounds fell into bad spells; {repeated:,.0f} of them were played again whole.": bad > 0,
        f"The hypervisor gave {stolen:.1%} of the processor time to others.": stolen >= TOLD_STOLEN,
        f"The control group throttled processes for {throttled:.1f} s: raise its processor limit.": throttled > 0,
        f"On average {waiting:.1f} other processes wanted to run: end them, and intervals become narrower.": waiting
        >= TOLD_WAITING,
    }
    return coded("disturbed", *(sentence for sentence, told in found.items() if told))


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
