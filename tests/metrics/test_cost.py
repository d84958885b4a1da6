"""Cost is busy time at the stated price."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from effaudit.core.settings import Assumptions
from effaudit.metrics.cost import Cost

TRUTH = np.arange(2000) % 2


def test_cost_is_busy_time_at_the_stated_price(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 1e6))
    reading = Cost().read(own)["cost.per_1000"].reading
    assert reading.value == pytest.approx(1000 * 0.001 * 0.36 / 3600)
    assert reading.unit == "EUR"
    priceless = dataclasses.replace(own, assumptions=Assumptions())
    assert "price_per_hour" in Cost().read(priceless)["cost.per_1000"].reading.reason
