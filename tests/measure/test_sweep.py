"""Batch sizes grow until throughput does not, or the candidate falls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from effaudit.measure.sweep import until_flat

SIZES = tuple(2**power for power in range(10))


def test_it_ends_at_the_second_size_in_a_row_without_gain():
    assert until_flat(SIZES, lambda size: max(size, 16) * 1e-5, 60.0) == (1, 2, 4, 8, 16, 32, 64)


def test_one_size_that_the_machine_disturbed_does_not_end_it():
    seconds = dict.fromkeys(SIZES, 0.01)
    seconds[4] = 0.03
    assert until_flat(SIZES, seconds.__getitem__, 60.0) == SIZES


def test_it_ends_before_the_size_at_which_the_candidate_fell():
    assert until_flat(SIZES, lambda size: 0.001 if size < 8 else None, 60.0) == (1, 2, 4)


def test_one_that_falls_at_once_keeps_the_first_size_for_timing_to_tell_why():
    assert until_flat(SIZES, lambda size: None, 60.0) == (1,)


def test_sizes_that_would_not_fit_in_the_time_limit_are_not_tried():
    asked = []

    def seconds(size):
        asked.append(size)
        return size * 0.1 / (1 + 0.1 * size)

    until_flat(SIZES, seconds, 6.0)
    assert max(asked) < 16


@given(st.lists(st.one_of(st.none(), st.floats(1e-9, 10)), min_size=10, max_size=10), st.floats(0.1, 1e4))
def test_the_sizes_are_always_the_first_few(times, timeout):
    found = until_flat(SIZES, lambda size: times[SIZES.index(size)], timeout)
    assert found == SIZES[: len(found)]
    assert found
