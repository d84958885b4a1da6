"""The labels that effaudit derives from scores are those of the model's own `predict`: ties, thresholds, class orders."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from effaudit.core.answer import label
from effaudit.core.candidate import Contract
from effaudit.core.workload import Column, Workload
from effaudit.frameworks.sklearn.model import Fitted
from effaudit.worker.asking import ready

LOGISTIC = LogisticRegression()
PLAN = Contract()
DERIVED = {
    "logistic": LOGISTIC,
    "neighbours that tie": KNeighborsClassifier(4),
    "forest that ties": RandomForestClassifier(10, max_depth=2, random_state=0),
    "tree": DecisionTreeClassifier(max_depth=2, random_state=0),
    "fixed threshold": FixedThresholdClassifier(LOGISTIC, threshold=0.2),
    "fixed threshold on the first class": FixedThresholdClassifier(LOGISTIC, threshold=0.2, pos_label="no"),
    "whole number as a threshold": FixedThresholdClassifier(LOGISTIC, threshold=1),
    "threshold of single precision": FixedThresholdClassifier(LOGISTIC, threshold=np.float32(0.2)),
    "threshold that is called auto": FixedThresholdClassifier(KNeighborsClassifier(4)),
    "tuned threshold": TunedThresholdClassifierCV(LOGISTIC, cv=3),
    "threshold in a pipeline": make_pipeline(StandardScaler(), FixedThresholdClassifier(LOGISTIC, threshold=0.2)),
    "threshold in a search": GridSearchCV(FixedThresholdClassifier(LOGISTIC, threshold=0.2), {"estimator__C": [1.0]}, cv=2),
    "threshold in a pipeline in a search": GridSearchCV(
        make_pipeline(StandardScaler(), FixedThresholdClassifier(LOGISTIC, threshold=0.2)), {}, cv=2
    ),
    "cut on a decision function": FixedThresholdClassifier(LOGISTIC, threshold=0.7, response_method="decision_function"),
    "cut on a boosted decision function": FixedThresholdClassifier(
        GradientBoostingClassifier(n_estimators=10), threshold=-0.4, response_method="decision_function", pos_label="no"
    ),
    "cut on a support vector machine": FixedThresholdClassifier(LinearSVC(), threshold=0.3),
}
"""Models whose labels follow from their scores and the threshold that is found in them."""

OWN = {
    **DERIVED,
    "support vectors with probabilities": SVC(probability=True, random_state=0),
    "modified Huber loss": SGDClassifier(loss="modified_huber", random_state=0),
    "hinge loss": SGDClassifier(random_state=0),
    "calibrated": CalibratedClassifierCV(LinearSVC(), cv=3),
    "calibrated in a threshold": FixedThresholdClassifier(CalibratedClassifierCV(LinearSVC(), cv=3), threshold=0.2),
    "voting by labels": VotingClassifier(
        [("a", LOGISTIC), ("b", DecisionTreeClassifier(max_depth=3)), ("c", KNeighborsClassifier())]
    ),
    "voting by probabilities": VotingClassifier([("a", LOGISTIC), ("b", KNeighborsClassifier())], voting="soft"),
    "cut on boosting of another kind": FixedThresholdClassifier(
        AdaBoostClassifier(n_estimators=5, random_state=0), threshold=0.1, response_method="decision_function"
    ),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=10),
}
SEVERAL = {
    "neighbours that tie": KNeighborsClassifier(4),
    "forest that ties": RandomForestClassifier(10, max_depth=2, random_state=0),
    "one for each": MultiOutputClassifier(LogisticRegression()),
    "one against the rest": OneVsRestClassifier(LogisticRegression()),
}
MANY = {
    "logistic": LOGISTIC,
    "support vectors with probabilities": SVC(probability=True, random_state=0),
    "one against the rest": OneVsRestClassifier(FixedThresholdClassifier(LOGISTIC, threshold=0.2)),
    "one against the rest of decisions": OneVsRestClassifier(SGDClassifier(loss="modified_huber", random_state=0)),
}


def workload(columns, classes=(), answers=("y",), numeric=False):
    inputs = tuple(Column(f"x{n}", "float64") for n in range(columns))
    several = len(answers) > 1
    return Workload(
        "classification", "", inputs, answers, classes, {}, "row", "independent", {}, {}, {}, (), (1,),
        multilabel=several, numeric_classes=numeric,
    )  # fmt: skip


class Formless:
    def forms(self, split):
        return {}


def answers_of(model, rows, work, plan=PLAN):
    asked = ready(Fitted(model), plan, work, Formless())
    return asked.answered({f"x{n}": column for n, column in enumerate(rows.T)}), asked.contract


def two_classes():
    rows, truth = make_classification(600, 5, weights=[0.7], flip_y=0.2, random_state=0)
    return rows, np.array(["no", "yes"])[truth]


@pytest.mark.parametrize("classes", [("no", "yes"), ("yes", "no")])
@pytest.mark.parametrize("kind", OWN)
def test_of_two_classes_whichever_is_positive(kind, classes):
    rows, names = two_classes()
    model = OWN[kind].fit(rows[:300], names[:300])
    found, contract = answers_of(model, rows[300:], workload(5, classes))
    assert np.array_equal(np.array(found.classes)[found.labels], model.predict(rows[300:]))
    if kind in DERIVED:
        derived = label(found.scores, contract, workload(5, classes))
        assert np.array_equal(np.array(classes)[derived], model.predict(rows[300:]))


@pytest.mark.parametrize("kind", MANY)
def test_of_many_classes(kind):
    rows, truth = make_classification(600, 6, n_informative=4, n_classes=3, flip_y=0.2, random_state=0)
    names = np.array(["maybe", "no", "yes"])[truth]
    model = MANY[kind].fit(rows[:300], names[:300])
    found, _ = answers_of(model, rows[300:], workload(6, ("maybe", "no", "yes")))
    assert np.array_equal(np.array(found.classes)[found.labels], model.predict(rows[300:]))


@pytest.mark.parametrize("kind", SEVERAL)
def test_of_several_labels(kind):
    rows, truth = make_multilabel_classification(600, 6, n_classes=3, random_state=0)
    model = SEVERAL[kind].fit(rows[:300], truth[:300])
    work = workload(6, answers=("a", "b", "c"))
    found, contract = answers_of(model, rows[300:], work)
    assert np.array_equal(found.labels, model.predict(rows[300:]))
    assert np.array_equal(label(found.scores, contract, work), model.predict(rows[300:]))


def test_a_threshold_in_the_plan_goes_before_the_models_own_rule_and_the_class_that_it_speaks_of():
    rows, names = two_classes()
    model = FixedThresholdClassifier(LOGISTIC, threshold=0.7, pos_label="no").fit(rows[:300], names[:300])
    found, contract = answers_of(model, rows[300:], workload(5, ("no", "yes")), Contract(threshold=0.3))
    assert (contract.labels, contract.threshold, contract.threshold_of) == ("scores", 0.3, None)
    assert np.array_equal(found.labels, model.predict_proba(rows[300:])[:, 1] >= 0.3)


def test_a_plan_may_give_a_threshold_of_the_class_that_is_not_positive():
    rows, names = two_classes()
    model = LOGISTIC.fit(rows[:300], names[:300])
    found, _ = answers_of(model, rows[300:], workload(5, ("no", "yes")), Contract(threshold=0.3, threshold_of="no"))
    assert np.array_equal(found.labels == 0, model.predict_proba(rows[300:])[:, 0] >= 0.3)


def test_labels_of_a_model_that_was_trained_on_codes_are_called_as_in_the_plan():
    rows, names = two_classes()
    model = SVC(probability=True, random_state=0).fit(rows[:300], (names[:300] == "yes").astype(int))
    found, _ = answers_of(model, rows[300:], workload(5, ("no", "yes")), Contract(classes=("no", "yes")))
    assert np.array_equal(found.labels, model.predict(rows[300:]))


def test_classes_that_the_data_lacks_count_as_wrong():
    rows, truth = make_classification(600, 6, n_informative=4, n_classes=3, random_state=0)
    names = np.array(["maybe", "no", "yes"])
    model = LogisticRegression().fit(rows, names[truth])
    kept = truth > 0
    found, _ = answers_of(model, rows[kept], workload(6, ("no", "yes")))
    assert found.classes == ("no", "yes", "maybe")
    assert np.array_equal(np.array(found.classes)[found.labels], model.predict(rows[kept]))
    np.testing.assert_allclose(found.scores, model.predict_proba(rows[kept])[:, [1, 2, 0]])
