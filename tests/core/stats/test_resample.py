"""Shared resamples: the same weights for everyone, exact sums, and a spread that equals the analytic one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.stats import resample
from effaudit.core.stats.resample import Resamples


def weights(resamples):
    return np.array(list(resamples.row_weights(resamples.count)))


def independent(rows, count=50, seed=0):
    return Resamples(np.arange(rows), count, seed)


def test_sums_and_means_are_those_of_the_row_weights():
    resamples = independent(30)
    columns = np.random.default_rng(0).normal(size=(30, 3))
    drawn = weights(resamples)
    assert resamples.sums(columns) == pytest.approx(drawn @ columns, rel=1e-12)
    assert resamples.means(columns) == pytest.approx(drawn @ columns / drawn.sum(axis=1, keepdims=True), rel=1e-12)


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 2**63), st.integers(1, 4))
@settings(max_examples=40)
def test_rows_of_a_group_share_one_weight(rows, groups, seed, count):
    numbers = np.random.default_rng(seed).integers(0, groups, rows)
    drawn = weights(Resamples(numbers, count, seed))
    for number in np.unique(numbers):
        assert (drawn[:, numbers == number] == drawn[:, numbers == number][:, :1]).all()


def test_grouped_sums_are_those_of_the_row_weights():
    rng = np.random.default_rng(1)
    resamples = Resamples(rng.integers(0, 40, 500), 80, 3)
    columns = rng.normal(10.0, 1.0, size=(500, 2))
    assert resamples.sums(columns) == pytest.approx(weights(resamples) @ columns, rel=1e-12)


def test_the_weights_follow_from_the_seed_alone():
    first, again, other = independent(5000), independent(5000), independent(5000, seed=1)
    columns = np.random.default_rng(0).normal(size=(5000, 2))
    assert (first.sums(columns) == again.sums(columns)).all()
    assert (first.sums(columns) != other.sums(columns)).all()
    assert list(weights(first)[0][:12]) == [0, 1, 3, 2, 2, 4, 1, 1, 2, 0, 0, 2]


def test_fewer_resamples_are_the_first_of_many():
    few, many = independent(5000, count=4), independent(5000, count=9)
    assert (weights(few) == weights(many)[:4]).all()
    assert len(list(many.row_weights(3))) == 3
    assert len(list(many.row_weights(99))) == 9


def test_more_rows_keep_the_weights_of_the_first_ones():
    assert (weights(independent(100, count=5)) == weights(independent(9000, count=5))[:, :100]).all()


def test_the_table_is_poisson_with_mean_and_variance_of_exactly_one():
    counts = np.array(resample._TABLE_COUNTS)
    k = np.arange(len(counts))
    assert counts.sum() == 65536
    assert (counts * k).sum() == 65536
    assert (counts * k**2).sum() == 2 * 65536
    expected = 65536 * np.exp(-1) / np.cumprod(np.maximum(k, 1))
    assert np.abs(counts - expected).max() < 4


def test_weights_look_independent():
    drawn = weights(independent(6000, count=400))
    assert drawn.mean() == pytest.approx(1.0, abs=0.003)
    assert drawn.var() == pytest.approx(1.0, abs=0.005)
    between_rows = np.corrcoef(drawn[:, 4050:4150].T)[np.triu_indices(100, 1)]
    assert np.abs(between_rows).max() < 5 / np.sqrt(400)
    assert between_rows.std() == pytest.approx(1 / np.sqrt(400), rel=0.05)


def test_whole_numbers_are_summed_exactly_in_single_precision():
    rows = 3 * resample._BLOCK + 17
    resamples = independent(rows, count=20)
    columns = np.random.default_rng(0).integers(-500, 501, size=(rows, 2)).astype(float)
    assert (resamples.sums(columns) == weights(resamples) @ columns).all()


@pytest.mark.parametrize("shift", [0.0, 1e6, -1e9])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_single_precision_keeps_the_digits_that_vary(shift, scale):
    rows = 2 * resample._BLOCK
    resamples = independent(rows, count=100)
    columns = (np.random.default_rng(0).normal(size=(rows, 1)) + shift) * scale
    exact = weights(resamples) @ columns / weights(resamples).sum(axis=1, keepdims=True)
    assert np.abs(resamples.means(columns) - exact).max() < 1e-4 * exact.std() + 1e-15 * abs(shift) * scale


def test_the_spread_of_replicates_is_that_of_the_mean():
    columns = np.random.default_rng(3).normal(size=(8000, 30)) ** 2
    spread = independent(8000, count=1000).means(columns).std(axis=0)
    assert (spread / (columns.std(axis=0) / np.sqrt(8000))).mean() == pytest.approx(1.0, abs=0.015)


def test_groups_beyond_the_kept_bytes_are_bundled_and_keep_the_spread(monkeypatch):
    monkeypatch.setattr(resample, "_KEPT_BYTES", 5000 * 400)
    resamples = independent(40_000, count=400)
    columns = np.repeat(np.random.default_rng(3).normal(size=(5000, 25)), 8, axis=0)  # neighbours alike
    assert resamples._weights.nbytes <= 5000 * 400
    assert resamples.groups_count == 40_000
    spread = resamples.means(columns).std(axis=0)
    assert (spread / (columns.std(axis=0) / np.sqrt(40_000))).mean() == pytest.approx(1.0, abs=0.03)
    assert resamples.sums(columns)[:5] == pytest.approx(np.array(list(resamples.row_weights(5))) @ columns, rel=1e-5, abs=0.01)


def test_group_numbers_may_have_gaps_and_any_order():
    resamples = Resamples(np.array([7, 2, 7, 900]), 10)
    assert resamples.groups_count == 3
    assert resamples.sums(np.ones((4, 1))) == pytest.approx(weights(resamples).sum(axis=1, keepdims=True))


def test_a_resample_that_drew_nothing_is_the_sample_itself():
    means = Resamples(np.zeros(3, dtype=int), 200).means(np.array([[1.0], [2.0], [3.0]]))
    assert means == pytest.approx(np.full((200, 1), 2.0))


def test_a_column_with_nan_or_infinity_is_nan_and_leaves_others_alone():
    columns = np.ones((50, 3))
    columns[3, 0], columns[4, 1] = np.nan, np.inf
    sums = independent(50).sums(columns)
    assert np.isnan(sums[:, :2]).all()
    assert np.isfinite(sums[:, 2]).all()


def test_columns_of_the_wrong_shape_are_refused():
    for columns in (np.ones((4, 2)), np.ones(5), np.ones((5, 1, 1))):
        with pytest.raises(ValueError, match="for 5 rows"):
            independent(5).sums(columns)


@pytest.mark.parametrize("groups", [np.empty(0, dtype=int), np.zeros((2, 2), dtype=int)])
def test_groups_must_be_one_number_per_row(groups):
    with pytest.raises(ValueError, match="one group number per row"):
        Resamples(groups).sums(np.ones((len(groups), 1)))


def test_no_columns_give_no_sums():
    assert independent(5).sums(np.empty((5, 0))).shape == (50, 0)


@pytest.mark.parametrize("groups", [np.arange(500), np.arange(500) // 7, np.arange(500) % 90])
def test_resamples_of_some_rows_are_the_same_resamples(groups):
    whole = Resamples(groups, 300, 5)
    rows = np.flatnonzero(np.random.default_rng(0).random(500) < 0.4)
    inside = np.zeros(500)
    inside[rows] = 1.0
    values = np.random.default_rng(1).normal(size=500)
    part = whole.within(rows, 200)
    sums = whole.sums(np.column_stack([inside, inside * values]))[:200]
    np.testing.assert_allclose(part.means(values[rows][:, None])[:, 0], sums[:, 1] / sums[:, 0], rtol=1e-9, atol=1e-12)
    weights = np.array(list(whole.row_weights(50)))[:, rows]
    np.testing.assert_array_equal(np.array(list(part.row_weights(50))), weights)
    assert part.count == 200
    assert part.groups_count == len(np.unique(groups[rows]))


def test_a_resample_that_drew_none_of_the_rows_is_the_rows_themselves():
    part = Resamples(np.arange(100) // 50, 300, 0).within(np.arange(50), 300)
    np.testing.assert_array_equal(np.array(list(part.row_weights(300))).min(axis=1) > 0, True)


def test_rows_of_bundled_groups_share_their_weights_with_the_whole(monkeypatch):
    monkeypatch.setattr(resample, "_KEPT_BYTES", 1)
    monkeypatch.setattr(resample, "_BLOCK", 16)
    whole = Resamples(np.arange(400), 50, 0)
    rows = np.arange(100, 200)
    np.testing.assert_array_equal(
        np.array(list(whole.within(rows, 50).row_weights(50))), np.array(list(whole.row_weights(50)))[:, rows]
    )
    assert whole.within(rows, 50).groups_count == 100
