"""Slices of certify rows: which there are, what they are called, and which rows are in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.errors import InputError, Place
from effaudit.core.notes import texts
from effaudit.core.plan import Data
from effaudit.core.slices import NO_SLICE
from effaudit.reading import slices as module
from effaudit.reading.columns import values_of
from effaudit.reading.data import build_store
from effaudit.reading.plan import read_plan
from effaudit.reading.slices import slices_of


def cut(column, least=1, groups=None, classes=None, known=0, name="c"):
    values = values_of(name, pd.Series(column) if not hasattr(column, "iloc") else column, Place("data"))
    numbers = np.arange(len(column)) if groups is None else np.asarray(groups)
    return slices_of({name: values}, least, numbers, classes, known)


def rows_of(found):
    return {one.key: np.flatnonzero(found.codes[:, 0] == place).tolist() for place, one in enumerate(found.slices)}


def test_categories_are_kept_and_missing_values_are_a_slice_of_their_own():
    found = cut(["UA", None, "DL", "UA"])
    assert rows_of(found) == {"c=DL": [2], "c=UA": [0, 3], "c=(missing)": [1]}
    assert [(one.column, one.title, one.rows) for one in found.slices] == [("c", "DL", 1), ("c", "UA", 2), ("c", "missing", 1)]


@pytest.mark.parametrize("column", [[True, False, True], [1.0, 0.5, np.nan], [3, 1, 2], pd.Categorical(["a", "b", "a"])])
def test_few_different_values_are_categories(column):
    found = cut(pd.Series(column))
    assert sum(one.rows for one in found.slices) == 3
    assert not any("Q" in one.key for one in found.slices)
    assert {"c=True", "c=1", "c=0.5", "c=3", "c=a"} & {one.key for one in found.slices}


def test_numbers_are_cut_into_quartiles_whose_titles_are_their_ends():
    values = np.random.default_rng(0).permutation(1000)
    found = cut(values)
    assert [one.key for one in found.slices] == ["c=Q1", "c=Q2", "c=Q3", "c=Q4"]
    assert [one.title for one in found.slices] == ["0 to 249", "250 to 499", "500 to 749", "750 to 999"]
    assert [one.rows for one in found.slices] == [250] * 4
    assert set(values[found.codes[:, 0] == 0]) == set(range(250))


def test_quartiles_agree_with_numpy_where_values_do_not_repeat():
    values = np.random.default_rng(1).normal(size=997)
    found = cut(values)
    edges = np.quantile(values, (0.25, 0.5, 0.75), method="inverted_cdf")
    np.testing.assert_array_equal(found.codes[:, 0], np.searchsorted(edges, values))


def test_a_value_that_repeats_over_a_quartile_stays_in_one_slice():
    found = cut([0] * 60 + list(range(1, 41)))
    assert [(one.key, one.title, one.rows) for one in found.slices] == [
        ("c=Q1", "0", 60),
        ("c=Q3", "1 to 15", 15),
        ("c=Q4", "16 to 40", 25),
    ]


def test_infinite_numbers_and_times_are_cut_too():
    found = cut([*np.linspace(-1, 1, 30), np.inf, -np.inf, np.nan])
    assert [one.rows for one in found.slices] == [8, 8, 8, 8, 1]
    assert found.slices[0].title.startswith("-inf to ")
    days = cut(pd.Series(pd.date_range("2013-01-01", periods=40)))
    assert days.slices[0].title == "2013-01-01 to 2013-01-10"


def test_rare_values_are_put_together_and_it_is_said():
    found = cut(["a"] * 10 + ["b"] * 10 + ["c"] * 4 + ["d"] * 3 + [None] * 3, least=10)
    assert rows_of(found)["c=(other)"] == list(range(20, 30))
    assert found.slices[-1].title == "3 other values"
    assert texts(found.notes) == (
        "3 values of c with 10 certify rows in all became one slice, other: a slice has at least 10 rows",
    )


def test_rows_too_few_even_together_are_in_no_slice_and_it_is_said():
    found = cut(["a"] * 10 + ["b"] * 10 + ["c"] * 4, least=10)
    assert [one.key for one in found.slices] == ["c=a", "c=b"]
    assert (found.codes[20:, 0] == NO_SLICE).all()
    assert texts(found.notes)[0].startswith("in no slice: 1 value of c with 4 certify rows in all")


def test_a_column_of_many_values_keeps_the_largest(monkeypatch):
    monkeypatch.setattr(module, "MOST_SLICES", 2)
    found = cut(["a"] * 5 + ["b"] * 7 + ["c"] * 6 + ["d"] * 5 + [None] * 5, least=5)
    assert {one.key: one.rows for one in found.slices} == {"c=b": 7, "c=c": 6, "c=(missing)": 5, "c=(other)": 10}
    assert "no more than 2 stand alone" in texts(found.notes)[0]


def test_a_column_without_any_value_is_one_slice():
    assert [(one.key, one.rows) for one in cut(pd.Series([np.nan] * 5)).slices] == [("c=(missing)", 5)]
    assert [(one.key, one.rows) for one in cut(pd.Series([None] * 5, dtype=object)).slices] == [("c=(missing)", 5)]


def test_groups_and_classes_are_counted_in_each_slice():
    found = cut(["a", "a", "a", "b"], groups=[0, 0, 1, 1], classes=np.array([1, 1, 0, 1]), known=3)
    assert [(one.groups, one.class_rows) for one in found.slices] == [(2, (1, 2, 0)), (1, (0, 1, 0))]


def test_slices_in_which_scores_cannot_be_judged_are_told_with_what_would_help():
    column = ["a"] * 200 + ["b"] * 120 + ["c"] * 110
    classes = np.array([0, 1] * 100 + [0] * 100 + [1] * 20 + [0] * 90 + [1] * 20)
    said = "slices of c with less than 30 rows of a class, in which rules on scores stay undecided: b, c"
    assert texts(cut(column, 100, classes=classes, known=2).notes) == (f"{said}; `slice_min_rows: 121` puts them together",)
    assert texts(cut(column, 121, classes=classes, known=2).notes)[1:] == ()
    groups = [0] * 200 + list(range(1, 231))
    assert texts(cut(column, 100, groups=groups).notes) == (
        "slices of c with less than 30 rows of a class, or than 20 groups, in which rules on scores stay undecided: a",
    )


def test_hostile_values_are_slices_like_any_other():
    hostile = ["(other)", "(missing)", "a]b[c=d", "x\ny", "\u202eevil", "y" * 10_000, "</script>", ""]
    found = cut(hostile)
    assert sorted(one.rows for one in found.slices) == [1] * len(hostile)
    assert len({one.key for one in found.slices}) == len(hostile)
    assert all(len(one.title) <= 60 and one.title.isprintable() for one in found.slices)


@given(st.lists(st.one_of(st.none(), st.floats(), st.sampled_from([0.0, 1.0, 2.0])), min_size=1, max_size=80), st.integers(1, 12))
def test_every_row_is_in_one_slice_or_said_to_be_in_none(column, least):
    found = cut(pd.Series(column, dtype="float64"), least)
    inside = found.codes[:, 0] != NO_SLICE
    assert sum(one.rows for one in found.slices) == inside.sum()
    assert all(one.rows >= least for one in found.slices)
    assert inside.all() or any(note.warns for note in found.notes)
    assert len({one.key for one in found.slices}) == len(found.slices)


def data(columns, **more):
    said = {"task": "classification", "sources": {"certify": columns}, "answer": ("y",), "independent": True} | more
    return Data(**said)


def table(rows=400):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=rows), "sex": rng.choice(["F", "M"], rows), "y": rng.integers(0, 2, rows)})


def test_the_store_and_the_workload_have_the_slices_and_models_need_not_see_the_column(tmp_path):
    frame = table()
    workload, store = build_store(data(frame, slices=("sex", "x"), ignore=("sex",)), tmp_path, False, 0)
    assert [column.name for column in workload.inputs] == ["x"]
    assert [one.key for one in workload.slices] == ["sex=F", "sex=M", "x=Q1", "x=Q2", "x=Q3", "x=Q4"]
    np.testing.assert_array_equal(store.slices()[:, 0] == 1, frame["sex"] == "M")
    assert workload.slices[0].class_rows == tuple(np.bincount(frame["y"][frame["sex"] == "F"]))


def test_rows_cut_off_for_search_are_in_no_slice(tmp_path):
    workload, store = build_store(data(table(), slices=("sex",), slice_min_rows=1), tmp_path, True, 0)
    assert store.slices().shape == (workload.splits["certify"], 1)
    assert sum(one.rows for one in workload.slices) == workload.splits["certify"] < 400


def test_a_column_may_be_missing_from_the_training_rows(tmp_path):
    sources = {"train": table().drop(columns="sex"), "certify": table()}
    workload, _ = build_store(data(None, sources=sources, slices=("sex",), ignore=("sex",)), tmp_path, False, 0)
    assert [one.key for one in workload.slices] == ["sex=F", "sex=M"]


def test_an_unknown_column_is_told_with_its_place_in_the_plan(tmp_path):
    asked = data(table(), slices=("sexx",), slice_places=(Place("plan.yaml", 9, "workload.slices.0"),))
    with pytest.raises(InputError) as caught:
        build_store(asked, tmp_path, False, 0)
    assert "Did you mean 'sex'?" in str(caught.value)
    assert caught.value.place.line == 9


def test_a_column_of_arrays_tells_no_slices_apart(tmp_path):
    source = {"pixels": np.zeros((50, 2, 2)), "y": np.arange(50) % 2}
    with pytest.raises(InputError, match="several values a row"):
        build_store(data(source, slices=("pixels",)), tmp_path, False, 0)


def test_a_misspelt_column_of_a_plan_is_told_with_its_line(write, known, folder, tmp_path):
    table().to_csv(folder / "test.csv", index=False)
    lines = ["certify: test.csv", "answer: y", "rows: independent", "slices:", "  - x", "  - sez"]
    text = "apiVersion: effaudit/v1\nkind: AuditPlan\nname: a\ntask: classification\n"
    text += "candidates: [{name: forest, path: forest.skops}]\nworkload:\n" + "".join(f"  {line}\n" for line in lines)
    plan = read_plan(write(text), known)
    with pytest.raises(InputError) as caught:
        build_store(plan.data, tmp_path / "store", False, 0)
    said = "there is no column 'sez', which is among `slices` and looked for in test.csv. Did you mean 'sex'?"
    assert str(caught.value).endswith(f"plan.yaml:12 (workload.slices[1]): {said}")
