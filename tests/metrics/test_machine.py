"""Latency, throughput, starts, memory, energy, carbon and cost from what was seen."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from effaudit.core.notes import texts
from effaudit.core.reading import Failure, Measurement
from effaudit.core.settings import Assumptions
from effaudit.figures.blocks import rows_repeat
from effaudit.metrics.carbon import Carbon, intensity
from effaudit.metrics.cost import Cost
from effaudit.metrics.energy import Energy
from effaudit.metrics.latency import Latency
from effaudit.metrics.memory import Memory
from effaudit.metrics.start import Start
from effaudit.metrics.throughput import Throughput

TRUTH = np.arange(2000) % 2


def one(metric, seen, name):
    return metric.read(seen)[name]


def test_the_median_of_a_steady_call_is_its_time(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 2e6))
    reading = one(Latency(), own, "latency.batch_1.p50").reading
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
    reading = one(
        Latency(), seen(TRUTH, blocks=timed(lambda rng: 1e6 * rng.uniform(1, 2), rounds=10, calls=5)), "latency.batch_1.p99"
    ).reading
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


def test_many_certify_rows_of_which_few_are_distinct_are_said_to_repeat(seen, timed):
    own = seen(np.resize(TRUTH, 2000), blocks=timed(lambda rng: 1e6))
    assert rows_repeat(own, 1) == ()
    own.store.distinct = lambda: np.arange(20)
    (note,) = rows_repeat(own, 1)
    assert note.text.startswith("the 20 distinct certify rows")


def test_few_certify_rows_are_said_to_repeat(seen, timed):
    found = one(Latency(), seen(TRUTH[:500], blocks=timed(lambda rng: 1e6)), "latency.batch_1.p50").reading
    assert "rows_repeat" in [note.code for note in found.notes]


def test_what_was_not_timed_says_why(seen):
    fallen = Failure("not_timed", "time", "crashed with SIGSEGV")
    own = seen(TRUTH, fallen=fallen)
    for metric, name in ((Latency(), "latency.batch_1.p50"), (Throughput(), "throughput.batch_1"), (Cost(), "cost.per_1000")):
        assert one(metric, own, name).reading == fallen
    assert one(Start(), own, "start.load.p50").reading == fallen
    assert one(Latency(), seen(TRUTH), "latency.batch_1.p50").reading == Failure("not_timed", "time", "it was not timed")


def test_throughput_is_rows_over_time(seen, timed):
    own = seen(TRUTH, batch_sizes=(50,), blocks=timed(lambda rng: 1e7, batch=50))
    reading = one(Throughput(), own, "throughput.batch_50").reading
    assert (reading.value, reading.better) == (pytest.approx(5000.0), "higher")


def test_energy_is_processor_seconds_times_stated_watts(seen, timed):
    reading = one(Energy(), seen(TRUTH, blocks=timed(lambda rng: 1e6)), "energy.per_1000").reading
    assert reading.value == pytest.approx(1000 * 0.001 * 4.0)
    assert reading.method == "modelled"


def test_twice_the_work_reads_as_twice_the_energy(seen, timed):
    once = timed(lambda rng: 1e6)
    twice = tuple(dataclasses.replace(block, cpu_nanos=2 * block.cpu_nanos) for block in once)
    read = lambda blocks: one(Energy(), seen(TRUTH, blocks=blocks), "energy.per_1000").reading.value  # noqa: E731
    assert read(twice) == pytest.approx(2 * read(once))


def test_without_stated_watts_there_is_no_energy_but_a_word_of_what_to_write(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 1e6), assumptions=Assumptions("FRA"))
    for metric, name in ((Energy(), "energy.per_1000"), (Carbon(), "carbon.per_1000")):
        reading = one(metric, own, name).reading
        assert isinstance(reading, Failure)
        assert "watts_per_vcpu" in reading.reason


def test_carbon_is_energy_times_the_grid_times_pue(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 1e6), assumptions=Assumptions(grid=360.0, pue=1.5, watts_per_vcpu=4.0))
    reading = one(Carbon(), own, "carbon.per_1000").reading
    assert reading.value == pytest.approx(4.0 / 3.6e6 * 360.0 * 1.5)
    assert "PUE 1.5" in texts(reading.notes)


def test_the_grid_of_a_country_is_codecarbons_published_one():
    france = intensity(Assumptions("FRA"))
    assert france.value == pytest.approx(56.039)
    assert "2023" in texts(france.notes)[0]


@pytest.mark.parametrize(("assumed", "words"), [(Assumptions(), "country: FRA"), (Assumptions("FRX"), "Did you mean")])
def test_an_unknown_place_is_never_guessed(assumed, words):
    found = intensity(assumed)
    assert isinstance(found, Failure)
    assert words in found.reason


def test_cost_is_busy_time_at_the_stated_price(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 1e6))
    reading = one(Cost(), own, "cost.per_1000").reading
    assert reading.value == pytest.approx(1000 * 0.001 * 0.36 / 3600)
    assert reading.unit == "EUR"
    priceless = dataclasses.replace(own, assumptions=Assumptions())
    assert "price_per_hour" in one(Cost(), priceless, "cost.per_1000").reading.reason


def test_memory_is_the_highest_of_the_incarnations_with_the_libraries_share_said(seen, starts):
    own = seen(TRUTH, starts=starts(100_000_000, 103_000_000, 101_000_000))
    reading = one(Memory(), own, "memory.load.max").reading
    assert reading.value == 103_000_000
    assert reading.low <= reading.value <= reading.high
    assert texts(reading.notes) == ("of which 50 MB interpreter and libraries",)


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_one_start_that_took_more_leaves_room_above_it(seen, starts, count):
    """The next start may take more still: a limit just above the highest is not shown to be kept."""
    own = seen(TRUTH, starts=starts(*[100_000_000] * (count - 1), 200_000_000))
    reading = one(Memory(), own, "memory.load.max").reading
    assert reading.value == 200_000_000
    assert reading.high > 220_000_000


def test_starts_are_medians_with_an_interval_from_the_incarnations(seen, starts):
    own = seen(TRUTH, starts=starts(1, 1, 1))
    reading = one(Start(), own, "start.import.p50").reading
    assert reading.value == pytest.approx(1.01)
    assert reading.low < 1.01 < reading.high


def test_one_incarnation_says_nothing_of_how_much_they_differ(seen, starts):
    reading = one(Start(), seen(TRUTH, starts=starts(1)), "start.import.p50").reading
    assert isinstance(reading, Failure)
    assert reading.code == "too_few_samples"


def test_codecarbons_figure_is_the_middle_of_its_windows(seen):
    probe = {"joules_per_row": [0.002, 0.001, 0.003], "notes": ["CodeCarbon"]}
    reading = one(Energy(), seen(TRUTH, probes={"energy": (probe,)}), "energy.codecarbon").reading
    assert (reading.value, reading.low, reading.high) == (2.0, 1.0, 3.0)
    failed = one(Energy(), seen(TRUTH, probes={"energy": ({"failed": "no"},)}), "energy.codecarbon").reading
    assert failed == Failure("not_read", "codecarbon", "no")
    assert one(Energy(), seen(TRUTH), "energy.codecarbon").reading.code == "not_chosen"


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
