"""A threshold is tuned on search rows, and labels follow from it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from effaudit.core.candidate import Contract
from effaudit.core.observed import Answers
from effaudit.core.plugin import Refused
from effaudit.core.workload import Workload
from effaudit.measure.threshold import best_threshold, tuned

RNG = np.random.default_rng(0)
WORK = Workload("classification", "", (), ("y",), ("0", "1"), {}, "row", "independent", {}, {}, {}, (), (1,), numeric_classes=True)
TRUTH = (RNG.uniform(size=2000) < 0.1).astype(int)
POSITIVE = np.clip(0.2 * TRUTH + RNG.uniform(0, 0.4, 2000), 0, 1)
SCORES = np.column_stack([1 - POSITIVE, POSITIVE])


def test_it_serves_its_scorer_at_least_as_well_as_one_half():
    threshold = best_threshold(SCORES, TRUTH, Contract(tune="f1"), WORK)
    assert f1_score(TRUTH, threshold <= POSITIVE) > f1_score(TRUTH, POSITIVE >= 0.5) + 0.1


def test_all_answers_are_labelled_by_it():
    answers = {split: Answers(SCORES, SCORES.argmax(axis=1), ("0", "1")) for split in ("certify", "search")}
    contract, labelled = tuned(answers, TRUTH, Contract(tune="f1"), WORK)
    assert np.array_equal(labelled["certify"].labels, contract.threshold <= POSITIVE)


def test_it_cannot_be_tuned_by_a_scorer_that_does_not_fit():
    with pytest.raises(Refused):
        best_threshold(SCORES, TRUTH, Contract(tune="mean_gamma_deviance"), WORK)


def test_it_cannot_be_tuned_without_probabilities():
    with pytest.raises(Refused, match="labels only"):
        tuned({"search": Answers(None, TRUTH, ("0", "1"))}, TRUTH, Contract(tune="f1"), WORK)
