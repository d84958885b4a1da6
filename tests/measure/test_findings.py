"""What answers show that a reader must know."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.candidate import Contract
from effaudit.core.observed import Answers
from effaudit.core.workload import Workload
from effaudit.measure.findings import findings

SCORES = np.array([[0.7, 0.3], [0.4, 0.6], [0.9, 0.1], [0.2, 0.8]])
TRUTH = np.array([0, 1, 0, 1])


def workload(classes=("no", "yes")):
    return Workload("classification", "", (), ("y",), classes, {}, "row", "independent", {}, {}, {}, (), (1,))


def found(answers, contract, truth=TRUTH, classes=("no", "yes")):
    return {note.code: note.text for note in findings(answers, truth, contract, workload(classes))}


def test_labels_of_another_rule_than_the_scores_are_counted():
    contract = Contract(classes=("no", "yes"), labels="predict")
    told = found(Answers(SCORES, np.array([0, 0, 0, 1]), ("no", "yes")), contract)
    assert told["labels_differ"].startswith("its own predict gives another label than the most probable class on 1 of 4 rows")
    assert not found(Answers(SCORES, SCORES.argmax(axis=1), ("no", "yes")), contract)


def test_labels_of_a_threshold_that_is_found_in_the_file_do_not_differ():
    contract = Contract(classes=("no", "yes"), labels="predict", threshold=0.2, threshold_of="yes")
    assert not found(Answers(SCORES, np.array([1, 1, 0, 1]), ("no", "yes")), contract)
    assert "its threshold of 0.2" in found(Answers(SCORES, np.array([1, 1, 1, 1]), ("no", "yes")), contract)["labels_differ"]


def test_classes_that_certify_lacks_are_named_where_the_model_knows_them():
    three = np.column_stack([SCORES * 0.9, np.full(4, 0.1)])
    told = found(Answers(three, SCORES.argmax(axis=1), ("no", "yes", "maybe")), Contract(classes=("maybe", "no", "yes")))
    assert told["classes_absent"].startswith("certify has no row of maybe, which it knows")
    unknown = np.column_stack([SCORES, np.zeros(4)])
    assert not found(Answers(unknown, SCORES.argmax(axis=1), ("no", "yes", "maybe")), Contract(), classes=("no", "yes", "maybe"))


@pytest.mark.parametrize(("low", "high", "odd"), [(0.5, 0.73, True), (0.4, 0.73, False), (0.5, 0.8, False)])
def test_logits_that_all_lie_between_0_and_1_are_doubted(low, high, odd):
    positive = np.linspace(low, high, 40)
    answers = Answers(np.column_stack([1 - positive, positive]), (positive > 0.5).astype(int), ("no", "yes"))
    contract = Contract(output="logits", classes=("no", "yes"))
    assert ("looks_like_probabilities" in found(answers, contract, np.arange(40) % 2)) is odd
    assert "looks_like_probabilities" not in found(answers, Contract(output="probabilities"), np.arange(40) % 2)
