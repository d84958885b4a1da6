"""Keeps a model at work for a while, so that what the machine takes meanwhile can be counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

ROWS = 4096
LEAST_REQUESTS = 16


def requests_wanted(batch: int) -> int:
    """So many requests are asked in turn: enough that caches do not make them look easy."""
    return max(LEAST_REQUESTS, ROWS // batch)


def at_work(
    ask: Callable[[Any], Any], requests: Sequence[Any], seconds: float, clock: Callable[[], float] = time.perf_counter
) -> tuple[int, Any]:
    """Asks request after request, without pause, until the time is up. Returns how many were answered, one at least, and the last
    answer.
    """
    until, done, answer = clock() + seconds, 0, None
    while done == 0 or clock() < until:
        answer = ask(requests[done % len(requests)])
        done += 1
    return done, answer
