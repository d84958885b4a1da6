"""Energy is counted, or processor time at stated watts, and CodeCarbon's beside it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from effaudit.core.reading import Failure
from effaudit.core.settings import Assumptions
from effaudit.metrics.carbon import Carbon
from effaudit.metrics.energy import Energy

TRUTH = np.arange(2000) % 2


def test_energy_is_processor_seconds_times_stated_watts(seen, timed):
    reading = Energy().read(seen(TRUTH, blocks=timed(lambda rng: 1e6)))["energy.per_1000"].reading
    assert reading.value == pytest.approx(1000 * 0.001 * 4.0)
    assert reading.method == "modelled"


def test_twice_the_work_reads_as_twice_the_energy(seen, timed):
    once = timed(lambda rng: 1e6)
    twice = tuple(dataclasses.replace(block, cpu_nanos=2 * block.cpu_nanos) for block in once)
    read = lambda blocks: Energy().read(seen(TRUTH, blocks=blocks))["energy.per_1000"].reading.value  # noqa: E731
    assert read(twice) == pytest.approx(2 * read(once))


def test_without_stated_watts_there_is_no_energy_but_a_word_of_what_to_write(seen, timed):
    own = seen(TRUTH, blocks=timed(lambda rng: 1e6), assumptions=Assumptions("FRA"))
    for metric, name in ((Energy(), "energy.per_1000"), (Carbon(), "carbon.per_1000")):
        reading = metric.read(own)[name].reading
        assert isinstance(reading, Failure)
        assert "watts_per_vcpu" in reading.reason


def test_codecarbons_figure_is_the_middle_of_its_windows(seen):
    probe = {"joules_per_row": [0.002, 0.001, 0.003], "notes": ["CodeCarbon"]}
    reading = Energy().read(seen(TRUTH, probes={"energy": (probe,)}))["energy.codecarbon"].reading
    assert (reading.value, reading.low, reading.high) == (2.0, 1.0, 3.0)
    failed = Energy().read(seen(TRUTH, probes={"energy": ({"failed": "no"},)}))["energy.codecarbon"].reading
    assert failed == Failure("not_read", "codecarbon", "no")
    assert Energy().read(seen(TRUTH))["energy.codecarbon"].reading.code == "not_chosen"
