"""Times several callers that ask one loaded model at once: threads that begin together and ask without pause for a while."""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit.core.stats.callers import Moments
from effaudit.worker import helpers
from effaudit.worker.blocks import copied

WINDOW_NS = 10_000_000
LEAST_CALLS = 3
"""Of each caller: a window is as long as the slowest of these."""
LONGEST_WAIT_S = 600.0


@dataclass(frozen=True)
class Together:
    """When each caller began its first call and ended each of its calls, and the processor nanoseconds of all threads.

    `kept`: one answer, with the caller and the place in its requests that it belongs to.
    """

    moments: list[Moments]
    cpu_nanos: int
    kept: tuple[int, int, Any]


def together(
    ask: Callable[[Any], Any],
    requests: Sequence[Sequence[Any]],
    begin_ns: int = 0,
    clock: Callable[[], int] = time.monotonic_ns,
    cpu_clock: Callable[[], int] = time.process_time_ns,
    others_cpu: Callable[[], int] = helpers.cpu_nanos,
) -> Together:
    """One thread for each list of requests, asked round and round for 10 ms or 3 calls each.

    `begin_ns`: on the system's monotonic clock, when to begin, so that several processes can begin together. The first request
    of each caller is asked untimed before that. Raises what a caller raised.
    """
    line = threading.Barrier(len(requests) + 1)
    moments: list[Moments] = []
    last: dict[int, tuple[int, Any]] = {}
    raised: list[BaseException] = []

    def caller(number: int, own: Sequence[Any]) -> None:
        try:
            answer = ask(own[0])
            line.wait(LONGEST_WAIT_S)
            passed = [clock()]
            while passed[-1] - passed[0] < WINDOW_NS or len(passed) <= LEAST_CALLS:
                answer = ask(own[(len(passed) - 1) % len(own)])
                passed.append(clock())
            last[number] = ((len(passed) - 2) % len(own), copied(answer))
            moments.append(np.array(passed, dtype=np.int64))
        except threading.BrokenBarrierError:
            return
        except BaseException as error:
            raised.append(error)
            line.abort()

    threads = [threading.Thread(target=caller, args=(number, own), daemon=True) for number, own in enumerate(requests)]
    gc.collect()
    gc.disable()
    try:
        for thread in threads:
            thread.start()
        while clock() < begin_ns:
            time.sleep(0.0002)
        others, cpu = others_cpu(), cpu_clock()
        _join_the_line(line)
        for thread in threads:
            thread.join()
        cpu = cpu_clock() - cpu
        cpu += others_cpu() - others
    finally:
        gc.enable()
    if raised:
        raise raised[0]
    number = random.choice(sorted(last))  # noqa: S311
    return Together(moments, cpu, (number, *last[number]))


def _join_the_line(line: threading.Barrier) -> None:
    try:
        line.wait(LONGEST_WAIT_S)
    except threading.BrokenBarrierError:
        return  # a caller raised, which is told below
