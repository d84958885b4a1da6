"""Intervals and tails say the same, for every kind of estimate."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from effaudit.core.reading import Measurement, counted
from effaudit.core.stats.agreement import Tango
from effaudit.core.stats.estimate import Exact, Skewed, Student, of_measurement
from effaudit.core.stats.replicates import Leaning, few_discordant

DOF = st.one_of(st.none(), st.floats(1.0, 500.0))
LEVEL = st.floats(0.51, 0.9999)


def measured(value, low, high, unit="s", dof=None, method="measured"):
    return Measurement(value, low, high, unit, "lower", method, dof=dof)


@st.composite
def estimates(draw):
    kind = draw(st.sampled_from(["student", "skewed", "exact", "tango", "few", "leaning"]))
    log = draw(st.booleans())
    value = draw(st.floats(0.01, 100.0)) if log else draw(st.floats(-100.0, 100.0))
    if kind == "student":
        return Student(value, draw(st.floats(1e-3, 2.0)), draw(DOF), log)
    if kind == "skewed":
        low = value * draw(st.floats(0.1, 0.999)) if log else value - draw(st.floats(1e-3, 50.0))
        high = value * draw(st.floats(1.001, 10.0)) if log else value + draw(st.floats(1e-3, 50.0))
        return Skewed(value, low, high, draw(st.floats(0.6, 0.99)), draw(DOF), log)
    if kind == "tango":
        n = draw(st.integers(1, 2000))
        b = draw(st.integers(0, n))
        return Tango(b, draw(st.integers(0, n - b)), n)
    if kind == "leaning":
        return Leaning(value, draw(st.floats(1e-3, 2.0)), draw(DOF), draw(st.floats(-1.0, 1.0)))
    if kind == "few":
        n = draw(st.integers(1, 2000))
        return few_discordant(draw(st.integers(0, n)), n, draw(st.floats(0.1, 3.0)))
    return Exact(value)


@given(estimates(), LEVEL, st.floats(-3.0, 3.0))
def test_a_limit_is_outside_the_interval_exactly_when_its_tail_is_small(estimate, level, shift):
    low, high = estimate.interval(level)
    limit = estimate.value + shift * max(high - estimate.value, estimate.value - low, 1e-3)
    assume(min(abs(limit - low), abs(limit - high)) > 1e-7 * max(1.0, abs(limit)))
    assert (limit > high) == (estimate.tail_above(limit) < 1 - level)
    assert (limit < low) == (estimate.tail_below(limit) < 1 - level)


@given(estimates(), LEVEL, LEVEL)
def test_a_higher_level_never_gives_a_narrower_interval(estimate, one, other):
    narrow, wide = estimate.interval(min(one, other)), estimate.interval(max(one, other))
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


@given(estimates(), st.floats(-200.0, 200.0), st.floats(0.0, 100.0))
def test_a_looser_limit_never_has_a_larger_tail(estimate, limit, looser):
    assert estimate.tail_above(limit + looser) <= estimate.tail_above(limit)
    assert estimate.tail_below(limit - looser) <= estimate.tail_below(limit)


def test_student_on_the_linear_scale_equals_scipy():
    estimate = Student(3.0, 0.5, 7.0)
    assert estimate.interval(0.95) == pytest.approx(stats.t(7.0, 3.0, 0.5).interval(0.90), rel=1e-12)
    assert estimate.tail_above(4.0) == pytest.approx(stats.t(7.0).sf(2.0), rel=1e-10)
    assert estimate.tail_below(4.0) == pytest.approx(stats.t(7.0).cdf(2.0), rel=1e-10)


def test_student_on_the_log_scale_is_symmetric_in_ratios():
    low, high = Student(2.0, 0.1, log=True).interval(0.975)
    assert high / 2.0 == pytest.approx(2.0 / low, rel=1e-12)
    assert high == pytest.approx(2.0 * math.exp(0.1 * stats.norm.ppf(0.975)), rel=1e-12)


def test_no_positive_figure_is_zero_or_less():
    estimate = Student(2.0, 0.1, log=True)
    assert estimate.tail_below(0.0) == 0.0
    assert estimate.tail_above(-1.0) == 1.0


def test_a_drawn_interval_comes_back_at_the_level_it_was_drawn_at():
    estimate = of_measurement(measured(0.024, 0.0228, 0.0259, dof=12.0))
    assert estimate.interval(0.95) == pytest.approx((0.0228, 0.0259), rel=1e-12)
    assert estimate.tail_above(0.0259) == pytest.approx(0.05, rel=1e-9)
    assert estimate.tail_below(0.0228) == pytest.approx(0.05, rel=1e-9)


def test_each_side_of_a_drawn_interval_is_stretched_for_itself():
    low, high = of_measurement(measured(10.0, 9.0, 14.0, "score")).interval(0.99)
    stretch = stats.norm.ppf(0.99) / stats.norm.ppf(0.95)
    assert (low, high) == pytest.approx((10 - stretch, 10 + 4 * stretch), rel=1e-9)


@pytest.mark.parametrize("unit", ["s", "B", "J", "gCO2e", "rows/s", "EUR"])
def test_physical_figures_are_stretched_in_ratios_and_never_reach_zero(unit):
    low, high = of_measurement(measured(10.0, 5.0, 20.0, unit)).interval(0.999999)
    assert 0.0 < low < 1.5
    assert low * high == pytest.approx(100.0, rel=1e-9)


@pytest.mark.parametrize("unit", ["score", "share", "count", ""])
def test_scores_and_shares_are_stretched_linearly(unit):
    low, high = of_measurement(measured(0.5, 0.4, 0.6, unit)).interval(0.999999)
    assert low + high == pytest.approx(1.0)


def test_a_physical_interval_down_to_zero_is_stretched_linearly():
    assert of_measurement(measured(1.0, 0.0, 2.0)).interval(0.95) == pytest.approx((0.0, 2.0))


def test_an_interval_open_to_one_side_never_rejects_there():
    estimate = of_measurement(measured(1.0, 0.5, math.inf))
    assert estimate.interval(0.99)[1] == math.inf
    assert estimate.tail_above(1e300) >= 0.5
    assert estimate.tail_below(0.01) < 0.05


def test_a_counted_figure_is_exact():
    estimate = of_measurement(counted(41_000.0, "B"))
    assert estimate == Exact(41_000.0)
    assert estimate.interval(0.999) == (41_000.0, 41_000.0)
    assert (estimate.tail_above(41_001.0), estimate.tail_above(41_000.0), estimate.tail_above(40_999.0)) == (0.0, 1.0, 1.0)
    assert (estimate.tail_below(40_999.0), estimate.tail_below(41_000.0), estimate.tail_below(41_001.0)) == (0.0, 1.0, 1.0)


def test_a_measured_figure_without_width_is_exact():
    assert of_measurement(measured(2.0, 2.0, 2.0)) == Exact(2.0)
    assert Student(2.0, 0.0, 5.0, log=True).interval(0.95) == (2.0, 2.0)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Student(math.nan, 1.0),
        lambda: Student(math.inf, 1.0),
        lambda: Student(1.0, math.nan),
        lambda: Student(1.0, -1.0),
        lambda: Student(1.0, 1.0, floor=2.0),
        lambda: Student(0.0, 1.0, log=True),
        lambda: Exact(math.nan),
        lambda: Skewed(1.0, 2.0, 3.0),
        lambda: Skewed(1.0, math.nan, 3.0),
        lambda: Skewed(1.0, 0.0, 3.0, log=True),
        lambda: Skewed(1.0, 0.5, 3.0, level=0.5),
        lambda: Exact(1.0).tail_above(math.nan),
        lambda: Student(1.0, 1.0).tail_below(math.nan),
    ],
)
def test_what_is_no_estimate_is_refused(wrong):
    with pytest.raises(ValueError, match=r"estimate|standard error|logarithm|inside|level|NaN"):
        wrong()
