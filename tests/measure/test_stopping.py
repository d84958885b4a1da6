"""An incarnation ends when the ratios are narrow, or when its time is up, but never before percentiles have their blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from effaudit.core.notes import texts
from effaudit.core.observed import Block
from effaudit.measure.stopping import Enough, over_budget, tails, widths


def blocks(figures, batch=1, calls=20):
    return [Block(0, key, batch, np.full(calls, figure), 1, calls) for key, figure in enumerate(figures)]


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
    enough = Enough(0.02, until_s=0.0, restarts=3)
    assert [enough(n, 99.0, panel(1.0), "base") for n in (0, 6, 7)] == [False, False, True]


def steady(noise=0.001, rounds=30, calls=20):
    rng = np.random.default_rng(1)
    return {name: blocks(rng.lognormal(0, noise, rounds), calls=calls) for name in ("base", "other")}


def test_narrow_ratios_and_tails_end_it_from_twenty_rounds_on():
    enough = Enough(0.02, until_s=1e9, restarts=3)
    assert not enough(19, 0.0, steady(), "base")
    assert enough(20, 0.0, steady(), "base")
    assert not enough(20, 0.0, steady(noise=0.5), "base")


def test_narrow_ratios_go_on_while_a_tail_has_too_few_calls():
    assert Enough(0.02, 1e9, restarts=3)(30, 0.0, steady(), "base")
    assert not Enough(0.02, 1e9, restarts=1)(30, 0.0, steady(calls=1), "base")
    assert tails(steady(calls=1), restarts=1)["base", 1] == math.inf


def test_widths_are_looked_at_after_every_tenth_more_rounds():
    enough = Enough(0.02, until_s=1e9, restarts=3)
    assert not enough(31, 0.0, steady(), "base")
    assert enough(33, 0.0, steady(), "base")


def test_without_a_precision_time_alone_ends_it():
    enough = Enough(0.0, until_s=10.0, restarts=3)
    assert not enough(1000, 9.0, steady(), "base")
    assert enough(1000, 10.0, steady(), "base")


def test_callers_at_once_do_not_count_as_single_calls():
    several = [Block(0, key, 1, np.array([1.0]), 1, 9, callers=2) for key in range(30)]
    found = steady()
    assert widths({**found, "other": [*found["other"], *several]}, "base") == widths(found, "base")


def test_rounds_that_took_longer_than_the_budget_are_told_apart_from_starts():
    assert over_budget(5.0, 5.3, 90.0) == ()
    assert texts(over_budget(5.0, 42.0, 96.0)) == (
        "The budget of 5 s was too short: percentiles need 20 rounds, which took 42 s; starting the candidates took 96 s on top.",
    )
