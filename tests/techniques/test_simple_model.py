"""The ladder: simple models trained from data alone, that open safely and beat knowing nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from effaudit import registry
from effaudit.core import notes
from effaudit.core.plugin import Refused
from effaudit.techniques.simple_model import SimpleModel

FAMILIES = ("dummy", "linear", "tree", "lightgbm")


def score(bench, product, split="certify"):
    from effaudit.metrics import quality

    truth = np.asarray(bench.store.answers(split))
    return quality.figure(bench.workload.quality[0], bench.whole(product, split), truth, bench.workload)


def made(bench, family, **given):
    workbench = bench.bench(None, **given)
    product = SimpleModel(family).apply(workbench)
    assert Path(product.artifact.path).is_relative_to(workbench.scratch)
    assert not product.artifact.trust.everything
    return product


def test_the_dummy_answers_the_classes_shares(mixed):
    product = made(mixed, "dummy")
    shares = np.bincount(mixed.store.answers("train")) / mixed.store.rows("train")
    np.testing.assert_allclose(mixed.answers(product), np.tile(shares, (mixed.store.rows("search"), 1)))
    assert score(mixed, product) == 0.5


@pytest.mark.parametrize("family", FAMILIES[1:])
def test_mixed_columns_with_missing_values_are_learnt_from(family, mixed):
    product = made(mixed, family)
    assert score(mixed, product) > 0.75
    opened = registry.a_format(product.artifact.format).open(product.artifact, 1)
    assert opened.facts().family == {"linear": "linear", "tree": "tree", "lightgbm": "ensemble"}[family]


@pytest.mark.parametrize("family", FAMILIES)
def test_classes_are_named_in_the_datas_words(family, mixed):
    product = made(mixed, family)
    assert set(product.contract.classes) == {"no", "yes"}
    assert product.contract.output == "probabilities"


def test_free_text_is_weighed_by_linear_models_and_left_out_of_trees(build):
    rng = np.random.default_rng(0)
    words = [f"word{n}" for n in range(60)]
    texts = [" ".join(rng.choice(words, 8)) for _ in range(600)]
    bench = build(
        {"text": texts, "x": rng.normal(size=600)}, np.array(["word7" in t for t in texts]).astype(int), classes=("0", "1")
    )
    assert score(bench, made(bench, "linear")) > 0.9
    tree = made(bench, "tree")
    assert notes.texts(tree.notes) == ("left out the free text in text",)
    assert tree.contract.columns == ("x",)


def test_text_that_is_missing_in_places_is_read(build):
    rng = np.random.default_rng(0)
    words = [f"word{n}" for n in range(60)]
    texts = [None if rng.random() < 0.1 else " ".join(rng.choice(words, 8)) for _ in range(600)]
    late = np.array([t is not None and "word7" in t for t in texts]).astype(int)
    bench = build({"text": texts, "x": rng.normal(size=600)}, late, classes=("0", "1"))
    assert score(bench, made(bench, "linear")) > 0.9


@pytest.mark.parametrize("family", FAMILIES[1:])
def test_times_are_cycles_of_the_day_the_week_and_the_year(family, build):
    hours = np.arange(3000)
    times = np.datetime64("2023-01-01T00", "ns") + (hours * 3_600_000_000_000).astype("timedelta64[ns]")
    busy = ((hours % 24 > 7) & (hours % 24 < 19)).astype(int)
    times[::50] = np.datetime64("NaT")
    bench = build({"at": times, "x": np.zeros(3000)}, busy, classes=("0", "1"))
    assert score(bench, made(bench, family)) > 0.9


@pytest.mark.parametrize("family", FAMILIES)
def test_images_are_flattened(family, digits):
    product = made(digits, family)
    assert product.preprocess is None
    assert score(digits, product) > {"dummy": 0.02, "linear": 0.9, "tree": 0.6, "lightgbm": 0.85}[family]


@pytest.mark.parametrize("family", FAMILIES)
def test_values_are_predicted(family, diabetes):
    product = made(diabetes, family)
    assert product.contract.output == "values"
    assert score(diabetes, product) > {"dummy": -0.2, "linear": 0.2, "tree": 0.0, "lightgbm": 0.1}[family]


@pytest.mark.parametrize("family", FAMILIES[:3])
@pytest.mark.parametrize("task", ["labels", "values"])
def test_several_answers_at_once_are_learnt(family, task, build):
    from sklearn.datasets import make_multilabel_classification

    inputs, answers = make_multilabel_classification(500, 8, n_classes=3, random_state=0)
    columns = {f"x{n}": inputs[:, n] for n in range(8)}
    if task == "labels":
        bench = build(columns, answers.astype(np.int64), classes=("0", "1"), quality=("f1_macro",))
    else:
        bench = build(columns, inputs[:, :2] * 2.0, quality=("r2",))
    answered = bench.answers(made(bench, family))
    assert answered.shape == (bench.store.rows("search"), 3 if task == "labels" else 2)


def test_lightgbm_gives_one_answer_only(build):
    bench = build({"x": np.arange(100.0)}, np.column_stack([np.arange(100.0)] * 2))
    with pytest.raises(Refused, match="LightGBM gives one answer"):
        made(bench, "lightgbm")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_answers_and_trees_the_same_bytes(family, mixed):
    first, second = (made(mixed, family, seed=5) for _ in range(2))
    assert np.array_equal(mixed.answers(first), mixed.answers(second))
    if family == "lightgbm":  # skops files hold the addresses of objects
        assert Path(first.artifact.path).read_bytes() == Path(second.artifact.path).read_bytes()


def test_categories_that_were_never_seen_are_answered(mixed):
    for family in FAMILIES:
        product = made(mixed, family)
        model = registry.a_format(product.artifact.format).open(product.artifact, 1)
        request = {
            "number": np.array([np.nan]), "size m²": np.array([1.0]), "stars": np.array([9]),
            "town": np.array(["Nowhere"], dtype=object), "text": np.array(["zzz"], dtype=object),
        }  # fmt: skip
        asked = {name: request[name] for name in product.contract.columns or request}
        if product.preprocess:
            asked = {"": registry.a_format("sklearn").transformer(product.preprocess, product.contract)(asked)}
        assert np.isfinite(model.predictor(product.contract)(asked)).all()


def test_missing_values_that_train_did_not_have_are_answered(build):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(400, 3))
    bench = build({f"x{n}": inputs[:, n] for n in range(3)}, (inputs[:, 0] > 0).astype(int), classes=("0", "1"))
    for family in FAMILIES:
        product = made(bench, family)
        model = registry.a_format(product.artifact.format).open(product.artifact, 1)
        request = {f"x{n}": np.full(2, np.nan) for n in range(3)}
        assert np.isfinite(model.predictor(product.contract)(request)).all()


def test_columns_of_no_use_are_left_out_and_named(build):
    rng = np.random.default_rng(0)
    names = [f"id{n}" for n in range(600)]
    x = rng.normal(size=600)
    bench = build({"id": names, "same": ["a"] * 600, "x": x}, (x > 0).astype(int), classes=("0", "1"))
    product = made(bench, "linear")
    assert product.contract.columns == ("x",)
    assert notes.texts(product.notes)[0].startswith("left out id, same: ")


def test_nothing_to_learn_from_is_refused(build):
    bench = build({"same": ["a"] * 50}, np.arange(50) % 2, classes=("0", "1"))
    with pytest.raises(Refused, match=r"none of the columns \(same\) is of use to a tree model"):
        made(bench, "tree")
    assert notes.texts(made(bench, "dummy").notes) == ()


def test_an_empty_train_split_is_refused_with_what_to_write(build):
    bench = build({"x": np.arange(50.0)}, np.arange(50) % 2, classes=("0", "1"), shares=(0.0, 0.5, 0.5))
    with pytest.raises(Refused, match="write `train: FILE` under `workload`"):
        made(bench, "linear")


def test_a_large_train_split_is_sampled_and_said(build, monkeypatch):
    from effaudit.techniques import simple_model

    monkeypatch.setitem(simple_model._MOST_ROWS, "linear", 100)
    x = np.random.default_rng(0).normal(size=600)
    bench = build({"x": x}, (x > 0).astype(int), classes=("0", "1"))
    assert notes.texts(made(bench, "linear").notes) == ("learnt from 100 of 300 train rows, drawn at random",)


def test_a_noisy_answer_gets_a_small_tree(build):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 4))
    answers = ((x[:, 0] > 0) ^ (rng.random(3000) < 0.2)).astype(int)
    bench = build({f"x{n}": x[:, n] for n in range(4)}, answers, classes=("0", "1"))
    model = registry.a_format("sklearn").open(made(bench, "tree").artifact, 1).native
    assert model.get_n_leaves() == 8


def test_whole_groups_are_set_aside(build):
    from effaudit.toolkit.splits import inner_split

    groups = np.repeat(np.arange(50), 12)
    x = np.random.default_rng(0).normal(size=600)
    bench = build({"x": x}, (x > 0).astype(int), classes=("0", "1"), groups=groups)
    learnt, aside = inner_split(bench.bench(None), np.arange(bench.store.rows("train")))
    number = np.asarray(bench.store.groups("train"))
    assert not set(number[learnt]) & set(number[aside])
    assert len(learnt) + len(aside) == bench.store.rows("train")
    assert 0.05 < len(aside) / bench.store.rows("train") < 0.3


def test_in_time_the_latest_rows_are_set_aside(build):
    from dataclasses import replace

    from effaudit.toolkit.splits import inner_split

    groups = np.repeat(np.arange(50), 12)
    bench = build({"x": np.arange(600.0)}, np.arange(600) % 2, classes=("0", "1"), groups=groups)
    workbench = replace(bench.bench(None), workload=replace(bench.workload, sampling="time: x"))
    learnt, aside = inner_split(workbench, np.arange(bench.store.rows("train")))
    number = np.asarray(bench.store.groups("train"))
    assert number[learnt].max() < number[aside].min()


def test_search_and_certify_are_never_looked_at(mixed, monkeypatch):
    asked = []
    honest = mixed.store.inputs
    monkeypatch.setattr(mixed.store, "inputs", lambda split, *rest: asked.append(split) or honest(split, *rest))
    for family in FAMILIES:
        made(mixed, family)
    assert set(asked) == {"train"}
    assert SimpleModel.needs == ("train",)


def test_an_unknown_family_is_refused_in_words():
    with pytest.raises(ValueError, match="dummy, linear, tree, lightgbm"):
        SimpleModel("forest")


def test_it_is_made_from_data_alone():
    assert [SimpleModel(family).result_of(None) for family in FAMILIES] == ["sklearn"] * 3 + ["lightgbm"]
    assert SimpleModel().result_of("sklearn") is None


@pytest.mark.parametrize("family", FAMILIES)
def test_one_class_only_teaches_nothing(family, build):
    bench = build({"x": np.arange(60.0)}, np.zeros(60, dtype=np.int64), classes=("no", "yes"))
    with pytest.raises(Refused, match=r"all train rows are of one class \(no\)"):
        made(bench, family)


def test_infinite_values_are_refused_in_the_librarys_words(build):
    x = np.arange(60.0)
    x[::2] = np.inf
    bench = build({"x": x}, np.arange(60) % 2, classes=("no", "yes"))
    with pytest.raises(Refused, match="infinity"):
        made(bench, "linear")
