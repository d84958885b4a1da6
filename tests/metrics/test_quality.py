"""Every scorer's figure is scikit-learn's own, and its interval that of resampled rows or groups."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.metrics import get_scorer, get_scorer_names, roc_auc_score

from effaudit.core.notes import texts
from effaudit.core.reading import Failure, Measurement
from effaudit.core.scorers import HIGHER, LOWER
from effaudit.metrics.quality import Quality
from effaudit.scoring.scorers import Part, score
from effaudit.scoring.statistics import statistic

RNG = np.random.default_rng(0)
N = 600
TRUTH = RNG.integers(0, 2, N)
POSITIVE = np.clip(0.35 * TRUTH + RNG.uniform(0, 0.65, N), 0, 1)
BINARY = np.column_stack([1 - POSITIVE, POSITIVE])
TRUTH3 = RNG.integers(0, 3, N)
SCORES3 = RNG.dirichlet([1, 1, 1], N) * 0.6 + 0.4 * np.eye(3)[TRUTH3]
VALUES = np.abs(RNG.normal(10, 3, N))
PREDICTED = np.abs(VALUES + RNG.normal(0, 1, N))

CLUSTERING = {
    n for n in get_scorer_names() if any(w in n for w in ("mutual", "rand", "homogeneity", "completeness", "v_measure", "fowlkes"))
}
ON_BINARY = ("accuracy", "balanced_accuracy", "f1", "precision", "recall", "jaccard", "roc_auc", "average_precision", "log_loss")
ON_BINARY += (
    "brier_score",
    "matthews_corrcoef",
    "f1_macro",
    "f1_weighted",
    "f1_micro",
    "d2_log_loss_score",
    "positive_likelihood_ratio",
)
ON_THREE = (
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "f1_weighted",
    "precision_macro",
    "recall_macro",
    "jaccard_weighted",
    "log_loss",
)
ON_THREE += ("roc_auc_ovr", "roc_auc_ovo_weighted", "brier_score", "matthews_corrcoef", "recall_micro")
ON_VALUES = ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error", "r2", "median_absolute_error", "max_error")
ON_VALUES += ("mean_absolute_percentage_error", "explained_variance", "root_mean_squared_log_error", "mean_poisson_deviance")


class Stub:
    """An independent stand-in for scikit-learn's scorers."""

    def __init__(self, scores, regression=False):
        from sklearn.base import ClassifierMixin, RegressorMixin

        self.scores = scores
        self.__class__ = type("Stub", (Stub, RegressorMixin if regression else ClassifierMixin), {})
        if not regression:
            self.classes_ = np.arange(scores.shape[1])

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        regression = self.scores.ndim == 1
        kinds = {"regressor_tags": RegressorTags()} if regression else {"classifier_tags": ClassifierTags()}
        return Tags("regressor" if regression else "classifier", TargetTags(required=True), input_tags=InputTags(), **kinds)

    def fit(self):
        return self

    def predict(self, X):
        return self.scores[X] if self.scores.ndim == 1 else self.scores[X].argmax(axis=1)

    def predict_proba(self, X):
        return self.scores[X]


def reading(seen, name, **more):
    return Quality().read(seen(quality=(name,), **more))[f"quality.{name}"]


def oracle(name, stub, truth):
    value = get_scorer(f"neg_{name}" if name in LOWER else name)(stub, np.arange(len(truth)), truth)
    return -value if name in LOWER else value


@pytest.mark.parametrize("name", ON_BINARY)
def test_binary_scorers_read_as_scikit_learn_scores_them(seen, name):
    result = reading(seen, name, truth=TRUTH, scores=BINARY)
    assert result.reading.value == pytest.approx(oracle(name, Stub(BINARY), TRUTH))
    assert result.reading.low <= result.reading.value <= result.reading.high
    assert result.evidence.shape in ((2000,), (200,))


@pytest.mark.parametrize("name", ON_THREE)
def test_multiclass_scorers_read_as_scikit_learn_scores_them(seen, name):
    result = reading(seen, name, truth=TRUTH3, scores=SCORES3)
    assert result.reading.value == pytest.approx(oracle(name, Stub(SCORES3), TRUTH3))


@pytest.mark.parametrize("name", ON_VALUES)
def test_regression_scorers_read_as_scikit_learn_scores_them(seen, name):
    result = reading(seen, name, truth=VALUES, scores=PREDICTED, task="regression")
    assert result.reading.value == pytest.approx(oracle(name, Stub(PREDICTED, regression=True), VALUES))
    assert result.reading.better == ("lower" if name in LOWER else "higher")


def test_every_scorer_of_scikit_learn_is_known_with_its_direction():
    names = {name.removeprefix("neg_"): get_scorer(name)._sign for name in get_scorer_names() if name not in CLUSTERING}
    assert set(names) == HIGHER | LOWER
    assert {name for name, sign in names.items() if sign < 0} == set(LOWER)


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "precision_macro", "log_loss", "brier_score", "jaccard_weighted"])
def test_fast_replicates_are_the_scorers_own_on_the_same_resamples(seen, name):
    own = seen(truth=TRUTH, scores=BINARY, quality=(name,))
    fast = Quality().read(own)[f"quality.{name}"].evidence[:20]
    drawn = [np.repeat(np.arange(N), weights.astype(int)) for weights in own.resamples.row_weights(20)]
    whole = Part.whole(own.answers, TRUTH, own.workload)
    slow = [score(name, whole.drawn(rows)) for rows in drawn]
    np.testing.assert_allclose(fast, slow, rtol=1e-5)


def test_the_interval_of_auc_has_the_width_that_rows_resampled_one_by_one_give(seen):
    result = reading(seen, "roc_auc", truth=TRUTH, scores=BINARY)
    rng = np.random.default_rng(1)
    rows = [rng.integers(0, N, N) for _ in range(400)]
    spread = np.std([roc_auc_score(TRUTH[r], POSITIVE[r]) for r in rows])
    assert (result.reading.high - result.reading.low) / 2 / 1.645 == pytest.approx(spread, rel=0.15)


def test_rows_that_come_in_groups_widen_the_interval(seen):
    repeated = np.repeat(np.arange(N // 10), 10)
    truth, scores = TRUTH[repeated], BINARY[repeated]
    alone = reading(seen, "accuracy", truth=truth, scores=scores).reading
    grouped = reading(seen, "accuracy", truth=truth, scores=scores, groups=repeated).reading
    assert (grouped.high - grouped.low) == pytest.approx((alone.high - alone.low) * np.sqrt(10), rel=0.2)
    assert "60 groups" in texts(grouped.notes)


def test_the_same_resamples_serve_all_candidates(seen):
    one = reading(seen, "accuracy", truth=TRUTH, scores=BINARY).evidence
    other = reading(seen, "accuracy", truth=TRUTH, scores=BINARY.copy()).evidence
    np.testing.assert_array_equal(one, other)


def test_a_scorer_of_probabilities_is_a_failure_for_a_model_that_only_labels(seen):
    result = reading(seen, "roc_auc", truth=TRUTH, labels=TRUTH)
    assert result.reading == Failure("undefined", "score", "roc_auc needs probabilities, and this candidate gives labels only")
    assert isinstance(reading(seen, "accuracy", truth=TRUTH, labels=TRUTH).reading, Measurement)


def test_what_a_scorer_is_not_made_for_is_a_failure_with_its_words(seen):
    result = reading(seen, "f1", truth=TRUTH3, scores=SCORES3)
    assert isinstance(result.reading, Failure)
    assert "f1" in result.reading.reason


def test_multilabel_answers_are_scored(seen):
    truth = RNG.integers(0, 2, (N, 3))
    scores = np.clip(0.5 * truth + RNG.uniform(0, 0.6, (N, 3)), 0, 1)
    found = reading(
        seen,
        "f1_macro",
        truth=truth,
        scores=scores,
        labels=(scores > 0.5).astype(int),
        classes=(),
        multilabel=True,
        answer_names=("a", "b", "c"),
    )
    assert isinstance(found.reading, Measurement)


SEVERAL = RNG.integers(0, 2, (N, 3))
SEVERAL_SCORES = np.clip(0.4 * SEVERAL + RNG.uniform(0, 0.6, (N, 3)), 0, 1)


def of_several(seen, name, scores=SEVERAL_SCORES):
    labels = (scores > 0.5).astype(int)
    more = {"classes": (), "multilabel": True, "answer_names": ("a", "b", "c")}
    return reading(seen, name, truth=SEVERAL, scores=scores, labels=labels, **more).reading


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("roc_auc", metrics.roc_auc_score(SEVERAL, SEVERAL_SCORES, average="macro")),
        ("roc_auc_ovr_weighted", metrics.roc_auc_score(SEVERAL, SEVERAL_SCORES, average="weighted")),
        ("average_precision", metrics.average_precision_score(SEVERAL, SEVERAL_SCORES, average="macro")),
        ("accuracy", metrics.accuracy_score(SEVERAL, SEVERAL_SCORES > 0.5)),
        ("recall_micro", metrics.recall_score(SEVERAL, SEVERAL_SCORES > 0.5, average="micro")),
    ],
)
def test_several_labels_are_scored_as_scikit_learn_scores_the_matrix(seen, name, wanted):
    found = of_several(seen, name)
    assert found.value == pytest.approx(wanted, abs=1e-12)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("name", ["log_loss", "top_k_accuracy", "f1", "balanced_accuracy", "brier_score"])
def test_scorers_of_one_class_say_in_own_words_that_rows_have_several_labels(seen, name):
    found = of_several(seen, name)
    assert isinstance(found, Failure)
    assert found.reason.startswith(f"{name} is made for one class a row, and here each has 3 labels")


def test_what_a_scorer_warns_of_is_one_note_and_never_printed(seen, recwarn):
    scores = np.column_stack([np.full(N, 0.1), SEVERAL_SCORES[:, 1:]])
    found = of_several(seen, "precision_macro", scores)
    assert [note for note in texts(found.notes) if "ill-defined" in note] == [
        "scikit-learn warns: Precision is ill-defined and being set to 0.0 in labels with no predicted samples"
    ]
    assert not recwarn


def test_errors_carry_the_answers_unit(seen):
    found = reading(seen, "mean_absolute_error", truth=VALUES, scores=PREDICTED, task="regression", answer_unit="min")
    assert found.reading.unit == "min"
    assert reading(seen, "r2", truth=VALUES, scores=PREDICTED, task="regression", answer_unit="min").reading.unit == "score"


def test_a_statistic_that_disagrees_with_scikit_learn_is_not_believed(seen, monkeypatch):
    from effaudit.metrics import quality

    wrong = lambda name, part: statistic("f1", part)  # noqa: E731
    monkeypatch.setattr(quality, "statistic", wrong)
    assert reading(seen, "accuracy", truth=TRUTH, scores=BINARY).evidence.shape == (200,)
