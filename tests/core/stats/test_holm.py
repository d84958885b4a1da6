"""Holm's procedure: a worked example, its levels, and no dependence on order."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.stats.holm import Level, holm

P_VALUES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.one_of(st.floats(0, 1), st.sampled_from([0.01, 0.02])))


def test_a_worked_example():
    # Four hypotheses at 5 %: 0.005 < 0.0125, 0.01 < 0.0167, 0.03 > 0.025 stops, 0.04 stands although it is under 0.05.
    decided = holm({"d": 0.04, "b": 0.01, "c": 0.03, "a": 0.005}, 0.05)
    assert list(decided) == ["d", "b", "c", "a"]
    assert decided["a"] == Level(1 - 0.05 / 4, True)
    assert decided["b"] == Level(1 - 0.05 / 3, True)
    assert decided["c"] == Level(1 - 0.05 / 2, False)
    assert decided["d"] == Level(1 - 0.05 / 2, False)


def test_one_hypothesis_is_decided_at_alpha():
    assert holm({"a": 0.04}, 0.05)["a"] == Level(0.95, True)
    assert holm({"a": 0.06}, 0.05)["a"] == Level(0.95, False)
    assert holm({}, 0.05) == {}


@given(P_VALUES, st.sampled_from([0.01, 0.05, 0.1]))
def test_the_level_shows_the_decision(p_values, alpha):
    for name, decided in holm(p_values, alpha).items():
        assert decided.rejected == (p_values[name] < 1 - decided.level)


@given(P_VALUES, st.randoms())
def test_the_order_of_the_candidates_changes_nothing(p_values, random):
    names = list(p_values)
    random.shuffle(names)
    assert holm({name: p_values[name] for name in names}, 0.05) == holm(p_values, 0.05)


@given(P_VALUES)
def test_it_lies_between_bonferroni_and_no_correction(p_values):
    for name, decided in holm(p_values, 0.05).items():
        assert decided.rejected or p_values[name] >= 0.05 / len(p_values) * (1 - 1e-9)
        assert not decided.rejected or p_values[name] <= 0.05


@given(P_VALUES, st.floats(0, 1))
def test_a_smaller_p_value_never_undoes_a_rejection(p_values, factor):
    before = holm(p_values, 0.05)
    for name in p_values:
        after = holm(p_values | {name: p_values[name] * factor}, 0.05)
        assert all(after[other].rejected for other in p_values if before[other].rejected)


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(ValueError, match="is not a p-value"):
        holm({"a": p, "b": 0.5}, 0.05)


@pytest.mark.parametrize("alpha", [0.0, 1.0, math.nan])
def test_alpha_is_between_zero_and_one(alpha):
    with pytest.raises(ValueError, match="alpha"):
        holm({"a": 0.5}, alpha)
