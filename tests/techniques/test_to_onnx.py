"""Conversion of single models to ONNX: the parent's own answers are the reference."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from onnx_made import classifiers, fitted, made, same_answers

from effaudit.core.candidate import Candidate, Contract
from effaudit.core.notes import texts

warnings.filterwarnings("ignore", category=FutureWarning)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", classifiers())
def test_a_classifier_of_two_classes_answers_as_before(name, cancer):
    parent = cancer.parent(fitted(classifiers()[name], cancer), "sklearn")
    product = made(cancer, parent)
    same_answers(cancer, parent, product, 1e-4)
    assert bool(product.figures["flips"]) == (name == "svm")  # whose predict is another rule than its probabilities
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
    assert "scores differ by" in texts(single.notes)[0]


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
