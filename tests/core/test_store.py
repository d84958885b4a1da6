"""The store gives back what was written, row by row, and costs only what is read."""

from __future__ import annotations

import math

import numpy as np
import pytest

from effaudit.core.store import StoreWriter


@pytest.fixture
def store(tmp_path):
    writer = StoreWriter(tmp_path / "store", ["x", "city"], {"city": ["Bern", "Zürich"]})
    inputs = {"x": np.arange(4.0), "city": np.array([1, -1, 0, 1], dtype=np.int32)}
    writer.add("certify", inputs, np.array([0, 1, 0, 1]), np.arange(4))
    return writer.close()


def test_rows_come_back_with_words_and_missing_words(store):
    found = store.inputs("certify", np.array([3, 1]))
    np.testing.assert_array_equal(found["x"], [3.0, 1.0])
    assert found["city"][0] == "Zürich"
    assert math.isnan(found["city"][1])


def test_columns_are_chosen_by_name_and_an_unknown_one_is_named(store):
    assert list(store.inputs("certify", slice(0, 1), ["city"])) == ["city"]
    with pytest.raises(KeyError, match="no column 'town'"):
        store.inputs("certify", slice(0, 1), ["town"])


def test_answers_are_mapped_not_copied(store):
    assert isinstance(store.answers("certify"), np.memmap)
    assert store.rows("certify") == 4
    assert store.rows("train") == 0


def test_what_is_read_can_be_changed_without_harm(store):
    store.inputs("certify", slice(0, 2))["x"][:] = 99
    np.testing.assert_array_equal(store.inputs("certify", slice(0, 2))["x"], [0, 1])


def test_rows_that_repeat_an_earlier_one_are_not_among_the_distinct(store):
    np.testing.assert_array_equal(store.distinct(), np.arange(4))
    store.mark_repeats(np.array([False, False, True, False]))
    np.testing.assert_array_equal(store.distinct(), [0, 1, 3])
    store.mark_repeats(np.zeros(4, dtype=bool))
    np.testing.assert_array_equal(store.distinct(), np.arange(4))
