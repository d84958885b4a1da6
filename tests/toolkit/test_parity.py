"""Parity: which differences are rounding, which make another model."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.answer import scored
from effaudit.core.candidate import Contract
from effaudit.core.observed import Answers
from effaudit.core.workload import Workload
from effaudit.toolkit.parity import differing

CLASSES = ("no", "yes")
CONTRACT = Contract(output="probabilities", classes=CLASSES)
BEFORE = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])


@pytest.fixture
def workload():
    empty: dict = {}
    return Workload(
        task="classification",
        store="",
        inputs=(),
        answers=("answer",),
        classes=CLASSES,
        splits=empty,
        unit="row",
        sampling="independent",
        groups=empty,
        duplicates=empty,
        digests=empty,
        quality=("accuracy",),
        batch_sizes=(1,),
    )


def shifted(amount):
    return BEFORE + np.array([[-amount, amount], [0, 0], [0, 0], [0, 0]])


def answers(scores, workload, contract=CONTRACT):
    return scored(scores, len(scores), contract, workload)


def test_labels_that_flip_where_the_parent_itself_ties_are_counted_and_do_not_make_another_model(workload):
    tied = differing(answers(BEFORE, workload), answers(shifted(1e-8), workload))
    assert (tied.flips, tied.ties, tied.wrong) == (1, 1, False)
    assert not tied.rounding_only(trees=True)


def test_labels_that_flip_because_scores_moved_make_another_model(workload):
    moved = differing(answers(BEFORE, workload), answers(shifted(0.01), workload))
    assert (moved.flips, moved.ties, moved.wrong) == (1, 0, True)


def test_the_same_answers_do_not_differ(workload):
    same = differing(answers(BEFORE, workload), answers(BEFORE.copy(), workload))
    assert (same.flips, same.ties, same.largest, same.wrong) == (0, 0, 0.0, False)
    assert same.rounding_only(trees=True)


def test_each_side_is_labelled_by_its_own_contract(workload):
    at_a_third = Contract(output="probabilities", classes=CLASSES, threshold=0.15)
    found = differing(answers(BEFORE, workload), answers(BEFORE, workload, at_a_third))
    assert (found.flips, found.ties, found.largest) == (2, 2, 0.0)


def test_classes_in_another_order_are_compared_by_name():
    scores, labels = np.array([[0.1, 0.2, 0.7]]), np.array([2])
    before = Answers(scores, labels, ("no", "yes", "maybe"))
    same = differing(before, Answers(scores[:, [0, 1, 2]], labels, ("no", "yes", "maybe")))
    other = differing(before, Answers(scores, labels, ("no", "yes", "perhaps")))
    assert (same.flips, same.largest) == (0, 0.0)
    assert other.flips == 1


def test_a_class_that_only_the_parent_knows_is_compared_with_no_probability():
    before = Answers(np.array([[0.1, 0.2, 0.7]]), np.array([2]), ("no", "yes", "maybe"))
    found = differing(before, Answers(np.array([[0.3, 0.7]]), np.array([1]), ("no", "yes")))
    assert found.flips == 1
    assert found.largest == pytest.approx(0.7)
