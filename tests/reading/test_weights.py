"""Weights of rows are read, checked, and their worth counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.effective import Effective, kish
from effaudit.core.errors import InputError
from effaudit.core.plan import Data
from effaudit.reading.data import build_store

N = 60
RNG = np.random.default_rng(0)
A = RNG.normal(size=N)
Y = (A > 0).astype(int)


def built(tmp_path, people, **more):
    columns = {"a": A, "y": Y, "people": people, "g": np.arange(N) // 3, "town": np.array(["x", "y"] * (N // 2))}
    data = Data("classification", {"certify": columns}, ("y",), **({"independent": True, "weights": "people"} | more))
    return build_store(data, tmp_path / "store", False, 0)


def test_they_are_no_input_and_have_a_mean_of_one(tmp_path):
    weights = RNG.uniform(1, 9, N)
    workload, store = built(tmp_path, weights, ignore=("town", "g"))
    assert [column.name for column in workload.inputs] == ["a"]
    np.testing.assert_allclose(store.weights(), weights / weights.mean())
    assert workload.weights == "people"


def test_rows_groups_classes_and_slices_are_worth_what_kish_says(tmp_path):
    weights = RNG.gamma(1.0, size=N)
    workload, _ = built(tmp_path, weights, groups="g", independent=False, slices=("town",), slice_min_rows=10)
    by_group = np.bincount(np.arange(N) // 3, weights)
    assert workload.effective.rows == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert workload.effective.groups == pytest.approx(by_group.sum() ** 2 / (by_group**2).sum())
    for place in (0, 1):
        own = weights[place == Y]
        assert workload.effective.class_rows[place] == pytest.approx(own.sum() ** 2 / (own**2).sum())
        assert workload.effective.class_shares[place] == pytest.approx(own.sum() / weights.sum())
    own = weights[::2]
    assert workload.slices[0].effective.rows == pytest.approx(own.sum() ** 2 / (own**2).sum())


def test_without_weights_nothing_is_worth_anything_else(tmp_path):
    workload, store = built(tmp_path, np.ones(N), weights=None, ignore=("people",))
    assert (workload.effective, workload.weights, store.weights()) == (None, "", None)


def test_it_is_told_what_knows_nothing_of_them(tmp_path):
    workload, _ = built(tmp_path, np.r_[0.0, np.ones(N - 1)])
    (note,) = (note for note in workload.notes if note.code == "weighted")
    assert note.text == (
        "rows weigh as people says: 60 certify rows say as much as 59 of equal weight; 1 row of no weight count in no figure; "
        "training and the ladder know nothing of weights"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: np.where(np.arange(N) == 4, np.nan, w), "1 row without a weight in 'people', first in row 5"),
        (lambda w: np.where(np.arange(N) == 4, np.inf, w), "1 row with an infinite weight in 'people', first in row 5"),
        (lambda w: np.where(np.arange(N) > 57, -1.0, w), "2 rows with a negative weight in 'people', first in row 59"),
        (lambda w: w * 0, "all weights in 'people' are 0"),
        (lambda w: np.where(np.arange(N) == 0, 1.0, 0.0), "one row has nearly all of the weight"),
        (lambda w: np.array(["a"] * N), "the weights in 'people' are text"),
        (lambda w: np.ones(N, dtype=bool), "the weights in 'people' are bool"),
        (lambda w: np.ones((N, 2)), "several values a row"),
        (lambda w: np.array(["2020-01-01"] * N, dtype="datetime64[s]"), "the weights in 'people' are datetime64"),
    ],
)
def test_what_is_no_weight_is_refused_with_its_first_row(tmp_path, change, said):
    with pytest.raises(InputError) as caught:
        built(tmp_path, change(np.ones(N)))
    assert said in caught.value.what


def test_a_missing_column_is_told(tmp_path):
    with pytest.raises(InputError, match="no column 'persons', which is the plan's `weights`"):
        built(tmp_path, np.ones(N), weights="persons")


@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=30))
def test_the_effective_number_is_between_one_and_the_number(weights):
    found = kish(np.array(weights))
    assert found == 0.0 or 0.999 <= found <= len(weights) * 1.001


def test_equal_weights_are_worth_their_number():
    assert Effective.of(np.full(7, 3.0), np.arange(7), None, 0) == Effective(7.0, 7.0)
