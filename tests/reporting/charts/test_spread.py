"""Distributions and intervals as geometry."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from effaudit.reporting.charts.spread import HEIGHT, WIDTH, spread, whiskers


def _samples(seconds):
    return {"a/latency.batch_1": np.column_stack([np.zeros(len(seconds)), np.arange(len(seconds)), np.asarray(seconds) * 1e9])}


def test_percentiles_stand_where_the_calls_put_them():
    found = spread(_samples(np.linspace(0.010, 0.020, 1001)), "a", "latency.batch_1")
    assert found is not None
    assert found.p50 == pytest.approx(WIDTH * 0.5 / 0.99, abs=1)
    assert found.p95 == pytest.approx(WIDTH * 0.95 / 0.99, abs=1)
    assert found.told == "1,001 calls, 10 ms to 19.9 ms (p99); lines at p50 and p95"


def test_plain_seconds_are_taken_too():
    one, other = spread({"a/m": np.linspace(1, 2, 50)}, "a", "m"), spread(_samples(np.linspace(1, 2, 50)), "a", "latency.batch_1")
    assert one == other


def test_the_outline_stays_in_its_frame():
    rng = np.random.default_rng(0)
    found = spread(_samples(np.exp(rng.normal(0, 2, 500))), "a", "latency.batch_1")
    assert found is not None
    moves = re.fullmatch(r"M(\d+) (\d+)v-(\d+)l([-\d ]+)V(\d+)z", found.outline)
    assert moves
    y, x = int(moves[2]) - int(moves[3]), int(moves[1])
    for dx, dy in re.findall(r"(\d+) ?(-?\d+)", moves[4]):
        x, y = x + int(dx), y + int(dy)
        assert 0 <= y <= HEIGHT
        assert x <= WIDTH


@pytest.mark.parametrize("kept", [[], [1.0] * 5, [1.0] * 100, [float("nan")] * 100, [-1.0] * 100])
def test_too_few_or_equal_or_no_times_make_no_drawing(kept):
    assert spread({"a/m": np.array(kept)}, "a", "m") is None
    assert spread({}, "a", "m") is None


def test_intervals_share_one_line_with_zero():
    found = whiskers([(0.3, 0.1, 0.5), (-0.1, -0.2, 0.1)])
    assert len({whisker.zero for whisker in found}) == 1
    assert found[0].zero < found[0].low < found[0].at < found[0].high
    assert found[1].low < found[1].zero < found[1].high


def test_one_far_off_does_not_squeeze_the_others():
    found = whiskers([(0.3, 0.1, 0.5), (-30.0, -31.0, -29.0)])
    assert found[1].off
    assert not found[0].off
    assert found[0].high - found[0].low > 8


def test_infinite_ends_and_nothing_at_all_are_drawn_somehow():
    assert whiskers([]) == ()
    found = whiskers([(0.3, -math.inf, math.inf)])
    assert 0 <= found[0].low <= found[0].high <= found[0].width
