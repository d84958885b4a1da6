"""Callables whose time is known: they sleep, or they count. Asked as Python candidates, and in a bare loop."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

COUNT = 20_000
ANSWER = np.zeros(1)


def nothing(_: Any) -> Any:
    """What a call itself costs."""
    return ANSWER


def sleep_20ms(_: Any) -> Any:
    """Twenty milliseconds of nothing."""
    time.sleep(0.020)
    return ANSWER


def busy(_: Any) -> Any:
    """About a millisecond of counting."""
    _count(COUNT)
    return ANSWER


def busy_twin(_: Any) -> Any:
    """The same again."""
    _count(COUNT)
    return ANSWER


def busy_10_percent_more(_: Any) -> Any:
    """A tenth more."""
    _count(COUNT + COUNT // 10)
    return ANSWER


def busy_twice(_: Any) -> Any:
    """Twice as much."""
    _count(2 * COUNT)
    return ANSWER


def busy_30us(_: Any) -> Any:
    """About thirty microseconds of counting."""
    _count(COUNT // 13)
    return ANSWER


def _count(number: int) -> int:
    total = 0
    for step in range(number):
        total += step
    return total
