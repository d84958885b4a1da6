"""What decides a metric, and how far one changed label can move it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from effaudit.core.effective import Effective
from effaudit.judge.scorers import kind_of

FUNCTIONS = {
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "f1": sk.f1_score,
    "recall": sk.recall_score,
    "jaccard": sk.jaccard_score,
    "f1_macro": lambda y, p: sk.f1_score(y, p, average="macro"),
    "f1_weighted": lambda y, p: sk.f1_score(y, p, average="weighted"),
    "f1_micro": lambda y, p: sk.f1_score(y, p, average="micro"),
    "precision_micro": lambda y, p: sk.precision_score(y, p, average="micro"),
    "recall_macro": lambda y, p: sk.recall_score(y, p, average="macro"),
    "recall_micro": lambda y, p: sk.recall_score(y, p, average="micro"),
    "recall_weighted": lambda y, p: sk.recall_score(y, p, average="weighted"),
}
BINARY = ("f1", "recall", "jaccard")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_metric_moves_further_than_its_shift_allows(a, name, data):
    """The bound behind `few rows differ`: changed labels × shift ≥ the change of scikit-learn's own score."""
    classes = 2 if name in BINARY else data.draw(st.integers(2, 4))
    answers = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=12, max_size=30)) + list(range(classes)))
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    before = np.where(rng.random(len(answers)) < 0.3, rng.integers(0, classes, len(answers)), answers)
    after = before.copy()
    changed = rng.choice(len(answers), data.draw(st.integers(1, 4)), replace=False)
    after[changed] = rng.integers(0, classes, len(changed))
    counts = tuple(int(count) for count in np.bincount(answers, minlength=classes))
    kind = kind_of(f"quality.{name}", a.record(a.model("x"), rows=len(answers), class_rows=counts).workload)
    moved = abs(FUNCTIONS[name](answers, after) - FUNCTIONS[name](answers, before))
    assert moved <= kind.shift * np.count_nonzero(after != before) / len(answers) + 1e-12


@pytest.mark.parametrize(
    ("metric", "task", "decides"),
    [
        ("quality.roc_auc", "classification", "scores"),
        ("quality.roc_auc_ovr_weighted", "classification", "scores"),
        ("quality.log_loss", "classification", "scores"),
        ("behaviour.ece", "classification", "scores"),
        ("quality.accuracy", "classification", "labels"),
        ("quality.matthews_corrcoef", "classification", "labels"),
        ("behaviour.flips_lost", "classification", "labels"),
        ("quality.root_mean_squared_error", "regression", "values"),
        ("quality.r2", "regression", "values"),
    ],
)
def test_a_metric_is_known_by_what_decides_it(a, metric, task, decides):
    assert kind_of(metric, a.record(a.model("x"), task=task).workload).decides == decides


@pytest.mark.parametrize("metric", ["quality.precision", "quality.matthews_corrcoef", "quality.made_up"])
def test_a_metric_without_a_known_bound_has_no_shift(a, metric):
    assert kind_of(metric, a.record(a.model("x")).workload).shift is None


def test_a_class_without_rows_or_uncounted_classes_give_no_shift(a):
    for counts in ((), (100, 0)):
        workload = a.record(a.model("x"), rows=100, class_rows=counts).workload
        assert kind_of("quality.f1", workload).shift is None
        assert kind_of("quality.f1_macro", workload).shift is None
    uncounted = a.record(a.model("x"), rows=100, class_rows=()).workload
    assert kind_of("quality.balanced_accuracy", uncounted).shift is None


def test_the_mean_recall_is_of_the_classes_that_occur(a):
    workload = a.record(a.model("x"), rows=100, class_rows=(60, 40, 0)).workload
    assert kind_of("quality.balanced_accuracy", workload).shift == pytest.approx(1 / (2 * 0.4))


def test_of_rows_with_weights_a_class_has_its_share_of_the_weight(a):
    workload = a.record(a.model("x"), rows=100, class_rows=(50, 50)).workload
    weighed = replace(workload, effective=Effective(60.0, 60.0, (30.0, 30.0), (0.8, 0.2)))
    assert kind_of("quality.f1", weighed).shift == pytest.approx(2 / 0.2)


def test_multilabel_metrics_other_than_accuracy_have_no_shift(a):
    workload = a.record(a.model("x"), multilabel=True).workload
    assert kind_of("quality.f1_macro", workload).shift is None
    assert kind_of("quality.accuracy", workload).shift == 1.0
