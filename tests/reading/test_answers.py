import numpy as np
import pandas as pd
import pytest

from effaudit.core.errors import InputError, Place
from effaudit.core.notes import texts
from effaudit.core.plan import Data
from effaudit.reading.answers import encode
from effaudit.reading.columns import values_of
from effaudit.reading.parts import Part


def encoded(task="classification", positive=None, **splits):
    parts = {}
    for split, answers in splits.items():
        named = answers if isinstance(answers, dict) else {"y": answers}
        place = Place(f"{split}.csv")
        parts[split] = Part(place, {}, {name: values_of(name, _raw(raw), place) for name, raw in named.items()}, None)
    return encode(parts, Data(task, {}, ("y",), positive=positive))


def _raw(raw):
    if isinstance(raw, (np.ndarray, pd.Series)):
        return raw
    objects = np.empty(len(raw), dtype=object)
    objects[:] = raw
    return objects


def refusal(*args, **splits):
    with pytest.raises(InputError) as caught:
        encoded(*args, **splits)
    return caught.value


@pytest.mark.parametrize(
    ("answers", "classes", "indices"),
    [
        (["on_time", "late", "late"], ("late", "on_time"), [1, 0, 0]),
        ([True, False, True], ("False", "True"), [1, 0, 1]),
        ([0, 1, 0], ("0", "1"), [0, 1, 0]),
        ([0.0, 1.0, 0.0], ("0", "1"), [0, 1, 0]),
        ([10, 9, -1], ("-1", "9", "10"), [2, 1, 0]),
        ([0.5, 1.5], ("0.5", "1.5"), [0, 1]),
        (["10", "9"], ("9", "10"), [1, 0]),
        (["b", "10", "9"], ("10", "9", "b"), [2, 0, 1]),
        (pd.Series(["x", "y"], dtype="category"), ("x", "y"), [0, 1]),
        (np.array([[1], [0]]), ("0", "1"), [1, 0]),
    ],
)
def test_classes_are_texts_in_order(answers, classes, indices):
    found = encoded(certify=answers)
    assert (found.names, found.classes, found.multilabel) == (("y",), classes, False)
    assert found.arrays["certify"].tolist() == indices
    assert found.arrays["certify"].dtype == np.int64
    assert found.class_rows == tuple(indices.count(at) for at in range(len(classes)))


@pytest.mark.parametrize(
    ("answers", "positive", "classes"),
    [
        (["late", "on_time"], "late", ("on_time", "late")),
        (["late", "on_time"], None, ("late", "on_time")),
        ([0, 1], "0", ("1", "0")),
        ([True, False], "False", ("True", "False")),
        ([True, False], "0", ("True", "False")),
        ([0, 1], "1.0", ("0", "1")),
    ],
)
def test_the_positive_class_is_the_last(answers, positive, classes):
    assert encoded(certify=answers, positive=positive).classes == classes


@pytest.mark.parametrize(
    ("train", "certify", "classes", "indices"),
    [
        ([1, 0], [1.0, 0.0], ("0", "1"), [1, 0]),
        ([True, False], [1, 0], ("0", "1"), [1, 0]),
        ([1, 0], [True, False], ("0", "1"), [1, 0]),
        (["1", "0"], [1, 0], ("0", "1"), [1, 0]),
        (["True", "False"], [True, False], ("False", "True"), [1, 0]),
        (["b", "c"], ["a", "b"], ("a", "b", "c"), [0, 1]),
    ],
)
def test_splits_share_their_classes(train, certify, classes, indices):
    found = encoded(train=train, certify=certify)
    assert found.classes == classes
    assert found.arrays["certify"].tolist() == indices


def test_classes_that_train_never_has_are_noted():
    assert texts(encoded(train=["a", "b"], certify=["a", "c", "c"]).notes) == (
        "certify has classes that train never has: 'c' (2 rows)",
    )
    assert texts(encoded(train=["a", "b", "c"], certify=["a", "c"]).notes) == ()


@pytest.mark.parametrize("words", [["1", "01"], ["1.1", "1.10"], ["1e3", "1000"], [" a", "a"], ["nan", "NaN"]])
def test_words_that_look_like_one_number_are_different_classes(words):
    found = encoded(certify=words * 3)
    assert sorted(found.classes) == sorted(words)
    assert not found.numeric


@pytest.mark.parametrize("answers", [[1, 0], [1.0, 0.0], [True, False], ["TRUE", "false"]])
def test_numbers_and_booleans_are_known_as_such(answers):
    assert encoded(certify=answers * 3).numeric


@pytest.mark.parametrize(
    ("certify", "said"),
    [
        (["a", None, "b", None], "2 rows without an answer in 'y', first in row 2"),
        ([1.0, float("nan"), 0.0], "1 row without an answer in 'y', first in row 2"),
        ([1.0, float("inf"), 0.0], "infinite answers in 'y', the first in row 2"),
        ([None, None], "2 rows without an answer"),
        (["a", "a"], "every answer in certify is 'a'"),
        ([1, 1, 1], "every answer in certify is '1'"),
        (list(range(1001)), "the answer 'y' has 1,001 different values"),
        ([f"w{n}" for n in range(1001)], "the answer 'y' has 1,001 different values"),
        (["True", "true", "FALSE"], "cannot be told apart"),
        (pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])), "the answer 'y' is a date"),
        (np.array([[0, 2], [1, 0]]), "'y[1]' has other values"),
        ({"a": [0, 1], "b": ["x", "y"]}, "'b' has other values"),
    ],
)
def test_answers_that_no_class_can_be_made_of_are_refused(certify, said):
    error = refusal(certify=certify)
    assert said in error.what
    assert error.place.file == "certify.csv"


def test_a_regression_in_disguise_is_advised_to_be_one():
    assert refusal(certify=list(range(2000))).advice == "If it is a number, write `task: regression`."


def test_certify_with_one_class_is_refused_even_where_train_has_two():
    assert "every answer in certify is 'a'" in refusal(train=["a", "b"], certify=["a", "a"]).what


@pytest.mark.parametrize(
    ("certify", "positive", "said"),
    [
        (["a", "b"], "c", "no answer is 'c', the positive one. Known: a, b."),
        (["late", "on_time"], "lat", "Did you mean 'late'?"),
        (["a", "b", "c"], "a", "`positive` is for two classes, and there are 3"),
        ({"a": [0, 1], "b": [1, 0]}, "1", "`positive` is for one answer"),
    ],
)
def test_a_positive_answer_that_cannot_be_is_refused(certify, positive, said):
    assert said in refusal(certify=certify, positive=positive).what


def test_several_answers_are_a_matrix_of_labels():
    found = encoded(certify={"a": [True, False, True], "b": [0, 1, 1]})
    assert (found.names, found.classes, found.multilabel, found.class_rows) == (("a", "b"), (), True, ())
    assert found.arrays["certify"].tolist() == [[1, 0], [0, 1], [1, 1]]
    assert texts(found.notes) == ()
    assert encoded(certify=np.array([[1, 0], [1, 1]])).names == ("y[0]", "y[1]")


def test_answers_in_one_hot_form_are_noted():
    assert "exactly one 1" in texts(encoded(certify=np.eye(3, dtype=int)).notes)[0]


def test_regressions_are_numbers():
    assert encoded("regression", certify=[1, 2.5]).arrays["certify"].tolist() == [1.0, 2.5]
    several = encoded("regression", train={"a": [1, 2], "b": [3, 4]}, certify={"a": [1.5, 2], "b": [3, 4]})
    assert (several.names, several.classes, several.multilabel) == (("a", "b"), (), False)
    assert several.arrays["certify"].tolist() == [[1.5, 3.0], [2.0, 4.0]]
    assert encoded("regression", certify=np.ones((2, 3))).arrays["certify"].shape == (2, 3)


@pytest.mark.parametrize(
    ("certify", "said"),
    [
        (["a", "b"], "the answer 'y' is text, and a regression's is a number"),
        ([True, False], "the answer 'y' is bool"),
        ([1.0, float("nan")], "1 row without an answer"),
        ([1.0, float("-inf")], "infinite answers"),
    ],
)
def test_regressions_of_anything_else_are_refused(certify, said):
    assert said in refusal("regression", certify=certify).what


def test_splits_with_different_answers_are_refused():
    assert (
        "answers have 3 values a row in certify and 2 in train"
        in refusal(train=np.eye(2, dtype=int), certify=np.eye(3, dtype=int)).what
    )


def test_answers_without_values_are_refused():
    assert "no values" in refusal(certify=np.zeros((3, 0))).what
