"""Memory is the highest that any start held."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.notes import texts
from effaudit.metrics.memory import Memory

TRUTH = np.arange(2000) % 2


def test_memory_is_the_highest_of_the_incarnations_with_the_libraries_share_said(seen, starts):
    own = seen(TRUTH, starts=starts(100_000_000, 103_000_000, 101_000_000))
    reading = Memory().read(own)["memory.load.max"].reading
    assert reading.value == 103_000_000
    assert reading.low <= reading.value <= reading.high
    assert texts(reading.notes) == ("of which 50 MB interpreter and libraries",)


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_one_start_that_took_more_leaves_room_above_it(seen, starts, count):
    """The next start may take more still: a limit just above the highest is not shown to be kept."""
    own = seen(TRUTH, starts=starts(*[100_000_000] * (count - 1), 200_000_000))
    reading = Memory().read(own)["memory.load.max"].reading
    assert reading.value == 200_000_000
    assert reading.high > 220_000_000
