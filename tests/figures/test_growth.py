"""A leak is told from memory that is taken once, from caches that fill, and from an allocator's noise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.notes import Note
from effaudit.core.observed import Block
from effaudit.figures.blocks import batch_unscored, more_processors
from effaudit.figures.growth import growth, highest

MB = 10**6


def seen(held_of, blocks=60, starts=3):
    """`held_of(number, generator)`: bytes after a block of 20 requests."""
    random = np.random.default_rng(1)
    return SimpleNamespace(
        blocks=tuple(
            Block(k, k * 100_000 + n, 1, np.ones(20), 20, 20, resident=int(held_of(n, random)))
            for k in range(starts)
            for n in range(blocks)
        )
    )


def test_a_leak_is_told_with_what_a_request_takes():
    (note,) = growth(seen(lambda n, random: 200 * MB + n * 20 * 160_000 + random.normal(0, MB / 10)))
    assert note.code == "memory_grows"
    assert "160 kB a request" in note.text


@pytest.mark.parametrize(
    "held_of",
    [
        lambda n, random: 200 * MB,
        lambda n, random: 200 * MB + random.normal(0, 3 * MB),
        lambda n, random: 200 * MB + (100 * MB if n > 3 else 0),
        lambda n, random: 200 * MB + 100 * MB * (1 - np.exp(-n / 6)),
        lambda n, random: 200 * MB + n * 20_000,
        lambda n, random: 200 * MB + 50 * MB * (n % 2),
        lambda n, random: 200 * MB - n * MB,
        lambda n, random: 0,
    ],
    ids=["flat", "noise", "once", "cache that fills", "an allocator's", "to and fro", "less and less", "unknown"],
)
def test_what_is_no_leak_is_not_called_one(held_of):
    assert growth(seen(held_of)) == ()


def test_one_start_that_grew_among_others_that_did_not_is_no_leak():
    leaking, flat = seen(lambda n, _: (200 + n) * MB), seen(lambda n, _: 200 * MB)
    mixed = SimpleNamespace(blocks=tuple(block for block in leaking.blocks if block.incarnation == 0) + flat.blocks[60:])
    assert growth(mixed) == ()


def test_too_few_blocks_say_nothing_and_the_highest_is_that_of_a_start():
    few = seen(lambda n, _: (200 + 50 * n) * MB, blocks=5)
    assert growth(few) == ()
    assert highest(few, 0) == 400 * MB
    assert highest(few, 9) == 0


@pytest.mark.parametrize(
    ("processors", "threads", "told"), [(1.0, 1, False), (0.1, 1, False), (3.9, 1, True), (1.9, 2, False), (4.0, 2, True)]
)
def test_who_keeps_more_processors_busy_than_it_was_given_is_told_so(processors, threads, told):
    blocks = [Block(0, n, 1, np.full(5, 100_000.0), int(processors * 5 * 100_000 * 20), 100, 20) for n in range(30)]
    own = SimpleNamespace(candidate=SimpleNamespace(threads=threads))
    notes = more_processors(own, blocks)
    assert [note.code for note in notes] == ["more_processors"] * told
    assert not told or f"keeps {processors:.1f} processors busy" in notes[0].text


def test_blocks_so_short_that_the_clocks_count_do_not_say_how_many_processors_are_busy():
    blocks = [Block(0, n, 1, np.full(2, 900.0), 9_000, 2, 1) for n in range(30)]
    assert more_processors(SimpleNamespace(candidate=SimpleNamespace(threads=1)), blocks) == ()


@pytest.mark.parametrize(
    ("batch", "codes", "told"), [(64, {"answers_depend_on_batch"}, 1), (1, {"answers_depend_on_batch"}, 0), (64, set(), 0)]
)
def test_times_of_other_batches_than_those_whose_quality_was_read_are_told_apart(batch, codes, told):
    own = SimpleNamespace(workload=SimpleNamespace(batch_sizes=(1, 64)), notes=tuple(Note(code, "") for code in codes))
    notes = batch_unscored(own, batch)
    assert [note.code for note in notes] == ["batch_unscored"] * told
