"""No row is timed twice before all were; some requests are repeated on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.worker.turns import HELD_ROWS, Turns


@given(st.integers(1, 3000), st.lists(st.tuples(st.integers(1, 20), st.sampled_from([1, 7, 50])), min_size=1, max_size=30))
def test_new_rows_are_those_that_were_never_handed_out(rows, asked):
    turns, before = Turns(rows, [0, 1]), set()
    before |= set(turns.held(3, 5).tolist())
    for requests, batch in asked:
        turn = turns.next(requests, batch)
        assert len(turn.rows) == requests * batch
        own = turn.rows.tolist()
        if turn.freshness == "new":
            assert len(set(own)) == len(own)
            assert not before & set(own)
        before |= set(own)


@pytest.mark.parametrize("rows", [5, 100, 40_000])
def test_every_later_pass_takes_all_rows_once_in_another_order(rows):
    turns = Turns(rows, [3])
    turns.next(rows - len(turns.held(1, 1)) - min(HELD_ROWS, rows // 4) + 1, 1)
    while turns.any_new(1):
        turns.next(1, 1)
    first, second = turns.next(rows, 1).rows, turns.next(rows, 1).rows
    np.testing.assert_array_equal(np.sort(first), np.arange(rows))
    np.testing.assert_array_equal(np.sort(second), np.arange(rows))
    if rows > 5:
        assert (first != second).any()


def test_the_last_requests_of_a_batch_size_come_again_while_others_are_new():
    turns = Turns(1000, [0])
    first, other = turns.next(4, 10), turns.next(4, 1)
    again = turns.again(3, 10)
    assert again.freshness == "known"
    np.testing.assert_array_equal(again.rows, first.rows[:30])
    assert not set(other.rows) & set(first.rows)
    assert turns.again(2, 7).freshness == "new"  # nothing was asked in sevens yet


def test_nothing_is_repeated_on_purpose_when_all_rows_come_round_anyway():
    turns = Turns(20, [0])
    turns.next(40, 1)
    assert turns.again(1, 1).freshness == "mixed"
    assert not turns.any_new(1)


def test_two_workers_of_one_seed_hand_out_the_same_rows():
    first, second = Turns(500, [1, 2]), Turns(500, [1, 2])
    np.testing.assert_array_equal(first.next(700, 1).rows, second.next(700, 1).rows)


def test_rows_that_equal_an_earlier_one_are_never_new():
    turns = Turns(1000, [0], np.arange(0, 1000, 10))
    asked = [turns.held(1, 5)]
    while turns.any_new(5):
        turn = turns.next(1, 5)
        assert turn.freshness == "new"
        asked.append(turn.rows)
    found = np.concatenate(asked)
    assert len(np.unique(found)) == len(found)
    assert (found % 10 == 0).all()
    np.testing.assert_array_equal(np.unique(turns.next(1100, 1).rows), np.arange(1000))
