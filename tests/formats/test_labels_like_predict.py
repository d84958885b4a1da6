"""The labels that effaudit derives from scores are those of the model's own `predict`: ties, thresholds, class orders."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from effaudit.core.answer import canonical, label
from effaudit.core.candidate import Contract
from effaudit.core.workload import Column, Workload
from effaudit.formats._sklearn_model import Fitted
from effaudit.worker.asking import joined

BINARY = {
    "logistic": LogisticRegression(),
    "neighbours that tie": KNeighborsClassifier(4),
    "forest that ties": RandomForestClassifier(10, max_depth=2, random_state=0),
    "tree": DecisionTreeClassifier(max_depth=2, random_state=0),
    "fixed threshold": FixedThresholdClassifier(LogisticRegression(), threshold=0.2),
    "fixed threshold on the first class": FixedThresholdClassifier(LogisticRegression(), threshold=0.2, pos_label="no"),
    "tuned threshold": TunedThresholdClassifierCV(LogisticRegression(), cv=3),
}
SEVERAL = {
    "neighbours that tie": KNeighborsClassifier(4),
    "forest that ties": RandomForestClassifier(10, max_depth=2, random_state=0),
    "one for each": MultiOutputClassifier(LogisticRegression()),
}


def workload(columns, classes=(), answers=("y",)):
    inputs = tuple(Column(f"x{n}", "float64") for n in range(columns))
    several = len(answers) > 1
    return Workload(
        "classification", "", inputs, answers, classes, {}, "row", "independent", {}, {}, {}, (), (1,), multilabel=several
    )


def labels_of(model, rows, work):
    fitted = Fitted(model)
    contract = joined(fitted.contract(), Contract(), work, preprocessed=False)
    raw = fitted.predictor(contract)({f"x{n}": column for n, column in enumerate(rows.T)})
    return label(canonical(raw, len(rows), contract, work), contract, work).labels


@pytest.mark.parametrize("classes", [("no", "yes"), ("yes", "no")])
@pytest.mark.parametrize("kind", BINARY)
def test_of_two_classes_whichever_is_positive(kind, classes):
    rows, truth = make_classification(600, 5, weights=[0.7], flip_y=0.2, random_state=0)
    model = BINARY[kind].fit(rows[:300], np.array(["no", "yes"])[truth[:300]])
    found = labels_of(model, rows[300:], workload(5, classes))
    assert np.array_equal(np.array(classes)[found], model.predict(rows[300:]))


@pytest.mark.parametrize("kind", SEVERAL)
def test_of_several_labels(kind):
    rows, truth = make_multilabel_classification(600, 6, n_classes=3, random_state=0)
    model = SEVERAL[kind].fit(rows[:300], truth[:300])
    found = labels_of(model, rows[300:], workload(6, answers=("a", "b", "c")))
    assert np.array_equal(found, model.predict(rows[300:]))


def test_classes_that_the_data_lacks_count_as_wrong():
    rows, truth = make_classification(600, 6, n_informative=4, n_classes=3, random_state=0)
    names = np.array(["maybe", "no", "yes"])
    model = LogisticRegression().fit(rows, names[truth])
    kept = truth > 0
    found = labels_of(model, rows[kept], workload(6, ("no", "yes")))
    right = (found >= 0) & (np.array(["no", "yes"])[found] == names[truth[kept]])
    assert right.mean() == pytest.approx(model.score(rows[kept], names[truth[kept]]))
