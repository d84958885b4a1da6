"""Times several callers that ask one loaded model at once: threads that begin together and ask without pause for a while."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

WINDOW_NS = 10_000_000
LEAST_CALLS = 3
"""Of each caller: a window is as long as the slowest of these."""
LONGEST_WAIT_S = 600.0
LEAST_SHARED = 0.5
"""Of the longest window: callers that shared less of it did not ask at once, and are let off again, at most so often:"""
TRIES = 3


@dataclass(frozen=True)
class Together:
    """What all callers did: nanoseconds between answers (of whichever), calls, and processor nanoseconds of all threads."""

    nanos_per_call: float
    calls: int
    cpu_nanos: int


def together(
    ask: Callable[[Any], Any],
    requests: Sequence[Sequence[Any]],
    begin_ns: int = 0,
    clock: Callable[[], int] = time.monotonic_ns,
    cpu_clock: Callable[[], int] = time.process_time_ns,
) -> Together:
    """One thread for each list of requests, asked round and round for 10 ms or 3 calls each; the rates of all are added.

    `begin_ns`: on the system's monotonic clock, when to begin, so that several processes can begin together. The first request
    of each caller is asked untimed before that. Where callers keep missing each other, all calls are divided by the time from
    the first one's beginning to the last one's end. Raises what a caller raised.
    """
    windows: list[_Window] = []
    for _ in range(TRIES):
        windows, cpu = _let_off(ask, requests, begin_ns, clock, cpu_clock)
        if _shared(windows) >= LEAST_SHARED:
            return Together(1.0 / sum(one.calls / one.nanos for one in windows), sum(one.calls for one in windows), cpu)
    calls = sum(one.calls for one in windows)
    whole = max(one.ended for one in windows) - min(one.begun for one in windows)
    return Together(max(1, whole) / calls, calls, cpu)


@dataclass(frozen=True)
class _Window:
    """When one caller asked, and how often."""

    begun: int
    ended: int
    calls: int

    @property
    def nanos(self) -> int:
        return max(1, self.ended - self.begun)


def _shared(windows: Sequence[_Window]) -> float:
    """The time in which all asked, as a share of the longest window."""
    return (min(one.ended for one in windows) - max(one.begun for one in windows)) / max(one.nanos for one in windows)


def _let_off(
    ask: Callable[[Any], Any],
    requests: Sequence[Sequence[Any]],
    begin_ns: int,
    clock: Callable[[], int],
    cpu_clock: Callable[[], int],
) -> tuple[list[_Window], int]:
    line = threading.Barrier(len(requests) + 1)
    windows: list[_Window] = []
    raised: list[BaseException] = []

    def caller(own: Sequence[Any]) -> None:
        try:
            ask(own[0])
            line.wait(LONGEST_WAIT_S)
            begun, done, now = clock(), 0, 0
            while now - begun < WINDOW_NS or done < LEAST_CALLS:
                ask(own[done % len(own)])
                done, now = done + 1, clock()
            windows.append(_Window(begun, now, done))
        except threading.BrokenBarrierError:
            return
        except BaseException as error:
            raised.append(error)
            line.abort()

    threads = [threading.Thread(target=caller, args=(own,), daemon=True) for own in requests]
    gc.collect()
    gc.disable()
    try:
        for thread in threads:
            thread.start()
        while clock() < begin_ns:
            time.sleep(0.0002)
        cpu = cpu_clock()
        _join_the_line(line)
        for thread in threads:
            thread.join()
        cpu = cpu_clock() - cpu
    finally:
        gc.enable()
    if raised:
        raise raised[0]
    return windows, cpu


def _join_the_line(line: threading.Barrier) -> None:
    try:
        line.wait(LONGEST_WAIT_S)
    except threading.BrokenBarrierError:
        return  # a caller raised, which is told below
