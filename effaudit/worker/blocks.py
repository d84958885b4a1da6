"""Times a short block of calls: requests built before the clock, garbage collection off, raw nanoseconds kept."""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from effaudit.core.store import Array
from effaudit.worker import helpers, memory
from effaudit.worker.asking import Asked
from effaudit.worker.turns import Freshness, Turns

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
IN_TURNS_NANOS = 2_000_000_000
FAST_NANOS = 20_000
"""Calls faster than this are timed in groups of at least this long: the clock itself takes about 100 ns."""


@dataclass(frozen=True)
class Kept:
    """One answer of a block, copied as soon as the clock had stopped, with the rows that it was asked about."""

    answer: Any
    rows: Array


@dataclass(frozen=True)
class Timed:
    """One block: nanoseconds per call (means of `grouped` calls), CPU nanoseconds of all timed calls, involuntary switches."""

    nanos: Array
    cpu_nanos: int
    calls: int
    grouped: int
    switches: int
    freshness: Freshness
    kept: Kept
    untimed: int


@dataclass
class Timer:
    """Remembers how long a call of each batch size took, so that the next block is long enough and no longer."""

    clock: Callable[[], int] = time.perf_counter_ns
    cpu_clock: Callable[[], int] = time.process_time_ns
    others_cpu: Callable[[], int] = helpers.cpu_nanos
    """What the processes that the candidate started have used. Reading it takes long, and is not in `cpu_clock`'s window."""
    largest: int = 0
    """The bytes of the largest block's requests so far."""
    random: random.Random = field(default_factory=random.Random)
    """Draws the call whose answer is kept."""
    _frozen: bool = False
    _typical: dict[int, float] = field(default_factory=dict)

    def block(self, asked: Asked, batch: int, turns: Turns, again: bool = False) -> Timed:
        """Times at least 2 ms and 2 calls, after 3 untimed ones (slow calls: 1). `again`: the last block's requests once more."""
        typical = self._typical.get(batch) or self._try(asked, batch, turns)
        grouped = 1 if typical >= FAST_NANOS else int(np.ceil(FAST_NANOS / max(typical, 1.0)))
        calls = int(np.clip(np.ceil(LEAST_NANOS / max(typical, 1.0)), LEAST_CALLS * grouped, MOST_CALLS))
        untimed = UNTIMED_CALLS if typical < SLOW_NANOS else UNTIMED_SLOW_CALLS
        turn = (turns.again if again else turns.next)(-(-calls // grouped) * grouped, batch)
        calls = len(turn.rows) // batch
        requests = asked.requests(np.concatenate([turns.held(untimed, batch), turn.rows]), batch)
        memory.begin()
        self.largest = max(self.largest, sum(values.nbytes for values in requests[0].values()) * len(requests))
        nanos, cpu, switches, place, answer = self._run(asked.ask, requests, untimed, grouped)
        if turn.freshness != "known":
            self._typical[batch] = float(np.median(nanos))
        kept = Kept(answer, turn.rows[place * batch : (place + 1) * batch])
        return Timed(nanos, cpu, calls, grouped, switches, turn.freshness, kept, untimed)

    def calls_within(self, batch: int, nanos: int) -> int:
        """How many calls, as far as is known, fit in so long: at least 8 and at most 4096."""
        return int(np.clip(nanos / max(self._typical.get(batch, nanos), 1.0), 8, MOST_CALLS))

    def _try(self, asked: Asked, batch: int, turns: Turns) -> float:
        requests = asked.requests(turns.held(1 + TRIED_CALLS, batch), batch)
        first = float(self._run(asked.ask, requests[:1], 0, 1)[0][0])
        return first if first >= SLOW_NANOS else float(np.median(self._run(asked.ask, requests[1:], 0, 1)[0]))

    def _run(self, ask: Callable[[Any], Any], requests: list[Any], untimed: int, grouped: int) -> tuple[Array, int, int, int, Any]:
        """Nanoseconds, CPU nanoseconds, involuntary switches, and which answer was kept, and that answer."""
        for request in requests[:untimed]:
            ask(request)
        timed = requests[untimed:]
        groups = [timed[at : at + grouped] for at in range(0, len(timed), grouped)]
        chosen = 1 + self.random.randrange(len(groups))
        each = self._each if grouped == 1 else self._in_groups
        if not self._frozen:  # what was loaded is not looked at again; what comes later must be, or its cycles are never freed
            gc.collect()
            gc.freeze()
            self._frozen = True
        gc.collect()
        gc.disable()
        try:
            others = self.others_cpu()
            switches, cpu = _switches(), self.cpu_clock()
            first, answer = each(ask, groups[:chosen])
            cpu -= self.cpu_clock()
            answer = copied(answer)  # ours, and not the candidate's work
            cpu += self.cpu_clock()
            second, _ = each(ask, groups[chosen:])
            cpu, switches = self.cpu_clock() - cpu, _switches() - switches
            cpu += self.others_cpu() - others
        finally:
            gc.enable()
        place = min(chosen * grouped, len(timed)) - 1
        return np.asarray(first + second, dtype=np.float64), cpu, switches, place, answer

    def _each(self, ask: Callable[[Any], Any], groups: Sequence[list[Any]]) -> tuple[list[float], Any]:
        """Nanoseconds of single calls, and the last answer."""
        clock, answer = self.clock, None
        nanos: list[float] = []
        for (request,) in groups:
            begun = clock()
            answer = ask(request)
            nanos.append(clock() - begun)
        return nanos, answer

    def _in_groups(self, ask: Callable[[Any], Any], groups: Sequence[list[Any]]) -> tuple[list[float], Any]:
        """Nanoseconds of calls as means of groups, and the last answer."""
        clock, answer = self.clock, None
        nanos: list[float] = []
        for group in groups:
            begun = clock()
            for request in group:
                answer = ask(request)
            nanos.append((clock() - begun) / len(group))
        return nanos, answer


def in_turns(
    asks: Sequence[Callable[[Any], Any]], requests: Sequence[Any], clock: Callable[[], int] = time.perf_counter_ns
) -> list[float]:
    """The median nanoseconds of each of some functions, asked in turns after an untimed call; of slow ones fewer calls."""
    for ask in asks:
        ask(requests[0])
    nanos: list[list[int]] = [[] for _ in asks]
    for request in requests:
        for ask, own in zip(asks, nanos, strict=True):
            begun = clock()
            ask(request)
            own.append(clock() - begun)
        if sum(map(sum, nanos)) > IN_TURNS_NANOS:
            break
    return [float(np.median(own)) for own in nanos]


def copied(answer: Any) -> Any:
    """The answer as it is at this moment: whoever filled the array later has not answered."""
    return answer.copy() if isinstance(answer, np.ndarray) else answer


def _switches() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw)
