"""A candidate resident in its worker, as rounds see it: asked for its blocks of one round, on the round's own processor."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from effaudit.core.observed import Block
from effaudit.core.protocol import Message
from effaudit.core.stats.callers import rate_at_once, rate_over_all
from effaudit.measure.environment import Watch
from effaudit.measure.timed_answers import Expected
from effaudit.process import Fault, Worker

AHEAD_NS = 5_000_000
"""Several processes are told so early when to begin together."""
EARLY_KNOWN, KNOWN_EVERY = (2, 4), 8
"""Some of the first rounds, and later every so many, repeat the requests of the one before, while the others ask new rows."""
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
    expected: Expected | None = None
    """What its timed answers are compared with."""

    def blocks(self, number: int, incarnation: int, key: int) -> list[Block]:
        """Times one block of each batch size, and one of each number of callers. Raises Fault."""
        if self.cores:
            self._hold({self.cores[number % len(self.cores)]})
        again = number in EARLY_KNOWN or number % KNOWN_EVERY == KNOWN_EVERY - 1
        found = [self._single(batch, again, incarnation, key) for batch in self.batches]
        if self.callers and self.cores:
            self._hold(set(self.cores))
        return found + [self._several(callers, incarnation, key) for callers in self.callers]

    def first(self) -> float:
        """Seconds that the first answer took. Raises Fault."""
        return float(self._asked(self.worker, "first", {"batch": self.batches[0]}, "first", self.timeout_s).facts["first_s"])

    def busy(self, seconds: float) -> tuple[int, int]:
        """Keeps it at work on any processor, asked in the first batch size. Returns that and the rows answered. Raises Fault."""
        if self.cores:
            self._hold(set(self.cores))
        batch, timeout = self.batches[0], self.timeout_s + seconds
        worked = self._asked(self.worker, "busy", {"batch": batch, "seconds": seconds}, "energy", timeout)
        return batch, int(worked.facts["rows"])

    def end(self) -> None:
        """Ends its processes."""
        for worker in (self.worker, *self.others):
            worker.end()

    def _asked(self, worker: Worker, word: str, facts: Mapping[str, Any], stage: str, timeout_s: float) -> Message:
        """The reply, whose kept answers are those that were scored. Raises Fault."""
        compare = {} if self.expected is None else {"compare": self.expected.wanted}
        reply = worker.ask(word, {**facts, **compare}, stage=stage, timeout_s=timeout_s)
        try:
            if self.expected is not None:
                self.expected.check(reply)
            worker.check_memory(int(reply.facts.get("resident", 0)), stage)
        except Fault:
            worker.end()
            raise
        return reply

    def _single(self, batch: int, again: bool, incarnation: int, key: int) -> Block:
        timed = self._asked(self.worker, "block", {"batch": batch, "again": again}, "time", self.timeout_s)
        facts = timed.facts
        self.watch.switches += int(facts["switches"])
        return Block(
            incarnation,
            key,
            batch,
            timed.arrays["nanos"],
            int(facts["cpu_nanos"]),
            int(facts["calls"]),
            int(facts["grouped"]),
            untimed=int(facts["untimed"]),
            peak=max(0, int(facts["peak"]) - int(facts["requests"])),
            resident=max(0, int(facts["resident"]) - int(facts["requests"])),
            freshness=facts["freshness"],
        )

    def _several(self, callers: int, incarnation: int, key: int) -> Block:
        """One block of several callers at once: threads of the worker, or one in each process.

        Callers that missed each other are let off again, at most so often; then all their calls are divided by all their time.
        """
        processes = (self.worker, *self.others)[:callers] if self.others else (self.worker,)
        for _ in range(TRIES):
            begun = time.monotonic()
            told = self._let_off(processes, 1 if self.others else callers)
            moments = [own for answer in told for name, own in answer.arrays.items() if name.startswith("caller-")]
            rate = rate_at_once(moments)
            if rate is not None or time.monotonic() - begun > LONGEST_TRY_S:
                break
        per_call = np.array([1.0 / (rate or rate_over_all(moments))])
        cpu, calls = sum(int(answer.facts["cpu_nanos"]) for answer in told), sum(len(own) - 1 for own in moments)
        freshness = "new" if all(answer.facts["freshness"] == "new" for answer in told) else "mixed"
        return Block(incarnation, key, self.batches[0], per_call, cpu, calls, 1, callers, bool(self.others), freshness=freshness)

    def _let_off(self, processes: Sequence[Worker], callers: int) -> list[Message]:
        """Each process asked to begin at the same moment, with so many callers in each."""
        begin = time.monotonic_ns() + AHEAD_NS if self.others else 0
        facts = {"callers": callers, "batch": self.batches[0], "begin_ns": begin}
        asked = lambda worker: self._asked(worker, "parallel", facts, "time", self.timeout_s)  # noqa: E731
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
