import math

import numpy as np
import pytest

from effaudit.core.answer import same_class
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
    assert len({same_class(label_text(value)) for value in (True, 1, 1.0, np.int64(1), np.bool_(True))}) == 1


def test_numbers_sort_as_numbers_and_words_as_words():
    assert in_order({"10", "9", "-1"}) == ["-1", "9", "10"]
    assert in_order({"10", "9", "a"}) == ["10", "9", "a"]
    assert in_order({"False", "True"}) == ["False", "True"]
    assert in_order({"nan", "inf", "1"}) == ["1", "inf", "nan"]
