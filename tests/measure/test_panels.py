"""Candidates share a panel as memory allows; the baseline and its twin are in every one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from effaudit.measure.panels import TWIN, panels


def test_all_that_fits_is_one_panel_led_by_the_baseline_and_its_twin():
    assert panels(["a", "b", "c"], "b", dict.fromkeys("abc", 10), room=100) == [("b", TWIN, "a", "c")]


def test_what_does_not_fit_goes_into_a_second_panel_with_the_baseline():
    found = panels(["base", "x", "y"], "base", {"base": 10, "x": 60, "y": 60}, room=100)
    assert found == [("base", TWIN, "x"), ("base", TWIN, "y")]


def test_one_that_is_larger_than_the_room_is_measured_all_the_same():
    assert panels(["base", "huge"], "base", {"base": 1, "huge": 10**12}, room=100) == [("base", TWIN, "huge")]


def test_without_a_baseline_candidates_are_still_measured():
    assert panels(["a", "b"], None, {"a": 1, "b": 1}, room=10) == [("a", "b")]


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.integers(0, 100), min_size=1), st.integers(1, 300))
def test_every_candidate_is_in_exactly_one_panel(resident, room):
    baseline = min(resident)
    found = panels(sorted(resident), baseline, resident, room)
    others = [name for panel in found for name in panel[2:]]
    assert sorted(others) == sorted(set(resident) - {baseline})
    assert all(panel[:2] == (baseline, TWIN) for panel in found)
