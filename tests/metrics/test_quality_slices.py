"""Figures of slices are scikit-learn's own on the rows of each, with intervals from the resamples of all rows."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics

from effaudit.core.notes import texts
from effaudit.core.reading import Failure, Measurement
from effaudit.metrics.quality import Quality

RNG = np.random.default_rng(0)
N = 900
TRUTH = RNG.integers(0, 2, N)
POSITIVE = np.clip(0.3 * TRUTH + RNG.uniform(0, 0.7, N), 0, 1)
BINARY = np.column_stack([1 - POSITIVE, POSITIVE])
CARRIER = RNG.choice(["DL", "UA", "[x=y]\n"], N, p=[0.5, 0.3, 0.2])
KEYS = {"DL": "c=DL", "UA": "c=UA", "[x=y]\n": "c=%5Bx%3Dy%5D%0A"}
VALUES = RNG.normal(10, 3, N)
PREDICTED = VALUES + RNG.normal(0, 1, N)
ORACLES = {
    "roc_auc": lambda truth, scores: metrics.roc_auc_score(truth, scores[:, 1]),
    "average_precision": lambda truth, scores: metrics.average_precision_score(truth, scores[:, 1]),
    "accuracy": lambda truth, scores: metrics.accuracy_score(truth, scores.argmax(axis=1)),
    "f1": lambda truth, scores: metrics.f1_score(truth, scores.argmax(axis=1)),
    "log_loss": lambda truth, scores: metrics.log_loss(truth, scores),
    "matthews_corrcoef": lambda truth, scores: metrics.matthews_corrcoef(truth, scores.argmax(axis=1)),
}


@pytest.mark.parametrize("name", ORACLES)
def test_a_slices_figure_is_scikit_learns_own_on_its_rows(seen, name):
    found = Quality().read(seen(TRUTH, BINARY, quality=(name,), sliced=CARRIER))
    for value, key in KEYS.items():
        rows = value == CARRIER
        reading = found[f"quality.{name}[{key}]"].reading
        assert reading.value == pytest.approx(ORACLES[name](TRUTH[rows], BINARY[rows]))
        assert reading.low < reading.value < reading.high
        assert reading.samples == rows.sum()


def test_the_whole_reads_as_it_does_without_slices(seen):
    alone = Quality().read(seen(TRUTH, BINARY, quality=("f1", "roc_auc")))
    with_slices = Quality().read(seen(TRUTH, BINARY, quality=("f1", "roc_auc"), sliced=CARRIER))
    assert list(with_slices)[:2] == ["quality.f1", "quality.roc_auc"]
    for metric, result in alone.items():
        assert with_slices[metric].reading == result.reading
        np.testing.assert_array_equal(with_slices[metric].evidence, result.evidence)


@pytest.mark.parametrize(
    ("name", "oracle"), [("root_mean_squared_error", metrics.root_mean_squared_error), ("r2", metrics.r2_score)]
)
def test_regressions_are_sliced_too(seen, name, oracle):
    quarters = np.digitize(VALUES, np.quantile(VALUES, (0.25, 0.5, 0.75), method="inverted_cdf"), right=True)
    found = Quality().read(seen(VALUES, PREDICTED, task="regression", quality=(name,), sliced=VALUES))
    for quarter in range(4):
        reading = found[f"quality.{name}[c=Q{quarter + 1}]"].reading
        assert reading.value == pytest.approx(oracle(VALUES[quarters == quarter], PREDICTED[quarters == quarter]))


def test_intervals_of_a_slice_are_as_wide_as_those_of_its_rows_alone(seen):
    rows = CARRIER == "DL"
    for name in ("roc_auc", "f1", "log_loss"):
        part = Quality().read(seen(TRUTH, BINARY, quality=(name,), sliced=CARRIER))[f"quality.{name}[c=DL]"].reading
        alone = Quality().read(seen(TRUTH[rows], BINARY[rows], quality=(name,)))[f"quality.{name}"].reading
        assert part.high - part.low == pytest.approx(alone.high - alone.low, rel=0.15)


def test_groups_widen_a_slices_interval_and_are_counted_in_it(seen):
    groups = np.arange(N) // 10
    repeated = np.repeat(np.arange(0, N, 10), 10)
    truth, scores, carrier = TRUTH[repeated], BINARY[repeated], CARRIER[repeated]
    alone = Quality().read(seen(truth, scores, sliced=carrier))["quality.accuracy[c=DL]"].reading
    grouped = Quality().read(seen(truth, scores, sliced=carrier, groups=groups))["quality.accuracy[c=DL]"].reading
    assert grouped.high - grouped.low == pytest.approx((alone.high - alone.low) * np.sqrt(10), rel=0.35)
    assert any("groups" in note for note in texts(grouped.notes))


def test_replicates_are_the_first_of_the_shared_resamples_in_single_precision(seen):
    own = seen(TRUTH, BINARY, quality=("accuracy",), sliced=CARRIER)
    found = Quality().read(own)["quality.accuracy[c=UA]"].evidence
    inside = (CARRIER == "UA").astype(float)
    sums = own.resamples.sums(np.column_stack([inside, inside * (BINARY.argmax(axis=1) == TRUTH)]))
    assert (found.dtype, found.shape) == (np.float32, (500,))
    np.testing.assert_allclose(found, (sums[:, 1] / sums[:, 0])[:500], rtol=1e-6)


def test_a_slice_of_one_class_says_why_it_has_no_auc_and_warns_nobody(seen):
    column = np.where(TRUTH == 1, "late", np.where(np.arange(N) % 2, "other", "late"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Quality().read(seen(TRUTH, BINARY, quality=("roc_auc", "accuracy"), classes=("on time", "late"), sliced=column))
    rows = int((column == "other").sum())
    words = f"all {rows} rows are of class on time, of which roc_auc says nothing"
    assert found["quality.roc_auc[c=other]"].reading == Failure("undefined", "score", words)
    assert isinstance(found["quality.accuracy[c=other]"].reading, Measurement)
    assert isinstance(found["quality.roc_auc[c=late]"].reading, Measurement)


def test_a_slice_of_one_group_has_no_interval(seen):
    found = Quality().read(seen(TRUTH, BINARY, sliced=CARRIER, groups=np.unique(CARRIER, return_inverse=True)[1]))
    assert found["quality.accuracy[c=DL]"].reading == Failure(
        "too_few_samples", "score", "all rows are of one group, which gives no interval"
    )


def test_a_score_that_few_resamples_define_is_told_as_too_few(seen):
    truth = np.zeros(N, dtype=int)
    truth[:2] = 1
    for name in ("average_precision", "roc_auc_ovr"):
        found = Quality().read(seen(truth, BINARY, quality=(name,), sliced=np.where(np.arange(N) < 60, "few", "rest")))
        reading = found[f"quality.{name}[c=few]"].reading
        assert reading.code == "too_few_samples"
        assert f"{name} is defined in" in reading.reason


def test_ids_of_slices_mean_what_the_plain_ids_mean():
    assert Quality().meaning("quality.log_loss[c=a.b]") == Quality().meaning("quality.log_loss")
    assert Quality().meaning("quality.log_loss[c]") is None
    assert Quality().meaning("quality.nothing[c=d]") is None
