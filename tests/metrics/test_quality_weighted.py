"""Figures of rows with weights are scikit-learn's with `sample_weight`, and so are their replicates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from sklearn.metrics import get_scorer, roc_auc_score

from effaudit.core.effective import Effective
from effaudit.core.observed import Answers
from effaudit.core.reading import Failure
from effaudit.core.scorers import LOWER, UNWEIGHTED
from effaudit.core.stats import ranking
from effaudit.core.stats.resample import Resamples
from effaudit.metrics.behaviour import Behaviour
from effaudit.metrics.quality import Quality
from effaudit.scoring.guess import guessed
from effaudit.scoring.scorers import Part, score

RNG = np.random.default_rng(11)
N = 500
WEIGHTS = RNG.gamma(0.7, size=N)
TRUTH = RNG.integers(0, 2, N)
POSITIVE = np.clip(0.3 * TRUTH + RNG.uniform(0, 0.7, N), 0, 1).round(2)
BINARY = np.column_stack([1 - POSITIVE, POSITIVE])
THREE = RNG.integers(0, 3, N)
SHARES = RNG.dirichlet(np.ones(3), N) * 0.6 + 0.4 * np.eye(3)[THREE]
VALUES, GUESSED = np.abs(RNG.normal(10, 3, N)), np.abs(RNG.normal(10, 3, N))


class Stub:
    """Answers from memory, for scikit-learn's scorers."""

    def __init__(self, scores, classes):
        self.scores, self.classes_, self._estimator_type = scores, np.arange(classes), "classifier" if classes else "regressor"

    def predict(self, rows):
        return self.scores.argmax(axis=1) if len(self.classes_) else self.scores

    def predict_proba(self, rows):
        return self.scores

    def __sklearn_tags__(self):
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

        kind = type("Kind", (ClassifierMixin if len(self.classes_) else RegressorMixin, BaseEstimator), {})
        return kind().__sklearn_tags__()


def weigh(own, weights=WEIGHTS):
    groups = own.resamples.groups
    effective = Effective.of(weights, groups, None, 0)
    store = own.store
    store.weights = lambda: weights
    return replace(
        own,
        workload=replace(own.workload, weights="people", effective=effective),
        resamples=Resamples(groups, 2000, 0, weights),
        store=store,
    )


CASES = {
    "binary": (TRUTH, BINARY, 2, [
        *("accuracy", "roc_auc", "average_precision", "f1", "recall", "precision", "jaccard", "log_loss", "brier_score"),
        *("balanced_accuracy", "matthews_corrcoef", "d2_log_loss_score", "d2_brier_score"),
    ]),
    "three": (THREE, SHARES, 3, [
        *("accuracy", "f1_macro", "f1_weighted", "recall_macro", "precision_micro", "jaccard_macro", "log_loss", "brier_score"),
        *("balanced_accuracy", "roc_auc_ovr", "roc_auc_ovr_weighted", "top_k_accuracy", "average_precision"),
    ]),
    "values": (VALUES, GUESSED, 0, [
        *("r2", "mean_absolute_error", "root_mean_squared_error", "median_absolute_error", "explained_variance"),
        *("mean_gamma_deviance", "d2_absolute_error_score", "mean_absolute_percentage_error"),
    ]),
}  # fmt: skip
ALL = [(case, name) for case, (_, _, _, names) in CASES.items() for name in names]


@pytest.mark.parametrize(("case", "name"), ALL)
def test_a_figure_is_the_scorers_own_with_sample_weights(seen, case, name):
    truth, scores, classes, _ = CASES[case]
    own = weigh(seen(truth, scores, quality=(name,), task="classification" if classes else "regression"))
    result = Quality().read(own)[f"quality.{name}"]
    scorer = get_scorer(f"neg_{name}" if name in LOWER else name)
    expected = scorer(Stub(scores, classes), np.zeros((N, 1)), truth, sample_weight=WEIGHTS)
    assert result.reading.value == pytest.approx(-expected if name in LOWER else expected)
    assert [note.text for note in result.reading.notes if note.code == "weighted"] == [
        f"weighted by people, worth {int(own.workload.effective.groups):,} of equal weight"
    ]


@pytest.mark.parametrize(("case", "name"), [(case, name) for case, name in ALL if name not in ("roc_auc",)])
def test_replicates_are_the_figures_own_in_weighted_resamples(seen, case, name):
    truth, scores, classes, _ = CASES[case]
    own = weigh(seen(truth, scores, quality=(name,), task="classification" if classes else "regression"))
    found = Quality().read(own)[f"quality.{name}"].evidence[:15]
    whole = Part.whole(own.answers, truth, own.workload, WEIGHTS)
    drawn = [np.repeat(np.arange(N), draws.astype(int)) for draws in own.resamples.draws(15)]
    np.testing.assert_allclose(found, [score(name, whole.drawn(rows)) for rows in drawn], rtol=1e-5)


def test_weighted_auc_is_scikit_learns_and_its_influence_gives_its_spread():
    value, influence = ranking.auc(POSITIVE, TRUTH == 1, WEIGHTS)
    assert value == pytest.approx(roc_auc_score(TRUTH, POSITIVE, sample_weight=WEIGHTS))
    assert np.average(influence, weights=WEIGHTS) == pytest.approx(0.0, abs=1e-12)
    linear = value + Resamples(np.arange(N), 2000, 0, WEIGHTS).means(influence[:, None])[:, 0]
    rng = np.random.default_rng(1)
    drawn = [rng.integers(0, N, N) for _ in range(600)]
    spread = np.std([roc_auc_score(TRUTH[r], POSITIVE[r], sample_weight=WEIGHTS[r]) for r in drawn])
    assert linear.std() == pytest.approx(spread, rel=0.12)


def test_equal_weights_change_nothing(seen):
    for name in ("roc_auc", "accuracy", "f1", "log_loss"):
        plain = Quality().read(seen(TRUTH, BINARY, quality=(name,)))[f"quality.{name}"]
        equal = Quality().read(weigh(seen(TRUTH, BINARY, quality=(name,)), np.ones(N)))[f"quality.{name}"]
        np.testing.assert_allclose(equal.evidence, plain.evidence, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(UNWEIGHTED))
def test_a_scorer_that_takes_no_weights_is_a_failure(seen, name):
    truth, scores, task = (VALUES, GUESSED, "regression") if name == "max_error" else (THREE, SHARES, "classification")
    found = Quality().read(weigh(seen(truth, scores, quality=(name,), task=task)))[f"quality.{name}"].reading
    assert isinstance(found, Failure)
    assert "takes no weights of rows" in found.reason


def test_flips_agreement_and_calibration_are_weighted_and_say_so(seen):
    other = np.roll(BINARY, 1, axis=0)
    own, base = weigh(seen(TRUTH, BINARY)), weigh(seen(TRUTH, other))
    found = Behaviour().read(replace(own, baseline=base))
    same = BINARY.argmax(axis=1) == other.argmax(axis=1)
    assert found["behaviour.agreement"].reading.value == pytest.approx(np.average(same, weights=WEIGHTS))
    right, base_right = BINARY.argmax(axis=1) == TRUTH, other.argmax(axis=1) == TRUTH
    assert found["behaviour.flips_lost"].reading.value == pytest.approx(np.average(base_right & ~right, weights=WEIGHTS))
    assert found["behaviour.brier"].reading.value == pytest.approx(metrics.brier_score_loss(TRUTH, POSITIVE, sample_weight=WEIGHTS))
    sure = BINARY.max(axis=1)
    bins = np.minimum((sure * 15).astype(int), 14)
    gaps = [abs(((right - sure) * WEIGHTS)[bins == b].sum()) for b in range(15)]
    assert found["behaviour.ece"].reading.value == pytest.approx(sum(gaps) / WEIGHTS.sum())
    assert all("weighted" in [note.code for note in result.reading.notes] for result in found.values())


def test_a_slice_is_weighted_by_its_own_rows(seen):
    column = np.where(np.arange(N) < 200, "a", "b")
    own = seen(TRUTH, BINARY, sliced=column)
    worth = tuple(
        replace(one, effective=Effective.of(WEIGHTS[column == one.title], np.arange((column == one.title).sum()), None, 0))
        for one in own.workload.slices
    )
    own = weigh(replace(own, workload=replace(own.workload, slices=worth)))
    found = Quality().read(own)["quality.accuracy[c=a]"].reading
    right = (BINARY.argmax(axis=1) == TRUTH)[:200]
    assert found.value == pytest.approx(np.average(right, weights=WEIGHTS[:200]))
    assert found.notes[0].code == "weighted"


def test_a_guess_is_weighted_too():
    from effaudit.core.workload import Workload

    work = Workload("classification", "", (), ("y",), ("0", "1"), {}, "row", "independent", {}, {}, {}, (), (1,))
    part = Part.whole(Answers(BINARY, BINARY.argmax(axis=1), ("0", "1")), TRUTH, work, WEIGHTS)
    assert guessed(part).answers.scores[0, 1] == pytest.approx(np.average(TRUTH, weights=WEIGHTS))


def test_a_class_without_weight_is_none_of_those_whose_recalls_are_averaged():
    from effaudit.core.workload import Workload

    work = Workload("classification", "", (), ("y",), ("0", "1", "2"), {}, "row", "independent", {}, {}, {}, (), (1,))
    weights = np.where(THREE == 2, 0.0, WEIGHTS)
    part = Part.whole(Answers(SHARES, SHARES.argmax(axis=1), ("0", "1", "2")), THREE, work, weights)
    labels = SHARES.argmax(axis=1)
    assert score("balanced_accuracy", part) == pytest.approx(metrics.balanced_accuracy_score(THREE, labels, sample_weight=weights))
    assert score("f1_macro", part) == pytest.approx(metrics.f1_score(THREE, labels, average="macro", sample_weight=weights))
