"""What warms up, slows down or wavers is told apart from chance, and chance is rarely called anything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.stats import steadiness as module
from effaudit.core.stats.steadiness import FLAT, steadiness


def noise(rng, rounds, correlation=0.0, flips=True):
    """Ratios on a machine that flips between two speeds: mostly near zero, some far out."""
    fresh = rng.normal(0, 0.02, rounds + 20)
    if flips:
        fresh += np.where(rng.random(rounds + 20) < 0.3, rng.choice([-0.6, 0.6], rounds + 20), 0.0)
    for place in range(1, len(fresh)):
        fresh[place] += correlation * fresh[place - 1]
    return fresh[20:]


def shapes(change, *, trials=200, rounds=40, correlation=0.0, flips=True):
    rng = np.random.default_rng(1)
    return [
        steadiness([noise(rng, rounds, correlation, flips) + change(np.arange(rounds)) for _ in range(3)]).shape
        for _ in range(trials)
    ]


@pytest.mark.parametrize("rounds", [10, 20, 60])
@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_chance_is_called_something_in_at_most_one_audit_of_twenty(rounds, correlation, monkeypatch):
    monkeypatch.setattr(module, "NOTABLE", 0.0)
    found = shapes(lambda at: 0.0, rounds=rounds, correlation=correlation, trials=300)
    assert sum(shape != "flat" for shape in found) / 300 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def test_the_first_rounds_being_slower_is_a_warm_up():
    found = shapes(lambda at: 0.1 * (at < 8), flips=False)
    assert found.count("warm-up") >= 190


def test_the_last_rounds_being_slower_is_a_slowdown():
    found = shapes(lambda at: 0.1 * (at >= 20), flips=False)
    assert found.count("slowdown") >= 190


def test_what_came_and_went_is_unsteady():
    found = shapes(lambda at: 0.2 * ((at >= 10) & (at < 30)), rounds=60, flips=False)
    assert found.count("unsteady") >= 120
    assert found.count("warm-up") + found.count("slowdown") <= 10


def test_incarnations_that_change_in_different_ways_are_unsteady():
    rng = np.random.default_rng(2)
    step = 0.2 * (np.arange(40) >= 20)
    found = steadiness([noise(rng, 40, flips=False) + sign * step for sign in (1, -1, 0)])
    assert found.shape == "unsteady"


def test_a_warm_up_is_told_with_its_length_and_size():
    rng = np.random.default_rng(3)
    found = steadiness([noise(rng, 60, flips=False) + 0.2 * (np.arange(60) < 10) for _ in range(3)])
    assert found.shape == "warm-up"
    assert found.at == pytest.approx(10, abs=2)
    assert found.change == pytest.approx(-0.2, abs=0.03)


def test_a_change_too_small_to_matter_is_flat():
    found = steadiness([0.005 * (np.arange(100) >= 50) + 1e-5 * np.sin(np.arange(100.0))])
    assert found.shape == "flat"


def test_too_few_rounds_are_flat():
    assert steadiness([]) is FLAT
    assert steadiness([np.arange(9.0)]) is FLAT


def test_a_constant_is_flat():
    assert steadiness([np.zeros(30), np.ones(30)]).shape == "flat"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.floats(-300, 300), max_size=40), max_size=4))
def test_any_figures_have_a_shape_and_a_p_value(series):
    found = steadiness([np.asarray(one) for one in series])
    assert 0.0 <= found.p_value <= 1.0
    assert found.shape in ("flat", "warm-up", "slowdown", "unsteady")
