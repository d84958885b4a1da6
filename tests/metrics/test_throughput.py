"""Knees, callers at once, and swept batch sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from effaudit.core.notes import Note, texts
from effaudit.core.observed import Block
from effaudit.core.reading import Failure, Measurement
from effaudit.core.settings import Settings
from effaudit.metrics.latency import Latency
from effaudit.metrics.throughput import Throughput

TRUTH = np.arange(2000) % 2
SIZES = (1, 2, 4, 8, 16, 32)


def flat_from(size, noise=0.01, seed=0):
    """Blocks whose throughput grows up to a batch size: all sizes of a round share the machine's speed."""
    rng = np.random.default_rng(seed)
    blocks = []
    for k in range(3):
        for r in range(20):
            speed = rng.choice([1.0, 1.8])
            for batch in SIZES:
                nanos = 1e6 * max(1.0, batch / size) * speed * rng.lognormal(0, noise)
                blocks.append(Block(k, k * 100_000 + r, batch, np.array([nanos]), 1, 1))
    return tuple(blocks)


def swept(seen, blocks, sizes=SIZES):
    own = seen(TRUTH, blocks=blocks, batch_sizes=sizes)
    return replace(own, workload=replace(own.workload, sweep=True))


def test_the_knee_is_the_smallest_size_within_five_per_cent_of_the_best(seen):
    knee = Throughput().read(swept(seen, flat_from(8)))["throughput.knee"].reading
    assert (knee.value, knee.unit) == (8.0, "rows")
    assert knee.low == 8.0
    assert "where the best is" in texts(knee.notes)[0]


def test_a_noisy_knee_has_the_sizes_that_could_be_it_as_its_interval(seen):
    knee = Throughput().read(swept(seen, flat_from(8, noise=0.4)))["throughput.knee"].reading
    assert knee.low <= knee.value <= knee.high
    assert knee.low < knee.high
    assert {knee.low, knee.value, knee.high} <= set(map(float, SIZES))


def test_throughput_that_never_stops_growing_has_its_knee_at_the_last_size(seen):
    assert Throughput().read(swept(seen, flat_from(10_000)))["throughput.knee"].reading.value == 32


def test_two_batch_sizes_have_no_knee(seen):
    own = seen(TRUTH, blocks=flat_from(8), batch_sizes=(1, 32))
    assert "throughput.knee" not in Throughput().read(own)
    assert "throughput.knee" in Throughput().read(seen(TRUTH, blocks=flat_from(8), batch_sizes=(1, 4, 32)))


def test_in_a_sweep_only_sizes_that_were_timed_are_read(seen):
    own = swept(seen, flat_from(8), sizes=(*SIZES, 64, 128))
    assert "throughput.batch_64" not in Throughput().read(own)
    assert "latency.batch_64.p50" not in Latency().read(own)
    assert isinstance(
        Throughput().read(seen(TRUTH, blocks=flat_from(8), batch_sizes=(1, 64)))["throughput.batch_64"].reading, Failure
    )


def test_a_swept_candidate_that_fell_says_why_at_the_first_size(seen):
    own = replace(swept(seen, ()), fallen=Failure("not_timed", "time", "fell"))
    found = Throughput().read(own)
    assert {name: result.reading for name, result in found.items()} == {
        "throughput.batch_1": Failure("not_timed", "time", "fell"),
        "throughput.knee": Failure("not_timed", "time", "fell"),
    }


@pytest.mark.parametrize(("processes", "words"), [(False, "2 threads of one process"), (True, "2 processes")])
def test_callers_at_once_are_a_figure_of_their_own_and_say_who_they_are(seen, timed, processes, words):
    single = timed(lambda rng: 1e6)
    several = tuple(replace(block, callers=2, processes=processes, nanos=block.nanos / 2) for block in single)
    own = replace(seen(TRUTH, blocks=(*single, *several)), settings=Settings(parallel=(1, 2)))
    found = Throughput().read(own)
    assert found["throughput.batch_1"].reading.value == pytest.approx(1000)
    assert found["throughput.parallel_2"].reading.value == pytest.approx(2000)
    assert texts(found["throughput.parallel_2"].reading.notes) == (words,)
    assert found["throughput.parallel_1"].reading == Failure("not_timed", "time", "it was not timed")
    assert Latency().read(own)["latency.batch_1.p50"].reading.value == pytest.approx(0.001)


def test_a_timing_that_was_not_steady_says_so_once(seen, timed):
    own = replace(seen(TRUTH, blocks=timed(lambda rng: 1e6)), steadiness={1: Note("slowdown", "slowdown: so and so")})
    notes = {name: texts(r.reading.notes) for name, r in Latency().read(own).items() if isinstance(r.reading, Measurement)}
    assert [name for name, found in notes.items() if "slowdown: so and so" in found] == ["latency.batch_1.p50"]


@pytest.mark.parametrize("metric", ["throughput.batch_", "throughput.parallel_x", "throughput.batch_²", "throughput.knees"])
def test_other_ids_have_no_meaning(metric):
    assert Throughput().meaning(metric) is None


def test_its_ids_have_one():
    assert all(Throughput().meaning(example) for example in Throughput().examples())


def test_throughput_is_rows_over_time(seen, timed):
    own = seen(TRUTH, batch_sizes=(50,), blocks=timed(lambda rng: 1e7, batch=50))
    reading = Throughput().read(own)["throughput.batch_50"].reading
    assert (reading.value, reading.better) == (pytest.approx(5000.0), "higher")
