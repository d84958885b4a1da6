import io

import numpy as np
import pandas
import pytest
from pandas.testing import assert_frame_equal

from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.frameworks.inputs.frames import frame

CSV = "count,share,word\n1,0.5,x\n2,,\n3,1.5,y\n"
REQUEST = {
    "word": np.array(["x", np.nan, "y"], object),
    "share": np.array([0.5, np.nan, 1.5]),
    "count": np.array([1, 2, 3]),
}


def test_a_request_becomes_what_pandas_reads_from_a_file():
    assert_frame_equal(frame(Contract(), ("count", "share", "word"))(REQUEST), pandas.read_csv(io.StringIO(CSV)))


def test_one_row_of_missing_text_is_still_text():
    row = {name: values[1:2] for name, values in REQUEST.items()}
    made = frame(Contract(), ("count", "share", "word"))(row)
    assert_frame_equal(made, pandas.read_csv(io.StringIO(CSV)).iloc[1:2].reset_index(drop=True))


def test_numbers_of_one_kind_are_the_same_frame_as_column_by_column():
    request = {"a": np.array([1.0, np.nan]), "b": np.array([2.0, 3.0])}
    assert_frame_equal(frame(Contract(), ("b", "a"))(request), pandas.DataFrame({"b": request["b"], "a": request["a"]}))


def test_all_columns_are_given_where_the_model_knows_no_names():
    assert list(frame(Contract())(REQUEST).columns) == ["word", "share", "count"]


def test_the_models_names_label_the_plans_columns():
    assert list(frame(Contract(columns=("share", "count")), ("x", "y"))(REQUEST).columns) == ["x", "y"]


def test_a_preprocessed_matrix_gets_the_models_names():
    made = frame(Contract(), ("x", "y"))({"": np.array([[1.0, 2.0]])})
    assert_frame_equal(made, pandas.DataFrame([[1.0, 2.0]], columns=["x", "y"]))


def test_categories_are_those_of_training_and_others_are_missing():
    request = {"word": np.array(["y", "new", np.nan, "x"], object), "n": np.array([1.0, 2.0, 9.0, np.nan])}
    made = frame(Contract(), ("word", "n"), {"word": ["x", "y"], "n": [1, 2]})(request)
    assert made["word"].cat.codes.tolist() == [1, -1, -1, 0]
    assert made["n"].cat.categories.tolist() == [1, 2]
    assert made["n"].cat.codes.tolist() == [0, 1, -1, -1]


def test_the_plans_dtypes_are_applied_column_by_column():
    made = frame(Contract(columns=("share", "count"), dtypes=("float32", "float64")), ("share", "count"))(REQUEST)
    assert made.dtypes.astype(str).tolist() == ["float32", "float64"]


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(Refused, match="same name"):
        frame(Contract(columns=("count", "share")), ("a", "a"))(REQUEST)


def test_arrays_of_several_axes_are_no_table():
    with pytest.raises(Refused, match="trained on a table"):
        frame(Contract(), ("a", "b"))({"a": np.zeros((2, 2)), "b": np.zeros(2)})
