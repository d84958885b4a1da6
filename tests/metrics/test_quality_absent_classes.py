"""Classes that certify lacks stay classes: what a model gives to them is lost, and averages are over those that occur."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from effaudit.core.observed import Answers
from effaudit.core.plugin import Refused
from effaudit.core.workload import Workload
from effaudit.metrics.behaviour import Behaviour
from effaudit.metrics.quality import Quality
from effaudit.scoring.scorers import Part, score

RNG = np.random.default_rng(3)
N = 900
CLASSES = ("a", "b", "c", "d", "e", "f")
TRUTH = RNG.choice(3, N, p=[0.5, 0.3, 0.2])
SCORES = RNG.dirichlet(np.ones(6), N) * 0.6 + 0.4 * np.eye(6)[np.where(RNG.uniform(size=N) < 0.9, TRUTH, RNG.integers(0, 6, N))]
LABELS = SCORES.argmax(axis=1)
HOT = np.eye(6)[TRUTH]
ALL = np.arange(6)


def part(known, answers=None):
    """The data has the first `known` classes, the model six."""
    work = Workload("classification", "", (), ("y",), CLASSES[:known], {}, "row", "independent", {}, {}, {}, (), (1,))
    return Part.whole(answers or Answers(SCORES, LABELS, CLASSES), TRUTH, work)


EXPECTED = {
    "accuracy": metrics.accuracy_score(TRUTH, LABELS),
    "log_loss": metrics.log_loss(TRUTH, SCORES, labels=ALL),
    "brier_score": float(((SCORES - HOT) ** 2).sum(axis=1).mean()),
    "d2_log_loss_score": metrics.d2_log_loss_score(TRUTH, SCORES, labels=ALL),
    "d2_brier_score": metrics.d2_brier_score(TRUTH, SCORES, labels=ALL),
    "top_k_accuracy": metrics.top_k_accuracy_score(TRUTH, SCORES, labels=ALL),
    "f1_macro": metrics.f1_score(TRUTH, LABELS, average="macro"),
    "precision_macro": metrics.precision_score(TRUTH, LABELS, average="macro", zero_division=0),
    "recall_macro": metrics.recall_score(TRUTH, LABELS, average="macro", zero_division=0),
    "jaccard_weighted": metrics.jaccard_score(TRUTH, LABELS, average="weighted"),
    "f1_micro": metrics.f1_score(TRUTH, LABELS, average="micro"),
    "balanced_accuracy": metrics.recall_score(TRUTH, LABELS, labels=[0, 1, 2], average="macro"),
    "matthews_corrcoef": metrics.matthews_corrcoef(TRUTH, LABELS),
    "roc_auc_ovr": np.mean([metrics.roc_auc_score(k == TRUTH, SCORES[:, k]) for k in range(3)]),
    "average_precision": np.mean([metrics.average_precision_score(k == TRUTH, SCORES[:, k]) for k in range(3)]),
}


@pytest.mark.parametrize("known", [3, 4, 6])
@pytest.mark.parametrize("name", EXPECTED)
def test_figures_are_those_that_scikit_learn_gives_when_it_is_told_all_classes(name, known):
    assert score(name, part(known)) == pytest.approx(EXPECTED[name], abs=1e-12)


@pytest.mark.parametrize("average", ["", "_weighted"])
def test_pairs_of_the_classes_that_occur_are_compared_as_hand_and_till_do(average):
    full = RNG.dirichlet(np.ones(3), N)
    shares = np.column_stack([full * 0.9, np.full(N, 0.1)])
    answers = Answers(shares, shares.argmax(axis=1), ("a", "b", "c", "d"))
    expected = metrics.roc_auc_score(TRUTH, full, multi_class="ovo", average=average[1:] or "macro")
    assert score(f"roc_auc_ovo{average}", part(3, answers)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["f1_macro", "recall_macro", "balanced_accuracy", "precision_weighted", "log_loss", "brier_score"])
def test_a_class_that_a_resample_lacks_stays_in_its_average(seen, name):
    rare = TRUTH.copy()
    rare[rare == 2] = 0
    rare[:4] = 2
    own = seen(rare, SCORES, LABELS, quality=(name,), classes=CLASSES)
    drawn = [np.repeat(np.arange(N), weights.astype(int)) for weights in own.resamples.row_weights(60)]
    fast = Quality().read(own)[f"quality.{name}"].evidence[:60]
    whole = Part.whole(own.answers, rare, own.workload)
    np.testing.assert_allclose(fast, [score(name, whole.drawn(rows)) for rows in drawn], rtol=1e-5)
    assert any((rare[rows] != 2).all() for rows in drawn)


def test_calibration_is_that_of_the_class_that_was_named(seen):
    found = Behaviour().read(seen(TRUTH, SCORES, LABELS, classes=CLASSES))
    sure, right = SCORES.max(axis=1), LABELS == TRUTH
    bins = np.minimum((sure * 15).astype(int), 14)
    expected = sum(abs((right[bins == b] - sure[bins == b]).sum()) for b in range(15)) / N
    assert found["behaviour.ece"].reading.value == pytest.approx(expected)
    assert found["behaviour.brier"].reading.value == pytest.approx(EXPECTED["brier_score"])


def test_agreement_compares_classes_by_name(seen):
    own = seen(TRUTH, None, np.array([3, 4] * (N // 2)), classes=("a", "b", "c"))
    from dataclasses import replace

    own = replace(own, answers=replace(own.answers, classes=("a", "b", "c", "d", "e")))
    base = replace(own, answers=replace(own.answers, classes=("a", "b", "c", "e", "d")))
    found = Behaviour().read(replace(own, baseline=base))
    assert found["behaviour.agreement"].reading.value == 0.0
    swapped = replace(base, answers=replace(base.answers, labels=np.array([4, 3] * (N // 2))))
    assert Behaviour().read(replace(own, baseline=swapped))["behaviour.agreement"].reading.value == 1.0


def test_of_two_classes_in_the_data_a_third_of_the_models_is_never_the_positive_one():
    truth = (TRUTH > 0).astype(int)
    shares = RNG.dirichlet(np.ones(3), N)
    work = Workload("classification", "", (), ("y",), ("no", "yes"), {}, "row", "independent", {}, {}, {}, (), (1,))
    whole = Part.whole(Answers(shares, shares.argmax(axis=1), ("no", "yes", "maybe")), truth, work)
    assert score("f1", whole) == metrics.f1_score(truth == 1, shares.argmax(axis=1) == 1)
    assert score("roc_auc", whole) == metrics.roc_auc_score(truth, shares[:, 1])
    assert score("log_loss", whole) == metrics.log_loss(truth, shares, labels=[0, 1, 2])


def test_a_score_of_one_class_among_several_is_refused():
    with pytest.raises(Refused, match="f1"):
        score("f1", part(6))
