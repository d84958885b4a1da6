"""A candidate resident in its worker, as rounds see it: asked for its blocks of one round, on the round's own processor."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from effaudit.core.observed import Block
from effaudit.core.protocol import Message
from effaudit.core.stats.callers import rate_at_once, rate_over_all
from effaudit.measure.environment import Watch
from effaudit.process import Worker

AHEAD_NS = 5_000_000
"""Several processes are told so early when to begin together."""
TRIES, LONGEST_TRY_S = 3, 1.0
"""Callers that missed each other are let off so often at most, and only where it does not take long."""


@dataclass(frozen=True)
class Resident:
    """A worker with a candidate loaded, the batch sizes and numbers of callers that it is asked with, and where it may run.

    `others`: further processes of the same candidate, where its format takes one call at a time. `cores`: the processors that
    rounds take turns on: all candidates of a round run on the same one, for two processors seldom have the same speed, and
    are disturbed at different times. Empty where a candidate has threads of its own, or the system cannot hold a process.
    """

    worker: Worker
    timeout_s: float
    watch: Watch
    batches: Sequence[int]
    callers: Sequence[int] = ()
    others: tuple[Worker, ...] = ()
    cores: Sequence[int] = field(default=())

    def blocks(self, number: int, incarnation: int, key: int) -> list[Block]:
        """Times one block of each batch size, and one of each number of callers. Raises Fault."""
        if self.cores:
            self._hold({self.cores[number % len(self.cores)]})
        found = [self._single(batch, number * 8 * batch, incarnation, key) for batch in self.batches]
        if self.callers and self.cores:
            self._hold(set(self.cores))
        return found + [self._several(callers, number * 8, incarnation, key) for callers in self.callers]

    def busy(self, seconds: float) -> tuple[int, int]:
        """Keeps it at work on any processor, asked in the first batch size. Returns that and the rows answered. Raises Fault."""
        if self.cores:
            self._hold(set(self.cores))
        batch, timeout = self.batches[0], self.timeout_s + seconds
        worked = self.worker.ask("busy", {"batch": batch, "seconds": seconds}, stage="energy", timeout_s=timeout)
        return batch, int(worked.facts["rows"])

    def end(self) -> None:
        """Ends its processes."""
        for worker in (self.worker, *self.others):
            worker.end()

    def _single(self, batch: int, start: int, incarnation: int, key: int) -> Block:
        timed = self.worker.ask("block", {"batch": batch, "start": start}, stage="time", timeout_s=self.timeout_s)
        facts = timed.facts
        self.watch.switches += int(facts["switches"])
        return Block(
            incarnation, key, batch, timed.arrays["nanos"], int(facts["cpu_nanos"]), int(facts["calls"]), int(facts["grouped"])
        )

    def _several(self, callers: int, start: int, incarnation: int, key: int) -> Block:
        """One block of several callers at once: threads of the worker, or one in each process.

        Callers that missed each other are let off again, at most so often; then all their calls are divided by all their time.
        """
        processes = (self.worker, *self.others)[:callers] if self.others else (self.worker,)
        for _ in range(TRIES):
            begun = time.monotonic()
            told = self._let_off(processes, 1 if self.others else callers, start)
            moments = [own for answer in told for own in answer.arrays.values()]
            rate = rate_at_once(moments)
            if rate is not None or time.monotonic() - begun > LONGEST_TRY_S:
                break
        per_call = np.array([1.0 / (rate or rate_over_all(moments))])
        cpu, calls = sum(int(answer.facts["cpu_nanos"]) for answer in told), sum(len(own) - 1 for own in moments)
        return Block(incarnation, key, self.batches[0], per_call, cpu, calls, 1, callers, bool(self.others))

    def _let_off(self, processes: Sequence[Worker], callers: int, start: int) -> list[Message]:
        """Each process asked to begin at the same moment, with so many callers in each."""
        begin = time.monotonic_ns() + AHEAD_NS if self.others else 0
        facts = {"callers": callers, "batch": self.batches[0], "start": start, "begin_ns": begin}
        asked = lambda worker: worker.ask("parallel", facts, stage="time", timeout_s=self.timeout_s)  # noqa: E731
        with ThreadPoolExecutor(len(processes)) as pool:
            return list(pool.map(asked, processes))

    def _hold(self, cores: set[int]) -> None:
        if hasattr(os, "sched_setaffinity"):
            try:
                os.sched_setaffinity(self.worker.pid, cores)
            except OSError:  # it has ended, which asking it will tell, or the processor was taken from us
                return


def processors() -> tuple[int, ...]:
    """The processors that rounds may take turns on; none where there is no choice, or no way to hold a process to one."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    return tuple(allowed) if len(allowed) > 1 else ()
