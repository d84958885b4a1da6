"""Conversion of preprocessing and networks to ONNX, into one graph where it can be."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from onnx_made import made, same_answers

from effaudit import registry
from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.notes import texts
from effaudit.core.plugin import Refused

warnings.filterwarnings("ignore", category=FutureWarning)


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
    assert texts(product.notes) == ()
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
    assert "KBinsDiscretizer" in texts(product.notes)[0]


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
