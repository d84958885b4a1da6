"""Rows with weights are judged by what they are worth: no count of rows decides, and neither does a test of counts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.candidate import Artifact, Candidate, Facts
from effaudit.core.effective import Effective
from effaudit.core.observed import Answers, Seen, Sizes
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.slices import WEIGHTS
from effaudit.core.stats.agreement import Tango
from effaudit.core.stats.replicates import FewDiscordant
from effaudit.core.stats.resample import Resamples
from effaudit.judge.compare import figure, loss
from effaudit.judge.estimates import Share
from effaudit.judge.evidence import Evidence
from effaudit.metrics.quality import Quality

N = 2000
TRUTH = np.arange(N) % 3 == 0
EQUAL = np.ones(N)
HEAVY = np.where(np.arange(N) < 20, 500.0, 0.001)
UNEVEN = np.random.default_rng(5).gamma(1.0, size=N)


@pytest.fixture
def weighed(a):
    """A record of two models that are wrong on some rows, where rows have weights."""

    def make(weights, **wrong):
        plain = a.record(*(a.model(name, wrong=rows) for name, rows in wrong.items()), rows=N, quality=("accuracy",))
        effective = Effective.of(weights, np.arange(N), TRUTH.astype(int), 2)
        workload = replace(plain.workload, weights="people", effective=effective)
        rows, arrays = [], dict(plain.arrays) | {WEIGHTS: weights.astype(np.float32)}
        for row in plain.rows:
            name = row.candidate.name
            (found,) = (Quality().read(_seen(wrong[name], workload, weights))[key] for key in ("quality.accuracy",))
            arrays[f"{name}/quality.accuracy"] = found.evidence
            reading = replace(found.reading, evidence=f"{name}/quality.accuracy")
            rows.append(replace(row, readings={**row.readings, "quality.accuracy": reading}))
        return replace(plain, workload=workload, rows=tuple(rows), arrays=arrays)

    return make


def _seen(wrong, workload, weights):
    labels = TRUTH.astype(int)
    labels[list(wrong)] = 1 - labels[list(wrong)]
    store = SimpleNamespace(answers=lambda split: TRUTH.astype(int), slices=lambda: None, weights=lambda: weights)
    return Seen(
        candidate=Candidate("model", Artifact("model.toy", "toy")),
        facts=Facts("linear", "Toy"),
        sizes=Sizes(1, 0, 1, 1),
        workload=workload,
        store=store,
        settings=Settings(),
        assumptions=Assumptions(),
        resamples=Resamples(np.arange(N), 1000, 0, weights),
        answers=Answers(np.column_stack([1 - labels, labels]).astype(float), labels),
    )


def compared(record):
    return loss(Evidence.of(record), "other", "base", "quality.accuracy", False)


def test_counts_of_rows_are_effective_numbers(weighed):
    found = Evidence.of(weighed(UNEVEN, base=range(100), other=range(300)))
    kish = UNEVEN.sum() ** 2 / np.square(UNEVEN).sum()
    assert found.weighted
    assert found.certify_rows == int(kish)
    assert found.worth == pytest.approx(N / int(kish))
    assert sum(found.workload.class_rows) == pytest.approx(kish, rel=0.1)


def test_marked_rows_count_by_their_share_of_the_weight(weighed):
    found = Evidence.of(weighed(UNEVEN, base=(), other=()))
    marked = np.arange(N) < 700
    share = UNEVEN[marked].sum() / UNEVEN.sum()
    assert found.count(np.packbits(marked)) == pytest.approx(share * found.certify_rows, abs=1.01)
    assert found.count(np.packbits(np.zeros(N, dtype=bool))) == 0
    assert found.count(np.packbits(np.ones(N, dtype=bool))) == found.certify_rows


def test_a_record_without_its_weights_marks_nothing(weighed):
    record = weighed(UNEVEN, base=(), other=())
    bare = replace(record, arrays={key: value for key, value in record.arrays.items() if key != WEIGHTS})
    assert Evidence.of(bare).count(np.packbits(np.ones(N, dtype=bool))) == 0


def test_a_loss_of_accuracy_is_that_of_the_weight_and_never_tangos(weighed):
    wrong = UNEVEN[100:300].sum() / UNEVEN.sum()
    found = compared(weighed(UNEVEN, base=range(100), other=range(300)))
    assert not isinstance(found, Tango)
    assert found.value == pytest.approx(wrong)
    low, high = found.interval(0.95)
    assert low < wrong < high
    se = np.sqrt(np.square(UNEVEN * ((np.arange(N) >= 100) & (np.arange(N) < 300)) - UNEVEN * wrong).sum()) / UNEVEN.sum()
    assert (high - low) / 2 / 1.6449 == pytest.approx(se, rel=0.15)


def test_weights_of_one_give_the_plain_loss(weighed):
    found = compared(weighed(EQUAL, base=range(100), other=range(300)))
    plain = Tango(200, 0, N)
    assert found.value == pytest.approx(0.1)
    assert found.interval(0.95) == pytest.approx(plain.interval(0.95), abs=0.003)


def test_a_share_of_right_labels_is_not_counted_in_rows(weighed):
    record = weighed(UNEVEN, base=range(100), other=range(300))
    found = figure(Evidence.of(record), "other", "quality.accuracy")
    assert not isinstance(found, Share)
    assert found.value == pytest.approx(1 - UNEVEN[:300].sum() / UNEVEN.sum())


def test_a_few_heavy_rows_decide_nothing_however_many_light_ones_there_are(weighed):
    found = compared(weighed(HEAVY, base=(), other=range(20, N)))
    assert Evidence.of(weighed(HEAVY, base=(), other=())).certify_rows == 20
    assert isinstance(found, FewDiscordant)
    assert (found.differing, found.rows) == (1, 20)
    assert found.interval(0.95)[1] > 0.2
