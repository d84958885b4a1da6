"""Trees left out: files with fewer trees, whose answers are those of the trees that were kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit import registry
from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.plugin import Refused
from effaudit.techniques.fewer_trees import FewerTrees
from effaudit.toolkit import forest as toolkit_forest


def matrix(bench, split="train"):
    return np.column_stack([v.reshape(len(v), -1) for v in bench.store.inputs(split, slice(None)).values()])


def labels(bench, split="train"):
    answers = np.asarray(bench.store.answers(split))
    return np.array(bench.workload.classes)[answers] if bench.workload.classes else answers


def opened(bench, product):
    return registry.a_format(product.artifact.format).open(product.artifact, 1).native


def models():
    from lightgbm import LGBMClassifier
    from sklearn.ensemble import (
        BaggingClassifier,
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )

    return {
        "forest": (RandomForestClassifier(60, random_state=0), lambda m: len(m.estimators_)),
        "extra trees": (ExtraTreesClassifier(40, random_state=0), lambda m: len(m.estimators_)),
        "bagging": (BaggingClassifier(n_estimators=30, max_features=0.5, random_state=0), lambda m: len(m.estimators_)),
        "boosting": (GradientBoostingClassifier(n_estimators=60, random_state=0), lambda m: len(m.estimators_)),
        "histogram": (HistGradientBoostingClassifier(max_iter=60, early_stopping=False), lambda m: m.n_iter_),
        "lightgbm": (LGBMClassifier(n_estimators=60, verbosity=-1, n_jobs=1), lambda m: m.booster_.current_iteration()),
    }  # fmt: skip


@pytest.mark.parametrize("name", models())
def test_a_classifier_keeps_as_many_trees_as_asked_and_answers_with_these(name, cancer):
    model, count = models()[name]
    parent = cancer.parent(model.fit(matrix(cancer), labels(cancer)), "sklearn")
    before = hashlib.sha256(Path(parent.artifact.path).read_bytes()).hexdigest()
    product = FewerTrees(keep=7).apply(cancer.bench(parent))
    smaller = opened(cancer, product)
    assert count(smaller) == 7
    assert product.figures["trees_after"] == 7
    assert product.figures["nodes_after"] < product.figures["nodes_before"]
    assert Path(product.artifact.path).stat().st_size < Path(parent.artifact.path).stat().st_size
    assert hashlib.sha256(Path(parent.artifact.path).read_bytes()).hexdigest() == before
    search = matrix(cancer, "search")
    expected = smaller.predict_proba(search)[:, list(smaller.classes_).index("benign")]
    np.testing.assert_allclose(cancer.answers(product)[:, 1], expected)


@pytest.mark.parametrize("name", ["boosting", "histogram", "lightgbm"])
def test_boosting_keeps_its_first_stages(name, cancer):
    model, _ = models()[name]
    model.fit(matrix(cancer), labels(cancer))
    product = FewerTrees(keep=9).apply(cancer.bench(cancer.parent(model, "sklearn")))
    search = matrix(cancer, "search")
    cut = (lambda: model.predict_proba(search, num_iteration=9), lambda: list(model.staged_predict_proba(search))[8])
    expected = cut[name != "lightgbm"]()
    np.testing.assert_allclose(opened(cancer, product).predict_proba(search), expected)


@pytest.mark.parametrize("classes", [2, 10])
def test_a_text_model_of_lightgbm_is_cut_to_its_first_stages(classes, cancer, digits):
    import lightgbm

    bench = cancer if classes == 2 else digits
    settings_ = {"objective": "binary"} if classes == 2 else {"objective": "multiclass", "num_class": 10}
    answers = np.asarray(bench.store.answers("train"))
    booster = lightgbm.train({**settings_, "verbosity": -1}, lightgbm.Dataset(matrix(bench), label=answers), 40)
    parent = bench.parent(booster, "lightgbm", classes=bench.workload.classes)
    product = FewerTrees(keep=0.25).apply(bench.bench(parent))
    assert product.artifact.format == "lightgbm"
    smaller = lightgbm.Booster(model_file=product.artifact.path)
    assert smaller.current_iteration() == 10
    np.testing.assert_allclose(smaller.predict(matrix(bench, "search")), booster.predict(matrix(bench, "search"), num_iteration=10))


def test_a_forest_of_ten_classes_loses_most_of_its_trees_and_little_accuracy(digits):
    from sklearn.ensemble import RandomForestClassifier

    parent = digits.parent(RandomForestClassifier(100, random_state=0).fit(matrix(digits), labels(digits)), "sklearn")
    product = FewerTrees(tolerance="3 pp").apply(digits.bench(parent))
    assert product.figures["trees_after"] < 60
    assert product.figures["score_before"] - product.figures["score_after"] <= 0.03
    truth = np.asarray(digits.store.answers("certify"))
    before, after = ((digits.answers(c, "certify").argmax(1) == truth).mean() for c in (parent, digits.candidate(product)))
    assert after >= before - 0.03


@pytest.mark.parametrize("kind", ["forest", "boosting", "histogram", "booster"])
def test_a_regressor_keeps_what_its_tolerance_allows(kind, diabetes):
    import lightgbm
    from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor

    x, y = matrix(diabetes), labels(diabetes)
    if kind == "booster":
        model = lightgbm.train({"objective": "regression", "verbosity": -1}, lightgbm.Dataset(x, label=y), 80)
        parent = diabetes.parent(model, "lightgbm")
    else:
        model = {
            "forest": RandomForestRegressor(60, random_state=0),
            "boosting": GradientBoostingRegressor(n_estimators=80, random_state=0),
            "histogram": HistGradientBoostingRegressor(max_iter=80),
        }[kind]
        parent = diabetes.parent(model.fit(x, y), "sklearn")
    product = FewerTrees(tolerance="5 pp").apply(diabetes.bench(parent))
    assert product.figures["trees_after"] < product.figures["trees_before"]
    assert product.figures["score_after"] >= product.figures["score_before"] - 0.05


def test_errors_that_should_fall_are_read_the_right_way(build):
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import RandomForestRegressor

    data = load_diabetes()
    columns = {name: data.data[:, place] for place, name in enumerate(data.feature_names)}
    bench = build(columns, data.target, quality=("root_mean_squared_error",))
    parent = bench.parent(RandomForestRegressor(60, random_state=0).fit(matrix(bench), labels(bench)), "sklearn")
    product = FewerTrees(tolerance="10 %").apply(bench.bench(parent))
    assert 1 < product.figures["trees_after"] < 60
    assert product.figures["score_after"] <= 1.1 * product.figures["score_before"]


def test_several_labels_at_once_are_handled(build):
    from sklearn.datasets import make_multilabel_classification
    from sklearn.ensemble import RandomForestClassifier

    inputs, answers = make_multilabel_classification(400, 8, n_classes=3, random_state=0)
    bench = build({f"x{n}": inputs[:, n] for n in range(8)}, answers.astype(np.int64), classes=("0", "1"), quality=("f1_macro",))
    forest = RandomForestClassifier(20, random_state=0).fit(matrix(bench), np.asarray(bench.store.answers("train")))
    product = FewerTrees(keep=5).apply(bench.bench(bench.parent(forest, "sklearn")))
    expected = np.column_stack([shares[:, 1] for shares in opened(bench, product).predict_proba(matrix(bench, "search"))])
    np.testing.assert_allclose(bench.answers(product), expected)


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_forest_at_the_end_of_a_pipeline_is_exchanged(wrapped, mixed, frame):
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import FixedThresholdClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(
        make_column_transformer((ordinal, ["town"]), ("passthrough", ["number", "stars"])),
        RandomForestClassifier(30, random_state=0),
    )
    model = FixedThresholdClassifier(model, threshold=0.3) if wrapped else model
    parent = mixed.parent(model.fit(*frame(mixed)), "sklearn")
    product = FewerTrees(keep=10).apply(mixed.bench(parent))
    smaller = opened(mixed, product)
    assert len(smaller.steps[-1][1].estimators_) == 10
    assert mixed.answers(product).shape == mixed.answers(parent).shape
    assert product.contract.threshold == (0.3 if wrapped else None)
    assert product.contract.columns == ("number", "size m²", "stars", "town", "text")


def test_preprocessing_beside_the_model_is_kept(mixed, frame):
    import lightgbm
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OrdinalEncoder

    table, answers = frame(mixed)
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepare = make_column_transformer((ordinal, ["town"]), ("passthrough", ["number", "stars"])).fit(table)
    rows = lightgbm.Dataset(prepare.transform(table), label=answers == "yes")
    booster = lightgbm.train({"objective": "binary", "verbosity": -1}, rows, 60)
    before = registry.a_format("sklearn").write(prepare, mixed.folder / "prepare", {})
    parent = mixed.parent(booster, "lightgbm", preprocess=before, classes=("no", "yes"))
    product = FewerTrees(tolerance="2 pp").apply(mixed.bench(parent))
    assert product.preprocess == before
    assert product.figures["trees_after"] < 60
    assert mixed.answers(product).shape == (mixed.store.rows("search"), 2)


def test_a_pickle_stays_a_pickle_with_its_parents_trust(cancer):
    import joblib
    from sklearn.ensemble import RandomForestClassifier

    path = cancer.folder / "forest.joblib"
    joblib.dump(RandomForestClassifier(20, random_state=0).fit(matrix(cancer), labels(cancer)), path)
    trust = Trust(everything=True)
    parent = Candidate("parent", Artifact(str(path), "sklearn", trust))
    product = FewerTrees(keep=5).apply(cancer.bench(parent))
    assert Path(product.artifact.path).suffix == ".joblib"
    assert product.artifact.trust == trust
    assert len(opened(cancer, product).estimators_) == 5


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.integers(5, 30))
def test_the_greedy_order_takes_the_best_next_tree_each_time(seed, trees, rows):
    rng = np.random.default_rng(seed)
    values, truth = rng.normal(size=(trees, rows)), rng.normal(size=rows)
    order = toolkit_forest._by_squares(values, truth)
    taken = []
    for chosen in order:
        losses = {n: ((values[[*taken, n]].mean(0) - truth) ** 2).mean() for n in range(trees) if n not in taken}
        assert losses[chosen] <= min(losses.values()) + 1e-9
        taken.append(chosen)
    shares = rng.uniform(0.01, 1, (trees, rows)).astype(np.float32)
    taken = []
    for chosen in toolkit_forest._by_log_loss(shares):
        gains = {n: np.log(np.maximum(shares[[*taken, n]].mean(0), 1e-3)).mean() for n in range(trees) if n not in taken}
        assert gains[chosen] >= max(gains.values()) - 1e-5
        taken.append(chosen)


def test_ordering_beats_the_given_order(digits):
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(60, max_depth=5, random_state=0).fit(matrix(digits), labels(digits))
    parent = digits.parent(forest, "sklearn")
    scores = {
        order: FewerTrees(keep=8, order=order).apply(digits.bench(parent)).figures["score_after"] for order in ("greedy", "given")
    }
    assert scores["greedy"] > scores["given"]


def test_the_same_seed_keeps_the_same_trees(cancer):
    from sklearn.ensemble import RandomForestClassifier

    parent = cancer.parent(RandomForestClassifier(30, random_state=0).fit(matrix(cancer), labels(cancer)), "sklearn")
    first, second = (cancer.answers(FewerTrees(keep=5).apply(cancer.bench(parent, seed=3))) for _ in range(2))
    assert np.array_equal(first, second)


def test_whole_groups_decide(build):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 20)
    inputs = rng.normal(size=(1200, 4))
    answers = (inputs[:, 0] + rng.normal(size=60)[groups] > 0).astype(np.int64)
    bench = build({f"x{n}": inputs[:, n] for n in range(4)}, answers, classes=("0", "1"), groups=groups)
    from effaudit.techniques import fewer_trees

    ordering, cutting = fewer_trees._parts(bench.bench(None), np.arange(bench.store.rows("search")))
    number = np.asarray(bench.store.groups("search"))
    assert not set(number[ordering]) & set(number[cutting])


def test_nothing_is_left_out_where_no_tree_can_go(cancer):
    from sklearn.ensemble import GradientBoostingClassifier

    parent = cancer.parent(
        GradientBoostingClassifier(n_estimators=3, learning_rate=1.0).fit(matrix(cancer), labels(cancer)), "sklearn"
    )
    with pytest.raises(Refused, match=r"no tree can go within the tolerance \(0.0001 pp\) on \d+ search rows"):
        FewerTrees(tolerance="0.0001 pp").apply(cancer.bench(parent))


@pytest.mark.parametrize("keep", [20, 99, "99 %"])
def test_keeping_all_is_refused(keep, cancer):
    from sklearn.ensemble import RandomForestClassifier

    parent = cancer.parent(RandomForestClassifier(20, random_state=0).fit(matrix(cancer), labels(cancer)), "sklearn")
    with pytest.raises(Refused, match="it has 20 trees"):
        FewerTrees(keep=keep).apply(cancer.bench(parent))


def test_a_model_without_trees_is_refused_by_name(cancer):
    from sklearn.linear_model import LogisticRegression

    parent = cancer.parent(LogisticRegression(max_iter=20).fit(matrix(cancer) / 1000, labels(cancer)), "sklearn")
    with pytest.raises(Refused, match="a LogisticRegression has no trees"):
        FewerTrees().apply(cancer.bench(parent))


def test_one_tree_is_refused(cancer):
    from sklearn.ensemble import RandomForestClassifier

    parent = cancer.parent(RandomForestClassifier(1).fit(matrix(cancer), labels(cancer)), "sklearn")
    with pytest.raises(Refused, match="one tree only"):
        FewerTrees().apply(cancer.bench(parent))


@pytest.mark.parametrize(
    "options",
    [
        {"keep": 0}, {"keep": -3}, {"keep": 1.5}, {"keep": 1.0}, {"keep": "half"}, {"keep": "3 ms"}, {"keep": True},
        {"tolerance": "0.1"}, {"tolerance": "5 ms"}, {"tolerance": "a little"}, {"order": "random"},
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"\w"):
        FewerTrees(**options)


@pytest.mark.parametrize("keep", [1, 50, 0.25, "25 %", "auto"])
def test_numbers_and_shares_can_be_kept(keep):
    assert FewerTrees(keep=keep).keep == keep


def test_it_accepts_scikit_learn_and_lightgbm():
    accepted = {given_: FewerTrees().result_of(given_) for given_ in ("sklearn", "lightgbm", "onnx", None)}
    assert accepted == {"sklearn": "sklearn", "lightgbm": "lightgbm", "onnx": None, None: None}


def test_labels_only_are_asked_by_their_shares(cancer):
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(20, random_state=0).fit(matrix(cancer), labels(cancer))
    parent = cancer.parent(forest, "sklearn")
    asked = Candidate("labels", parent.artifact, Contract(output="labels"))
    product = FewerTrees(keep=5).apply(cancer.bench(asked))
    assert product.contract.output == "labels"
    assert cancer.answers(product).dtype == np.int64
