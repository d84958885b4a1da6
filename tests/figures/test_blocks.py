"""What follows from many timed blocks."""

from __future__ import annotations

import numpy as np

from effaudit.figures.blocks import rows_repeat

TRUTH = np.arange(2000) % 2


def one(metric, seen, name):
    return metric.read(seen)[name]


def test_many_certify_rows_of_which_few_are_distinct_are_said_to_repeat(seen, timed):
    own = seen(np.resize(TRUTH, 2000), blocks=timed(lambda rng: 1e6))
    assert rows_repeat(own, 1) == ()
    own.store.distinct = lambda: np.arange(20)
    (note,) = rows_repeat(own, 1)
    assert note.text.startswith("the 20 distinct certify rows")
