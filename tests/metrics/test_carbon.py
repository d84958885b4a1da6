"""Carbon is energy times a grid's intensity, of a stated country only."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.core.notes import texts
from effaudit.core.reading import Failure
from effaudit.core.settings import Assumptions
from effaudit.metrics.carbon import Carbon, intensity

TRUTH = np.arange(2000) % 2


def test_carbon_is_energy_times_the_grid_times_pue(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 1e6), assumptions=Assumptions(grid=360.0, pue=1.5, watts_per_vcpu=4.0))
    reading = Carbon().read(own)["carbon.per_1000"].reading
    assert reading.value == pytest.approx(4.0 / 3.6e6 * 360.0 * 1.5)
    assert "PUE 1.5" in texts(reading.notes)


def test_the_grid_of_a_country_is_codecarbons_published_one():
    france = intensity(Assumptions("FRA"))
    assert france.value == pytest.approx(56.039)
    assert "2023" in texts(france.notes)[0]


@pytest.mark.parametrize(("assumed", "words"), [(Assumptions(), "country: FRA"), (Assumptions("FRX"), "Did you mean")])
def test_an_unknown_place_is_never_guessed(assumed, words):
    found = intensity(assumed)
    assert isinstance(found, Failure)
    assert words in found.reason
