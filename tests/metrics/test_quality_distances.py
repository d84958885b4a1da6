"""Scores that only rank rows have no log loss, no Brier score and no calibration error: scikit-learn gives them none either."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.candidate import Facts
from effaudit.core.notes import coded
from effaudit.core.reading import Failure, Measurement
from effaudit.metrics.behaviour import Behaviour
from effaudit.metrics.quality import Quality

RNG = np.random.default_rng(2)
TRUTH = RNG.integers(0, 2, 300)
SHARES = np.clip(0.3 * TRUTH + RNG.uniform(0, 0.7, 300), 0, 1)
SCORES = np.column_stack([1 - SHARES, SHARES])
DISTANCES = Facts("linear", "LinearSVC", notes=coded("distances", "Its scores are distances to a boundary."))
OF_SHARES = ("log_loss", "brier_score", "d2_log_loss_score", "d2_brier_score")


@pytest.mark.parametrize("name", OF_SHARES)
def test_what_needs_probabilities_is_refused_with_what_gives_them(seen, name):
    found = Quality().read(seen(TRUTH, SCORES, quality=(name,), facts=DISTANCES))[f"quality.{name}"].reading
    assert isinstance(found, Failure)
    assert (found.code, "CalibratedClassifierCV" in found.reason) == ("no_probabilities", True)


def test_in_slices_too(seen):
    column = np.where(np.arange(300) < 100, "a", "b")
    found = Quality().read(seen(TRUTH, SCORES, quality=("log_loss", "roc_auc"), facts=DISTANCES, sliced=column))
    assert isinstance(found["quality.log_loss[c=a]"].reading, Failure)
    assert isinstance(found["quality.roc_auc[c=a]"].reading, Measurement)


def test_rankings_and_labels_are_read(seen):
    found = Quality().read(seen(TRUTH, SCORES, quality=("roc_auc", "average_precision", "accuracy"), facts=DISTANCES))
    assert all(isinstance(result.reading, Measurement) for result in found.values())


def test_calibration_of_distances_is_not_read(seen):
    found = Behaviour().read(seen(TRUTH, SCORES, facts=DISTANCES))
    assert [found[f"behaviour.{name}"].reading.code for name in ("ece", "brier")] == ["no_probabilities"] * 2
