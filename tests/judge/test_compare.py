"""Losses in time, memory and bytes, and figures for absolute limits."""

from __future__ import annotations

import math
import zlib
from dataclasses import replace

import numpy as np
import pytest

from effaudit.core.reading import Failure, Measurement, counted
from effaudit.core.stats.estimate import Exact
from effaudit.judge.compare import figure, loss
from effaudit.judge.evidence import Evidence, Undecidable

P50 = "latency.batch_1.p50"
ENERGY = "energy.per_1000"


def compared(record, metric, candidate="other", versus="base", relative=True):
    return loss(Evidence.of(record), candidate, versus, metric, relative)


def test_counted_figures_are_compared_exactly(a):
    record = a.record(a.model("base", size=200.0), a.model("other", size=250.0))
    assert compared(record, "size.artifact") == Exact(0.25)
    assert compared(record, "size.artifact", relative=False) == Exact(50.0)


def test_a_share_of_nothing_is_no_share_unless_both_are_nothing(a):
    def sized(size):
        readings = {"size.nodes": counted(size, "count")}
        return a.record(a.model("base", readings={"size.nodes": counted(0, "count")}), a.model("other", readings=readings))

    assert compared(sized(0), "size.nodes") == Exact(0.0)
    assert compared(sized(3), "size.nodes").reason == "baseline_missing"
    assert compared(sized(3), "size.nodes", relative=False) == Exact(3.0)


def test_a_candidate_loses_nothing_against_itself(a):
    assert compared(a.record(a.model("base")), P50, "base") == Exact(0.0)


def test_timings_are_compared_by_their_rounds_and_not_by_their_own_intervals(a):
    record = a.record(a.model("base", latency=0.010), a.model("other", latency=0.011))
    found = compared(record, P50)
    low, high = found.interval(0.95)
    assert found.value == pytest.approx(0.10, abs=0.005)
    assert high - low < 0.05  # what the machine does to all in a round is ± 20 %


def test_a_change_in_seconds_is_the_ratio_times_the_baseline(a):
    record = a.record(a.model("base", latency=0.010), a.model("other", latency=0.012))
    found = compared(record, P50, relative=False)
    assert found.value == pytest.approx(0.002, rel=0.05)
    assert 0.0005 < found.interval(0.95)[0] < found.value < found.interval(0.95)[1] < 0.003


def test_a_throughput_loses_by_falling(a):
    def rate(name, value):
        reading = Measurement(
            value, value * 0.98, value * 1.02, "rows/s", "higher", "measured", 60, 8.0, f"{name}/throughput.batch_1"
        )
        model = a.model(name)
        return replace(model, readings={"throughput.batch_1": reading}, arrays={"throughput.batch_1": rounds(a, name, value)})

    record = a.record(rate("base", 1000.0), rate("other", 800.0))
    assert compared(record, "throughput.batch_1").value == pytest.approx(0.2, abs=0.01)
    assert compared(record, "throughput.batch_1", relative=False).value == pytest.approx(200.0, rel=0.05)


def rounds(a, name, value, keys=range(60)):
    keys = np.array(list(keys), dtype=float)
    return np.column_stack([keys // 20, keys, np.log(value) + a.noise(name, len(keys), 0.003)])


def test_memory_is_compared_by_incarnations(a):
    found = compared(a.record(a.model("base", memory=200e6), a.model("other", memory=260e6)), "memory.peak.max")
    assert found.value == pytest.approx(0.3, abs=0.01)


def test_panels_are_linked_through_the_baseline(a):
    base = a.model("base", arrays={P50: rounds(a, "base", 0.010, range(120))})
    first = a.model("first", latency=0.020, arrays={P50: rounds(a, "first", 0.020, range(60))})
    second = a.model("second", latency=0.030, arrays={P50: rounds(a, "second", 0.030, range(60, 120))})
    found = compared(a.record(base, first, second), P50, "second", "first")
    assert found.value == pytest.approx(0.5, abs=0.01)


def test_what_shares_no_round_with_the_baseline_either_is_no_comparison(a):
    record = a.record(a.model("base", panel=1), a.model("other", panel=2), a.model("third", panel=3))
    for versus in ("base", "third"):
        found = compared(record, P50, versus=versus)
        assert found == Undecidable("not_measured_together", f"other and {versus} share no rounds of {P50}")


def test_one_incarnation_says_nothing_of_how_they_differ(a):
    models = [a.model(name, arrays={P50: rounds(a, name, 0.01, range(20))}) for name in ("base", "other")]
    found = compared(a.record(*models), P50)
    assert (found.reason, found.detail) == ("too_few_samples", "1 incarnation, where at least 2 are needed")


@pytest.mark.parametrize(
    "array", [np.zeros((4, 2)), np.full((4, 3), np.nan), np.zeros((4, 3)), np.array([[0, 0, 1e308], [1, 1, 1e308]])]
)
def test_damaged_rounds_are_no_comparison_and_no_crash(a, array):
    found = compared(a.record(a.model("base"), a.model("other", arrays={P50: array})), P50)
    assert found.reason == "not_measured_together"


def test_rounds_that_were_not_kept_are_no_comparison(a):
    found = compared(a.record(a.model("base"), a.model("other", arrays={P50: None})), P50)
    assert found.reason == "not_measured_together"


def test_a_baseline_that_failed_is_missing_whatever_the_candidate_reads(a):
    record = a.record(a.model("base", failure=Failure("refused", "load", "segmentation fault\x1b[31m")), a.model("other"))
    for metric in (P50, "quality.roc_auc", "size.artifact"):
        assert compared(record, metric) == Undecidable("baseline_missing", "base: load: segmentation fault")


def test_a_versus_that_the_record_does_not_have_is_missing(a):
    assert compared(a.record(a.model("base")), P50, "base", "nobody").reason == "baseline_missing"


def test_a_baseline_with_too_few_samples_can_be_measured_more(a):
    few = Failure("too_few_samples", "time", "200 calls, where 368 are needed for p99")
    found = compared(a.record(a.model("base", readings={P50: few}), a.model("other")), P50)
    assert found.reason == "too_few_samples"


def test_a_figure_that_failed_is_missing_with_its_words(a):
    record = a.record(a.model("base", readings={P50: Failure("timed_out", "timing", "hung for 60 s")}))
    assert figure(Evidence.of(record), "base", P50) == Undecidable("metric_missing", "timing: hung for 60 s")


@pytest.mark.parametrize(
    "damage", [{"value": math.nan}, {"low": 1.0}, {"high": 0.001}, {"value": math.inf, "high": math.inf}, {"low": math.nan}]
)
def test_a_figure_outside_its_interval_is_no_figure(a, damage):
    sound = a.record(a.model("base")).rows[0].readings[P50]
    record = a.record(a.model("base", readings={P50: replace(sound, **damage)}))
    assert figure(Evidence.of(record), "base", P50).reason == "metric_missing"


def test_a_figure_that_was_read_once_has_no_interval(a):
    once = Measurement(0.01, 0.01, 0.01, "s", "lower", "measured", 1)
    found = figure(Evidence.of(a.record(a.model("base", readings={P50: once}))), "base", P50)
    assert found.reason == "too_few_samples"


def test_a_figure_of_no_degrees_of_freedom_is_refused(a):
    odd = Measurement(0.01, 0.009, 0.02, "s", "lower", "measured", 2, 0.0)
    assert figure(Evidence.of(a.record(a.model("base", readings={P50: odd}))), "base", P50).reason == "too_few_samples"


def test_an_interval_is_drawn_at_any_level(a):
    found = figure(Evidence.of(a.record(a.model("base"))), "base", P50)
    narrow, wide = found.interval(0.9), found.interval(0.999)
    assert wide[0] < narrow[0] < found.value < narrow[1] < wide[1]


def test_a_metric_nobody_measured_says_so(a):
    found = figure(Evidence.of(a.record(a.model("base"))), "base", "energy.per_1000")
    assert found == Undecidable("metric_missing", "energy.per_1000 was not measured in this audit")


def test_a_figure_that_rounding_put_outside_its_interval_is_one(a):
    rounded = Measurement(0.3, math.nextafter(0.3, 1), 0.31, "s", "lower", "measured", 60)
    found = figure(Evidence.of(a.record(a.model("base", readings={P50: rounded}))), "base", P50)
    assert found.interval(0.95)[0] == 0.3


def energies(name, factors, joules=4.0, rounds=60):
    """A modelled energy with its evidence under every curve; `factors`: how much the other curves make of it."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    keys = np.arange(rounds)
    noise = 0.02 * rng.normal(size=rounds)

    def evidence(factor):
        return np.column_stack([keys % 3, (keys % 3) * 1000 + keys, np.log(joules * factor) + noise])

    reading = Measurement(joules, 0.98 * joules, 1.02 * joules, "J", "lower", "modelled", rounds, evidence=f"{name}/{ENERGY}")
    arrays = {f"{name}/{ENERGY}": evidence(1.0)}
    arrays |= {f"{name}/{ENERGY}@{curve}": evidence(factor) for curve, factor in factors.items()}
    return {ENERGY: reading}, arrays


def with_energies(a, ours, theirs, **more):
    models, arrays = [], {}
    for name, factors, joules in (("base", theirs, 4.0), ("other", ours, more.get("joules", 4.0))):
        readings, own = energies(name, factors, joules)
        models.append(a.model(name, readings=readings))
        arrays |= own
    record = a.record(*models)
    return replace(record, arrays={**record.arrays, **arrays})


def test_a_modelled_energy_is_better_only_where_every_power_curve_says_so(a):
    alike = {"log": 1.4, "cubic": 0.4}
    agreeing = compared(with_energies(a, alike, alike, joules=3.0), ENERGY)
    assert agreeing.value == pytest.approx(-0.25, abs=0.02)
    assert agreeing.interval(0.95)[1] < 0.0
    assert agreeing.tail_above(0.0) < 0.01
    threaded = compared(with_energies(a, {"log": 1.2, "cubic": 1.6}, alike, joules=3.0), ENERGY)
    assert threaded.value == pytest.approx(-0.25, abs=0.02)
    assert threaded.interval(0.95)[0] < 0.0 < threaded.interval(0.95)[1]
    assert threaded.tail_above(0.0) > 0.99


def test_a_modelled_energy_in_joules_shows_the_envelope_of_the_curves(a):
    record = with_energies(a, {"log": 1.4, "cubic": 0.4}, {})
    found = figure(Evidence.of(record), "other", ENERGY)
    low, high = found.interval(0.95)
    assert found.value == 4.0
    assert low == pytest.approx(0.4 * 4.0, rel=0.03)
    assert high == pytest.approx(1.4 * 4.0, rel=0.03)
    alone = figure(Evidence.of(record), "base", ENERGY)
    assert alone.interval(0.95) == pytest.approx((0.98 * 4.0, 1.02 * 4.0))


def test_evidence_of_a_curve_that_is_none_is_told_not_believed(a):
    record = with_energies(a, {"log": math.nan}, {"log": 1.4})
    assert figure(Evidence.of(record), "other", ENERGY).reason == "metric_missing"
    assert compared(record, ENERGY).reason == "not_measured_together"
