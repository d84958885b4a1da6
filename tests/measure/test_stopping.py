"""An incarnation ends when the ratios are narrow, or when its time is up, but never before percentiles have their blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from effaudit.core.observed import Block
from effaudit.measure.stopping import Enough, widths


def blocks(figures, batch=1):
    return [Block(0, key, batch, np.array([figure]), 1, 1) for key, figure in enumerate(figures)]


def panel(noise, rounds=30, ratio=1.5):
    rng = np.random.default_rng(0)
    base = rng.lognormal(0, 0.3, rounds)
    return {"base": blocks(base), "other": blocks(base * ratio * rng.lognormal(0, noise, rounds))}


def test_noise_that_is_common_to_a_round_does_not_widen_the_ratio():
    assert widths(panel(1e-6), "base")["other", 1] < 1e-5


def test_the_width_is_that_of_a_median_of_normal_ratios():
    found = widths(panel(0.05, rounds=4000), "base")["other", 1]
    assert found == pytest.approx(1.645 * 1.2533 * 0.05 / math.sqrt(4000), rel=0.1)


def test_without_the_baseline_nothing_is_narrow():
    assert widths(panel(0.01), None) == {}


def test_three_incarnations_play_seven_rounds_each_whatever_the_budget():
    enough = Enough(0.02, until_s=0.0)
    assert [enough(n, 99.0, panel(1.0), "base") for n in (0, 6, 7)] == [False, False, True]


def test_narrow_ratios_end_it_from_twenty_rounds_on():
    enough = Enough(0.02, until_s=1e9)
    assert not enough(19, 0.0, panel(0.001), "base")
    assert enough(20, 0.0, panel(0.001), "base")
    assert not enough(20, 0.0, panel(0.5), "base")
