"""Axes: every figure in its place, few round marks, each readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.reporting.charts.scale import Scale, scale, ticks


def test_a_linear_scale_puts_its_ends_and_middle_where_they_belong():
    y = Scale(0.0, 10.0, 100, 0)
    assert [y(figure) for figure in (0, 5, 10, -3, 99)] == [100, 50, 0, 100, 0]


def test_a_logarithmic_scale_gives_each_decade_the_same_room():
    x = Scale(1.0, 1000.0, 0, 300, log=True)
    assert [x(figure) for figure in (1, 10, 100, 1000)] == [0, 100, 200, 300]


@pytest.mark.parametrize(
    ("figures", "unit", "log", "texts"),
    [
        ((3e3, 1e8), "B", True, ["10 kB", "100 kB", "1 MB", "10 MB", "100 MB"]),
        ((2e-5, 1.5e-2), "s", True, ["30 µs", "100 µs", "300 µs", "1 ms", "3 ms", "10 ms"]),
        ((0.64, 0.70), "score", False, ["0.64", "0.65", "0.66", "0.67", "0.68", "0.69", "0.70"]),
        ((17.0, 19.2), "min", False, ["17.0 min", "17.5 min", "18.0 min", "18.5 min", "19.0 min"]),
        ((0.01, 0.05), "EUR", False, ["0.01 EUR", "0.02 EUR", "0.03 EUR", "0.04 EUR", "0.05 EUR"]),
    ],
)
def test_marks_are_round_and_written_alike(figures, unit, log, texts):
    assert [tick.text for tick in ticks(scale(figures, 0, 500, log), unit)] == texts


@given(st.floats(1e-12, 1e12), st.floats(1.0, 1e9), st.booleans())
def test_any_scale_has_some_marks_in_order_and_on_it(low, factor, log):
    axis = scale((low, low * factor), 0, 860, log)
    found = ticks(axis, "B")
    assert 1 <= len(found) <= 12
    places = [tick.at for tick in found]
    assert places == sorted(places)
    assert all(0 <= place <= 860 for place in places)


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=8))
def test_a_scale_holds_what_it_was_made_for(figures):
    axis = scale(figures, 0, 100)
    assert all(axis.holds(figure) for figure in figures)
    assert all(0 <= axis(figure) <= 100 for figure in figures)
