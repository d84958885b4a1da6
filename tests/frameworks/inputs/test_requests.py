import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.frameworks.inputs import requests

ROWS = {"a": np.array([1.0, 2.0]), "b": np.array([3, 4]), "c d": np.array([True, False])}


def test_a_matrix_holds_all_columns_in_the_order_of_the_data():
    made = requests.matrix(Contract())(ROWS)
    assert made.tolist() == [[1.0, 3.0, 1.0], [2.0, 4.0, 0.0]]
    assert made.dtype == np.float64
    assert made.flags.c_contiguous


def test_the_plan_names_the_columns_and_their_order():
    assert requests.matrix(Contract(columns=("b", "a")))(ROWS).tolist() == [[3.0, 1.0], [4.0, 2.0]]


def test_the_models_names_decide_the_order_where_the_plan_only_repeats_them():
    made = requests.matrix(Contract(columns=("a", "b", "c d")), ("b", "a"))(ROWS)
    assert made.tolist() == [[3.0, 1.0], [4.0, 2.0]]


def test_the_plans_columns_stand_for_the_models_names_in_order():
    assert requests.sources(ROWS, Contract(columns=("b", "a")), ("x", "y")) == ["b", "a"]


def test_a_name_with_an_underscore_is_found_with_a_space():
    assert requests.sources(ROWS, Contract(), ("c_d", "a")) == ["c d", "a"]


def test_missing_columns_are_named_with_what_to_write():
    with pytest.raises(
        Refused, match=r"needs the columns x, y, which the data does not have \(it has a, b, c d\); write its `columns`"
    ):
        requests.matrix(Contract(), ("x", "a", "y"))(ROWS)


def test_too_few_columns_for_the_models_names_are_counted():
    with pytest.raises(Refused, match=r"takes 2 columns \(x, y\), the plan names 1"):
        requests.matrix(Contract(columns=("a",)), ("x", "y"))(ROWS)


def test_a_width_that_does_not_fit_is_refused():
    with pytest.raises(Refused, match="takes 2 features, the data gives 3"):
        requests.matrix(Contract(), width=2)(ROWS)


def test_words_and_times_are_refused_where_numbers_are_needed():
    with pytest.raises(Refused, match="and w hold words; write its `preprocess`"):
        requests.matrix(Contract())({"w": np.array(["x"], object), "a": np.array([1.0])})
    with pytest.raises(Refused, match="and t hold times"):
        requests.matrix(Contract())({"t": np.array(["2020-01-01"], "datetime64[ns]"), "a": np.array([1.0])})


def test_words_are_kept_where_they_are_allowed():
    made = requests.matrix(Contract(), text=True)({"w": np.array(["x", np.nan], object), "a": np.array([1.0, 2.0])})
    assert made.dtype == object
    assert made[0].tolist() == ["x", 1.0]


def test_a_preprocessed_request_passes_as_it_is_whatever_columns_the_plan_names():
    array = np.arange(6.0).reshape(2, 3)
    assert requests.matrix(Contract(columns=("a", "b")), ("p", "q", "r"))({"": array}) is array


def test_images_become_rows():
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    made = requests.matrix(Contract(), width=12, dtype="float32")({"image": images})
    assert made.dtype == np.float32
    assert np.array_equal(made, images.reshape(2, 12))


def test_columns_and_small_arrays_stand_side_by_side():
    made = requests.matrix(Contract())({"a": np.array([1.0, 2.0]), "v": np.array([[3.0, 4.0], [5.0, 6.0]])})
    assert made.tolist() == [[1.0, 3.0, 4.0], [2.0, 5.0, 6.0]]


def test_the_plans_single_dtype_comes_first():
    assert requests.matrix(Contract(dtypes=("float16",)), dtype="float32")(ROWS).dtype == np.float16


def test_named_arrays_take_a_dtype_each():
    made = requests.named(Contract(columns=("a", "b"), dtypes=("float32", "int16")))(ROWS)
    assert {name: array.dtype.name for name, array in made.items()} == {"a": "float32", "b": "int16"}


@pytest.mark.parametrize(
    ("dtypes", "words"), [(("nonsense",), "write numpy dtypes"), (("f4", "f4", "f4"), "3 dtypes for 2 columns")]
)
def test_wrong_dtypes_are_refused(dtypes, words):
    with pytest.raises(Refused, match=words):
        requests.named(Contract(columns=("a", "b"), dtypes=dtypes))(ROWS)


def test_a_wrong_dtype_for_a_matrix_is_refused():
    with pytest.raises(Refused, match="write numpy dtypes, such as float32"):
        requests.matrix(Contract(dtypes=("nonsense",)))(ROWS)


def test_the_layout_is_settled_once():
    seen = []

    def build(request):
        seen.append(request)
        return lambda request: len(request)

    read = requests.settled(build)
    assert [read({"a": 1}), read({"a": 1, "b": 2})] == [1, 2]
    assert seen == [{"a": 1}]


@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(width=32, allow_nan=True)))
def test_a_matrix_is_numpys_column_stack(matrix):
    request = {f"c{place}": matrix[:, place] for place in range(matrix.shape[1])}
    assert np.array_equal(requests.matrix(Contract())(request), matrix, equal_nan=True)
