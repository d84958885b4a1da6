import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.formats.sklearn import Sklearn
from effaudit.frameworks.sklearn.model import Fitted

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def written(model, tmp_path, threads=1):
    return Sklearn().open(Sklearn().write(model, tmp_path / "model", {}), threads)


CLASSIFIERS = [
    LogisticRegression(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    DecisionTreeClassifier(max_depth=4),
    RandomForestClassifier(5, max_depth=4),
    GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3),
    BaggingClassifier(n_estimators=3, max_features=0.6),
    GaussianNB(),
    MLPClassifier((4,), max_iter=10),
    CalibratedClassifierCV(LinearSVC(), cv=2),
    CalibratedClassifierCV(LinearSVC(), cv=2, method="isotonic"),
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2),
    VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft"),
    OneVsRestClassifier(LogisticRegression()),
    DummyClassifier(strategy="prior"),
    lightgbm.LGBMClassifier(n_estimators=3, verbose=-1),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("kind", ["numbers", "words", "three"])
def test_a_classifier_answers_as_its_original(tmp_path, numbers, request_of, model, kind):
    matrix, two, three = numbers
    answers = {"numbers": two, "words": np.array(["no", "yes"])[two], "three": three}[kind]
    model.fit(matrix, answers)
    opened = written(model, tmp_path)
    contract = opened.contract()
    assert contract.output == "probabilities"
    assert contract.classes == tuple(str(value) for value in model.classes_)
    shares = opened.predictor(contract)(request_of(matrix))
    assert np.array_equal(shares, model.predict_proba(matrix))
    assert np.array_equal(opened.predictor(Contract(output="labels"))(request_of(matrix)), model.predict(matrix))


REGRESSORS = [LinearRegression(), Lasso(0.01), DecisionTreeRegressor(max_depth=4), SVR(), DummyRegressor()]
REGRESSORS += [TransformedTargetRegressor(LinearRegression(), func=np.arcsinh, inverse_func=np.sinh)]
REGRESSORS += [lightgbm.LGBMRegressor(n_estimators=3, verbose=-1)]


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda model: type(model).__name__)
def test_a_regressor_answers_values(tmp_path, numbers, request_of, model):
    matrix = numbers[0]
    model.fit(matrix, matrix[:, 0] * 2)
    opened = written(model, tmp_path)
    assert opened.contract().output == "values"
    assert np.array_equal(opened.predictor(opened.contract())(request_of(matrix)), model.predict(matrix))


def test_several_outputs_are_columns(tmp_path, numbers, request_of):
    matrix = numbers[0]
    model = LinearRegression().fit(matrix, matrix[:, :2])
    assert written(model, tmp_path).predictor(Contract(output="values"))(request_of(matrix)).shape == (160, 2)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(3, max_depth=3),
        KNeighborsClassifier(4),
        MultiOutputClassifier(LogisticRegression()),
        OneVsRestClassifier(LogisticRegression()),
        ClassifierChain(LogisticRegression()),
        make_pipeline(StandardScaler(), ClassifierChain(DecisionTreeClassifier(max_depth=3))),
        MLPClassifier((3,), max_iter=5),
    ],
    ids=lambda model: type(model).__name__,
)
def test_multilabel_models_answer_each_labels_probability(tmp_path, numbers, request_of, model):
    matrix, two, three = numbers
    model.fit(matrix, np.column_stack([two, three > 0]))
    opened = written(model, tmp_path)
    own = model.predict_proba(matrix)
    wanted = np.column_stack([part[:, 1] for part in own]) if isinstance(own, list) else own
    assert np.array_equal(opened.predictor(Contract(output="probabilities"))(request_of(matrix)), wanted)


def test_a_label_that_never_varied_is_certain(tmp_path, numbers, request_of):
    matrix, two, _ = numbers
    model = RandomForestClassifier(3, max_depth=3).fit(matrix, np.column_stack([two, np.ones(160), np.zeros(160)]))
    shares = written(model, tmp_path).predictor(Contract(output="probabilities"))(request_of(matrix))
    assert shares[:, 1:].tolist() == [[1.0, 0.0]] * 160


def test_several_answers_of_several_classes_are_refused(tmp_path, numbers):
    matrix, two, three = numbers
    model = DecisionTreeClassifier(max_depth=3).fit(matrix, np.column_stack([two, three]))
    with pytest.raises(Refused, match="one model for each answer"):
        written(model, tmp_path).predictor(Contract(output="probabilities"))


def test_a_model_without_probabilities_is_ranked_by_its_decision_function(tmp_path, numbers, request_of):
    matrix, two, three = numbers
    for model, answers in ((LinearSVC(), two), (LinearSVC(), three), (SGDClassifier(), three), (SVC(), two)):
        opened = written(model.fit(matrix, answers), tmp_path)
        assert opened.contract().output == "logits"
        scores = opened.predictor(opened.contract())(request_of(matrix))
        assert np.array_equal(scores, model.decision_function(matrix))
        labels = model.classes_[scores.argmax(axis=1) if scores.ndim == 2 else (scores > 0).astype(int)]
        assert np.array_equal(labels, model.predict(matrix))
        assert opened.contract().distances


def test_where_no_score_ranks_its_labels_a_model_answers_labels(tmp_path, numbers, request_of):
    matrix, two, three = numbers
    hard = VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())])
    for model, answers in ((SVC(), three), (hard, two), (OneVsRestClassifier(LinearSVC()), np.column_stack([two, 1 - two]))):
        opened = written(model.fit(matrix, answers), tmp_path)
        assert opened.contract().output == "labels"
        assert np.array_equal(opened.predictor(opened.contract())(request_of(matrix)), model.predict(matrix))


def test_what_a_model_cannot_answer_is_refused_with_what_it_can(tmp_path, numbers):
    opened = written(LinearSVC().fit(*numbers[:2]), tmp_path)
    with pytest.raises(Refused, match=r"LinearSVC has no predict_proba; write `output: logits`"):
        opened.predictor(Contract(output="probabilities"))


def test_a_fixed_threshold_is_read_from_the_file(tmp_path, numbers):
    model = FixedThresholdClassifier(LogisticRegression(), threshold=0.3, response_method="predict_proba").fit(*numbers[:2])
    assert written(model, tmp_path).contract().threshold == 0.3
    assert written(LogisticRegression().fit(*numbers[:2]), tmp_path).contract().threshold is None


@pytest.mark.parametrize("keep", [list, tuple, lambda names: np.array(names, dtype=object), lambda names: np.array(names)[:, None]])
def test_classes_are_read_however_a_classifier_of_ones_own_keeps_them(keep):
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    model.classes_ = keep([1, 0])
    assert Fitted(model).contract().classes == ("1", "0")


def test_words_kept_in_a_list_are_classes_and_not_several_answers():
    model = LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    model.classes_ = ["no", "yes"]
    assert Fitted(model).contract().classes == ("no", "yes")


def test_a_ridge_of_several_labels_answers_labels(numbers):
    matrix, two, _ = numbers
    several = RidgeClassifier().fit(matrix, np.column_stack([two, 1 - two]))
    assert Fitted(several).contract().output == "labels"
    assert Fitted(RidgeClassifier().fit(matrix, two)).contract().output == "logits"


def test_a_lightgbm_with_an_objective_of_ones_own_has_no_labels_to_predict(numbers):
    matrix, two, _ = numbers

    def logistic(truth, scores):
        share = 1 / (1 + np.exp(-scores))
        return share - truth, share * (1 - share)

    model = lightgbm.LGBMClassifier(n_estimators=3, objective=logistic, verbose=-1).fit(matrix, two)
    assert Fitted(model).labeller(Contract(output="logits")) is None
    usual = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(matrix, two)
    assert Fitted(usual).labeller(Contract(output="probabilities")) is not None


def test_the_columns_of_a_dataframe_of_probabilities_are_read_by_their_names_in_a_pipeline_too(numbers, request_of):
    matrix, two, _ = numbers

    class Framed(LogisticRegression):
        def predict_proba(self, rows):
            return pd.DataFrame(super().predict_proba(rows)[:, ::-1], columns=self.classes_[::-1])

    model = make_pipeline(StandardScaler(), Framed()).fit(matrix, two)
    opened = Fitted(model)
    shares = opened.predictor(opened.contract())(request_of(matrix))
    assert np.array_equal(shares.argmax(axis=1), model.predict(matrix))
