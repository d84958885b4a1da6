"""Intervals of scores stay where scores can be, and are never of no width because nothing was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.reading import Measurement
from effaudit.core.scorers import HIGHER, LOWER, SHARES, bounds, clipped
from effaudit.judge.decide import decide


@pytest.mark.parametrize("name", sorted(SHARES))
def test_scores_that_are_shares_lie_between_0_and_1(name):
    assert bounds(f"quality.{name}") == (0.0, 1.0)


@pytest.mark.parametrize("name", sorted(HIGHER | LOWER))
def test_every_score_has_bounds(name):
    low, high = bounds(f"quality.{name}")
    assert low < high


@given(st.floats(-3, 3), st.floats(0, 3))
def test_a_difference_of_two_shares_lies_between_minus_1_and_1(low, width):
    found = clipped(low, low + width, "quality.f1", difference=True)
    assert max(found[0], -1.0) >= -1.0
    assert found[1] <= 1.0


@pytest.mark.parametrize("metric", ["quality.recall", "quality.f1", "quality.balanced_accuracy"])
def test_a_check_shows_no_score_beyond_what_it_can_be(a, metric):
    """Of three positive rows, all right: the bound of what may go wrong reached from 0 to 2."""
    models = [
        replace(
            a.model(name, wrong=wrong),
            readings={metric: Measurement(value, value, value, "score", "higher", "measured", 900, evidence=f"{name}/{metric}")},
            arrays={metric: np.full(400, value)},
        )
        for name, value, wrong in (("base", 1.0, ()), ("other", 0.0, (0, 1, 2)))
    ]
    record = a.record(*models, rows=900, class_rows=(897, 3))
    policy = a.policy(a.rule("own", metric, min="0.1"), a.rule("drop", metric, max_drop="1 pp"))
    shown = [check for check in decide(record, policy).checks if check.low is not None]
    assert shown
    for check in shown:
        assert (0.0 if check.rule.id == "own" else -1.0) <= check.low <= check.value <= check.high <= 1.0
