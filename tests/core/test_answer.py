"""Raw answers become scores and labels by contract, or an error that says what to write."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax

from effaudit.core.answer import BadAnswer, canonical, label, probabilities, same_class
from effaudit.core.candidate import Contract
from effaudit.core.workload import Workload


def workload(task="classification", classes=("no", "yes"), answers=("y",), multilabel=False):
    return Workload(task, "", (), answers, classes, {}, "row", "independent", {}, {}, {}, (), (1,), multilabel=multilabel)


def test_logits_become_probabilities_as_scipy_computes_them():
    rows = np.array([[1.0, -2.0, 700.0], [0.0, 0.0, -900.0]])
    np.testing.assert_allclose(probabilities(rows), softmax(rows, axis=1), atol=1e-12)
    np.testing.assert_allclose(probabilities(rows[:, 0]), expit(rows[:, 0]), atol=1e-12)
    np.testing.assert_allclose(probabilities(np.array([[-800.0], [800.0]])), [[0], [1]], atol=1e-12)


def test_a_positive_probability_becomes_two_columns():
    np.testing.assert_allclose(canonical([0.2, 0.9], 2, Contract(), workload()), [[0.8, 0.2], [0.1, 0.9]])


def test_probabilities_of_single_precision_are_made_to_sum_to_one():
    rows = softmax(np.random.default_rng(0).normal(size=(50, 10)), axis=1).astype(np.float32)
    names = tuple("abcdefghij")
    scores = canonical(rows, 50, Contract(), workload(classes=names))
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-15)
    np.testing.assert_allclose(scores, rows, atol=1e-6)
    assert (scores.argmax(axis=1) == rows.argmax(axis=1)).all()


def test_columns_are_put_into_the_datas_order():
    scores = canonical([[0.9, 0.1]], 1, Contract(classes=("yes", "no")), workload())
    np.testing.assert_allclose(scores, [[0.1, 0.9]])


def test_a_class_that_the_model_does_not_know_gets_no_probability():
    scores = canonical([[0.3, 0.7]], 1, Contract(classes=("a", "c")), workload(classes=("a", "b", "c")))
    np.testing.assert_allclose(scores, [[0.3, 0.0, 0.7]])


@pytest.mark.parametrize(("one", "other"), [("True", "1"), ("0", "False"), ("3.0", "3"), (" a ", "a"), ("1e3", "1000")])
def test_class_names_are_compared_as_python_compares_their_values(one, other):
    assert same_class(one) == same_class(other)


def test_the_most_probable_class_is_the_label_and_a_threshold_moves_it():
    scores = np.array([[0.7, 0.3], [0.4, 0.6]])
    np.testing.assert_array_equal(label(scores, Contract(), workload()).labels, [0, 1])
    np.testing.assert_array_equal(label(scores, Contract(threshold=0.3), workload()).labels, [1, 1])


def test_labels_are_understood_as_text_or_numbers():
    np.testing.assert_array_equal(
        canonical(np.array(["yes", "no"], dtype=object), 2, Contract(output="labels"), workload()), [1, 0]
    )
    np.testing.assert_array_equal(canonical([1.0, 0.0], 2, Contract(output="labels"), workload(classes=("0", "1"))), [1, 0])


def test_a_label_that_the_data_never_has_is_never_right():
    found = canonical(np.array(["yes", "perhaps"]), 2, Contract(output="labels"), workload())
    np.testing.assert_array_equal(found, [1, -1])


def test_multilabel_and_regression_keep_their_shape():
    many = workload(classes=(), answers=("a", "b"), multilabel=True)
    np.testing.assert_array_equal(label(canonical([[0.2, 0.8]], 1, Contract(), many), Contract(), many).labels, [[0, 1]])
    one = workload("regression", (), ("y",))
    assert canonical([[1.5], [2.0]], 2, Contract(output="values"), one).shape == (2,)
    two = workload("regression", (), ("y", "z"))
    assert canonical([[1.5, 2.0]], 1, Contract(output="values"), two).shape == (1, 2)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([0.5, np.nan], "NaN or infinity to 1 of 2 rows"),
        ([0.5, np.inf], "NaN or infinity"),
        ([0.5], "shape (1,) to 2 rows"),
        ([-3.0, 2.0], "output: logits"),
        ([[0.5, 0.1], [0.5, 0.5]], "do not sum to 1"),
        ([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]], "3 probabilities a row, for 2 classes"),
        (np.array(["a", "b"]), "output: labels"),
        ([[0.5], [0.5, 0.1]], "different lengths"),
        (np.zeros((2, 2, 2)), "shape (2, 2, 2)"),
        (None, "where numbers were expected"),
    ],
)
def test_an_answer_against_the_contract_is_named_with_what_to_write(raw, words):
    with pytest.raises(BadAnswer) as caught:
        canonical(raw, 2, Contract(), workload())
    assert words in str(caught.value)


def test_labels_of_another_language_are_an_error():
    with pytest.raises(BadAnswer, match=r"answered the labels oui; the data has no, yes"):
        canonical(np.array(["oui", "oui"]), 2, Contract(output="labels"), workload())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_binary_probabilities_always_sum_to_one(values):
    scores = canonical(np.array(values), len(values), Contract(), workload())
    np.testing.assert_allclose(scores.sum(axis=1), 1.0)


def labelled(raw, contract, work):
    return label(canonical(raw, len(raw), contract, work), contract, work).labels.tolist()


def test_a_row_whose_most_probable_class_the_data_lacks_is_wrong_and_not_the_next_best():
    three = Contract(output="probabilities", classes=("maybe", "no", "yes"))
    assert labelled([[0.5, 0.3, 0.2], [0.3, 0.5, 0.2], [0.2, 0.3, 0.5]], three, workload()) == [-1, 0, 1]


def test_several_lacking_classes_are_not_taken_together():
    four = Contract(output="probabilities", classes=("maybe", "no", "perhaps", "yes"))
    assert labelled([[0.3, 0.1, 0.2, 0.4], [0.45, 0.1, 0.05, 0.4]], four, workload()) == [1, -1]


@pytest.mark.parametrize(("classes", "first"), [(("no", "yes"), 0), (("yes", "no"), 1)])
def test_a_tie_goes_to_the_first_class_in_the_models_own_order(classes, first):
    assert labelled([[0.5, 0.5]], Contract(output="probabilities", classes=classes), workload()) == [first]


def test_a_threshold_may_speak_of_the_class_that_is_not_positive():
    contract = Contract(output="probabilities", classes=("no", "yes"), threshold=0.2, threshold_of="yes")
    positive_is_no = workload(classes=("yes", "no"))
    assert labelled([[0.81, 0.19], [0.8, 0.2], [0.1, 0.9]], contract, positive_is_no) == [1, 0, 0]
    assert labelled([[0.81, 0.19], [0.8, 0.2], [0.1, 0.9]], contract, workload()) == [0, 1, 1]


def test_a_label_of_several_needs_more_than_half():
    several = workload(answers=("a", "b"), multilabel=True)
    assert labelled([[0.5, 0.51], [0.49, 1.0]], Contract(output="probabilities"), several) == [[0, 1], [0, 1]]
