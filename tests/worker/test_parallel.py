"""Several callers begin together, and their rates are added."""

from __future__ import annotations

import threading
import time

import pytest

from effaudit.worker.parallel import LEAST_CALLS, WINDOW_NS, together


def test_callers_that_wait_answer_faster_together():
    one = together(lambda request: time.sleep(0.004), [[0]])
    three = [together(lambda request: time.sleep(0.004), [[0], [1], [2]]) for _ in range(5)]
    assert one.nanos_per_call >= 4e6
    assert min(timed.nanos_per_call for timed in three) < 3e6  # 1.3 ms on an idle machine
    assert all(timed.calls >= 3 * LEAST_CALLS for timed in three)


def test_callers_that_take_turns_do_not():
    lock = threading.Lock()

    def ask(request):
        with lock:
            time.sleep(0.004)

    # In turn: 4 ms for each answer. Sharing but half of a window: rates of 1/4 and 1/8. Really together it would be 2 ms.
    assert together(ask, [[0], [1]]).nanos_per_call > 2.3e6


def test_callers_that_miss_each_other_are_not_added_up():
    def ask(request):
        time.sleep(0.004 if request == "early" else 0.05)

    # Calls of 4 and of 50 ms share 12 of 150 ms: six calls in 150 ms, and not the sum of both rates (3.7 ms).
    timed = together(ask, [["early"], ["late"]])
    assert timed.calls == 2 * LEAST_CALLS
    assert timed.nanos_per_call > 20e6


def test_each_caller_asks_its_own_requests_round_and_round():
    asked = []

    def ask(request):
        asked.append(request)
        time.sleep(0.002)

    timed = together(ask, [["a", "b"], ["c"]])
    assert set(asked) == {"a", "b", "c"}
    assert timed.calls == len(asked) - 2  # each caller's first call is not timed


def test_slow_calls_are_asked_three_times_each():
    slow = WINDOW_NS * 1.1 / 1e9
    assert together(lambda request: time.sleep(slow), [[0]]).calls == LEAST_CALLS


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
