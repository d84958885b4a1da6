"""Candidates that answer known requests faster are judged on new rows, and only they."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.observed import Block
from effaudit.measure import remembered


def seen(nanos_of, rounds=24, starts=3, batches=(1,), callers=0):
    """`nanos_of(freshness, generator)`: what a call takes."""
    random, blocks = np.random.default_rng(0), []
    for start in range(starts):
        for number in range(rounds):
            freshness = "known" if number in (2, 4) or number % 8 == 7 else "new" if number < 20 else "mixed"
            for batch in batches:
                nanos = np.full(4, nanos_of(freshness, random))
                blocks.append(Block(start, start * 100_000 + number, batch, nanos, 0, 4, 1, callers, freshness=freshness))
    return blocks


def judged(blocks, monkeypatch):
    monkeypatch.setattr(remembered, "replace", lambda own, **fields: SimpleNamespace(**fields))
    return remembered.judged_on(SimpleNamespace(blocks=tuple(blocks), notes=()))


def noisy(base):
    return base * np.random.default_rng().choice([1.0, 1.6])


def test_who_remembers_is_judged_on_new_rows_and_both_figures_are_told(monkeypatch):
    found = judged(seen(lambda fresh, random: (400_000 if fresh == "new" else 2_000) * random.uniform(0.9, 1.1)), monkeypatch)
    assert {block.freshness for block in found.blocks} == {"new"}
    assert "µs" in found.remembered[1].text
    assert found.remembered[1].code == "remembers_rows"


def test_who_does_not_keeps_all_blocks_whatever_the_machine_does(monkeypatch):
    told = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        blocks = seen(lambda fresh, _, random=random: 10_000 * random.choice([0.62, 1.0]) * random.lognormal(0, 0.05))
        found = judged(blocks, monkeypatch)
        told += bool(found.remembered)
        if not found.remembered:
            assert found.blocks == tuple(blocks)
    assert told <= 2


def test_a_machine_that_slows_down_or_speeds_up_is_no_memory(monkeypatch):
    for factor in (0.1, 10.0):
        clock = iter(np.geomspace(10_000, 10_000 * factor, 3 * 24))
        assert not judged(seen(lambda fresh, random, clock=clock: next(clock)), monkeypatch).remembered


def test_each_batch_size_is_judged_by_itself(monkeypatch):
    blocks = [
        *seen(lambda fresh, random: 1_000 if fresh != "new" else 9_000),
        *seen(lambda fresh, random: 50_000, batches=(50,)),
    ]
    found = judged(blocks, monkeypatch)
    assert set(found.remembered) == {1}
    assert {block.freshness for block in found.blocks if block.batch == 50} == {"new", "known", "mixed"}


@pytest.mark.parametrize("rounds", [1, 3])
def test_too_few_pairs_say_nothing(monkeypatch, rounds):
    assert not judged(seen(lambda fresh, random: 1.0 if fresh == "known" else 9e6, rounds=rounds), monkeypatch).remembered
