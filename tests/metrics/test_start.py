"""Starts are medians over restarts."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.reading import Failure
from effaudit.metrics.start import Start

TRUTH = np.arange(2000) % 2


def test_starts_are_medians_with_an_interval_from_the_incarnations(seen, starts):
    own = seen(TRUTH, starts=starts(1, 1, 1))
    reading = Start().read(own)["start.import.p50"].reading
    assert reading.value == pytest.approx(1.01)
    assert reading.low < 1.01 < reading.high


def test_one_incarnation_says_nothing_of_how_much_they_differ(seen, starts):
    reading = Start().read(seen(TRUTH, starts=starts(1)))["start.import.p50"].reading
    assert isinstance(reading, Failure)
    assert reading.code == "too_few_samples"
