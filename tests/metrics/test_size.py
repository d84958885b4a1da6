"""Sizes are counted."""

from __future__ import annotations

import numpy as np

from effaudit.core.candidate import Facts
from effaudit.core.notes import texts
from effaudit.core.reading import Failure
from effaudit.metrics.size import Size

TRUTH = np.arange(3000) % 2


def test_the_artifact_is_model_and_preprocessing(seen):
    found = Size().read(seen(TRUTH))
    assert found["size.artifact"].reading.value == 120
    assert "20 bytes are preprocessing" in texts(found["size.artifact"].reading.notes)[0]
    assert found["size.transfer"].reading.value == 80
    assert found["size.runtime"].reading.value == 5000
    assert found["size.nonzero"].reading.value == 8


def test_counted_figures_have_no_width(seen):
    for result in Size().read(seen(TRUTH)).values():
        if not isinstance(result.reading, Failure):
            assert result.reading.low == result.reading.value == result.reading.high
            assert result.reading.method == "counted"


def test_what_a_kind_of_model_does_not_have_is_not_counted_as_zero(seen):
    found = Size().read(seen(TRUTH, facts=Facts("other", "Code")))
    assert found["size.parameters"].reading == Failure("not_counted", "count", "a Code has no count of parameters")
