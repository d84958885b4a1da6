"""Nothing is certain because nothing was seen to go wrong: 40 of 40 is not [1, 1]."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from effaudit.core.stats.student import binomial_upper
from effaudit.metrics.behaviour import Behaviour
from effaudit.metrics.quality import Quality


@pytest.mark.parametrize("name", ["accuracy", "recall", "precision", "f1", "roc_auc", "average_precision", "balanced_accuracy"])
@pytest.mark.parametrize("grouped", [False, True])
def test_forty_of_forty_is_not_certain(seen, name, grouped):
    truth = np.arange(80) % 2
    scores = np.column_stack([1.0 - truth, truth]) * 0.8 + 0.1
    groups = np.arange(80) // 2 if grouped else None
    found = Quality().read(seen(truth, scores, quality=(name,), groups=groups))[f"quality.{name}"].reading
    assert found.value == 1.0
    assert found.high == 1.0
    assert found.low <= 1.0 - 0.5 * binomial_upper(0, 80, 0.975)
    assert found.low > 0.8


@pytest.mark.parametrize("name", ["recall", "f1", "precision"])
def test_none_of_forty_is_not_certain_either(seen, name):
    truth = np.arange(80) % 2
    scores = np.column_stack([truth, 1.0 - truth]) * 0.8 + 0.1
    found = Quality().read(seen(truth, scores, quality=(name,)))[f"quality.{name}"].reading
    assert (found.value, found.low) == (0.0, 0.0)
    assert 0.05 < found.high < 0.2


def test_agreement_on_every_row_is_not_certain(seen):
    truth = np.arange(80) % 2
    scores = np.column_stack([1.0 - truth, truth])
    for groups in (None, np.arange(80) // 2):
        own = seen(truth, scores, groups=groups)
        found = Behaviour().read(replace(own, baseline=own))
        for metric, reading in ((name, result.reading) for name, result in found.items()):
            assert reading.low < reading.high, metric
            assert 0.0 <= reading.low <= reading.high <= 1.0, metric
