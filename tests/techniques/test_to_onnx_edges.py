"""Conversion to ONNX at its edges: odd outputs, hostile names, what is refused and what is left alone."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from onnx_made import classifiers, fitted, made, operators, same_answers

from effaudit import registry
from effaudit.core.notes import texts
from effaudit.core.plugin import Refused
from effaudit.techniques.to_onnx import ToOnnx

warnings.filterwarnings("ignore", category=FutureWarning)


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
    assert operators(made(cancer, parent)) == ["TreeEnsemble", "Div", "Sub", "Concat"]


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
    from effaudit.frameworks.sklearn import ensemble

    honest = ensemble._tree
    monkeypatch.setattr(ensemble, "_tree", lambda tree, values, target=0: honest(tree, values[::-1].copy(), target))
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
    assert "day hold times" in texts(product.notes)[0]


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
