"""A model that takes a DataFrame gets what pandas reads from the file, whatever is stored of it."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.candidate import Contract
from effaudit.core.forms import Form, converter
from effaudit.core.plan import Data
from effaudit.frameworks.inputs import frames
from effaudit.reading.data import build_store

N = 8
TIMES = pd.DatetimeIndex(["2024-01-01T10:00", "2024-07-01T23:30", None, "1999-12-31T00:00"] * 2).as_unit("ns")
COLUMNS = {
    "whole numbers": pd.Series(range(N)),
    "short numbers": pd.Series(np.arange(N, dtype=np.int16)),
    "unsigned": pd.Series(np.arange(N, dtype=np.uint8)),
    "numbers with gaps": pd.Series([1.5, None] * 4),
    "single precision": pd.Series(np.arange(N, dtype=np.float32)),
    "booleans": pd.Series([True, False] * 4),
    "booleans with gaps": pd.Series([True, None, False, True] * 2, dtype=object),
    "nullable booleans": pd.Series([True, None, False, True] * 2, dtype="boolean"),
    "nullable numbers": pd.Series([1, None, 3, 4] * 2, dtype="Int64"),
    "nullable short numbers": pd.Series([1, None, 3, 4] * 2, dtype="UInt8"),
    "nullable floats": pd.Series([1.5, None, 3, 4] * 2, dtype="Float32"),
    "nullable without gaps": pd.Series(range(N), dtype="Int32"),
    "words": pd.Series(["a", "b", "", "d"] * 2),
    "words with gaps": pd.Series(["a", None, "", "d"] * 2),
    "string type": pd.Series(["a", None, "", "d"] * 2, dtype="string"),
    "nothing": pd.Series([None] * N, dtype=object),
    "category": pd.Series(pd.Categorical(["b", "a", None, "b"] * 2, categories=["b", "a", "c"])),
    "ordered category": pd.Series(pd.Categorical(["low", "top"] * 4, categories=["low", "mid", "top"], ordered=True)),
    "category of numbers": pd.Series(pd.Categorical([3, 1, None, 3] * 2)),
    "category of floats": pd.Series(pd.Categorical([0.5, 1.5] * 4)),
    "category of times": pd.Series(pd.Categorical(TIMES)),
    "times": pd.Series(TIMES),
    "times in microseconds": pd.Series(TIMES.as_unit("us")),
    "times in seconds": pd.Series(TIMES.as_unit("s")),
    "times far away": pd.Series(np.array(["1500-01-01", "3000-01-01"] * 4, dtype="datetime64[us]")),
    "local times": pd.Series(TIMES.tz_localize("America/New_York")),
    "local times in microseconds": pd.Series(TIMES.tz_localize("Europe/Berlin").as_unit("us")),
    "times of an offset": pd.Series(TIMES.tz_localize("UTC").tz_convert("+05:30")),
    "universal times": pd.Series(TIMES.tz_localize("UTC")),
    "dates": pd.Series([datetime.date(2024, 1, 2), None, datetime.date(1969, 5, 1), datetime.date(2024, 2, 29)] * 2),
    "decimals": pd.Series([decimal.Decimal("1.50"), None, decimal.Decimal("-0.25"), decimal.Decimal("7.00")] * 2),
}


ARROW = {
    "int16[pyarrow]": [1, None, 3, 4],
    "double[pyarrow]": [1.5, None, 3, 4],
    "bool[pyarrow]": [True, None, False, True],
    "timestamp[us, tz=America/New_York][pyarrow]": TIMES[:4].tz_localize("UTC"),
    "timestamp[s][pyarrow]": TIMES[:4],
    "date32[day][pyarrow]": TIMES[:4],
}


def given_frame(path, tmp_path):
    """What a model would be given of all rows of a file."""
    sources = {"certify": path} if not isinstance(path, dict) else path
    workload, store = build_store(Data("classification", sources, ("y",), independent=True), tmp_path / "store", False, 0)
    read = frames.frame(Contract(forms=store.forms("certify")), [column.name for column in workload.inputs])
    return read(store.inputs("certify", slice(None)))


def same(found, expected):
    pd.testing.assert_frame_equal(found, expected, check_column_type=False)
    for name in expected:
        kinds = [[type(value) for value in frame[name].to_list()] for frame in (found, expected)]
        assert kinds[0] == kinds[1], name


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_a_parquet_file_comes_as_pandas_reads_it(tmp_path, name):
    file = tmp_path / "rows.parquet"
    pd.DataFrame({"x": COLUMNS[name], "y": [0, 1] * 4}).to_parquet(file)
    same(given_frame(file, tmp_path), pd.read_parquet(file)[["x"]])


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "decimals"])
def test_a_column_of_a_csv_file_comes_as_pandas_reads_it(tmp_path, name):
    file = tmp_path / "rows.csv"
    pd.DataFrame({"x": COLUMNS[name], "n": range(N), "y": [0, 1] * 4}).to_csv(file, index=False)
    same(given_frame(file, tmp_path), pd.read_csv(file)[["x", "n"]])


@pytest.mark.parametrize("dtype", ARROW)
def test_arrows_own_types_come_as_pandas_reads_them(tmp_path, dtype):
    file = tmp_path / "rows.parquet"
    pd.DataFrame({"x": pd.Series(ARROW[dtype]).astype(dtype), "y": [0, 1] * 2}).to_parquet(file)
    assert str(pd.read_parquet(file)["x"].dtype) == dtype
    same(given_frame(file, tmp_path), pd.read_parquet(file)[["x"]])


def test_columns_of_a_frame_in_memory_come_as_they_are(tmp_path):
    frame = pd.DataFrame(COLUMNS)
    found = given_frame({"certify": frame.assign(y=[0, 1] * 4)}, tmp_path)
    expected = frame.copy()
    expected["string type"] = expected["string type"].astype("string")
    same(found, expected)


def test_each_split_comes_in_the_form_of_its_own_file(tmp_path):
    train, certify = tmp_path / "train.parquet", tmp_path / "certify.parquet"
    pd.DataFrame(
        {"a": [1, 2, 3, 4], "b": pd.Categorical(["x", "y", "z", "x"]), "c": ["u", "v", None, "u"], "y": [0, 1] * 2}
    ).to_parquet(train)
    pd.DataFrame({"a": [1.0, None], "b": pd.Categorical(["z", "w"]), "c": [None, None], "y": [0, 1]}).astype(
        {"c": object}
    ).to_parquet(certify)
    sources = {"train": train, "certify": certify}
    workload, store = build_store(Data("classification", sources, ("y",), independent=True), tmp_path / "store", False, 0)
    for split, file in sources.items():
        read = frames.frame(Contract(forms=store.forms(split)), [column.name for column in workload.inputs])
        same(read(store.inputs(split, slice(None))), pd.read_parquet(file).drop(columns="y"))


def test_one_row_comes_as_the_first_row_of_many(tmp_path):
    file = tmp_path / "rows.parquet"
    pd.DataFrame({**COLUMNS, "y": [0, 1] * 4}).to_parquet(file)
    _, store = build_store(Data("classification", {"certify": file}, ("y",), independent=True), tmp_path / "store", False, 0)
    read = frames.frame(Contract(forms=store.forms("certify")))
    expected = pd.read_parquet(file).drop(columns="y")
    for row in range(N):
        one = read(store.inputs("certify", slice(row, row + 1)))
        pd.testing.assert_frame_equal(one, expected.iloc[row : row + 1].reset_index(drop=True))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=2, max_size=12),
    st.permutations(["a", "b", "c", "d"]),
    st.booleans(),
)
def test_categories_keep_their_order(values, order, ordered):
    column = pd.Series(pd.Categorical(values, categories=order, ordered=ordered))
    from effaudit.core.errors import Place
    from effaudit.reading.columns import values_of

    stored = values_of("x", column, Place(""))
    words = np.array([*stored.words, np.nan], dtype=object)
    data = words[stored.data] if stored.text else stored.data
    found = pd.Series(converter(data, stored.form)(data))
    pd.testing.assert_series_equal(found, column, check_names=False)


def test_dtypes_in_the_plan_go_before_the_form():
    read = frames.frame(
        Contract(columns=("a", "b"), dtypes=("float32", "text"), forms={"a": Form("Int64"), "b": Form("object", "text")}),
        ("a", "b"),
    )
    found = read({"a": np.array([1.0, np.nan]), "b": np.array(["u", np.nan], dtype=object)})
    assert [str(dtype) for dtype in found.dtypes] == ["float32", "str"]


def test_models_that_effaudit_trained_are_given_plain_columns():
    read = frames.frame(Contract(input="plain", forms={"a": Form("boolean")}), ("a",))
    assert str(read({"a": np.array([1.0, np.nan])})["a"].dtype) == "float64"
