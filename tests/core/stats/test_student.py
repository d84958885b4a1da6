"""Quantiles and tails against scipy, far out in the tails too."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from effaudit.core.stats.student import (
    binomial_at_most,
    binomial_upper,
    normal_quantile,
    normal_tail,
    t_quantile,
    t_tail,
    wilson,
)

DOFS = (0.5, 1.0, 2.0, 2.5, 3.0, 10.0, 57.0, 99.5, 999.0, 1001.0, 1e5, None, math.inf)
TAILS = (0.4999, 0.3, 0.1, 0.05, 0.025, 1e-3, 1e-6, 1e-9, 1e-12)


def reference(dof):
    return stats.norm if dof is None or math.isinf(dof) else stats.t(dof)


@pytest.mark.parametrize("dof", DOFS)
@pytest.mark.parametrize("tail", TAILS)
def test_t_tail_equals_scipy_to_eight_digits(dof, tail):
    t = float(reference(dof).isf(tail))
    assert t_tail(t, dof) == pytest.approx(reference(dof).sf(t), rel=1e-8)
    assert t_tail(-t, dof) == pytest.approx(1 - tail, rel=1e-8)


@pytest.mark.parametrize("dof", DOFS)
@pytest.mark.parametrize("tail", TAILS)
def test_t_quantile_equals_scipy(dof, tail):
    assert t_quantile(tail, dof) == pytest.approx(-float(reference(dof).isf(tail)), rel=1e-8)


def test_quantiles_of_printed_tables():
    assert t_quantile(0.975, 2) == pytest.approx(4.302652729749462, rel=1e-12)
    assert t_quantile(0.95, 10) == pytest.approx(1.812461122811676, rel=1e-12)
    assert normal_quantile(0.975) == pytest.approx(1.959963984540054, rel=1e-14)
    assert normal_tail(1.6448536269514722) == pytest.approx(0.05, rel=1e-14)
    assert t_quantile(0.5, 3) == 0.0


@given(st.floats(1e-12, 0.5), st.floats(0.3, 1e7))
def test_quantile_and_tail_undo_each_other(tail, dof):
    assert t_tail(-t_quantile(tail, dof), dof) == pytest.approx(tail, rel=1e-9)


@given(st.floats(-1e6, 1e6), st.floats(0.3, 1e7))
def test_the_two_tails_make_one(t, dof):
    assert t_tail(t, dof) + t_tail(-t, dof) == pytest.approx(1.0, abs=1e-14)


def test_a_tail_beyond_all_squares_is_still_a_number():
    assert t_tail(1e200, 1.0) == pytest.approx(1e-200 / math.pi, rel=1e-8)
    assert t_tail(math.inf, 3.0) == 0.0
    assert t_tail(-math.inf, 3.0) == 1.0


@given(st.floats(1e-15, 0.49), st.floats(1e-4, 0.3))
def test_next_to_no_degrees_of_freedom_still_have_a_quantile(tail, dof):
    assert -t_quantile(tail, dof) >= -t_quantile(tail, 0.3) * (1 - 1e-9)


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, 1.1, math.nan])
def test_a_probability_outside_zero_and_one_is_refused(p):
    for quantile in (normal_quantile, lambda p: t_quantile(p, 3.0)):
        with pytest.raises(ValueError, match="strictly between"):
            quantile(p)


@pytest.mark.parametrize("dof", [0.0, -1.0, math.nan])
def test_degrees_of_freedom_must_be_positive(dof):
    for ask in (lambda: t_tail(1.0, dof), lambda: t_quantile(0.9, dof)):
        with pytest.raises(ValueError, match="degrees of freedom"):
            ask()


def test_a_tail_at_nan_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        t_tail(math.nan, 3.0)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 30), (1, 2), (3, 300), (299, 300), (50, 1000), (1234, 10**6)])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 1 - 1e-6])
def test_clopper_pearson_equals_the_beta_quantile(k, n, level):
    upper = binomial_upper(k, n, level)
    assert upper == pytest.approx(stats.beta.isf(1 - level, k + 1, n - k), rel=1e-9)
    assert binomial_at_most(k, n, upper) == pytest.approx(1 - level, rel=1e-8)


def test_clopper_pearson_knows_the_rule_of_three():
    assert binomial_upper(0, 300, 0.95) == pytest.approx(1 - 0.05 ** (1 / 300), rel=1e-12)
    assert binomial_upper(7, 7, 0.95) == 1.0


@given(st.integers(1, 3000), st.data())
def test_the_binomial_sum_equals_scipy(n, data):
    k = data.draw(st.integers(0, n))
    share = data.draw(st.floats(1e-6, 1 - 1e-6))
    assert binomial_at_most(k, n, share) == pytest.approx(stats.binom.cdf(k, n, share), rel=1e-7, abs=1e-200)


def test_the_binomial_sum_at_its_ends():
    assert binomial_at_most(3, 10, 0.0) == 1.0
    assert binomial_at_most(3, 10, 1.0) == 0.0
    assert binomial_at_most(10, 10, 1.0) == 1.0


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 29), (15, 263), (148, 263), (29, 29)])
def test_wilson_equals_scipy(k, n):
    expected = stats.binomtest(k, n).proportion_ci(0.90, method="wilson")
    assert wilson(k, n, 0.95) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_gives_newcombes_published_bounds():
    # Newcombe (1998), Statistics in Medicine 17:857, table I, method 3.
    assert wilson(81, 263, 0.975) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148, 0.975) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20, 0.975) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1, 29, 0.975) == pytest.approx((0.0061, 0.1718), abs=5e-5)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_what_is_no_count_is_refused(k, n):
    for ask in (lambda: wilson(k, n, 0.95), lambda: binomial_upper(k, n, 0.95), lambda: binomial_at_most(k, n, 0.5)):
        with pytest.raises(ValueError, match="not a count"):
            ask()
