"""Times a short block of calls: requests built before the clock, garbage collection off, raw nanoseconds kept."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from effaudit.core.store import Array
from effaudit.worker.asking import Asked

LEAST_CALLS = 2
LEAST_NANOS = 2_000_000
"""Blocks are short, for a machine may change its speed within tens of milliseconds: at equal wall time many short rounds gave
intervals a third as wide as rounds of five calls after three (12 workers, calls of 5 ms)."""
TRIED_CALLS = 5
UNTIMED_CALLS = 3
"""The first call of a block reads 4–15 times the median, the second up to 2 times; of calls under a millisecond."""
SLOW_NANOS = 1_000_000
UNTIMED_SLOW_CALLS = 1
"""Of calls of 5 ms the first reads 1 % more, the second 0.2 %."""
MOST_CALLS = 4096
FAST_NANOS = 20_000
"""Calls faster than this are timed in groups of at least this long: the clock itself takes about 100 ns."""


@dataclass(frozen=True)
class Timed:
    """One block: nanoseconds per call (means of `grouped` calls), CPU nanoseconds of all timed calls, involuntary switches."""

    nanos: Array
    cpu_nanos: int
    calls: int
    grouped: int
    switches: int


@dataclass
class Timer:
    """Remembers how long a call of each batch size took, so that the next block is long enough and no longer."""

    clock: Callable[[], int] = time.perf_counter_ns
    cpu_clock: Callable[[], int] = time.process_time_ns
    _typical: dict[int, float] = field(default_factory=dict)

    def block(self, asked: Asked, batch: int, start: int, order: Array) -> Timed:
        """Times at least 2 ms and 2 calls, after 3 untimed ones (slow calls: 1). `start`: where in `order` its rows begin."""
        typical = self._typical.get(batch) or self._try(asked, batch, start, order)
        grouped = 1 if typical >= FAST_NANOS else int(np.ceil(FAST_NANOS / max(typical, 1.0)))
        calls = int(np.clip(np.ceil(LEAST_NANOS / max(typical, 1.0)), LEAST_CALLS * grouped, MOST_CALLS))
        calls = -(-calls // grouped) * grouped
        untimed = UNTIMED_CALLS if typical < SLOW_NANOS else UNTIMED_SLOW_CALLS
        requests = asked.requests("certify", untimed + calls, batch, start, order)
        timed = self._run(asked.ask, requests, untimed, grouped)
        self._typical[batch] = float(np.median(timed.nanos))
        return timed

    def calls_within(self, batch: int, nanos: int) -> int:
        """How many calls, as far as is known, fit in so long: at least 8 and at most 4096."""
        return int(np.clip(nanos / max(self._typical.get(batch, nanos), 1.0), 8, MOST_CALLS))

    def _try(self, asked: Asked, batch: int, start: int, order: Array) -> float:
        requests = asked.requests("certify", 1 + TRIED_CALLS, batch, start, order)
        first = float(self._run(asked.ask, requests[:1], 0, 1).nanos[0])
        return first if first >= SLOW_NANOS else float(np.median(self._run(asked.ask, requests[1:], 0, 1).nanos))

    def _run(self, ask: Callable[[Any], Any], requests: list[Any], untimed: int, grouped: int) -> Timed:
        for request in requests[:untimed]:
            ask(request)
        timed = requests[untimed:]
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            switches, cpu = _switches(), self.cpu_clock()
            nanos = self._each(ask, timed) if grouped == 1 else self._in_groups(ask, timed, grouped)
            cpu, switches = self.cpu_clock() - cpu, _switches() - switches
        finally:
            gc.enable()
        return Timed(nanos, cpu, len(timed), grouped, switches)

    def _each(self, ask: Callable[[Any], Any], requests: list[Any]) -> Array:
        clock = self.clock
        nanos = []
        for request in requests:
            begun = clock()
            ask(request)
            nanos.append(clock() - begun)
        return np.asarray(nanos, dtype=np.float64)

    def _in_groups(self, ask: Callable[[Any], Any], requests: list[Any], grouped: int) -> Array:
        clock = self.clock
        nanos = []
        for at in range(0, len(requests), grouped):
            group = requests[at : at + grouped]
            begun = clock()
            for request in group:
                ask(request)
            nanos.append((clock() - begun) / len(group))
        return np.asarray(nanos, dtype=np.float64)


def _switches() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw)
