import math

import numpy as np
import pytest

from effaudit.core.classes import are_booleans, class_key, places, with_more
from effaudit.reading.labels import in_order, label_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (False, "False"),
        (np.bool_(True), "True"),
        (0, "0"),
        (-3, "-3"),
        (np.int8(7), "7"),
        (10**30, str(10**30)),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (np.float32(2.0), "2"),
        (0.5, "0.5"),
        (1e300, str(int(1e300))),
        ("late", "late"),
        ("1.0", "1.0"),
        ("", ""),
    ],
)
def test_the_text_form_of_an_answer(value, text):
    assert label_text(value) == text


@pytest.mark.parametrize("value", [None, math.nan, math.inf, [1], {}, b"x", np.float64("nan")])
def test_what_is_no_answer_is_refused(value):
    with pytest.raises(ValueError, match=r"answer|expected"):
        label_text(value)


def test_python_s_equal_values_are_the_same_class():
    assert len({class_key(label_text(value), True) for value in (True, 1, 1.0, np.int64(1), np.bool_(True))}) == 1


@pytest.mark.parametrize(("one", "other"), [("True", "1"), ("0", "False"), ("3.0", "3"), (" 2 ", "2"), ("1e3", "1000")])
def test_names_are_compared_by_value_where_the_data_holds_numbers_and_as_words_elsewhere(one, other):
    assert class_key(one, True) == class_key(other, True)
    assert class_key(one, False) != class_key(other, False)


def test_places_of_names_among_others():
    assert places(["1", "x", "True"], ["0", "1"], True) == [1, -1, 1]
    assert places(["1.0", "1"], ["0", "1"], False) == [-1, 1]
    assert with_more(("0", "1"), ("1.0", "2", "2"), True) == ("0", "1", "2")


def test_booleans_are_known_in_every_spelling():
    assert are_booleans(["TRUE", "false"])
    assert not are_booleans(["true"])
    assert not are_booleans(["true", "no"])


def test_numbers_sort_as_numbers_and_words_as_words():
    assert in_order({"10", "9", "-1"}) == ["-1", "9", "10"]
    assert in_order({"10", "9", "a"}) == ["10", "9", "a"]
    assert in_order({"False", "True"}) == ["False", "True"]
    assert in_order({"nan", "inf", "1"}) == ["1", "inf", "nan"]


def test_whole_numbers_of_more_digits_than_a_double_has_are_told_apart():
    assert class_key(str(2**53), True) != class_key(str(2**53 + 1), True)
    assert class_key(label_text(1e30), True) == class_key("1e30", True)
    assert class_key("007", True) == class_key("7", True)
