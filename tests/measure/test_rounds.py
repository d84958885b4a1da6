"""Rounds on fake workers and a scripted clock."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np

from effaudit.core.observed import Block
from effaudit.measure.counters import Counters
from effaudit.measure.environment import Watch
from effaudit.measure.rounds import play
from effaudit.process import Fault


class Fake:
    """A resident that logs when it was asked; it may fall at a given call."""

    def __init__(self, name, log, falls_at=None, batches=(1, 256)):
        self.name, self.log, self.falls_at, self.calls, self.batches = name, log, falls_at, 0, batches

    def blocks(self, number, incarnation, key):
        self.calls += 1
        if self.falls_at == self.calls:
            raise Fault("not_timed", "time", "fell over")
        self.log += [(key, self.name, batch, number) for batch in self.batches]
        return [Block(incarnation, key, batch, np.array([1e6]), 1_000_000, 1) for batch in self.batches]


def scripted(kernels=()):
    times = iter(kernels)
    return Watch(lambda: next(times, 1.0), read=Counters)


def played(workers, rounds, watch=None, kept=None, **more):
    return play(
        workers,
        7,
        enough=lambda n, now, blocks, base: n >= rounds,
        baseline=None,
        watch=watch or scripted(),
        clock=lambda: 0.0,
        order=random.Random(0),
        keep=(kept.append if kept is not None else lambda blocks: None),
        **more,
    )


def test_every_round_asks_every_candidate_once_for_each_batch_size():
    log = []
    result = played({name: Fake(name, log) for name in "abc"}, 5)
    assert result.rounds == 5
    assert Counter((name, batch) for _, name, batch, _ in log) == {(name, batch): 5 for name in "abc" for batch in (1, 256)}


def test_the_order_of_candidates_changes_from_round_to_round():
    log = []
    played({name: Fake(name, log) for name in "abcd"}, 12)
    orders = {tuple(name for key, name, batch, _ in log if key == k and batch == 1) for k in {key for key, *_ in log}}
    assert len(orders) > 6


def test_all_candidates_of_a_round_share_its_key_and_number():
    log = []
    played({name: Fake(name, log) for name in "ab"}, 4)
    for key in {key for key, *_ in log}:
        assert len({number for k, _, _, number in log if k == key}) == 1
    assert len({number for *_, number in log}) == 4


def test_one_that_falls_leaves_and_the_others_go_on():
    log = []
    result = played({"a": Fake("a", log), "b": Fake("b", log, falls_at=2)}, 6)
    assert result.fallen["b"].reason == "fell over"
    assert len(result.blocks["a"]) == 12
    assert len(result.blocks["b"]) == 2


def test_when_all_have_fallen_it_ends():
    result = played({"a": Fake("a", [], falls_at=1)}, 1000)
    assert set(result.fallen) == {"a"}


def test_a_bad_round_is_played_again_whole_counted_and_bounded():
    watch = scripted([1, 1, 1, 1, 1, 1, 9, 1, 1, 1, 1, 1])
    log, kept = [], []
    result = played({"a": Fake("a", log, batches=(1,))}, 10, watch=watch, kept=kept)
    assert (result.rounds, watch.bad, watch.repeated) == (10, 1, 1)
    assert len(kept) == 10
    assert len(log) == 11
    always_bad = scripted([1] * 5 + [5**n for n in range(1, 60)])
    played({"a": Fake("a", [])}, 20, watch=always_bad)
    assert always_bad.bad > always_bad.repeated
    assert always_bad.repeated <= 1 + 0.2 * 20


def test_time_taken_away_by_the_hypervisor_makes_a_round_bad():
    looks = iter([Counters(100, 0), Counters(200, 30), Counters(200, 30), Counters(300, 31)])
    watch = Watch(lambda: 1.0, read=lambda: next(looks))
    watch.begin()
    assert watch.was_bad()
    watch.begin()
    assert not watch.was_bad()
