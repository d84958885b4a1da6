import time

import numpy as np
import pandas as pd
import pytest

from effaudit.core.errors import InputError
from effaudit.core.notes import texts
from effaudit.core.plan import Data
from effaudit.core.store import Store
from effaudit.reading.data import build_store

RNG = np.random.default_rng(0)
N = 200
TABLE = pd.DataFrame(
    {
        "whole": RNG.integers(0, 9, N),
        "real": np.where(RNG.random(N) < 0.1, np.nan, RNG.random(N)),
        "flag": RNG.random(N) < 0.5,
        "word": RNG.choice(["red", "green", None], N),
        "kind": pd.Categorical(RNG.choice(["a", "b"], N)),
        "late": RNG.choice(["no", "yes"], N),
        "day": RNG.integers(0, 40, N),
    }
)


def data(sources, answer=("late",), task="classification", **said):
    return Data(task, sources, answer, **({"groups": "day"} | said))


@pytest.fixture
def build(tmp_path):
    return lambda given, needs_search=False, seed=0: build_store(given, tmp_path / "store", needs_search, seed)


@pytest.fixture(params=["parquet", "csv", "memory", "columns"])
def source(request, tmp_path):
    """The same table in every form."""
    if request.param == "parquet":
        TABLE.to_parquet(tmp_path / "t.parquet")
        return tmp_path / "t.parquet"
    if request.param == "csv":
        TABLE.to_csv(tmp_path / "t.csv", index=False)
        return tmp_path / "t.csv"
    return TABLE if request.param == "memory" else {name: TABLE[name].to_list() for name in TABLE}


def test_every_source_gives_the_same_store(source, build, tmp_path):
    workload, store = build(data({"certify": source}))
    assert store.columns == ("whole", "real", "flag", "word", "kind")
    found = store.inputs("certify", slice(None))
    for name in ("whole", "real", "flag"):
        np.testing.assert_array_equal(found[name], TABLE[name])
    for name in ("word", "kind"):
        assert [None if cell != cell else cell for cell in found[name]] == [None if pd.isna(c) else c for c in TABLE[name]]
    assert (workload.classes, workload.quality, workload.unit, workload.table) == (("no", "yes"), ("roc_auc",), "row", True)
    assert np.array(workload.classes)[store.answers("certify")].tolist() == TABLE["late"].tolist()
    assert [(c.name, c.dtype, c.missing) for c in workload.inputs] == [
        ("whole", "int64", 0),
        ("real", "float64", int(TABLE["real"].isna().sum())),
        ("flag", "bool", 0),
        ("word", "text", int(TABLE["word"].isna().sum())),
        ("kind", "text", 0),
    ]
    assert workload.store == str(tmp_path / "store")
    assert Store(tmp_path / "store").rows("certify") == N


def test_the_workload_tells_of_splits_groups_classes_and_sampling(build):
    workload, store = build(data({"train": TABLE, "certify": TABLE.iloc[:50]}))
    assert workload.splits == {"train": N, "search": 0, "certify": 50}
    assert workload.groups == {"train": 40, "certify": TABLE["day"].iloc[:50].nunique()}
    assert workload.sampling == "groups: day"
    assert workload.class_rows == tuple(TABLE["late"].iloc[:50].value_counts().sort_index())
    assert set(workload.digests) == {"train", "certify"}
    assert store.groups("certify").max() + 1 == workload.groups["certify"]


@pytest.mark.parametrize(
    ("said", "sampling"),
    [
        ({"groups": "day"}, "groups: day"),
        ({"groups": None, "time": "day"}, "time: day"),
        ({"groups": None, "independent": True}, "independent"),
    ],
)
def test_data_is_cut_as_the_plan_says(build, said, sampling):
    workload, store = build(data({"data": TABLE}, **said), needs_search=True)
    assert workload.sampling == sampling
    assert workload.splits["search"] + workload.splits["certify"] == N
    assert workload.splits["search"] == pytest.approx(0.3 * N, abs=8)
    assert any("was cut" in note for note in texts(workload.notes))
    assert len(store.answers("search")) == workload.splits["search"]
    if sampling == "independent":
        assert workload.groups["certify"] == workload.splits["certify"]
        assert store.groups("certify").tolist() == list(range(workload.splits["certify"]))


def test_nothing_is_cut_where_nothing_needs_it(build):
    assert build(data({"data": TABLE}))[0].splits == {"train": 0, "search": 0, "certify": N}
    assert not any("cut" in note for note in texts(build(data({"data": TABLE}))[0].notes))


def test_the_seed_alone_decides_the_cut(build):
    digests = [build(data({"data": TABLE}), True, seed)[0].digests for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def test_rows_that_occur_in_two_splits_are_counted(build):
    independent = {"groups": None, "independent": True, "ignore": ("day",)}
    workload, _ = build(data({"train": TABLE.iloc[:120], "search": TABLE.iloc[190:], "certify": TABLE.iloc[100:]}, **independent))
    keys = [tuple(None if pd.isna(c) else c for c in row) for row in TABLE.drop(columns=["late", "day"]).itertuples(index=False)]
    for split, rows in (("train", range(120)), ("search", range(190, 200))):
        known = {keys[at] for at in rows}
        assert workload.duplicates[split] == sum(keys[at] in known for at in range(100, N)) >= 10
    within = 100 - len(set(keys[100:]))
    notes = " ".join(texts(workload.notes))
    assert f"{workload.duplicates['train']} rows" in notes
    assert "occur in train too" in notes
    assert ("repeat an earlier row of certify" in notes) == bool(within)


def test_identical_rows_inside_certify_are_said(build):
    twice = pd.concat([TABLE, TABLE.iloc[:5]])
    notes = texts(build(data({"certify": twice}))[0].notes)
    assert any("repeat an earlier row of certify" in note for note in notes)


def test_groups_in_two_splits_are_said_loudly(build):
    notes = texts(build(data({"train": TABLE[TABLE["day"] < 21], "certify": TABLE[TABLE["day"] >= 20]}))[0].notes)
    assert "1 of the 20 groups of day in certify are in train too" in notes
    assert not texts(build(data({"train": TABLE[TABLE["day"] < 20], "certify": TABLE[TABLE["day"] >= 20]}))[0].notes)


def test_certify_rows_that_are_not_later_are_said_loudly(build):
    by_time = {"groups": None, "time": "day"}
    notes = texts(build(data({"train": TABLE[TABLE["day"] <= 20], "certify": TABLE[TABLE["day"] >= 20]}, **by_time))[0].notes)
    earlier = int((TABLE["day"] == 20).sum())
    assert any(note.startswith(f"{earlier} row") and "are not later than all of train by day" in note for note in notes)
    notes = build(data({"train": TABLE[TABLE["day"] < 20], "certify": TABLE[TABLE["day"] >= 20]}, **by_time))[0].notes
    assert not any(note.warns for note in notes)


def test_infinite_inputs_are_allowed_and_said(build):
    table = TABLE.assign(real=np.where(np.arange(N) < 3, np.inf, 0.5))
    workload, store = build(data({"certify": table}))
    assert "infinite values in real (3)" in texts(workload.notes)
    assert np.isinf(store.inputs("certify", slice(0, 3))["real"]).all()


def test_images_in_an_npz_file(build, tmp_path):
    images = RNG.integers(0, 255, (30, 8, 8)).astype("uint8")
    np.savez(tmp_path / "images.npz", pixels=images, label=np.arange(30) % 3)
    workload, store = build(data({"certify": tmp_path / "images.npz"}, ("label",), groups=None))
    assert (workload.table, workload.unit, workload.quality, workload.classes) == (False, "image", ("accuracy",), ("0", "1", "2"))
    assert [(c.name, c.dtype, c.shape) for c in workload.inputs] == [("pixels", "uint8", (8, 8))]
    np.testing.assert_array_equal(store.inputs("certify", np.array([3, 1]))["pixels"], images[[3, 1]])


def test_arrays_in_files_of_their_own(build, tmp_path):
    np.save(tmp_path / "x.npy", RNG.random((40, 5)).astype("float32"))
    np.save(tmp_path / "y.npy", np.arange(40) % 2)
    workload, store = build(data({"data": {"x": tmp_path / "x.npy", "y": tmp_path / "y.npy"}}, ("y",), groups=None), True)
    assert (workload.table, workload.unit, workload.splits) == (False, "row", {"train": 0, "search": 12, "certify": 28})
    assert store.inputs("certify", slice(None))["x"].shape == (28, 5)
    assert store.inputs("certify", slice(None))["x"].dtype == np.float32


def test_a_regression_and_several_outputs(build):
    workload, store = build(data({"certify": TABLE}, ("whole",), "regression", answer_unit="min"))
    assert (workload.quality, workload.classes, workload.answer_unit) == (("root_mean_squared_error",), (), "min")
    assert store.answers("certify").dtype == np.float64
    workload, store = build(data({"certify": TABLE.dropna()}, ("whole", "real"), "regression"))
    assert workload.answers == ("whole", "real")
    assert store.answers("certify").shape[1] == 2


def test_a_multilabel_task_by_its_shape(build):
    workload, store = build(data({"certify": {"x": RNG.random((20, 2)), "y": RNG.integers(0, 2, (20, 3))}}, ("y",), groups=None))
    assert (workload.multilabel, workload.answers, workload.quality, workload.classes) == (
        True,
        ("y[0]", "y[1]", "y[2]"),
        ("f1_macro",),
        (),
    )
    assert store.answers("certify").shape == (20, 3)


def test_what_the_plan_says_goes_before_what_would_be_chosen(build):
    workload, _ = build(data({"certify": TABLE}, quality=("f1", "roc_auc"), unit="flight", batch_sizes=(1, 256)))
    assert (workload.quality, workload.unit, workload.batch_sizes) == (("f1", "roc_auc"), "flight", (1, 256))


def test_the_digest_of_certify_does_not_depend_on_the_other_splits(build):
    alone = build(data({"certify": TABLE.iloc[100:]}))[0].digests["certify"]
    other = TABLE.iloc[:100].assign(word="blue", whole=0.5)
    assert build(data({"train": other, "certify": TABLE.iloc[100:]}))[0].digests["certify"] == alone


def test_text_of_all_splits_shares_its_words(build):
    _, store = build(data({"train": TABLE.assign(word="blue"), "certify": TABLE}))
    assert set(store.inputs("train", slice(None))["word"]) == {"blue"}
    assert store.words("word").tolist()[:-1] == ["blue", "green", "red"]


@pytest.mark.parametrize(
    ("certify", "said"),
    [
        (TABLE.iloc[:0], "it has no rows"),
        (TABLE.iloc[:1], "certify has one row"),
        (TABLE.assign(late="no"), "every answer in certify is 'no'"),
        (TABLE.assign(late=None), "200 rows without an answer"),
        (TABLE.assign(odd=[[1]] * N), "the column 'odd' holds objects of the type list"),
    ],
)
def test_data_that_nothing_can_be_said_of_is_refused(build, certify, said):
    with pytest.raises(InputError) as caught:
        build(data({"certify": certify}))
    assert said in caught.value.what
    assert caught.value.place.file == "certify (in memory)"


def test_a_table_with_dates_asks_how_rows_depend_on_each_other(build):
    dated = TABLE.assign(when=pd.date_range("2020-01-01", periods=N))
    with pytest.raises(InputError, match="'when' looks like a date") as caught:
        build(data({"certify": dated}, groups=None))
    assert "rows: independent" in caught.value.advice
    assert build(data({"certify": dated}, groups=None, independent=True))[0].sampling == "independent"


def test_what_an_earlier_run_left_is_no_store_while_another_is_written(build, tmp_path):
    build(data({"certify": TABLE}))
    with pytest.raises(InputError):
        build(data({"certify": TABLE.assign(late="no")}))
    assert Store(tmp_path / "store").rows("certify") == N  # nothing was written yet
    assert build(data({"certify": TABLE.iloc[:50]}))[1].rows("certify") == 50


def test_hostile_column_names_are_files_of_our_own_naming(build, tmp_path):
    names = ["../../evil", "a/b", "nul\0", "\x1b[31m", ".", "x" * 500]
    table = pd.DataFrame({name: [1, 2, 3] for name in names} | {"late": [0, 1, 0]})
    _, store = build(data({"certify": table}, groups=None))
    assert store.columns == tuple(names)
    assert {path.name for path in tmp_path.iterdir()} == {"store"}


def test_a_hundred_thousand_rows_take_seconds(build):
    rows = 100_000
    table = pd.DataFrame(
        {f"c{n}": RNG.random(rows) for n in range(10)} | {"w": RNG.choice(["a", "b", "c"], rows), "late": RNG.integers(0, 2, rows)}
    )
    started = time.perf_counter()
    build(data({"data": table}, groups=None), needs_search=True)
    assert time.perf_counter() - started < 20  # on an idle machine: 0.3
