"""Classes that are mixed up are told whatever figure the plan asks for."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.reading import Measurement
from effaudit.metrics.quality import Quality

RNG = np.random.default_rng(8)
N = 600
TRUTH = (RNG.uniform(size=N) < 0.05).astype(int)
THREE = RNG.choice(3, N)
SEVERAL = (RNG.uniform(size=(N, 3)) < 0.3).astype(int)


def told(seen, **given):
    readings = [result.reading for result in Quality().read(seen(**given)).values()]
    return [str(note) for one in readings if isinstance(one, Measurement) for note in one.notes if note.code == "worse_than_guess"]


def rare(upside_down):
    """Probabilities of a rare class, none of which reaches a half: all labels are of the other."""
    positive = np.clip(0.1 + 0.2 * (TRUTH - 0.5) + RNG.normal(0, 0.05, N), 0.001, 0.49)
    return np.column_stack([1 - positive, positive] if not upside_down else [0.5 + positive, 0.5 - positive])


def softened(labels, count=3):
    return np.eye(count)[labels] * 0.7 + 0.1


def test_scores_upside_down_are_told_where_accuracy_cannot_see_it(seen):
    (note,) = told(seen, truth=TRUTH, scores=rare(True), quality=("accuracy", "balanced_accuracy"))
    assert note.startswith("its scores rank rows the wrong way round: ROC AUC, of which a guess has 0.5, is under that for 1 (0.0")
    assert note.endswith("check that its `classes` are in the order of its outputs, and `positive`")
    assert told(seen, truth=TRUTH, scores=rare(False), quality=("accuracy",)) == []


def test_a_figure_that_shows_it_says_it_alone(seen):
    (note,) = told(seen, truth=TRUTH, scores=rare(True), quality=("accuracy", "roc_auc"))
    assert note.startswith("its roc_auc of 0.0")
    assert "check that its `classes`" in note


def test_labels_the_wrong_way_round_are_told_too(seen):
    truth = (RNG.uniform(size=N) < 0.4).astype(int)
    (note,) = told(seen, truth=truth, labels=1 - truth, quality=("f1",))
    assert note.startswith("its labels rank rows the wrong way round")
    assert told(seen, truth=truth, labels=truth, quality=("f1",)) == []


@pytest.mark.parametrize(("order", "named"), [([1, 2, 0], "worse than a guess"), ([0, 2, 1], "1 (0."), ([0, 1, 2], "")])
def test_of_several_classes_those_that_changed_places_are_named(seen, order, named):
    notes = told(seen, truth=THREE, scores=softened(THREE)[:, order], quality=("top_k_accuracy",))
    assert (named in notes[0] and "`positive`" not in notes[0]) if named else notes == []


def test_of_several_labels_those_in_each_others_places_are_named(seen):
    scores = np.clip(SEVERAL * 0.6 + 0.2 + RNG.normal(0, 0.05, SEVERAL.shape), 0, 1)
    scores[:, 1] = 1 - scores[:, 1]
    given = {"truth": SEVERAL, "classes": (), "answer_names": ("red", "green", "blue"), "multilabel": True}
    notes = told(seen, **given, scores=scores, labels=(scores > 0.5).astype(int), quality=("f1_samples",))
    assert "under that for green (0.000)" in notes[0]
    assert "order of the plan's `answer`" in notes[0]


@pytest.mark.parametrize("seed", range(20))
def test_a_guess_is_not_taken_for_one_that_is_upside_down(seen, seed):
    rng = np.random.default_rng(seed)
    truth, positive = (rng.uniform(size=200) < 0.3).astype(int), rng.uniform(size=200)
    assert told(seen, truth=truth, scores=np.column_stack([1 - positive, positive]), quality=("top_k_accuracy",)) == []


def test_few_rows_or_few_groups_say_nothing(seen):
    truth = np.array([0, 0, 0, 0, 1, 1])
    scores = np.column_stack([truth, 1 - truth]).astype(float)
    assert told(seen, truth=truth, scores=scores, quality=("top_k_accuracy",)) == []
    groups = np.arange(N) % 3
    assert told(seen, truth=TRUTH, scores=rare(True), quality=("accuracy",), groups=groups) == []


def test_rows_count_by_their_weights(seen):
    good, bad = rare(False), rare(True)
    upside = np.arange(N) % 2 == 0
    scores = np.where(upside[:, None], bad, good)
    given = seen(truth=TRUTH, scores=scores, quality=("accuracy",))

    def of(weights):
        store = SimpleNamespace(**vars(given.store) | {"weights": lambda: weights})
        readings = Quality().read(SimpleNamespace(**vars(given) | {"store": store}))
        return [note.code for one in readings.values() for note in one.reading.notes]

    assert "worse_than_guess" in of(np.where(upside, 100.0, 0.01))
    assert "worse_than_guess" not in of(np.where(upside, 0.01, 100.0))
