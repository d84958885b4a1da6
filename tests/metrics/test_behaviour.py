"""Behaviour is counted row by row against the baseline."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from effaudit.core.reading import Failure
from effaudit.metrics.behaviour import Behaviour

RNG = np.random.default_rng(0)
N = 3000
TRUTH = RNG.integers(0, 2, N)
POSITIVE = np.clip(0.3 * TRUTH + RNG.uniform(0, 0.7, N), 0, 1)
SCORES = np.column_stack([1 - POSITIVE, POSITIVE])


def both(seen, labels, base_labels, **more):
    base = seen(TRUTH, SCORES, base_labels)
    return dataclasses.replace(seen(TRUTH, SCORES, labels, **more), baseline=base)


def test_flips_are_counted_both_ways(seen):
    base = TRUTH.copy()
    base[:30] = 1 - base[:30]
    own = TRUTH.copy()
    own[20:70] = 1 - own[20:70]
    found = {name: result.reading.value for name, result in Behaviour().read(both(seen, own, base)).items()}
    assert found["behaviour.flips_gained"] == pytest.approx(20 / N)
    assert found["behaviour.flips_lost"] == pytest.approx(40 / N)
    assert found["behaviour.agreement"] == pytest.approx(1 - 60 / N)


def test_brier_is_scikit_learns(seen):
    found = Behaviour().read(both(seen, TRUTH, TRUTH))["behaviour.brier"].reading
    assert found.value == pytest.approx(brier_score_loss(TRUTH, POSITIVE))


def test_the_calibration_error_is_the_binned_gap_between_confidence_and_accuracy(seen):
    labels = SCORES.argmax(axis=1)
    sure = SCORES[np.arange(N), labels]
    bins = np.minimum((sure * 15).astype(int), 14)
    gaps = [abs((labels[bins == b] == TRUTH[bins == b]).mean() - sure[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    found = Behaviour().read(both(seen, labels, TRUTH))["behaviour.ece"].reading
    assert found.value == pytest.approx(sum(gaps))
    assert found.low <= found.value <= found.high


def test_a_well_calibrated_model_has_nearly_no_calibration_error(seen):
    positive = RNG.uniform(size=20_000)
    truth = (RNG.uniform(size=20_000) < positive).astype(int)
    own = seen(truth, np.column_stack([1 - positive, positive]))
    assert Behaviour().read(dataclasses.replace(own, baseline=own))["behaviour.ece"].reading.value < 0.02


def test_a_regression_has_no_labels_to_flip(seen):
    own = seen(np.arange(100.0), np.arange(100.0), task="regression")
    assert all(isinstance(result.reading, Failure) for result in Behaviour().read(own).values())


def test_without_a_baseline_flips_say_so(seen):
    found = Behaviour().read(seen(TRUTH, SCORES))
    assert found["behaviour.flips_lost"].reading.code == "baseline_missing"
    assert not isinstance(found["behaviour.brier"].reading, Failure)
