"""Parity: which differences are rounding, which make another model."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.candidate import Contract
from effaudit.core.workload import Workload
from effaudit.techniques._parity import differing

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


def test_labels_that_flip_where_the_parent_itself_ties_are_counted_and_do_not_make_another_model(workload):
    tied = differing(BEFORE, shifted(1e-8), CONTRACT, workload)
    assert (tied.flips, tied.ties, tied.wrong) == (1, 1, False)
    assert not tied.rounding_only(trees=True)


def test_labels_that_flip_because_scores_moved_make_another_model(workload):
    moved = differing(BEFORE, shifted(0.01), CONTRACT, workload)
    assert (moved.flips, moved.ties, moved.wrong) == (1, 0, True)


def test_the_same_answers_do_not_differ(workload):
    same = differing(BEFORE, BEFORE.copy(), CONTRACT, workload)
    assert (same.flips, same.ties, same.largest, same.wrong) == (0, 0, 0.0, False)
    assert same.rounding_only(trees=True)
