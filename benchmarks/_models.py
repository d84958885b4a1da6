"""Callables whose time is known: they sleep, or they count. Asked as Python candidates, and in a bare loop."""

from __future__ import annotations

import time
from typing import Any

COUNT = 20_000


def nothing(rows: Any) -> Any:
    """What a call itself costs."""
    return rows


def sleep_20ms(rows: Any) -> Any:
    """Twenty milliseconds of nothing."""
    time.sleep(0.020)
    return rows


def busy(rows: Any) -> Any:
    """About a millisecond of counting."""
    _count(COUNT)
    return rows


def busy_twin(rows: Any) -> Any:
    """The same again."""
    _count(COUNT)
    return rows


def busy_10_percent_more(rows: Any) -> Any:
    """A tenth more."""
    _count(COUNT + COUNT // 10)
    return rows


def busy_twice(rows: Any) -> Any:
    """Twice as much."""
    _count(2 * COUNT)
    return rows


def _count(number: int) -> int:
    total = 0
    for step in range(number):
        total += step
    return total
