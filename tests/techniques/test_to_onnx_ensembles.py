"""Calibrated classifiers, votes and averages in a graph: the same probabilities, and the same ties."""

from __future__ import annotations

import warnings

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from effaudit.core.plugin import Refused
from effaudit.core.workload import Column
from effaudit.toolkit.graphs.flows import inputs
from effaudit.toolkit.graphs.graph import Graph
from effaudit.toolkit.graphs.pipelines import predict

warnings.filterwarnings("ignore")
MODELS = {
    "logistic": LogisticRegression(),
    "linear support vectors": LinearSVC(),
    "boosting": GradientBoostingClassifier(n_estimators=8, random_state=0),
    "exponential boosting": GradientBoostingClassifier(n_estimators=8, random_state=0, loss="exponential"),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=8),
    "forest": RandomForestClassifier(8, max_depth=4, random_state=0),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=8, verbose=-1),
    "bayes": GaussianNB(),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
}


def data(classes, seed=0):
    rows, truth = make_classification(700, 6, n_informative=4, n_classes=classes, flip_y=0.2, random_state=seed)
    return rows.astype(np.float32).astype(np.float64), truth


def answered(model, rows, output="probabilities", double=True):
    """What the graph of a model answers to a matrix, or to a DataFrame by columns."""
    import onnxruntime

    graph = Graph(20, double)
    frame = isinstance(rows, pd.DataFrame)
    columns = (
        [Column(name, "text" if rows[name].dtype.kind == "O" or str(rows[name].dtype) == "str" else "float64") for name in rows]
        if frame
        else [Column(f"x{n}", "float64") for n in range(rows.shape[1])]
    )
    answer = predict(graph, model, inputs(graph, columns), output)
    proto = graph.model("y", answer.name, answer.kind, ["rows", answer.width])
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    dtype = np.float64 if double else np.float32
    if len(session.get_inputs()) == 1:
        feeds = {session.get_inputs()[0].name: np.asarray(rows, dtype)}
    else:
        feeds = {
            name: rows[[name]].to_numpy(object) if rows[name].dtype.kind not in "fi" else rows[[name]].to_numpy(dtype)
            for name in rows
        }
    return session.run(None, feeds)[0]


CALIBRATED = [
    (name, method, classes)
    for name in MODELS
    for method in ("sigmoid", "isotonic", "temperature")
    for classes in (2, 3)
    if not (name == "exponential boosting" and classes == 3)
]


@pytest.mark.parametrize(("name", "method", "classes"), CALIBRATED)
def test_a_calibrated_classifier_answers_as_before(name, method, classes):
    rows, truth = data(classes)
    model = CalibratedClassifierCV(MODELS[name], method=method, cv=3).fit(rows[:500], np.array(["a", "b", "c"])[truth[:500]])
    np.testing.assert_allclose(answered(model, rows[500:]), model.predict_proba(rows[500:]), atol=2e-6)


def test_one_that_calibrates_a_frozen_model():
    rows, truth = data(2)
    fitted = GradientBoostingClassifier(n_estimators=5, random_state=0).fit(rows[:300], truth[:300])
    model = CalibratedClassifierCV(FrozenEstimator(fitted), method="isotonic").fit(rows[300:500], truth[300:500])
    np.testing.assert_allclose(answered(model, rows[500:]), model.predict_proba(rows[500:]), atol=2e-6)


def test_a_whole_pipeline_with_words_that_is_calibrated():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"town": rng.choice(["Ghent", "Lille", "Trier"], 600), "stay": rng.normal(size=600).astype(np.float32)})
    truth = ((frame["town"] == "Lille") + frame["stay"] > 0.5).astype(int)
    before = make_column_transformer((OneHotEncoder(), ["town"]), (StandardScaler(), ["stay"]), sparse_threshold=0)
    model = CalibratedClassifierCV(make_pipeline(before, LogisticRegression()), cv=3).fit(frame[:400], truth[:400])
    np.testing.assert_allclose(answered(model, frame[400:]), model.predict_proba(frame[400:]), atol=2e-6)


def test_labels_of_a_calibrated_classifier_have_their_names():
    rows, truth = data(3)
    model = CalibratedClassifierCV(LogisticRegression(), cv=3).fit(rows, np.array(["a", "b", "c"])[truth])
    assert np.array_equal(answered(model, rows, "labels").ravel(), model.predict(rows))


TIED = [
    *((f"forest of {count}", RandomForestClassifier(count, random_state=1), 2) for count in (6, 10, 22, 40, 50, 100)),
    ("forest of 22, three classes", RandomForestClassifier(22, random_state=1), 3),
    ("extra trees", ExtraTreesClassifier(14, random_state=1), 2),
    ("bagged trees", BaggingClassifier(DecisionTreeClassifier(), 14, random_state=1), 2),
    ("bagged trees of some columns", BaggingClassifier(DecisionTreeClassifier(), 22, max_features=3, random_state=1), 3),
    (
        "votes of trees",
        VotingClassifier([(str(n), DecisionTreeClassifier(max_features=2, random_state=n)) for n in range(6)], voting="soft"),
        2,
    ),
    (
        "votes with weights",
        VotingClassifier(
            [(str(n), DecisionTreeClassifier(max_features=2, random_state=n)) for n in range(4)],
            voting="soft",
            weights=[3, 1, 1, 1],
        ),
        2,
    ),
    (
        "lightgbm's forest",
        lightgbm.LGBMClassifier(boosting_type="rf", n_estimators=22, subsample=0.6, subsample_freq=1, verbose=-1),
        2,
    ),
]


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize(("name", "model", "classes"), TIED)
def test_votes_that_tie_go_to_the_same_class(name, model, classes, double):
    rows, truth = data(classes, seed=4)
    model.fit(rows[:350], truth[:350])
    shares = model.predict_proba(rows[350:])
    if "lightgbm" not in name:
        ranked = np.sort(shares, axis=1)
        assert (np.abs(ranked[:, -1] - ranked[:, -2]) < 1e-12).any(), "no row ties: the test shows nothing"
    found = answered(model, rows[350:], double=double)
    assert np.array_equal(model.classes_[found.argmax(axis=1)], model.predict(rows[350:]))
    np.testing.assert_allclose(found, shares, atol=1e-6)


def test_what_is_refused_names_its_step():
    frame = pd.DataFrame({"town": ["a", "b"] * 20, "stay": np.arange(40.0)})
    before = make_column_transformer((FunctionTransformer(np.cbrt), ["stay"]), (OneHotEncoder(), ["town"]))
    model = make_pipeline(before, LogisticRegression()).fit(frame, [0, 1] * 20)
    with pytest.raises(Refused, match=r"in its step functiontransformer \(FunctionTransformer\): FunctionTransformer\(cbrt\)"):
        answered(model, frame)


def test_words_where_numbers_are_taken_are_told_with_the_step_too():
    from sklearn.feature_selection import VarianceThreshold

    frame = pd.DataFrame({"town": ["a", "b"] * 20, "stay": np.arange(40.0)})
    model = make_pipeline(VarianceThreshold(), LogisticRegression()).fit(frame.assign(town=[0, 1] * 20), [0, 1] * 20)
    with pytest.raises(
        Refused, match=r"in its step variancethreshold \(VarianceThreshold\): words reach a step that takes numbers"
    ):
        answered(model, frame)


@pytest.mark.parametrize("name", ["boosting", "exponential boosting", "histogram boosting"])
@pytest.mark.parametrize("classes", [2, 3])
def test_decision_functions_of_boosted_trees(name, classes):
    if name == "exponential boosting" and classes == 3:
        pytest.skip("it is for two classes")
    rows, truth = data(classes)
    model = MODELS[name].fit(rows[:500], truth[:500])
    np.testing.assert_allclose(answered(model, rows[500:], "logits").squeeze(), model.decision_function(rows[500:]), atol=2e-6)
