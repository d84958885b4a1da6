"""A block is long enough, no longer, and its clock is read around calls only."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.worker import blocks
from effaudit.worker.blocks import FAST_NANOS, LEAST_CALLS, MOST_CALLS, TRIED_CALLS, UNTIMED_CALLS, UNTIMED_SLOW_CALLS, Timer
from effaudit.worker.turns import Turns


class Clock:
    """A clock that moves only when a model is asked."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now


def asked(clock, nanos):
    calls = []

    def ask(request):
        calls.append((request, gc.isenabled()))
        clock.now += nanos(len(calls)) if callable(nanos) else nanos
        return answers[request["row"]]

    answers = np.arange(100_000.0)

    def requests(rows, batch):
        assert batch == 1
        return [{"row": rows[at : at + 1]} for at in range(len(rows))]

    return SimpleNamespace(ask=ask, requests=requests, calls=calls)


def block(nanos, times=1, rows=100_000):
    clock = Clock()
    model = asked(clock, nanos)
    timer = Timer(clock=clock, cpu_clock=clock)
    turns = Turns(rows, [0, 0])
    timed = [timer.block(model, 1, turns) for _ in range(times)]
    return timed[-1], model


def test_a_slow_call_is_tried_once_then_timed_twice_after_one_untimed():
    timed, model = block(50_000_000, times=2)
    assert timed.calls == len(timed.nanos) == LEAST_CALLS == 2
    assert len(model.calls) == 1 + 2 * (UNTIMED_SLOW_CALLS + LEAST_CALLS)
    np.testing.assert_array_equal(timed.nanos, 50_000_000)


def test_a_fast_enough_call_fills_two_milliseconds():
    timed, _ = block(100_000)
    assert timed.calls == 20
    assert timed.cpu_nanos == 2_000_000


def test_a_very_fast_call_is_timed_in_groups_of_at_least_twenty_microseconds():
    timed, _ = block(1_000)
    assert timed.grouped == FAST_NANOS // 1_000
    assert timed.calls == len(timed.nanos) * timed.grouped
    assert timed.calls <= MOST_CALLS + timed.grouped
    np.testing.assert_allclose(timed.nanos, 1_000)


def test_the_first_calls_of_a_block_are_not_in_it():
    tried = 1 + TRIED_CALLS

    def nanos(call):
        return 2_000_000 if tried < call <= tried + UNTIMED_CALLS else 500_000

    timed, _ = block(nanos)
    np.testing.assert_array_equal(timed.nanos, 500_000)
    slow, _ = block(lambda call: 90_000_000 if call in (1, 2) else 10_000_000)
    np.testing.assert_array_equal(slow.nanos, 10_000_000)


def test_garbage_is_not_collected_while_the_clock_runs_and_is_again_afterwards():
    _, model = block(10_000_000)
    assert not any(enabled for _, enabled in model.calls[-LEAST_CALLS:])
    assert gc.isenabled()


def test_collection_comes_back_when_a_model_raises():
    def raises(call):
        if call > 3:
            raise ValueError("enough")
        return 10_000_000

    with pytest.raises(ValueError, match="enough"):
        block(raises)
    assert gc.isenabled()


@pytest.mark.parametrize("nanos", [1_000, 100_000, 50_000_000])
def test_one_answer_of_every_block_is_kept_with_its_rows_and_any_call_may_be_the_one(nanos):
    places = set()
    for _ in range(30):
        timed, model = block(nanos)
        assert timed.kept.answer[0] == timed.kept.rows[0]
        asked_rows = [int(request["row"][0]) for request, _ in model.calls][-timed.calls :]
        places.add(asked_rows.index(timed.kept.rows[0]))
    assert len(places) > 1


def test_an_answer_is_kept_as_it_was_when_the_clock_stopped():
    clock, shared = Clock(), np.zeros(1)

    def ask(request):
        shared[:] = request["row"]
        clock.now += 10_000_000
        return shared

    model = SimpleNamespace(ask=ask, requests=lambda rows, batch: [{"row": rows[at : at + 1]} for at in range(len(rows))])
    kept = [Timer(clock=clock, cpu_clock=clock).block(model, 1, Turns(1000, [k])).kept for k in range(20)]
    assert all(one.answer[0] == one.rows[0] for one in kept)


def test_copying_the_kept_answer_is_not_the_candidates_work(monkeypatch):
    clock = Clock()
    model, copy = asked(clock, 1_000_000), blocks.copied

    def slowly(answer):
        clock.now += 7_000_000
        return copy(answer)

    monkeypatch.setattr(blocks, "copied", slowly)
    timed = Timer(clock=clock, cpu_clock=clock, others_cpu=lambda: 0).block(model, 1, Turns(1000, [0]))
    assert timed.cpu_nanos == timed.calls * 1_000_000


def test_cycles_that_die_between_blocks_are_collected():
    import weakref

    class Held:
        def __init__(self):
            self.own = self

    clock, alive, ring = Clock(), [], []

    def ask(request):
        clock.now += 10_000_000
        held = Held()
        alive.append(weakref.ref(held))
        ring.append(held)
        del ring[:-5]
        return request["row"]

    model = SimpleNamespace(ask=ask, requests=lambda rows, batch: [{"row": rows[at : at + 1]} for at in range(len(rows))])
    timer, turns = Timer(clock=clock, cpu_clock=clock), Turns(1000, [0])
    for _ in range(20):
        timer.block(model, 1, turns)
    assert sum(one() is not None for one in alive) <= 5 + 4  # the ring, and what one block leaves to be collected


def test_functions_that_are_compared_are_asked_in_turns_and_slow_ones_less_often():
    clock, order = Clock(), []

    def taking(name, nanos):
        def ask(request):
            order.append(name)
            clock.now += nanos

        return ask

    assert blocks.in_turns([taking("a", 10), taking("b", 30)], range(5), clock) == [10, 30]
    assert order == ["a", "b"] * 6
    order.clear()
    blocks.in_turns([taking("a", 10), taking("b", 3 * blocks.IN_TURNS_NANOS)], range(5), clock)
    assert order == ["a", "b"] * 2
