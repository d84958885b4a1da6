"""Two answers are the same where only rounding tells them apart, on the scale of each output."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.observed import Answers
from effaudit.measure.replies import differing_rows, scale_of

ROWS = 2000
RANDOM = np.random.default_rng(0)


def values(scores):
    return Answers(np.asarray(scores), None)


def shares(scores):
    return Answers(np.asarray(scores), np.argmax(scores, axis=1), ("a", "b"))


def differing(first, second, dtype="float64"):
    return int(differing_rows(first, second, dtype, scale_of(first)).sum())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_output_is_compared_on_its_own_scale(dtype):
    scores = RANDOM.normal(size=(ROWS, 2)) * [1e6, 0.1]
    wrong = scores.copy()
    wrong[:, 1] = 0.0
    assert differing(values(scores), values(wrong), dtype) > 0.75 * ROWS  # single precision is coarse beside 1e6


def test_a_few_huge_answers_do_not_hide_what_becomes_of_the_others():
    scores = np.exp(RANDOM.normal(size=ROWS) * 4)
    scores[:3] = 1e9
    wrong = np.where(scores < np.median(scores), 1.0, scores)
    assert differing(values(scores), values(wrong), "float32") > 0.45 * ROWS


def test_answers_far_from_zero_are_compared_by_how_they_lie_about_their_middle():
    scores = 1000.0 + RANDOM.normal(size=ROWS)
    assert differing(values(scores), values(np.full(ROWS, 1000.0)), "float32") > 0.9 * ROWS


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_single_precision_in_another_order_is_the_same(scale):
    rows, weights = RANDOM.normal(size=(ROWS, 300)).astype(np.float32), (RANDOM.normal(size=300) * scale).astype(np.float32)
    first, second = rows @ weights, rows[:, ::-1].copy() @ weights[::-1].copy()
    assert (first != second).any()
    assert differing(values(first), values(second), "float32") == 0


@pytest.mark.parametrize("centre", [0.0, -12.0, 12.0])
def test_probabilities_in_another_order_are_the_same_where_most_are_near_0_or_1(centre):
    rows, weights = RANDOM.normal(size=(ROWS, 300)).astype(np.float32), (RANDOM.normal(size=300) / 4).astype(np.float32)
    found = []
    for order in (slice(None), slice(None, None, -1)):
        positive = 1 / (1 + np.exp(-(rows[:, order].copy() @ weights[order].copy() + np.float32(centre))))
        found.append(shares(np.column_stack([1 - positive, positive])))
    assert (found[0].scores != found[1].scores).any()
    assert differing(*found, "float32") == 0


def test_a_constant_among_rare_positives_differs():
    positive = 10 ** RANDOM.uniform(-6, -4, size=ROWS)
    constant = np.full(ROWS, np.median(positive))
    first, second = (shares(np.column_stack([1 - p, p])) for p in (positive, constant))
    assert differing(first, second, "float32") > 0.7 * ROWS


def test_where_most_answers_are_one_value_the_others_say_how_far_answers_lie_apart():
    scores = np.where(RANDOM.random(ROWS) < 0.9, 0.0, RANDOM.normal(size=ROWS))
    assert differing(values(scores), values(scores + 1e-9)) == 0
    assert differing(values(scores), values(scores + 1e-3)) == ROWS


def test_a_constant_model_is_the_same_as_itself_and_no_other_constant():
    assert differing(values(np.full(ROWS, 3.0)), values(np.full(ROWS, 3.0))) == 0
    assert differing(values(np.full(ROWS, 3.0)), values(np.full(ROWS, 3.1))) == ROWS
    assert differing(values(np.zeros(ROWS)), values(np.zeros(ROWS))) == 0


def test_numbers_that_are_none_differ():
    assert differing(values(np.zeros(3)), values([0.0, np.nan, 0.0])) == 1


def test_labels_alone_differ_where_they_differ():
    first, second = Answers(None, np.array([0, 1, 1]), ("a", "b")), Answers(None, np.array([0, 1, 0]), ("a", "b"))
    assert differing(first, second) == 1


def test_an_output_that_is_only_the_rounding_of_another_does_not_differ():
    rows = RANDOM.normal(size=(ROWS, 2)) * [10.0, 1e-7]
    other = rows + RANDOM.normal(size=(ROWS, 2)) * [0.0, 5e-8]
    assert differing(values(rows), values(other), "float32") == 0
    assert differing(values(rows), values(other), "float64") > 0.9 * ROWS
