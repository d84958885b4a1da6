"""Latency is that of single calls, by percentile, with what limits it said."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from effaudit.core.notes import texts
from effaudit.core.reading import Failure, Measurement
from effaudit.metrics.cost import Cost
from effaudit.metrics.latency import Latency
from effaudit.metrics.start import Start
from effaudit.metrics.throughput import Throughput

TRUTH = np.arange(2000) % 2


def test_the_median_of_a_steady_call_is_its_time(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 2e6))
    reading = Latency().read(own)["latency.batch_1.p50"].reading
    assert reading.value == pytest.approx(0.002)
    assert reading.samples == 300


def test_percentiles_are_those_of_all_calls(seen, timed):
    blocks = timed(lambda rng: 1e6 * rng.lognormal(0, 0.3), rounds=60)
    calls = np.concatenate([block.nanos for block in blocks]) / 1e9
    found = Latency().read(seen(TRUTH, blocks=blocks))
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
        assert found[f"latency.batch_1.{name}"].reading.value == pytest.approx(np.quantile(calls, share))
    assert found["latency.batch_1.mean"].reading.value == pytest.approx(calls.mean())


def test_a_percentile_of_too_few_calls_is_refused_not_guessed(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 1e6 * rng.uniform(1, 2), rounds=10, calls=5))
    reading = Latency().read(own)["latency.batch_1.p99"].reading
    assert isinstance(reading, Failure)
    assert reading.code == "too_few_samples"


def test_evidence_of_the_median_has_one_row_a_round_and_of_a_tail_one_an_incarnation(seen, timed):
    found = Latency().read(seen(TRUTH, blocks=timed(lambda rng: 1e6)))
    assert found["latency.batch_1.p50"].evidence.shape == (60, 3)
    assert found["latency.batch_1.p95"].evidence.shape == (3, 3)
    np.testing.assert_allclose(np.exp(found["latency.batch_1.p50"].evidence[:, 2]), 0.001)


def test_tails_of_calls_timed_in_groups_say_so(seen, timed):
    found = Latency().read(seen(TRUTH, blocks=timed(lambda rng: 1e6, grouped=4)))
    assert [note.code for note in found["latency.batch_1.p95"].reading.notes] == ["timer_limited"]
    assert texts(found["latency.batch_1.p50"].reading.notes) == ()


def test_few_certify_rows_are_said_to_repeat(seen, timed):
    found = Latency().read(seen(TRUTH[:500], blocks=timed(lambda rng: 1e6)))["latency.batch_1.p50"].reading
    assert "rows_repeat" in [note.code for note in found.notes]


def test_what_was_not_timed_says_why(seen):
    fallen = Failure("not_timed", "time", "crashed with SIGSEGV")
    own = seen(TRUTH, fallen=fallen)
    for metric, name in ((Latency(), "latency.batch_1.p50"), (Throughput(), "throughput.batch_1"), (Cost(), "cost.per_1000")):
        assert metric.read(own)[name].reading == fallen
    assert Start().read(own)["start.load.p50"].reading == fallen
    assert Latency().read(seen(TRUTH))["latency.batch_1.p50"].reading == Failure("not_timed", "time", "it was not timed")


def test_every_full_id_that_is_read_belongs_to_an_id_with_a_meaning(seen, timed, starts):
    from effaudit import registry
    from effaudit.core.reading import full_id

    own = seen(TRUTH, scores=np.column_stack([1 - TRUTH, TRUTH]), blocks=timed(lambda rng: 1e6), starts=starts(1, 1, 1))
    own = dataclasses.replace(own, baseline=own)
    for name in registry.names("metrics"):
        metric = registry.a_metric(name)
        for full, result in metric.read(own).items():
            meaning = metric.meaning(full) or metric.meaning(full.rpartition(".")[0])
            assert meaning is not None, full
            short = full if metric.meaning(full) else full.rpartition(".")[0]
            assert full in {full_id(short, aggregate, meaning) for aggregate in (*meaning.aggregates, None)}
            if isinstance(result.reading, Measurement):
                assert math.isfinite(result.reading.value)
                assert result.reading.method == meaning.method
