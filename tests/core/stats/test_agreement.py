"""Tango's interval: published examples, another implementation's figures, and a brute-force likelihood."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from effaudit.core.stats.agreement import Tango


@pytest.mark.parametrize(
    ("b", "c", "n", "low", "high"),
    [
        (1, 7, 21, -0.517, -0.026),  # Fagerland, Lydersen & Laake (2014), Statistics in Medicine 33:2850, table V
        (16, 8, 86, -0.020, 0.207),  # Agresti & Min (2005), Statistics in Medicine 24:729
        (3, 1, 14, -0.167, 0.433),  # Tang, Li & Tian (2010)
        (25, 2, 102, 0.139, 0.321),  # Chang et al. (2024)
    ],
)
def test_published_examples(b, c, n, low, high):
    assert Tango(b, c, n).interval(0.975) == pytest.approx((low, high), abs=5.1e-4)


@pytest.mark.parametrize(
    ("b", "c", "n", "low", "high"),
    [
        (20, 40, 160, -0.2180642, -0.0308645),
        (40, 20, 160, 0.0308645, 0.2180642),
        (0, 0, 100, -0.0369935, 0.0369935),
        (7, 1, 50, 0.0116197, 0.2465808),
        (5, 0, 25, 0.0401693, 0.3913095),
        (2, 2, 30, -0.1621801, 0.1621801),
        (0, 50, 50, -1.0, -0.8573048),
        (4, 11, 320, -0.0496838, 0.0020972),
    ],
)
def test_figures_of_the_r_package_propcis(b, c, n, low, high):
    # scoreci.mp of PropCIs 0.3-0, whose own iteration stops at 1e-7 to 1e-6.
    assert Tango(b, c, n).interval(0.975) == pytest.approx((low, high), abs=1e-6)


def likeliest_second_share(b, c, n, difference):
    """The share of the second kind of discordant rows that maximises the likelihood, found by searching."""

    def cost(share):
        cells = np.array([share + difference, share, 1 - 2 * share - difference])
        counts = np.array([b, c, n - b - c])
        return -np.sum(counts[counts > 0] * np.log(np.maximum(cells[counts > 0], 1e-300)))

    lowest = max(0.0, -difference)
    bounds = (lowest, (1 - difference) / 2)
    return optimize.minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x


def score(b, c, n, difference):
    share = likeliest_second_share(b, c, n, difference)
    return (b - c - n * difference) / math.sqrt(n * (2 * share + difference - difference**2))


@pytest.mark.parametrize(("b", "c", "n"), [(12, 2, 50), (3, 9, 300), (100, 80, 3000), (5, 0, 40), (1, 1, 10)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_the_bounds_solve_the_score_equation_with_a_searched_likelihood(b, c, n, level):
    z = stats.norm.ppf(level)
    low, high = Tango(b, c, n).interval(level)
    assert score(b, c, n, low) == pytest.approx(z, abs=2e-4)
    assert score(b, c, n, high) == pytest.approx(-z, abs=2e-4)


@pytest.mark.parametrize(("b", "c", "n"), [(12, 2, 50), (3, 9, 300), (100, 80, 3000)])
def test_a_brute_force_root_finder_agrees(b, c, n):
    value, z = (b - c) / n, stats.norm.ppf(0.95)
    low = optimize.brentq(lambda d: score(b, c, n, d) - z, -0.9, value)
    high = optimize.brentq(lambda d: score(b, c, n, d) + z, value, 0.9)
    assert Tango(b, c, n).interval(0.95) == pytest.approx((low, high), abs=1e-6)


def test_no_discordant_row_gives_the_wilson_like_closed_form():
    z2 = stats.norm.ppf(0.95) ** 2
    assert Tango(0, 0, 300).interval(0.95) == pytest.approx((-z2 / (300 + z2), z2 / (300 + z2)), rel=1e-9)
    assert Tango(0, 0, 300).tail_above(0.0) == 0.5


@given(st.integers(1, 5000), st.data())
def test_bounds_hold_the_value_and_mirror_when_the_two_are_swapped(n, data):
    b = data.draw(st.integers(0, n))
    c = data.draw(st.integers(0, n - b))
    level = data.draw(st.floats(0.51, 1 - 1e-9))
    low, high = Tango(b, c, n).interval(level)
    assert -1.0 <= low <= (b - c) / n <= high <= 1.0
    assert Tango(c, b, n).interval(level) == pytest.approx((-high, -low), abs=1e-12)


@given(st.integers(1, 500), st.data(), st.floats(-1.5, 1.5), st.floats(0.0, 1.0))
def test_the_score_falls_as_the_difference_rises(n, data, difference, more):
    b = data.draw(st.integers(0, n))
    tango = Tango(b, data.draw(st.integers(0, n - b)), n)
    assert tango.tail_above(difference + more) <= tango.tail_above(difference) + 1e-12


def test_impossible_differences_are_rejected_outright():
    assert Tango(3, 1, 10).tail_above(1.5) == 0.0
    assert Tango(3, 1, 10).tail_below(1.5) == 1.0
    assert Tango(3, 1, 10).tail_below(-1.5) == 0.0
    assert Tango(10, 0, 10).tail_above(1.0) == 0.5


def test_the_false_pass_rate_of_non_inferiority_is_held_exactly():
    """Summed over every table at n = 300 with 3 % and 8 % discordant rows: no simulation."""
    n, margin = 300, 0.02
    for discordant in (0.03, 0.08):
        p_b, p_c = (discordant + margin) / 2, (discordant - margin) / 2
        passed = 0.0
        for both in range(80):
            chance = stats.binom.pmf(both, n, discordant)
            if chance < 1e-9:
                continue
            for b in range(both + 1):
                if Tango(b, both - b, n).tail_above(margin) < 0.05:
                    passed += chance * stats.binom.pmf(b, both, p_b / (p_b + p_c))
        assert passed <= 0.055


@pytest.mark.parametrize(("b", "c", "n"), [(-1, 0, 3), (0, -1, 3), (2, 2, 3), (0, 0, 0)])
def test_what_is_no_table_is_refused(b, c, n):
    with pytest.raises(ValueError, match="discordant"):
        Tango(b, c, n)


def test_a_limit_of_nan_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        Tango(1, 2, 3).tail_above(math.nan)
