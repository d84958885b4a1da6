"""Timed answers are held against scored ones, by value, on the rows that a worker sends back."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.observed import Answers
from effaudit.core.protocol import Message
from effaudit.measure.timed_answers import Expected, expected, untrue
from effaudit.process import Fault

RANDOM = np.random.default_rng(0)
SHARES = RANDOM.dirichlet([1, 1, 1], 100)
SCORED = Answers(SHARES, SHARES.argmax(axis=1), ("a", "b", "c"))
VALUES = Answers(RANDOM.normal(1000.0, 50.0, 100), None)
ROWS = np.array([3, 50, 99])


def reply(rows, dtype="float64", classes=("a", "b", "c"), **arrays):
    named = {name.replace("_", "."): array for name, array in arrays.items()}
    return Message("timed", {"dtype": dtype, "classes": list(classes)}, {"compared.rows": rows, **named})


def test_equal_answers_pass_and_sums_may_differ_in_the_last_digits():
    Expected(SCORED).check(reply(ROWS, compared_scores=SHARES[ROWS] + 1e-9))
    Expected(SCORED).check(reply(ROWS, "float32", compared_scores=SHARES[ROWS] + 5e-5))
    Expected(VALUES).check(reply(ROWS, classes=(), compared_scores=VALUES.scores[ROWS] * (1 + 1e-8)))
    Expected(SCORED).check(Message("timed", {}, {}))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_a_constant_or_other_rows_answers_are_told_with_how_many_rows(dtype):
    for wrong in (np.full((3, 3), 1 / 3), SHARES[ROWS - 1]):
        with pytest.raises(Fault, match=r"on 3 of 3 compared rows") as fault:
            Expected(SCORED).check(reply(ROWS, dtype, compared_scores=wrong))
        assert fault.value.failure.code == "timed_answers"
    values = VALUES.scores[ROWS].copy()
    values[1] += 5.0  # a tenth of their spread, and half a percent of the value
    with pytest.raises(Fault, match="on 1 of 3 compared rows"):
        Expected(VALUES).check(reply(ROWS, classes=(), compared_scores=values))


def test_labels_are_compared_by_class_whatever_their_order():
    labels = Answers(None, np.array([0, 1, 2, 1]), ("a", "b", "c"))
    Expected(labels).check(reply(np.arange(4), classes=("c", "b", "a"), compared_labels=np.array([2, 1, 0, 1])))
    with pytest.raises(Fault, match="on 2 of 4 compared rows"):
        Expected(labels).check(reply(np.arange(4), classes=("a", "b", "c"), compared_labels=np.array([0, 0, 2, 0])))


def test_where_answers_depend_on_the_request_the_same_request_is_asked_again():
    alone = np.full((3, 3), 1 / 3)
    one = Expected(SCORED, depends=True)
    assert (one.wanted, Expected(SCORED).wanted) == ("again", "scored")
    one.check(reply(ROWS, compared_scores=alone, again_scores=alone))
    with pytest.raises(Fault, match="same request got outside the clock"):
        one.check(reply(ROWS, compared_scores=alone, again_scores=SHARES[ROWS]))


def test_answers_that_are_drawn_anew_by_each_call_are_not_compared():
    assert expected(SCORED, frozenset({"drawn_once"})) is None
    assert expected(SCORED, frozenset({"answers_depend_on_batch"})) == Expected(SCORED, True)


def test_quality_is_in_doubt_only_where_what_was_timed_was_another_answer():
    with pytest.raises(Fault) as fault:
        Expected(SCORED).check(reply(ROWS, compared_scores=np.zeros((3, 3))))
    assert [note.code for note in untrue(fault.value.failure)] == ["timed_answers"]
    assert untrue(None) == untrue(Fault("crashed", "time", "x").failure) == ()
