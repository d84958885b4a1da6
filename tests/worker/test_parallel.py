"""Several callers begin together, and their rates are added."""

from __future__ import annotations

import threading
import time

import pytest

from effaudit.core.stats.callers import rate_at_once, rate_over_all
from effaudit.worker.parallel import LEAST_CALLS, WINDOW_NS, together


def per_call(timed):
    """Nanoseconds between answers."""
    return 1.0 / (rate_at_once(timed.moments) or rate_over_all(timed.moments))


def calls(timed):
    return sum(len(own) - 1 for own in timed.moments)


def test_callers_that_wait_answer_faster_together():
    one = together(lambda request: time.sleep(0.004), [[0]])
    three = [together(lambda request: time.sleep(0.004), [[0], [1], [2]]) for _ in range(5)]
    assert per_call(one) >= 4e6
    assert min(map(per_call, three)) < 3e6  # 1.3 ms on an idle machine
    assert all(calls(timed) >= 3 * LEAST_CALLS for timed in three)


def test_callers_that_take_turns_do_not():
    lock = threading.Lock()

    def ask(request):
        with lock:
            time.sleep(0.004)

    # 4 ms for each answer; who waits is taken to get on evenly, which may count a part of a call too many at the end.
    assert per_call(together(ask, [[0], [1]])) > 3.2e6


def test_each_caller_asks_its_own_requests_round_and_round():
    asked = []

    def ask(request):
        asked.append(request)
        time.sleep(0.002)

    timed = together(ask, [["a", "b"], ["c"]])
    assert set(asked) == {"a", "b", "c"}
    assert calls(timed) == len(asked) - 2  # each caller's first call is not timed


def test_slow_calls_are_asked_three_times_each():
    slow = WINDOW_NS * 1.1 / 1e9
    assert calls(together(lambda request: time.sleep(slow), [[0]])) == LEAST_CALLS


@pytest.mark.parametrize("at", [1, 3])
def test_what_a_caller_raises_is_raised(at):
    calls = []

    def ask(request):
        calls.append(request)
        if len(calls) >= at:
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        together(ask, [[0], [1]])


def test_it_begins_when_it_is_told_to():
    begin = time.monotonic_ns() + 50_000_000
    first = []

    def ask(request):
        first.append(time.monotonic_ns())

    together(ask, [[0]], begin)
    assert first[1] >= begin
