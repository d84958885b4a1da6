"""Figures that one and the same answer to every row would beat are told."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import get_scorer

from effaudit.core.observed import Answers
from effaudit.core.scorers import LOWER
from effaudit.core.workload import Workload
from effaudit.metrics.quality import Quality
from effaudit.scoring.guess import guessed
from effaudit.scoring.scorers import Part, score

RNG = np.random.default_rng(5)
N = 400
TRUTH = (RNG.uniform(size=N) < 0.3).astype(int)
THREE = RNG.choice(3, N, p=[0.2, 0.5, 0.3])
VALUES = RNG.gamma(2.0, size=N)
X = np.zeros((N, 1))


def work(task, classes):
    return Workload(task, "", (), ("y",), classes, {}, "row", "independent", {}, {}, {}, (), (1,))


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "brier_score", "roc_auc", "average_precision", "balanced_accuracy"])
def test_a_guess_is_scikit_learns_dummy(name):
    part = Part.whole(Answers(np.full((N, 2), 0.5), TRUTH, ("0", "1")), TRUTH, work("classification", ("0", "1")))
    scorer = get_scorer(f"neg_{name}" if name in LOWER else name)
    assert score(name, guessed(part)) == pytest.approx(abs(scorer(DummyClassifier().fit(X, TRUTH), X, TRUTH)))


@pytest.mark.parametrize("name", ["accuracy", "neg_log_loss", "f1_macro"])
def test_of_several_classes_too(name):
    part = Part.whole(Answers(np.full((N, 3), 1 / 3), THREE, ("0", "1", "2")), THREE, work("classification", ("0", "1", "2")))
    expected = abs(get_scorer(name)(DummyClassifier().fit(X, THREE), X, THREE))
    assert score(name.removeprefix("neg_"), guessed(part)) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["r2", "root_mean_squared_error", "mean_absolute_error"])
def test_of_values_too(name):
    part = Part.whole(Answers(VALUES, None), VALUES, work("regression", ()))
    scorer = get_scorer(f"neg_{name}" if name in LOWER else name)
    assert score(name, guessed(part)) == pytest.approx(abs(scorer(DummyRegressor().fit(X, VALUES), X, VALUES)), abs=1e-12)


def notes(seen, name, **given):
    found = Quality().read(seen(**given, quality=(name,)))[f"quality.{name}"].reading
    return [note.text for note in found.notes if note.code == "worse_than_guess"]


def test_a_model_that_is_upside_down_is_told_and_a_good_or_a_useless_one_is_not(seen):
    positive = np.clip(0.5 + 0.3 * (TRUTH - 0.5) + RNG.normal(0, 0.1, N), 0.01, 0.99)
    good = np.column_stack([1 - positive, positive])
    for name in ("roc_auc", "log_loss", "accuracy", "average_precision"):
        (told,) = notes(seen, name, truth=TRUTH, scores=good[:, ::-1])
        assert told.startswith(f"its {name} of ")
        assert not notes(seen, name, truth=TRUTH, scores=good)
        assert not notes(seen, name, truth=TRUTH, scores=np.full((N, 2), 0.5) + np.array([[0.1, -0.1]]))


def test_values_that_are_worse_than_the_mean_are_told(seen):
    assert notes(seen, "r2", truth=VALUES, scores=-VALUES, task="regression")
    assert notes(seen, "mean_absolute_error", truth=VALUES, scores=VALUES + 50, task="regression")
    assert not notes(seen, "r2", truth=VALUES, scores=VALUES + 0.1, task="regression")
