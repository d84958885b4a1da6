"""Energy from windows that were counted, from processor seconds, and under every power curve."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from effaudit.core import curves
from effaudit.core.notes import texts
from effaudit.core.observed import Window
from effaudit.core.reading import Failure
from effaudit.core.settings import Assumptions
from effaudit.metrics.carbon import Carbon
from effaudit.metrics.energy import Energy

TRUTH = np.arange(2000) % 2
PLACE = Assumptions(grid=360.0, pue=1.5)


def windows(watts, idle_w=10.0, noise_w=0.0, rows=200):
    """Twelve windows of 0.2 s, in which a candidate adds some watts to an idle machine."""
    rng = np.random.default_rng(3)
    return tuple(
        Window(k, k * 1000 + n, 1, rows, 0.2, 0.2 * (idle_w + watts + noise_w * rng.normal()), idle_w, "package-0")
        for k in range(3)
        for n in range(4)
    )


def read(metric, seen, name):
    return metric.read(seen)[name]


def test_what_was_counted_goes_before_what_is_modelled_and_needs_no_assumption(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 1e6), windows=windows(5.0), assumptions=Assumptions())
    reading = read(Energy(), own, "energy.per_1000").reading
    assert reading.value == pytest.approx(1000 * 5.0 * 0.2 / 200)
    assert (reading.method, reading.samples) == ("measured", 12)
    assert texts(reading.notes) == ("counted by package-0; idle power taken off",)


def test_idle_power_is_in_one_figure_and_not_in_the_other_and_both_leave_evidence(seen):
    found = Energy().read(seen(TRUTH, windows=windows(5.0)))
    marginal, whole = found["energy.per_1000"], found["energy.with_idle"]
    assert whole.reading.value / marginal.reading.value == pytest.approx(3.0)
    assert marginal.evidence.shape == whole.evidence.shape == (12, 3)
    np.testing.assert_allclose(np.exp(whole.evidence[:, 2]), 15.0)


def test_twice_the_work_counts_twice_the_energy_within_its_interval(seen):
    once = read(Energy(), seen(TRUTH, windows=windows(5.0, noise_w=0.3)), "energy.per_1000").reading
    twice = read(Energy(), seen(TRUTH, windows=windows(10.0, noise_w=0.3)), "energy.per_1000").reading
    assert twice.low <= 2 * once.value <= twice.high


def test_work_that_cannot_be_told_from_rest_is_no_figure(seen):
    reading = read(Energy(), seen(TRUTH, windows=windows(0.1, noise_w=2.0)), "energy.per_1000").reading
    assert isinstance(reading, Failure)
    assert reading.code == "too_small"
    assert "of 12 windows" in reading.reason


def test_carbon_follows_what_was_counted(seen):
    reading = read(Carbon(), seen(TRUTH, windows=windows(5.0), assumptions=PLACE), "carbon.per_1000").reading
    assert reading.value == pytest.approx(5.0 / 3.6e6 * 360.0 * 1.5)
    assert reading.method == "measured"


def test_windows_of_one_incarnation_are_too_few(seen):
    reading = read(Energy(), seen(TRUTH, windows=windows(5.0)[:4]), "energy.per_1000").reading
    assert reading.code == "too_few_samples"


def test_modelled_idle_energy_needs_the_idle_watts(seen, timed):
    blocks = timed(lambda rng: 2e6)
    missing = read(Energy(), seen(TRUTH, blocks=blocks), "energy.with_idle").reading
    assert "idle_watts" in missing.reason
    stated = Assumptions(watts_per_vcpu=4.0, idle_watts=20.0)
    reading = read(Energy(), seen(TRUTH, blocks=blocks, assumptions=stated), "energy.with_idle").reading
    assert reading.value == pytest.approx(1000 * (4.0 * 0.001 + 20.0 * 0.002))
    assert "20 W of the idle machine" in texts(reading.notes)[1]


def test_half_load_gives_the_published_shares_of_full_power():
    assert [curves.CURVES[name](0.5) for name in ("linear", "log", "cubic")] == [
        pytest.approx(0.5),
        pytest.approx(0.70, abs=0.005),
        pytest.approx(0.2125),
    ]
    for curve in curves.CURVES.values():
        assert curve(1.0) == pytest.approx(1.0)


@pytest.mark.parametrize("curve", list(curves.CURVES))
def test_more_load_never_takes_less_power_and_no_load_adds_none(curve):
    loads = [curves.above_idle(curve, load) for load in np.linspace(-0.5, 1.5, 41)]
    assert loads[0] == 0.0
    assert all(a <= b for a, b in itertools.pairwise(loads))


def test_the_curves_move_all_single_threaded_candidates_by_one_factor(seen, timed):
    """One busy processor of two is half load: 0.70 and 0.1125 of full power above idle, where linear says 0.5."""

    def factor(blocks, curve):
        result = read(Energy(), seen(TRUTH, blocks=blocks, processors=2), "energy.per_1000")
        return math.exp(np.median(result.others[curve][:, 2] - result.evidence[:, 2]))

    fast = timed(lambda rng: 1e6)
    slow = tuple(dataclasses.replace(block, nanos=3 * block.nanos, cpu_nanos=3 * block.cpu_nanos) for block in fast)
    for curve, share in (("log", math.log(3.5) / math.log(6)), ("cubic", 0.1125)):
        assert factor(fast, curve) == pytest.approx(2 * share)
        assert factor(slow, curve) == pytest.approx(2 * share)


def test_two_threads_for_half_the_time_are_told_apart_by_the_curves(seen, timed):
    """The same processor seconds: linear says equal, log says less power for longer is worse, cubic the opposite."""
    alone = timed(lambda rng: 1e6)
    both = tuple(dataclasses.replace(block, nanos=block.nanos / 2) for block in alone)
    results = [read(Energy(), seen(TRUTH, blocks=blocks, processors=4), "energy.per_1000") for blocks in (alone, both)]
    assert results[0].reading.value == pytest.approx(results[1].reading.value)
    ratio = {name: math.exp(np.median(results[1].others[name][:, 2] - results[0].others[name][:, 2])) for name in curves.OTHERS}
    assert ratio["log"] < 1 < ratio["cubic"]
    assert ratio["cubic"] == pytest.approx(4.0)


def test_a_processor_taken_away_for_some_blocks_does_not_change_what_the_curves_say(seen, timed):
    quiet = timed(lambda rng: 1e6)
    disturbed = tuple(dataclasses.replace(b, nanos=b.nanos * (4 if n % 5 == 0 else 1)) for n, b in enumerate(quiet))
    one, other = (read(Energy(), seen(TRUTH, blocks=blocks, processors=2), "energy.per_1000") for blocks in (quiet, disturbed))
    for curve in curves.OTHERS:
        np.testing.assert_allclose(one.others[curve], other.others[curve])
