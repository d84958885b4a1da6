import numpy as np
import pandas as pd
import pytest

from effaudit.core.errors import InputError, Place
from effaudit.core.plan import Data
from effaudit.reading.columns import values_of
from effaudit.reading.dependence import LEAST_GROUPS, as_times, check_said, group_numbers

PLACE = Place("data.csv")
N = 40


def data(**said):
    return Data("classification", {}, ("y",), **said)


def check(name, raw, others=(), **said):
    check_said(data(**said), {name: values_of(name, raw, PLACE)}, others, PLACE)


def texts(*values):
    return np.array(values, dtype=object)


DAYS = pd.date_range("2013-01-01", periods=N)


@pytest.mark.parametrize(
    ("name", "raw", "looks"),
    [
        ("when", DAYS.to_series(), "a date"),
        ("when", texts(*DAYS.strftime("%Y-%m-%d")), "a date"),
        ("time_hour", texts(*DAYS.strftime("%Y-%m-%dT%H:%M:%SZ")), "a date"),
        ("date", np.arange(N) % 3, "a date"),
        ("OrderDate", np.arange(N) % 3, "a date"),
        ("created_timestamp", np.arange(N) * 1e9, "a date"),
        ("time", np.arange(N) % 3, "a date"),
        ("id", np.arange(N) % 3, "an id"),
        ("user_id", np.arange(N) % 3, "an id"),
        ("userId", np.arange(N) % 3, "an id"),
        ("PatientID", np.arange(N) % 3, "an id"),
        ("uuid", np.arange(N) % 3, "an id"),
        ("key", texts(*(f"a1b2-{n:04}" for n in range(N))), "an id"),
        ("index", np.arange(N), "a row number"),
        ("number", np.arange(N, dtype="uint8") + 100, "a row number"),
    ],
)
def test_dates_and_ids_ask_how_rows_depend_on_each_other(name, raw, looks):
    with pytest.raises(InputError) as caught:
        check(name, raw)
    assert f"the column '{name}' looks like {looks}" in caught.value.what
    assert caught.value.place == PLACE
    for line in (f"groups: {name} ", f"time: {name} ", "rows: independent "):
        assert f"\n    {line}" in caught.value.advice


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("dep_time", np.arange(N) % 7),
        ("air_time", np.random.default_rng(0).random(N)),
        ("update", np.arange(N) % 7),
        ("candidate", np.arange(N) % 7),
        ("paid", np.arange(N) % 7),
        ("idle", np.arange(N) % 7),
        ("width", np.arange(N) % 7),
        ("carrier", texts(*["AA", "UA"] * (N // 2))),
        ("comment", texts(*(f"this is remark {n}" for n in range(N)))),
        ("age", np.arange(N)[::-1]),
        ("few", np.arange(LEAST_GROUPS - 1)),
        ("pixels", np.zeros((N, 2, 2))),
        ("nothing", texts(*[None] * N)),
    ],
)
def test_ordinary_columns_ask_nothing(name, raw):
    check(name, raw)


@pytest.mark.parametrize("said", [{"groups": "date"}, {"time": "date"}, {"independent": True}])
def test_a_plan_that_says_it_is_not_asked(said):
    check("date", DAYS.to_series(), **said)


def test_a_date_that_models_do_not_see_still_tells_that_rows_depend():
    with pytest.raises(InputError, match="'date' looks like a date"):
        check("x", np.arange(N) % 3, others=["date"])


def test_a_hostile_name_is_harmless():
    with pytest.raises(InputError) as caught:
        check("\x1b[31m_date", np.arange(N) % 3)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        texts("2013-01-02", "2013-01-01"),
        texts("2013-01-02T00:00:00Z", "2013-01-01T00:00:00Z"),
        texts("2013-01-02 01:00:00+01:00", "2013-01-01"),
        pd.Series(pd.to_datetime(["2013-01-02", "2013-01-01"])),
    ],
)
def test_times_in_text_are_the_dates_they_say(raw):
    times = as_times(values_of("t", raw, PLACE), "t", PLACE)
    assert times.kind == "time"
    assert (times.data == np.array(["2013-01-02", "2013-01-01"], dtype="datetime64[ns]")).all()


def test_times_that_are_numbers_stay_numbers():
    assert as_times(values_of("t", np.array([3, 1]), PLACE), "t", PLACE).data.tolist() == [3, 1]


@pytest.mark.parametrize("text", ["yesterday", "31.12.2013", "2013-13-01", "9999-99-99", "", "1e5", "3000-01-01", "NaT", "NA"])
def test_text_that_is_no_date_is_refused(text):
    with pytest.raises(InputError, match="that is no date"):
        as_times(values_of("t", texts(text), PLACE), "t", PLACE)


def numbers(said, **splits):
    return group_numbers({split: values_of("g", raw, PLACE) for split, raw in splits.items()}, data(**said))


def test_groups_are_numbered_from_zero_in_each_split():
    found, note = numbers({"groups": "g"}, search=texts("b", "b"), certify=texts("c", "a", "c"))
    assert {split: values.tolist() for split, values in found.items()} == {"search": [0, 0], "certify": [1, 0, 1]}
    assert note == ""


def test_times_of_day_are_grouped_by_the_day():
    hours = pd.Series(pd.date_range("2013-01-01", periods=24 * 30, freq="h"))
    found, note = numbers({"time": "t"}, certify=hours)
    assert found["certify"].max() == 29
    assert found["certify"][:25].tolist() == [0] * 24 + [1]
    assert note == "intervals resample the 30 days of t in certify"


def test_times_within_few_days_are_grouped_by_their_value():
    hours = pd.Series(pd.date_range("2013-01-01", periods=30, freq="h").repeat(2))
    found, note = numbers({"time": "t"}, certify=hours)
    assert found["certify"].tolist() == [n // 2 for n in range(60)]
    assert "30 values of t" in note


def test_every_row_at_a_time_of_its_own_is_independent():
    found, note = numbers({"time": "t"}, certify=np.arange(N) * 5)
    assert found["certify"].tolist() == list(range(N))
    assert note == ""


def test_few_times_are_said_loudly():
    found, note = numbers({"time": "year"}, train=np.array([2011, 2011]), certify=np.array([2012] * 5 + [2013] * 5))
    assert found["certify"].tolist() == list(range(10))
    assert found["train"].tolist() == [0, 1]
    assert "only 2 different values of year" in note
