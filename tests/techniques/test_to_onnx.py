"""Conversion to ONNX: the parent's own answers are the reference."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from effaudit import registry
from effaudit.core.answer import label
from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.plugin import Refused
from effaudit.techniques.to_onnx import ToOnnx

warnings.filterwarnings("ignore", category=FutureWarning)


def made(bench, parent, **options):
    before = hashlib.sha256(Path(parent.artifact.path).read_bytes()).hexdigest()
    workbench = bench.bench(parent)
    product = ToOnnx(**options).apply(workbench)
    assert Path(product.artifact.path).is_relative_to(workbench.scratch)
    assert hashlib.sha256(Path(parent.artifact.path).read_bytes()).hexdigest() == before
    return product


def operators(product):
    import onnx

    return [node.op_type for node in onnx.load(product.artifact.path).graph.node]


def same_answers(bench, parent, product, tolerance):
    before, after = bench.answers(parent), bench.answers(product)
    np.testing.assert_allclose(after, before, atol=tolerance)
    labels = [label(scores, product.contract, bench.workload).labels for scores in (before, after)]
    assert np.array_equal(*labels)


def fitted(model, bench):
    inputs = bench.store.inputs("train", slice(None))
    matrix = np.column_stack([values.reshape(len(values), -1) for values in inputs.values()])
    answers = np.asarray(bench.store.answers("train"))
    return model.fit(matrix, np.array(bench.workload.classes)[answers] if len(bench.workload.classes) else answers)


def classifiers():
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    return {
        "forest of 200": RandomForestClassifier(200, random_state=0),
        "extra trees": ExtraTreesClassifier(20, random_state=0),
        "boosting": GradientBoostingClassifier(n_estimators=20, random_state=0),
        "histogram boosting": HistGradientBoostingClassifier(max_iter=20, random_state=0),
        "tree": DecisionTreeClassifier(random_state=0),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
        "network": make_pipeline(StandardScaler(), MLPClassifier((20,), max_iter=60, random_state=0)),
        "svm": make_pipeline(StandardScaler(), SVC(probability=True, random_state=0)),
        "bayes": GaussianNB(),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", classifiers())
def test_a_classifier_of_two_classes_answers_as_before(name, cancer):
    parent = cancer.parent(fitted(classifiers()[name], cancer), "sklearn")
    product = made(cancer, parent)
    same_answers(cancer, parent, product, 1e-4)
    assert product.figures["flips"] == 0
    assert product.figures["rows"] == cancer.store.rows("search")
    assert product.contract.classes == ("benign", "malignant")
    assert product.preprocess is None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["forest of 200", "histogram boosting", "boosting", "logistic", "network"])
def test_a_classifier_of_ten_classes_answers_as_before(name, digits):
    parent = digits.parent(fitted(classifiers()[name], digits), "sklearn")
    product = made(digits, parent)
    same_answers(digits, parent, product, 1e-4)


@pytest.mark.parametrize("kind", ["forest", "boosting", "histogram", "poisson", "ridge", "network"])
def test_a_regressor_answers_as_before(kind, diabetes):
    from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import Ridge
    from sklearn.neural_network import MLPRegressor

    model = {
        "forest": RandomForestRegressor(30, random_state=0),
        "boosting": GradientBoostingRegressor(n_estimators=30, random_state=0),
        "histogram": HistGradientBoostingRegressor(max_iter=30),
        "poisson": HistGradientBoostingRegressor(max_iter=10, loss="poisson"),
        "ridge": Ridge(),
        "network": MLPRegressor(hidden_layer_sizes=(10,), max_iter=20, random_state=0),
    }[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parent = diabetes.parent(fitted(model, diabetes), "sklearn")
    product = made(diabetes, parent)
    before, after = diabetes.answers(parent), diabetes.answers(product)
    np.testing.assert_allclose(after, before, rtol=1e-4)
    assert product.contract.output == "values"


def test_single_precision_that_moves_answers_gives_way_to_double(cancer):
    from sklearn.ensemble import HistGradientBoostingClassifier

    parent = cancer.parent(fitted(HistGradientBoostingClassifier(max_iter=100), cancer), "sklearn")
    single, double, auto = (made(cancer, parent, float64=choice) for choice in ("no", "yes", "auto"))
    before = cancer.answers(parent)
    errors = [np.abs(cancer.answers(product) - before).max() for product in (single, double, auto)]
    assert errors[0] > 1e-3  # a value of 0.1 and a threshold between two doubles
    assert errors[1] < 1e-12
    assert errors[2] < 1e-12
    assert auto.figures["float64"] == 1.0
    assert "scores differ by" in single.notes[0]


def pipeline(kind):
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

    numbers, words = ["number", "size m²", "stars"], ["town"]
    scaled = (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers)
    steps = {
        "one-hot": [(OneHotEncoder(handle_unknown="ignore"), words), scaled],
        "few categories": [
            (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.2, drop="first", sparse_output=False), words),
            scaled,
        ],
        "whole numbers": [(OneHotEncoder(handle_unknown="ignore"), ["stars", "town"]), (SimpleImputer(), ["number"])],
        "ordinal": [(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), words), ("passthrough", numbers)],
        "target": [(TargetEncoder(), ["town", "stars"]), (SimpleImputer(), ["number", "size m²"])],
        "filled words": [
            (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), words),
            scaled,
        ],
        "named missing": [
            (make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), OrdinalEncoder()), words),
            (SimpleImputer(strategy="median"), numbers),
        ],
        "words": [(TfidfVectorizer(), "text"), scaled],
        "pairs of words": [(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, norm="l1"), "text")],
        "counted words": [(CountVectorizer(binary=True, lowercase=False), "text"), scaled],
        "logarithms": [(FunctionTransformer(np.log1p), ["size m²"]), (SimpleImputer(), ["number", "stars"])],
        "the rest": [("drop", ["text", "town"])],
    }
    models = {"ordinal": RandomForestClassifier(20, random_state=0), "the rest": HistGradientBoostingClassifier(max_iter=10)}
    return make_pipeline(
        make_column_transformer(*steps[kind], remainder="passthrough" if kind == "the rest" else "drop"),
        models.get(kind, LogisticRegression(max_iter=500)),
    )


@pytest.mark.parametrize(
    "kind",
    [
        "one-hot", "few categories", "whole numbers", "ordinal", "target", "filled words", "named missing", "words",
        "pairs of words", "counted words", "logarithms", "the rest",
    ],
)  # fmt: skip
def test_a_pipeline_over_mixed_columns_becomes_one_graph(kind, mixed, frame):
    parent = mixed.parent(pipeline(kind).fit(*frame(mixed)), "sklearn")
    product = made(mixed, parent)
    same_answers(mixed, parent, product, 2e-5)
    assert product.preprocess is None
    assert product.notes == ()
    assert product.figures["rows_with_missing"] > 30


def test_columns_that_the_pipeline_drops_are_not_asked_for(mixed, frame):
    table, answers = frame(mixed)
    parent = mixed.parent(pipeline("one-hot").fit(table[["town", "stars", "size m²", "number"]], answers), "sklearn")
    product = made(mixed, parent)
    assert product.contract.columns == ("town", "stars", "size m²", "number")
    same_answers(mixed, parent, product, 2e-5)


def test_words_and_numbers_that_were_never_seen_are_treated_as_the_parent_does(mixed, frame, build):
    parent = mixed.parent(pipeline("one-hot").fit(*frame(mixed)), "sklearn")
    product = made(mixed, parent)
    request = {
        "number": np.array([0.5, np.nan, -99.0]),
        "size m²": np.array([1.0, 2.0, 1e9]),
        "stars": np.array([99, -1, 3]),
        "town": np.array(["Nowhere", float("nan"), "<script>"], dtype=object),
        "text": np.array(["", "good", "Bad"], dtype=object),
    }
    answers = []
    for candidate in (parent, mixed.candidate(product)):
        model = registry.a_format(candidate.artifact.format).open(candidate.artifact, 1)
        contract = candidate.contract if candidate.contract.output else model.contract()
        answers.append(model.predictor(contract)({name: request[name] for name in contract.columns or request}))
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-5)


def test_preprocessing_beside_a_booster_goes_into_the_graph(mixed, frame):
    import lightgbm
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OrdinalEncoder

    table, answers = frame(mixed)
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    prepare = make_column_transformer((ordinal, ["town"]), ("passthrough", ["number", "size m²", "stars"])).fit(table)
    rows = lightgbm.Dataset(prepare.transform(table), label=answers == "yes")
    booster = lightgbm.train({"objective": "binary", "verbosity": -1, "num_leaves": 15}, rows, 40)
    before = registry.a_format("sklearn").write(prepare, mixed.folder / "prepare", {})
    parent = mixed.parent(booster, "lightgbm", preprocess=before, classes=("no", "yes"), threshold=0.3)
    product = made(mixed, parent)
    same_answers(mixed, parent, product, 1e-5)
    assert product.preprocess is None
    assert product.contract.classes == ("no", "yes")
    assert product.contract.threshold == 0.3


@pytest.mark.parametrize(
    ("settings", "output"),
    [
        ({"objective": "binary"}, None),
        ({"objective": "binary"}, "logits"),
        ({"objective": "binary", "sigmoid": 2.0, "boosting": "dart"}, None),
        ({"objective": "binary", "boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}, None),
        ({"objective": "cross_entropy"}, None),
    ],
)
def test_boosters_of_two_classes_answer_as_before(settings, output, cancer):
    import lightgbm

    matrix = np.column_stack(list(cancer.store.inputs("train", slice(None)).values()))
    matrix[::5, 3] = np.nan
    data = lightgbm.Dataset(matrix, label=np.asarray(cancer.store.answers("train")))
    booster = lightgbm.train({"verbosity": -1, "min_data_in_leaf": 5, **settings}, data, 30)
    contract = {"output": output} if output else {}
    parent = cancer.parent(booster, "lightgbm", classes=("malignant", "benign"), **contract)
    product = made(cancer, parent)
    same_answers(cancer, parent, product, 1e-6)


@pytest.mark.parametrize("objective", ["multiclass", "multiclassova"])
def test_boosters_of_ten_classes_answer_as_before(objective, digits):
    import lightgbm

    matrix = digits.store.inputs("train", slice(None))["image"].reshape(-1, 64)
    data = lightgbm.Dataset(matrix, label=np.asarray(digits.store.answers("train")))
    booster = lightgbm.train({"objective": objective, "num_class": 10, "verbosity": -1}, data, 5)
    parent = digits.parent(booster, "lightgbm")
    same_answers(digits, parent, made(digits, parent), 1e-6)


@pytest.mark.parametrize("objective", ["regression", "poisson", "quantile"])
def test_boosted_regressors_answer_as_before(objective, diabetes):
    import lightgbm

    matrix = np.column_stack(list(diabetes.store.inputs("train", slice(None)).values()))
    data = lightgbm.Dataset(matrix, label=np.asarray(diabetes.store.answers("train")))
    booster = lightgbm.train({"objective": objective, "verbosity": -1}, data, 20)
    parent = diabetes.parent(booster, "lightgbm")
    np.testing.assert_allclose(diabetes.answers(made(diabetes, parent)), diabetes.answers(parent), rtol=1e-5)


def test_categories_of_a_dataframe_go_into_the_graph(mixed, frame):
    import lightgbm

    table, answers = frame(mixed)
    table = table[["town", "number", "stars"]].assign(
        town=table["town"].astype("category"), stars=table["stars"].astype("category")
    )
    booster = lightgbm.train(
        {"objective": "binary", "verbosity": -1, "min_data_per_group": 5, "cat_smooth": 1, "max_cat_to_onehot": 1},
        lightgbm.Dataset(table, label=answers == "yes"),
        30,
    )
    parent = mixed.parent(lightgbm.Booster(model_str=booster.model_to_string()), "lightgbm", classes=("no", "yes"))
    product = made(mixed, parent)
    same_answers(mixed, parent, product, 1e-6)


def test_wrappers_of_lightgbm_answer_as_before(cancer):
    import lightgbm

    model = fitted(lightgbm.LGBMClassifier(n_estimators=20, verbosity=-1, n_jobs=1), cancer)
    parent = cancer.parent(model, "sklearn")
    product = made(cancer, parent)
    same_answers(cancer, parent, product, 1e-6)


def test_histogram_boosting_with_categories_of_its_own_answers_as_before(mixed, frame):
    from sklearn.ensemble import HistGradientBoostingClassifier

    table, answers = frame(mixed)
    table = table[["town", "number", "stars"]]
    model = HistGradientBoostingClassifier(max_iter=15, categorical_features=["town", "stars"]).fit(table, answers)
    parent = mixed.parent(model, "sklearn")
    same_answers(mixed, parent, made(mixed, parent), 1e-6)


def test_a_step_without_a_form_in_onnx_stays_apart_and_is_named(mixed, frame):
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer

    bins = make_pipeline(SimpleImputer(), KBinsDiscretizer(5, strategy="uniform"))
    model = make_pipeline(make_column_transformer((bins, ["number", "size m²"])), RandomForestClassifier(20, random_state=0))
    parent = mixed.parent(model.fit(*frame(mixed)), "sklearn")
    product = made(mixed, parent)
    same_answers(mixed, parent, product, 1e-5)
    assert product.preprocess is not None
    assert product.preprocess.format == "sklearn"
    assert "KBinsDiscretizer" in product.notes[0]


def test_preprocessing_beside_a_network_stays_apart_when_it_has_to(mixed, frame):
    import torch
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer

    table, _ = frame(mixed)
    bins = make_pipeline(SimpleImputer(), KBinsDiscretizer(5, encode="onehot", strategy="uniform"))
    prepare = make_column_transformer((bins, ["number"])).fit(table)
    before = registry.a_format("sklearn").write(prepare, mixed.folder / "prepare", {})
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    artifact = registry.a_format("torch").write(net, mixed.folder / "net", {"": np.zeros((2, 5), dtype=np.float32)})
    parent = Candidate("parent", artifact, Contract(output="logits", classes=("no", "yes")), before)
    product = made(mixed, parent)
    same_answers(mixed, parent, product, 1e-5)
    assert product.preprocess == before


@pytest.mark.parametrize("source", ["program", "factory"])
def test_a_network_and_its_preprocessing_become_one_graph(source, mixed, frame, tmp_path):
    import torch
    from safetensors.torch import save_file
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table, _ = frame(mixed)
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    prepare = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["town"]), (numbers, ["number", "stars"])
    ).fit(table)
    width = prepare.transform(table).shape[1]
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(width, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    before = registry.a_format("sklearn").write(prepare, mixed.folder / "prepare", {})
    if source == "program":
        artifact = registry.a_format("torch").write(net, mixed.folder / "net", {"": np.zeros((2, width), dtype=np.float32)})
    else:
        layers = f"nn.Linear({width}, 16), nn.ReLU(), nn.Linear(16, 1)"
        code = f"from torch import nn\n\n\ndef net():\n    return nn.Sequential({layers})\n"
        (tmp_path / "made_for_to_onnx.py").write_text(code)
        save_file(net.state_dict(), tmp_path / "net.safetensors")
        path = str(tmp_path / "net.safetensors")
        artifact = Artifact(path, "torch", Trust(everything=True), factory="made_for_to_onnx:net", code=str(tmp_path))
    parent = Candidate("parent", artifact, Contract(output="logits", classes=("no", "yes")), before)
    product = made(mixed, parent)
    same_answers(mixed, parent, product, 1e-5)
    assert product.preprocess is None
    assert product.contract.output == "logits"


def test_a_network_of_images_keeps_its_shape(digits):
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 8)), torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 10)
    )
    artifact = registry.a_format("torch").write(net, digits.folder / "net", digits.rows("search", 4))
    parent = Candidate("parent", artifact, Contract(output="logits"))
    product = made(digits, parent)
    same_answers(digits, parent, product, 1e-5)


def test_scores_and_labels_are_converted_where_the_model_has_no_probabilities(cancer):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    parent = cancer.parent(fitted(make_pipeline(StandardScaler(), LinearSVC()), cancer), "sklearn")
    product = made(cancer, parent)
    assert product.contract.output == "logits"
    same_answers(cancer, parent, product, 1e-4)
    labels = Candidate("labels", parent.artifact, Contract(output="labels"))
    product = made(cancer, labels)
    assert product.contract.output == "labels"
    assert np.array_equal(cancer.answers(product), cancer.answers(labels))


def test_several_labels_at_once_are_converted(build):
    from sklearn.datasets import make_multilabel_classification
    from sklearn.ensemble import RandomForestClassifier

    inputs, answers = make_multilabel_classification(400, 8, n_classes=3, random_state=0)
    bench = build({f"x{n}": inputs[:, n] for n in range(8)}, answers.astype(np.int64), classes=("0", "1"), quality=("f1_macro",))
    parent = bench.parent(fitted(RandomForestClassifier(10, random_state=0), bench), "sklearn")
    product = made(bench, parent)
    np.testing.assert_allclose(bench.answers(product), bench.answers(parent), atol=1e-6)


def test_only_what_is_asked_for_is_computed(cancer):
    parent = cancer.parent(fitted(classifiers()["forest of 200"], cancer), "sklearn")
    assert operators(made(cancer, parent)) == ["TreeEnsemble", "Sub", "Concat"]


def test_the_same_parent_gives_the_same_bytes(cancer):
    parent = cancer.parent(fitted(classifiers()["forest of 200"], cancer), "sklearn")
    first, second = (Path(made(cancer, parent).artifact.path).read_bytes() for _ in range(2))
    assert first == second


def test_hostile_column_names_are_only_names(build):
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    names = ["stored:1", "probabilities", "<b>a</b>", "../x"]
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(size=200) for name in names[:3]}
    columns[names[3]] = [str(word) for word in rng.choice(["x", "y"], 200)]
    bench = build(columns, (columns[names[0]] > 0).astype(np.int64), classes=("0", "1"))
    import pandas

    inputs = bench.store.inputs("train", slice(None))
    table = pandas.DataFrame(inputs)
    encoder = make_column_transformer((OneHotEncoder(), [names[3]]), ("passthrough", names[:3]))
    parent = bench.parent(
        make_pipeline(encoder, LogisticRegression()).fit(table, np.asarray(bench.store.answers("train"))), "sklearn"
    )
    product = made(bench, parent)
    same_answers(bench, parent, product, 1e-5)


def test_a_model_without_a_converter_is_refused_by_name(cancer):
    from sklearn.semi_supervised import LabelPropagation

    parent = cancer.parent(fitted(LabelPropagation(kernel="knn"), cancer), "sklearn")
    with pytest.raises(Refused, match=r"LabelPropagation has no converter to ONNX.*leave it in its own format"):
        made(cancer, parent)


def test_trees_with_linear_leaves_are_refused(diabetes):
    import lightgbm

    matrix = np.column_stack(list(diabetes.store.inputs("train", slice(None)).values()))
    data = lightgbm.Dataset(matrix, label=np.asarray(diabetes.store.answers("train")))
    booster = lightgbm.train({"objective": "regression", "verbosity": -1, "linear_tree": True}, data, 5)
    with pytest.raises(Refused, match="linear leaves"):
        made(diabetes, diabetes.parent(booster, "lightgbm"))


def test_a_graph_that_answers_otherwise_is_refused(cancer, monkeypatch):
    from effaudit.techniques import _sklearn_trees

    honest = _sklearn_trees._tree
    monkeypatch.setattr(_sklearn_trees, "_tree", lambda tree, values, target=0: honest(tree, values[::-1].copy(), target))
    parent = cancer.parent(fitted(classifiers()["tree"], cancer), "sklearn")
    with pytest.raises(Refused, match="answers otherwise than the model"):
        made(cancer, parent)


def test_dates_stay_out_of_graphs(build):
    import pandas
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    days = np.datetime64("2024-01-01") + np.arange(200).astype("timedelta64[D]")
    bench = build({"day": days.astype("datetime64[ns]"), "x": np.arange(200.0) % 7}, np.arange(200) % 2, classes=("0", "1"))
    table = pandas.DataFrame(bench.store.inputs("train", slice(None)))
    model = make_pipeline(make_column_transformer(("drop", ["day"]), ("passthrough", ["x"])), LogisticRegression())
    parent = bench.parent(model.fit(table, np.asarray(bench.store.answers("train"))), "sklearn")
    product = made(bench, parent)
    assert product.preprocess is not None
    assert "day hold times" in product.notes[0]


@pytest.mark.parametrize(("options", "words"), [({"float64": "perhaps"}, "auto, yes or no"), ({"opset": 9}, "from 18 to 22")])
def test_options_out_of_range_are_refused_in_words(options, words):
    with pytest.raises(ValueError, match=words):
        ToOnnx(**options)


def test_it_accepts_what_it_can_convert():
    accepted = {given: ToOnnx().result_of(given) for given in ("sklearn", "lightgbm", "torch", "onnx", "python", None)}
    assert accepted == {"sklearn": "onnx", "lightgbm": "onnx", "torch": "onnx", "onnx": None, "python": None, None: None}


def test_certify_rows_are_never_looked_at(cancer):
    parent = cancer.parent(fitted(classifiers()["tree"], cancer), "sklearn")
    made(cancer, parent)
    assert cancer.splits_asked == {"search"}


def test_importing_it_imports_no_framework():
    code = (
        "import sys, effaudit.techniques.to_onnx; print([m for m in ('onnx', 'sklearn', 'torch', 'lightgbm') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["voting", "bagging", "labels of trees", "search"])
def test_models_made_of_models_answer_as_before(kind, cancer):
    from sklearn.ensemble import BaggingClassifier, HistGradientBoostingClassifier, RandomForestClassifier, VotingClassifier
    from sklearn.model_selection import GridSearchCV
    from sklearn.naive_bayes import GaussianNB

    forest = RandomForestClassifier(5, random_state=0)
    model = {
        "voting": VotingClassifier([("forest", forest), ("bayes", GaussianNB())], voting="soft", weights=[3, 1]),
        "bagging": BaggingClassifier(n_estimators=5, max_features=0.5, random_state=0),
        "labels of trees": HistGradientBoostingClassifier(max_iter=5),
        "search": GridSearchCV(forest, {"max_depth": [2, 3]}, cv=2),
    }[kind]
    parent = cancer.parent(fitted(model, cancer), "sklearn")
    if kind == "labels of trees":
        parent = Candidate("labels", parent.artifact, Contract(output="labels"))
        assert np.array_equal(cancer.answers(made(cancer, parent)), cancer.answers(parent))
    else:
        same_answers(cancer, parent, made(cancer, parent), 1e-5)


@pytest.mark.parametrize("kind", ["logarithm", "scaled", "voting"])
def test_regressors_made_of_regressors_answer_as_before(kind, diabetes):
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.ensemble import RandomForestRegressor, VotingRegressor
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    forest = RandomForestRegressor(5, random_state=0)
    model = {
        "logarithm": TransformedTargetRegressor(forest, func=np.log1p, inverse_func=np.expm1),
        "scaled": TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
        "voting": VotingRegressor([("forest", forest), ("ridge", Ridge())]),
    }[kind]
    parent = diabetes.parent(fitted(model, diabetes), "sklearn")
    np.testing.assert_allclose(diabetes.answers(made(diabetes, parent)), diabetes.answers(parent), rtol=1e-4)


def test_a_transformed_target_of_another_kind_is_refused_by_name(diabetes):
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import QuantileTransformer

    model = TransformedTargetRegressor(Ridge(), transformer=QuantileTransformer(n_quantiles=20))
    with pytest.raises(Refused, match="QuantileTransformer that has no form in ONNX"):
        made(diabetes, diabetes.parent(fitted(model, diabetes), "sklearn"))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.95])
def test_a_truncated_parent_is_refused(share, cancer):
    parent = cancer.parent(fitted(classifiers()["tree"], cancer), "sklearn")
    path = Path(parent.artifact.path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(Refused, match=r"parent-\d+\.skops"):
        ToOnnx().apply(cancer.bench(parent))


def test_values_that_are_infinite_or_huge_go_through(cancer):
    from sklearn.ensemble import HistGradientBoostingClassifier

    parent = cancer.parent(fitted(HistGradientBoostingClassifier(max_iter=10), cancer), "sklearn")
    product = made(cancer, parent)
    names = list(cancer.store.columns)
    for value in (np.inf, -np.inf, 1e300, -1e300, np.nan):
        answers = []
        for candidate in (parent, cancer.candidate(product)):
            model = registry.a_format(candidate.artifact.format).open(candidate.artifact, 1)
            contract = candidate.contract if candidate.contract.output else model.contract()
            answers.append(model.predictor(contract)({name: np.array([value]) for name in names}))
        np.testing.assert_allclose(answers[1], answers[0], atol=1e-6)


def test_only_the_chosen_form_is_left_behind(cancer):
    from sklearn.ensemble import HistGradientBoostingClassifier

    parent = cancer.parent(fitted(HistGradientBoostingClassifier(max_iter=100), cancer), "sklearn")
    workbench = cancer.bench(parent)
    product = ToOnnx().apply(workbench)
    assert [str(file) for file in workbench.scratch.iterdir()] == [product.artifact.path]


def test_preprocessing_that_is_a_graph_itself_stays_apart(cancer):
    import onnx
    from onnx import TensorProto, helper
    from sklearn.linear_model import LogisticRegression

    width = len(cancer.store.columns)
    halve = helper.make_graph(
        [helper.make_node("Mul", ["x", "half"], ["y"])], "halve",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor("half", TensorProto.FLOAT, [1], [0.01])],
    )  # fmt: skip
    path = cancer.folder / "halve.onnx"
    onnx.save(helper.make_model(halve, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), str(path))
    matrix = np.column_stack(list(cancer.store.inputs("train", slice(None)).values())) * 0.01
    classes = np.array(cancer.workload.classes)[np.asarray(cancer.store.answers("train"))]
    model = LogisticRegression(max_iter=500).fit(matrix, classes)
    parent = cancer.parent(model, "sklearn", preprocess=Artifact(str(path), "onnx"))
    product = made(cancer, parent)
    same_answers(cancer, parent, product, 1e-5)
    assert product.preprocess == parent.preprocess


def test_a_network_keeps_its_precision(digits):
    import torch

    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    artifact = registry.a_format("torch").write(net, digits.folder / "net", digits.rows("search", 4))
    with pytest.raises(Refused, match="its own precision; leave `float64` out"):
        made(digits, Candidate("parent", artifact, Contract(output="logits")), float64="yes")
