"""Estimates from replicates: limits in which they are a known formula, their refusals, and how often they miss."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from effaudit.core.stats.ranking import auc
from effaudit.core.stats.replicates import FewDiscordant, Leaning, difference, few_discordant, of_replicates, of_score
from effaudit.core.stats.resample import Resamples


def test_symmetric_replicates_give_students_interval():
    draws = np.array([-1.0, 1.0] * 500)
    low, high = of_replicates(3.0, draws, 21).interval(0.95)
    se = math.sqrt(1000 / 999 * 21 / 20)
    reach = stats.t(1 / (1 / 20 + 1 / 999)).ppf(0.95) * se
    assert (low, high) == pytest.approx((3.0 - reach, 3.0 + reach), rel=1e-10)


def test_the_longer_side_of_skewed_replicates_is_lengthened_and_the_other_left():
    draws = np.random.default_rng(0).gamma(20.0, size=4000)
    estimate = of_replicates(20.0, draws, 10**6)
    plain = stats.t(1 / (1 / (10**6 - 1) + 1 / 3999)).ppf(0.95) * draws.std(ddof=1)
    low, high = estimate.interval(0.95)
    assert estimate.skewness == pytest.approx(stats.skew(draws))
    assert 20.0 - low == pytest.approx(plain, rel=1e-6)
    assert high - 20.0 == pytest.approx(plain * (1 + estimate.skewness * (1 + 2 * 1.6449**2) / 6 / 1.6449), rel=1e-3)


def test_mirrored_replicates_give_a_mirrored_interval():
    draws = np.random.default_rng(0).gamma(5.0, size=400)
    low, high = of_replicates(5.0, draws, 50).interval(0.99)
    assert of_replicates(-5.0, -draws, 50).interval(0.99) == pytest.approx((-high, -low))


@given(st.floats(-1, 1), st.floats(0.501, 0.99999), st.floats(1, 500), st.floats(-6, 6))
def test_bounds_and_tails_are_each_others_inverse(skewness, level, dof, limit):
    estimate = Leaning(0.0, 1.0, dof, skewness)
    low, high = estimate.interval(level)
    assert estimate.tail_above(high) == pytest.approx(1 - level, rel=1e-6)
    assert estimate.tail_below(low) == pytest.approx(1 - level, rel=1e-6)
    assert estimate.tail_above(limit) >= estimate.tail_above(limit + 0.1)


def test_difference_uses_the_shared_resamples():
    rng = np.random.default_rng(1)
    shared, own = rng.normal(size=1000), rng.normal(size=1000)
    estimate = difference(0.8, 0.8 + shared + 0.01 * own, 0.7, 0.7 + shared, 10**6)
    assert estimate.value == pytest.approx(0.1)
    assert estimate.se == pytest.approx(0.01, rel=0.1)


def test_few_replicates_count_as_few():
    assert of_replicates(0.0, np.random.default_rng(0).normal(size=200), 50_000).dof == pytest.approx(199, rel=0.01)
    assert of_replicates(0.0, np.random.default_rng(0).normal(size=2000), 20).dof == pytest.approx(18.8, abs=0.1)


def test_replicates_that_are_all_alike_have_no_width():
    for level in (0.1, 1.0, 1e300):
        assert of_replicates(level, np.full(100, level), 50).interval(0.95) == (level, level)
    rounded = of_replicates(0.3, np.full(100, 0.1 + 0.2), 50)
    assert rounded.tail_above(0.31) == 0.0
    assert rounded.tail_above(0.29) == 1.0


def test_the_size_of_the_figures_does_not_matter():
    draws = np.random.default_rng(0).gamma(5.0, size=400)
    small, large = of_replicates(5e-200, draws * 1e-200, 50), of_replicates(5e200, draws * 1e200, 50)
    assert small.skewness == pytest.approx(large.skewness)
    assert small.se * 1e200 == pytest.approx(large.se * 1e-200)


@pytest.mark.parametrize(
    ("draws", "groups"),
    [
        (np.array([1.0]), 50),
        (np.ones((5, 2)), 50),
        (np.arange(5.0), 1),
        (np.array([0.0, np.nan, 1.0]), 50),
        (np.array([0.0, np.inf]), 50),
    ],
)
def test_what_says_nothing_of_a_spread_is_refused(draws, groups):
    with pytest.raises(ValueError, match="replicates"):
        of_replicates(0.5, draws, groups)


def test_a_score_near_one_stays_below_one():
    draws = np.random.default_rng(0).normal(0.99, 0.01, 1000)
    low, high = of_score(0.99, draws, 100).interval(0.95)
    assert high < 1.0
    assert 0.99 - low > 2 * (high - 0.99)


def test_a_score_in_the_middle_is_nearly_students():
    draws = np.random.default_rng(0).normal(0.5, 0.01, 1000)
    plain, logit = of_replicates(0.5, draws, 5000), of_score(0.5, draws, 5000)
    assert logit.interval(0.95)[0] == pytest.approx(0.5 - stats.norm.ppf(0.95) * plain.se, abs=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.2])
def test_a_score_without_a_logit_is_an_ordinary_figure(value):
    draws = np.random.default_rng(0).normal(value, 0.01, 100)
    assert of_score(value, draws, 100) == of_replicates(value, draws, 100)


def test_few_differing_rows_bound_the_difference_on_both_sides():
    estimate = few_discordant(0, 3000, 2.0)
    upper = 2.0 * (1 - 0.05 ** (1 / 3000))
    assert estimate.interval(0.95) == pytest.approx((-upper, upper), rel=1e-9)
    assert estimate.tail_above(upper) == pytest.approx(0.05, rel=1e-9)
    assert estimate.tail_below(-upper) == pytest.approx(0.05, rel=1e-9)


def test_a_lossless_conversion_passes_on_many_rows_and_not_on_few():
    assert few_discordant(0, 3000, 1.0).tail_above(0.01) < 0.05
    assert few_discordant(0, 200, 1.0).tail_above(0.01) > 0.05


@given(st.integers(1, 500), st.data(), st.floats(0.1, 3), st.floats(-2, 2))
def test_the_bound_on_few_rows_is_the_binomials(rows, data, scale, limit):
    differing = data.draw(st.integers(0, rows))
    expected = 1.0 if limit <= 0 else stats.binom.cdf(differing, rows, min(1.0, limit / scale)) if limit <= scale else 0.0
    assert few_discordant(differing, rows, scale).tail_above(limit) == pytest.approx(expected, rel=1e-6, abs=1e-290)


@pytest.mark.parametrize("given", [(5, 3, 1.0), (-1, 3, 1.0), (0, 0, 1.0), (0, 3, 0.0), (0, 3, math.inf), (0, 3, 1.0, math.nan)])
def test_impossible_counts_are_refused(given):
    with pytest.raises(ValueError, match=r"rows differ|changes by"):
        FewDiscordant(*given)


def losses(rng, rows):
    """Two models of one truth, the second a little worse, on some rows: (answers, first's logits, second's logits)."""
    truth = rng.normal(-1.0, 1.5, rows)
    first = truth + rng.normal(0, 0.3, rows)
    return rng.random(rows) < 1 / (1 + np.exp(-truth)), first, 1.3 * (first + rng.normal(0, 0.5, rows))


def compared(metric, answers, first, second, resamples):
    """How much worse the second is, as an estimate."""
    if metric == "roc_auc":
        (a, at), (b, bt) = auc(first, answers), auc(second, answers)
        drawn = resamples.means(np.column_stack([at, bt]))
        return difference(a, a + drawn[:, 0], b, b + drawn[:, 1], len(answers))
    if metric == "log_loss":
        signs = np.where(answers, 1.0, -1.0)
        columns = np.column_stack([np.logaddexp(0, -signs * second), np.logaddexp(0, -signs * first)])
        drawn = resamples.means(columns)
        return difference(*columns.mean(axis=0)[:1], drawn[:, 0], columns[:, 1].mean(), drawn[:, 1], len(answers))
    columns = np.column_stack([answers & (first > 0), first > 0, answers & (second > 0), second > 0, answers]).astype(float)

    def f1(sums):
        return 2 * sums[:, 0] / (sums[:, 1] + sums[:, 4]), 2 * sums[:, 2] / (sums[:, 3] + sums[:, 4])

    (a,), (b,) = f1(columns.sum(axis=0, keepdims=True))
    drawn = f1(resamples.sums(columns))
    return difference(a, drawn[0], b, drawn[1], len(answers))


@pytest.mark.parametrize("metric", ["roc_auc", "f1", "log_loss"])
def test_a_model_that_loses_exactly_the_margin_passes_in_about_five_percent(metric):
    """800 samples of 600 rows; the margin is the true loss, read off 400,000 rows."""
    answers, first, second = losses(np.random.default_rng(0), 400_000)
    margin = compared(metric, answers, first, second, Resamples(np.arange(400_000), 2)).value
    rng = np.random.default_rng(1)
    resamples = Resamples(np.arange(600), 300)
    passed = [compared(metric, *losses(rng, 600), resamples).tail_above(margin) < 0.05 for _ in range(800)]
    assert np.mean(passed) <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 800)


def test_clustered_auc_is_covered():
    """70 groups of 20 rows that share their lift: 300 samples, 90 % two-sided."""
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(70), 20)
    resamples = Resamples(groups, 500)

    def sample(count):
        lift = np.repeat(rng.normal(0, 0.7, count), 20)
        answers = rng.random(20 * count) < 1 / (1 + np.exp(1 - lift))
        return rng.normal(0, 1, 20 * count) + answers + 0.5 * lift, answers

    truth = auc(*sample(20_000))[0]
    covered = []
    for _ in range(300):
        value, influence = auc(*sample(70))
        low, high = of_score(value, value + resamples.means(influence[:, None])[:, 0], 70).interval(0.95)
        covered.append(low <= truth <= high)
    assert np.mean(covered) == pytest.approx(0.90, abs=2.5 * math.sqrt(0.09 / 300))
