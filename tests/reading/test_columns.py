import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.errors import InputError, Place
from effaudit.reading.columns import LONGEST_TEXT, in_common, values_of

PLACE = Place("data.csv")
NAN, NAT = float("nan"), np.datetime64("NaT")


def arrow(values, kind=None):
    return pd.Series(pa.array(values, kind), dtype=pd.ArrowDtype(kind or pa.array(values).type))


def objects(*values):
    return pd.Series(values, dtype=object)


def read(raw):
    return values_of("x", raw, PLACE)


@pytest.mark.parametrize(
    ("raw", "dtype", "expected"),
    [
        (np.array([1, 2]), "int64", [1, 2]),
        (np.array([1, 2], dtype="uint8"), "uint8", [1, 2]),
        (np.array([1, 2], dtype=">i4"), "int32", [1, 2]),
        (np.array([1.5, NAN], dtype="float32"), "float32", [1.5, NAN]),
        (np.array([1.5], dtype="longdouble"), "float64", [1.5]),
        (np.array([True, False]), "bool", [True, False]),
        (pd.Series([1, None]), "float64", [1, NAN]),
        (pd.Series([1, 2], dtype="Int64"), "int64", [1, 2]),
        (pd.Series([1, None], dtype="Int64"), "float64", [1, NAN]),
        (pd.Series([True, None], dtype="boolean"), "float64", [1, NAN]),
        (pd.Series([True, False], dtype="boolean"), "bool", [True, False]),
        (pd.Series([0.5, None], dtype="Float32"), "float64", [0.5, NAN]),
        (pd.Series([0.0, 1.0], dtype=pd.SparseDtype("float64")), "float64", [0, 1]),
        (arrow([1, None], pa.int32()), "float64", [1, NAN]),
        (arrow([1, 2], pa.int16()), "int16", [1, 2]),
        (arrow([True, None], pa.bool_()), "float64", [1, NAN]),
        (arrow([Decimal("1.50"), None]), "float64", [1.5, NAN]),
        (objects(Decimal("1.50"), None), "float64", [1.5, NAN]),
        (objects(True, None, False), "float64", [1, NAN, 0]),
        (objects(True, False), "bool", [True, False]),
        (objects(1, 2), "int64", [1, 2]),
        (objects(1, None), "float64", [1, NAN]),
        (objects(1, 2.5), "float64", [1, 2.5]),
        (objects(10**30, 1), "float64", [1e30, 1]),
        (objects(10**30, None), "float64", [1e30, NAN]),
        (objects(None, pd.NA, NAN), "float64", [NAN, NAN, NAN]),
        (objects(), "float64", []),
        (pd.Series([3, 1, None], dtype="category"), "float64", [3, 1, NAN]),
        (pd.Series([3, 1], dtype="category"), "int64", [3, 1]),
        (pd.Series([True, False], dtype="category"), "bool", [True, False]),
    ],
)
def test_numbers_are_kept_and_missing_ones_are_nan(raw, dtype, expected):
    values = read(raw)
    assert values.dtype == dtype
    assert values.kind == "number"
    np.testing.assert_array_equal(values.data, np.array(expected, dtype=dtype))


@pytest.mark.parametrize(
    "raw",
    [
        objects("b", None, "a", "b"),
        objects("b", NAN, "a", "b"),
        objects("b", pd.NA, "a", "b"),
        objects(np.str_("b"), None, "a", "b"),
        pd.Series(["b", None, "a", "b"], dtype="str"),
        pd.Series(["b", None, "a", "b"], dtype="string"),
        pd.Series(["b", None, "a", "b"], dtype="category"),
        pd.Series(["b", None, "a", "b"], dtype=pd.CategoricalDtype(["z", "b", "a"], ordered=True)),
        arrow(["b", None, "a", "b"]),
        arrow(["b", None, "a", "b"], pa.large_string()),
        pa.array(["b", None, "a", "b"]).dictionary_encode().to_pandas(),
        np.array(["b", None, "a", "b"], dtype=object),
    ],
)
def test_text_is_coded_into_sorted_words_and_missing_is_minus_one(raw):
    values = read(raw)
    assert (values.dtype, values.words) == ("text", ("a", "b"))
    assert values.data.dtype == np.int32
    assert values.data.tolist() == [1, -1, 0, 1]
    assert values.missing().tolist() == [False, True, False, False]


def test_fixed_width_text_arrays_are_text():
    assert read(np.array(["b", "", "a"])).words == ("", "a", "b")


@pytest.mark.parametrize(
    "raw",
    [
        pd.Series(pd.to_datetime(["2020-01-02", None])),
        pd.Series(pd.to_datetime(["2020-01-02T02:00+02:00", None])),
        np.array(["2020-01-02", "NaT"], dtype="datetime64[D]"),
        objects(dt.date(2020, 1, 2), None),
        objects(dt.datetime(2020, 1, 2), None),
        objects(pd.Timestamp("2020-01-02", tz="UTC"), None),
        arrow([dt.date(2020, 1, 2), None]),
        arrow([dt.datetime(2020, 1, 2), None], pa.timestamp("us", "UTC")),
        pd.Series(pd.to_datetime(["2020-01-02", None])).astype("category"),
    ],
)
def test_dates_are_times_in_utc_of_their_own_unit(raw):
    values = read(raw)
    assert (values.data.dtype.kind, values.kind) == ("M", "time")
    np.testing.assert_array_equal(values.data, np.array(["2020-01-02", "NaT"], dtype="datetime64[ns]"))


@pytest.mark.parametrize("raw", [np.array(["3000-01-01"], dtype="datetime64[D]"), objects(dt.date(3000, 1, 1))])
def test_times_far_away_are_read(raw):
    assert str(read(raw).data[0])[:10] == "3000-01-01"


def test_arrays_keep_their_shape():
    values = read(np.zeros((2, 3, 4), dtype="uint8"))
    assert (values.dtype, values.shape, values.missing().tolist()) == ("uint8", (3, 4), [False, False])
    assert read(np.array([[1.0, NAN], [1, 2]])).missing().tolist() == [True, False]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (objects("a", 1), "a mixture: str (first as value 1), int (first as value 2)"),
        (objects(1, "a"), "a mixture"),
        (objects(True, 1), "a mixture"),
        (objects(None, {}), "objects of the type dict"),
        (objects([1, 2], [3]), "objects of the type list"),
        (objects(b"x"), "values of the kind bytes"),
        (np.array([b"x"]), "values of the kind bytes"),
        (objects(dt.timedelta(1)), "values of the kind timedelta"),
        (pd.Series([dt.timedelta(1)]), "values of the kind timedelta"),
        (objects(dt.time(1)), "values of the kind time"),
        (np.array([1j]), "values of the kind complex"),
        (pd.Series(pd.period_range("2020", periods=2)), "values of the kind period"),
        (pd.Series(pd.interval_range(0, 2)), "values of the kind interval"),
        (arrow([b"x"]), "values of the kind bytes"),
        (np.array([["a", "b"]]), "an array of <U1 with several values a row"),
        (np.array([[None]], dtype=object), "an array of object"),
        (objects(pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2020")), "cannot be read"),
        (objects("x" * (LONGEST_TEXT + 1)), "a text of 1,000,001 characters in row 1"),
    ],
)
def test_what_no_model_can_be_given_is_refused_with_the_column_s_name(raw, said):
    with pytest.raises(InputError) as caught:
        read(raw)
    assert said in caught.value.what
    assert "'x'" in caught.value.what
    assert caught.value.place == PLACE


def test_rows_can_be_taken():
    values = read(objects("b", None, "a"))
    assert values.take(np.array([2, 1])).data.tolist() == [0, -1]


def common(**parts):
    return in_common({split: read(raw) for split, raw in parts.items()}, "x", {split: Place(split) for split in parts})


@pytest.mark.parametrize(
    ("one", "two", "dtype"),
    [
        (np.array([1, 2]), np.array([1.5]), "float64"),
        (np.array([1], dtype="int8"), np.array([300]), "int64"),
        (np.array([True]), np.array([2]), "int64"),
        (np.array([1.5], dtype="float32"), np.array([1.5]), "float64"),
        (np.array([1], dtype="uint64"), np.array([-1]), "float64"),
        (np.array([1]), objects(None), "float64"),
        (np.array([True]), objects(None, None), "float64"),
    ],
)
def test_numbers_of_two_splits_find_one_dtype(one, two, dtype):
    found = common(train=one, certify=two)
    assert {values.dtype for values in found.values()} == {dtype}
    np.testing.assert_array_equal(found["train"].data, one.astype(dtype))


def test_text_of_two_splits_finds_one_vocabulary():
    found = common(train=objects("b", "a", None), certify=objects("c", "b"))
    assert found["train"].words == found["certify"].words == ("a", "b", "c")
    assert found["train"].data.tolist() == [1, 0, -1]
    assert found["certify"].data.tolist() == [2, 1]


def test_a_column_without_any_value_takes_the_form_it_has_elsewhere():
    found = common(train=objects("a"), certify=objects(None, None))["certify"]
    assert (found.data.tolist(), found.words, found.text) == ([-1, -1], ("a",), True)
    times = common(train=np.array(["2020-01-01"], dtype="datetime64[ns]"), certify=objects(None))
    assert np.isnat(times["certify"].data).all()
    assert common(train=objects(None), certify=objects(None, None))["train"].dtype == "float64"


@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        (objects("a"), np.array([1]), "'x' is text in train and int64 in certify"),
        (objects("a"), np.array(["2020-01-01"], dtype="datetime64[ns]"), "'x' is text in train and datetime64[ns] in certify"),
        (np.array([1.0]), np.array(["2020-01-01"], dtype="datetime64[ns]"), "'x' is float64 in train"),
        (np.zeros((2, 3)), np.zeros((2, 4)), "'x' is float64 of shape (3,) in train and float64 of shape (4,) in certify"),
        (np.zeros((2, 3)), np.full((2, 4), NAN), "of shape (4,) in certify"),
        (np.zeros((2, 3)), np.zeros(2), "'x' is float64 of shape (3,) in train and float64 in certify"),
    ],
)
def test_forms_that_do_not_go_together_are_refused_with_both(one, two, said):
    with pytest.raises(InputError) as caught:
        common(train=one, certify=two)
    assert caught.value.what == said or said in caught.value.what
    assert caught.value.place.file == "certify"


cells = st.one_of(st.none(), st.integers(-(2**53), 2**53), st.floats(), st.booleans(), st.text("ab", max_size=2))


@settings(max_examples=150, deadline=None)
@given(st.lists(cells, max_size=6))
def test_any_list_of_cells_is_read_or_refused_by_name(given_cells):
    raw = np.empty(len(given_cells), dtype=object)
    raw[:] = given_cells
    kinds = {type(cell) for cell in given_cells if not pd.isna(cell)}
    if len(kinds) > 1 and kinds != {int, float}:
        with pytest.raises(InputError, match="'x' holds"):
            read(raw)
        return
    values = read(raw)
    assert values.missing().tolist() == [bool(pd.isna(cell)) for cell in given_cells]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=4), max_size=8))
def test_text_comes_back_as_it_was(texts):
    raw = np.empty(len(texts), dtype=object)
    raw[:] = texts
    values = read(raw)
    if values.text:
        assert [values.words[code] if code >= 0 else None for code in values.data] == texts
    else:
        assert set(texts) <= {None}


BIG = 2**53 + 1


@pytest.mark.parametrize(
    "raw",
    [
        pd.Series([BIG, None], dtype="Int64"),
        pd.Series([-BIG, None], dtype="Int64"),
        pd.Series([2**63 + 1, None], dtype="UInt64"),
        arrow([BIG, None], pa.int64()),
        objects(BIG, None),
        objects(Decimal("0.12345678901234567890123"), None),
        objects(Decimal(10**28 + 1), Decimal(1)),
    ],
)
def test_numbers_that_would_lose_digits_beside_a_gap_are_refused(raw):
    with pytest.raises(InputError, match=r"the column 'x' holds (whole numbers beyond|decimals of more digits)"):
        read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pd.Series([2**53, None], dtype="Int64"),
        pd.Series([2**60, None], dtype="Int64"),
        pd.Series([BIG, 1], dtype="Int64"),
        pd.Series([None, None], dtype="Int64"),
        objects(Decimal("0.10"), Decimal("2.5"), None),
        objects(Decimal("NaN"), Decimal("2.5")),
        objects(2**53, None),
    ],
)
def test_numbers_that_keep_their_digits_are_read(raw):
    assert len(read(raw).data) == len(raw)
