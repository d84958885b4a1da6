"""Rates of callers that asked at once, from the moments at which their calls ended."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.stats.callers import rate_at_once, rate_over_all

START = 2**60
"""A clock that has run for long: too many nanoseconds for a float."""


def caller(begin, *ends):
    return START + np.array([begin, *ends], dtype=np.int64)


def test_rates_of_callers_that_ask_all_the_time_are_added():
    assert rate_at_once([caller(0, 10, 20, 30), caller(0, 15, 30)]) == pytest.approx(1 / 10 + 1 / 15)


def test_a_call_counts_with_the_part_of_it_that_lies_in_the_span():
    assert rate_at_once([caller(0, 10, 20, 30), caller(5, 15, 25, 35)]) == pytest.approx(2 / 10)


def test_callers_that_take_turns_are_as_fast_as_one():
    """As threads under one lock: the first has the model to itself until the second begins, and the second after it ended."""
    first, second = caller(0, 2, 4, 6, 10, 14, 18), caller(6, 12, 16, 20, 22, 24, 26)
    assert rate_at_once([first, second]) == pytest.approx(1 / 2, rel=0.15)


@pytest.mark.parametrize("second", [caller(30, 40), caller(16, 26, 36), caller(0, 1)])
def test_callers_that_missed_each_other_have_no_rate_at_once(second):
    assert rate_at_once([caller(0, 10, 20, 30), second]) is None


def test_over_all_divides_all_calls_by_all_the_time():
    assert rate_over_all([caller(0, 10, 20), caller(100, 150, 200)]) == pytest.approx(4 / 200)


@given(st.lists(st.lists(st.integers(1, 1000), min_size=3, max_size=20), min_size=1, max_size=5))
def test_no_more_calls_are_counted_than_were_made(durations):
    callers = [caller(0, *np.cumsum(own)) for own in durations]
    found = rate_at_once(callers)
    if found is not None:
        span = min(int(own[-1]) for own in callers) - START
        assert found * span <= sum(len(own) - 1 for own in callers) + 1e-6
        assert found >= max(np.searchsorted(own - START, span, "right") - 1 for own in callers) / span - 1e-12
