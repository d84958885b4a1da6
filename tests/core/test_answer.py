"""Raw answers become scores and labels by contract, or an error that says what to write."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax

from effaudit.core.answer import (
    BadAnswer,
    Vocabulary,
    answers_of,
    canonical,
    check_logits,
    class_names,
    label,
    probabilities,
    scored,
)
from effaudit.core.candidate import Contract
from effaudit.core.workload import Workload

WORDS = Contract(classes=("no", "yes"))


def workload(task="classification", classes=("no", "yes"), answers=("y",), multilabel=False, numeric=False):
    return Workload(
        task,
        "",
        (),
        answers,
        classes,
        {},
        "row",
        "independent",
        {},
        {},
        {},
        (),
        (1,),
        multilabel=multilabel,
        numeric_classes=numeric,
    )


def coded(raw, work=None, renamed=None):
    return Vocabulary(work or workload(), renamed or {}).codes(raw, len(raw))


def test_logits_become_probabilities_as_scipy_computes_them():
    rows = np.array([[1.0, -2.0, 700.0], [0.0, 0.0, -900.0]])
    np.testing.assert_allclose(probabilities(rows), softmax(rows, axis=1), atol=1e-12)
    np.testing.assert_allclose(probabilities(rows[:, 0]), expit(rows[:, 0]), atol=1e-12)
    np.testing.assert_allclose(probabilities(np.array([[-800.0], [800.0]])), [[0], [1]], atol=1e-12)


def test_a_positive_probability_becomes_two_columns():
    np.testing.assert_allclose(canonical([0.2, 0.9], 2, WORDS, workload()), [[0.8, 0.2], [0.1, 0.9]])


def test_probabilities_of_single_precision_are_made_to_sum_to_one():
    rows = softmax(np.random.default_rng(0).normal(size=(50, 10)), axis=1).astype(np.float32)
    names = tuple("abcdefghij")
    scores = canonical(rows, 50, Contract(classes=names), workload(classes=names))
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-15)
    np.testing.assert_allclose(scores, rows, atol=1e-6)
    assert (scores.argmax(axis=1) == rows.argmax(axis=1)).all()


def test_columns_are_put_into_the_datas_order():
    scores = canonical([[0.9, 0.1]], 1, Contract(classes=("yes", "no")), workload())
    np.testing.assert_allclose(scores, [[0.1, 0.9]])


def test_a_class_that_the_model_does_not_know_gets_no_probability():
    scores = canonical([[0.3, 0.7]], 1, Contract(classes=("a", "c")), workload(classes=("a", "b", "c")))
    np.testing.assert_allclose(scores, [[0.3, 0.0, 0.7]])


def test_a_class_that_only_the_model_knows_is_a_column_of_its_own():
    work, three = workload(), Contract(classes=("maybe", "no", "yes"))
    np.testing.assert_allclose(canonical([[0.5, 0.3, 0.2]], 1, three, work), [[0.3, 0.2, 0.5]])
    assert class_names(three, work, 3) == ("no", "yes", "maybe")


def test_a_model_that_numbers_its_classes_may_know_more_of_them_than_the_data():
    work = workload(classes=("0", "2"), numeric=True)
    np.testing.assert_allclose(canonical([[0.5, 0.3, 0.2]], 1, Contract(), work), [[0.5, 0.2, 0.3]])
    assert class_names(Contract(), work, 3) == ("0", "2", "1")


@pytest.mark.parametrize("classes", [("no", "yes"), ("1", "2"), ("0", "3")])
def test_a_model_that_names_no_classes_is_not_guessed_at_where_numbers_do_not_fit(classes):
    with pytest.raises(BadAnswer, match="names no classes"):
        canonical([[0.5, 0.5]], 1, Contract(), workload(classes=classes, numeric=classes[0].isdigit()))


def test_the_most_probable_class_is_the_label_and_a_threshold_moves_it():
    scores = np.array([[0.7, 0.3], [0.4, 0.6]])
    np.testing.assert_array_equal(label(scores, WORDS, workload()), [0, 1])
    np.testing.assert_array_equal(label(scores, Contract(classes=("no", "yes"), threshold=0.3), workload()), [1, 1])


def test_a_threshold_of_one_of_several_classes_leaves_the_others_to_the_most_probable():
    three = Contract(classes=("a", "b", "c"), threshold=0.2, threshold_of="b")
    scores = np.array([[0.7, 0.2, 0.1], [0.7, 0.1, 0.2], [0.1, 0.19, 0.71]])
    np.testing.assert_array_equal(label(scores, three, workload(classes=("a", "b", "c"))), [1, 0, 2])


def test_a_threshold_among_several_classes_must_say_of_which():
    three = Contract(classes=("a", "b", "c"), threshold=0.2)
    with pytest.raises(BadAnswer, match=r"threshold: \{at: 0.2, of: CLASS\}"):
        label(np.eye(3), three, workload(classes=("a", "b", "c")))


def test_labels_are_understood_as_text_or_numbers():
    np.testing.assert_array_equal(coded(np.array(["yes", "no"], dtype=object)), [1, 0])
    numbers = workload(classes=("0", "1"), numeric=True)
    for raw in ([1.0, 0.0], [True, False], np.array([1, 0], dtype=object), np.array([b"1", b"0"], dtype=object), ["1.0", "False"]):
        np.testing.assert_array_equal(coded(raw, numbers), [1, 0])


def test_words_are_one_class_only_if_they_are_the_same_word():
    releases = workload(classes=("1.1", "1.10", "2.0"))
    np.testing.assert_array_equal(coded(np.array(["1.10", "2.0", "1.1"]), releases), [1, 2, 0])
    np.testing.assert_array_equal(coded(np.array(["2.0", "2"]), releases), [2, 3])


def test_a_label_that_the_data_never_has_is_a_class_of_its_own():
    words = Vocabulary(workload(), {})
    np.testing.assert_array_equal(words.codes(np.array(["yes", "perhaps"]), 2), [1, 2])
    np.testing.assert_array_equal(words.codes(np.array(["maybe", "perhaps"]), 2), [3, 2])
    assert words.names == ("no", "yes", "perhaps", "maybe")


def test_labels_may_be_called_otherwise_in_the_plan():
    np.testing.assert_array_equal(coded([1, 0, 1], renamed={"0": "no", "1": "yes"}), [1, 0, 1])


def test_the_models_own_labels_go_before_those_of_its_scores():
    scores, own = np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([1, 1])
    for rule, labels in (("predict", [1, 1]), ("scores", [0, 1])):
        contract = Contract(classes=("no", "yes"), labels=rule)
        np.testing.assert_array_equal(answers_of(scores, own, contract, workload(), ("no", "yes")).labels, labels)


def test_a_label_without_a_column_has_no_probability():
    found = answers_of(np.array([[0.7, 0.3]]), np.array([2]), Contract(labels="predict"), workload(), ("no", "yes", "odd"))
    np.testing.assert_array_equal(found.scores, [[0.7, 0.3, 0.0]])


def test_multilabel_and_regression_keep_their_shape():
    many = workload(classes=(), answers=("a", "b"), multilabel=True)
    np.testing.assert_array_equal(scored([[0.2, 0.8]], 1, Contract(), many).labels, [[0, 1]])
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
        canonical(raw, 2, WORDS, workload())
    assert words in str(caught.value)


def test_labels_of_another_language_are_an_error():
    with pytest.raises(BadAnswer, match=r"answered the labels oui; the data has no, yes"):
        coded(np.array(["oui", "oui"]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_binary_probabilities_always_sum_to_one(values):
    scores = canonical(np.array(values), len(values), WORDS, workload())
    np.testing.assert_allclose(scores.sum(axis=1), 1.0)


def labelled(raw, contract, work):
    return scored(raw, len(raw), contract, work).labels.tolist()


def test_a_row_whose_most_probable_class_the_data_lacks_is_wrong_and_not_the_next_best():
    three = Contract(output="probabilities", classes=("maybe", "no", "yes"))
    assert labelled([[0.5, 0.3, 0.2], [0.3, 0.5, 0.2], [0.2, 0.3, 0.5]], three, workload()) == [2, 0, 1]


def test_several_lacking_classes_are_not_taken_together():
    four = Contract(output="probabilities", classes=("maybe", "no", "perhaps", "yes"))
    assert labelled([[0.3, 0.1, 0.2, 0.4], [0.45, 0.1, 0.05, 0.4]], four, workload()) == [1, 2]


@pytest.mark.parametrize(("classes", "first"), [(("no", "yes"), 0), (("yes", "no"), 1)])
def test_a_tie_goes_to_the_first_class_in_the_models_own_order(classes, first):
    assert labelled([[0.5, 0.5]], Contract(output="probabilities", classes=classes), workload()) == [first]


def test_a_threshold_may_speak_of_the_class_that_is_not_positive():
    contract = Contract(output="probabilities", classes=("no", "yes"), threshold=0.2, threshold_of="yes")
    positive_is_no = workload(classes=("yes", "no"))
    assert labelled([[0.81, 0.19], [0.8, 0.2], [0.1, 0.9]], contract, positive_is_no) == [1, 0, 0]
    assert labelled([[0.81, 0.19], [0.8, 0.2], [0.1, 0.9]], contract, workload()) == [0, 1, 1]


def test_a_label_of_several_needs_more_than_half():
    several = workload(classes=(), answers=("a", "b"), multilabel=True)
    assert labelled([[0.5, 0.51], [0.49, 1.0]], Contract(output="probabilities"), several) == [[0, 1], [0, 1]]


@pytest.mark.parametrize("rows", [[[0.2, 0.8], [0.5, 0.5]], [[0.1, 0.2, 0.7]], np.array([[0.25, 0.75]], dtype=np.float16)])
def test_rows_that_sum_to_one_are_not_logits(rows):
    with pytest.raises(BadAnswer, match="they are probabilities"):
        check_logits(np.asarray(rows, dtype=getattr(rows, "dtype", np.float64)))


@pytest.mark.parametrize("rows", [[[0.2, 0.7], [0.5, 0.5]], [[-1.0, 2.0]], [0.3, 0.9], [[0.3], [0.9]], np.empty((0, 2))])
def test_other_rows_may_be_logits(rows):
    check_logits(np.asarray(rows))
