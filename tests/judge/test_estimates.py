"""Moved estimates, shares of rows, and the change that a ratio makes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from effaudit.core.reading import Measurement
from effaudit.core.stats.estimate import Exact, Student, of_measurement
from effaudit.judge.estimates import Moved, Share, change

LEVELS = st.floats(0.6, 0.999)


@given(st.floats(-5, 5), st.floats(0.01, 2), st.sampled_from([-2.0, -0.5, 1.0, 3.0]), st.floats(-3, 3), LEVELS)
def test_a_moved_interval_is_the_interval_of_the_moved_figure(value, se, scale, shift, level):
    moved = Moved(Student(value, se, 7.0), scale, shift)
    same = Student(scale * value + shift, abs(scale) * se, 7.0)
    assert moved.value == pytest.approx(same.value)
    assert moved.interval(level) == pytest.approx(same.interval(level))
    assert moved.tail_above(0.3) == pytest.approx(same.tail_above(0.3), abs=1e-12)
    assert moved.tail_below(0.3) == pytest.approx(same.tail_below(0.3), abs=1e-12)


@pytest.mark.parametrize(("scale", "shift"), [(0.0, 0.0), (math.inf, 0.0), (math.nan, 0.0), (1.0, math.inf)])
def test_an_estimate_is_not_moved_to_nowhere(scale, shift):
    with pytest.raises(ValueError, match="cannot be moved"):
        Moved(Exact(1.0), scale, shift)


@given(st.integers(0, 50), st.integers(1, 50), LEVELS, st.floats(-0.2, 1.2))
def test_a_share_clears_a_limit_exactly_when_its_tail_is_small(k, n, level, limit):
    share = Share(min(k, n), n)
    low, high = share.interval(level)
    if min(abs(limit - low), abs(limit - high)) > 1e-9:
        assert (limit > high) == (share.tail_above(limit) < 1 - level)
        assert (limit < low) == (share.tail_below(limit) < 1 - level)


def test_a_share_s_tail_is_that_of_the_score_test():
    z = (0.93 - 0.9) / math.sqrt(0.9 * 0.1 / 400)
    assert Share(372, 400).tail_below(0.9) == pytest.approx(stats.norm.sf(z))
    assert Share(372, 400).tail_above(0.9) == pytest.approx(stats.norm.cdf(z))


def test_ten_right_answers_of_ten_do_not_show_perfection():
    low, high = Share(10, 10).interval(0.95)
    assert low < 0.8
    assert high == 1.0


def test_a_change_carries_the_error_of_the_ratio_and_of_the_reference():
    found = change(Student(1.1, 0.01, 20.0, log=True), Student(0.010, 0.0002, 10.0))
    assert found.value == pytest.approx(0.001)
    ratio_part = 0.010 * 1.1 * math.expm1(0.01 * stats.t.ppf(0.95, 20)) / stats.t.ppf(0.95, 20)
    assert found.se == pytest.approx(math.hypot(ratio_part, 0.1 * 0.0002), rel=1e-6)
    assert 10 < found.dof < 40


def test_a_change_against_an_exact_reference_has_the_ratio_s_error_only():
    found = change(Student(1.0, 0.01, 6.0, log=True, floor=0.004), Exact(50.0))
    assert found.value == 0.0
    assert found.dof == pytest.approx(6.0)
    assert found.floor == pytest.approx(0.4 * found.se)


def test_a_change_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(1500):
        ratio = Student(1.2 * math.exp(rng.normal(0, 0.02)), 0.02, None, log=True)
        low = 0.01 * math.exp(rng.normal(0, 0.03))
        reference = of_measurement(
            Measurement(low, low * math.exp(-1.645 * 0.03), low * math.exp(1.645 * 0.03), "s", "lower", "measured")
        )
        bounds = change(ratio, reference).interval(0.95)
        hits += bounds[0] <= 0.002 <= bounds[1]
    assert hits / 1500 > 0.88
