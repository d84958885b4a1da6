"""Looks are planned by incarnations; who is settled rests, the baseline and its twin never do."""

from __future__ import annotations

from effaudit.measure.looks import PLANNED, Looks, ended_after, plan_of, rested
from effaudit.measure.panels import TWIN

PANELS = {0: ("base", TWIN, "a", "b"), 1: ("base", TWIN, "c")}


def test_all_restarts_come_before_the_first_look_and_one_more_before_each_later():
    steps = plan_of(3, Looks(lambda timings: ()))
    assert [list(step) for step in steps] == [[0, 1, 2], [3], [4], [5], [6]]
    assert len(steps) == PLANNED


def test_without_looks_there_are_the_restarts():
    assert [list(step) for step in plan_of(3, None)] == [[0, 1, 2]]


def test_the_settled_rest_and_so_do_panels_without_anyone_open():
    assert rested(PANELS, {"b"}, "base") == {0: ("base", TWIN, "b")}
    assert rested(PANELS, {"a", "b", "c"}, "base") == PANELS
    assert rested(PANELS, set(), "base") == {}


def test_an_open_baseline_alone_is_timed_in_one_panel():
    assert rested(PANELS, {"base"}, "base") == {0: ("base", TWIN)}


def test_without_a_baseline_only_the_open_are_timed():
    assert rested({0: ("a", "b")}, {"b"}, None) == {0: ("b",)}


def test_the_record_says_after_which_look_it_ended():
    assert ended_after(0) == ()
    assert "look 2 of 5 planned, when every verdict was settled" in ended_after(2)[0].text
    assert "with the budget" in ended_after(5)[0].text
