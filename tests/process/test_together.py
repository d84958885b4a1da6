"""Tasks run side by side, and end together."""

from __future__ import annotations

import threading
import time

import pytest

from effaudit.process.together import cores, do_all


def test_all_tasks_are_done():
    done = []
    do_all([lambda n=n: done.append(n) for n in range(20)], 1, threading.Event())
    assert sorted(done) == list(range(20))


def test_as_many_at_once_as_threads_leave_cores():
    at_once, most = [], []
    lock = threading.Lock()

    def task():
        with lock:
            at_once.append(1)
            most.append(len(at_once))
        time.sleep(0.02)
        with lock:
            at_once.pop()

    do_all([task] * 12, cores(), threading.Event())
    assert max(most) == 1


def test_one_that_raises_halts_the_others_and_is_heard():
    halt = threading.Event()
    begun = []

    def raises():
        raise KeyError("one")

    def waits():
        begun.append(1)
        halt.wait(20)

    started = time.monotonic()
    with pytest.raises(KeyError, match="one"):
        do_all([raises, *[waits] * 30], 1, halt)
    assert halt.is_set()
    assert time.monotonic() - started < 10
    assert len(begun) < 30
