"""Progress knows its own pace, and is silent where nobody looks."""

from __future__ import annotations

import io

import pytest

from effaudit.cli._progress import Course, shown


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def course(clock):
    return Course({"data": 10.0, "timing": 80.0, "metrics": 10.0}, clock=clock)


def test_the_share_is_that_of_expected_seconds():
    done, _ = course(Clock()).at("timing", 0.5)
    assert done == pytest.approx(0.5)


def test_the_time_left_follows_the_runs_own_pace():
    clock = Clock()
    own = course(clock)
    clock.now = 100.0
    assert own.at("timing", 0.5)[1] == pytest.approx(100.0)


def test_a_share_outside_its_bounds_does_no_harm():
    assert course(Clock()).at("timing", 7.0)[0] == pytest.approx(0.9)
    assert course(Clock()).at("unknown", 0.5)[0] == pytest.approx(1.0)


def test_it_is_silent_where_there_is_no_terminal():
    stream = io.StringIO()
    with shown(course(Clock()), "auto", stream) as tell:
        tell("data", 0.5, "reading")
    assert stream.getvalue() == ""


def test_on_a_terminal_there_is_a_bar_that_foreign_text_cannot_break():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with shown(course(Clock()), "auto", stream) as tell:
        tell("timing", 0.5, "[bold]candidate[/nonsense]")
    assert "timing" in stream.getvalue()


def test_lines_are_one_for_each_stage():
    stream = io.StringIO()
    with shown(course(Clock()), "lines", stream) as tell:
        for stage, share in (("data", 0.0), ("data", 0.5), ("timing", 0.1), ("timing", 0.9)):
            tell(stage, share, "words")
    assert [line.split()[-1] for line in stream.getvalue().splitlines()] == ["data", "timing"]
