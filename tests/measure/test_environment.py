"""What the machine did meanwhile: its speeds, what was taken from it, and when a round is bad."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from effaudit.core.notes import texts
from effaudit.measure import counters
from effaudit.measure.counters import Counters
from effaudit.measure.environment import Regimes, Watch, disturbances, regimes


def test_two_speeds_are_told_with_their_ratio_and_share():
    rng = np.random.default_rng(0)
    slow = rng.random(200) < 0.3
    found = regimes(np.where(slow, 1.8, 1.0) * rng.lognormal(0, 0.05, 200))
    assert found.ratio == pytest.approx(1.8, rel=0.03)
    assert found.share == pytest.approx(slow.mean(), abs=0.01)


@pytest.mark.parametrize("spread", [0.02, 0.1, 0.2])
def test_one_noisy_speed_is_one(spread):
    rng = np.random.default_rng(1)
    assert sum(regimes(rng.lognormal(0, spread, 100)) != Regimes() for _ in range(200)) <= 4


def test_a_few_disturbed_rounds_are_no_second_speed():
    assert regimes([1.0] * 99 + [9.0]) == Regimes()


@given(st.lists(st.floats(0, 1e6), max_size=60))
@example([1.0] * 19 + [5e-324])
def test_any_times_have_regimes(kernels):
    found = regimes(kernels)
    assert 0.0 <= found.share <= 0.95
    assert found.ratio >= 1.0


def test_throttling_by_the_control_group_makes_a_round_bad():
    looks = iter([Counters(100), Counters(200, throttled_s=0.1), Counters(200, throttled_s=0.1), Counters(300, throttled_s=0.1)])
    watch = Watch(lambda: 1.0, read=lambda: next(looks))
    watch.begin()
    assert watch.was_bad()
    watch.begin()
    assert not watch.was_bad()


def test_who_else_wants_to_run_is_averaged_over_rounds():
    looks = iter([Counters(), Counters(running=2.0), Counters(), Counters(running=1.0), Counters()])
    watch = Watch(lambda: 1.0, read=lambda: next(looks))
    for _ in range(2):
        watch.begin()
        watch.was_bad()
    assert watch.summary()["run_queue"] == 1.5


def test_a_quiet_session_has_nothing_to_tell():
    watch = Watch(lambda: 1.0, read=Counters)
    for _ in range(30):
        watch.begin()
        watch.was_bad()
    assert watch.notes() == ()


def test_each_disturbance_is_a_sentence():
    told = disturbances(
        {
            "slow_share": 0.38,
            "slow_ratio": 1.8,
            "bad_rounds": 5,
            "repeated_rounds": 3,
            "stolen_share": 0.04,
            "throttled_s": 2.5,
            "run_queue": 1.2,
        }
    )
    assert {note.code for note in told} == {"disturbed"}
    told = texts(told)
    assert len(told) == 5
    assert told[0].startswith("The machine ran at two speeds: 38% of rounds fell into spells in which work took 1.80 times")
    assert told[1] == "5 rounds fell into bad spells; 3 of them were played again whole."
    assert "raise its processor limit" in told[3]


def test_a_kernel_without_counters_gives_zeros(monkeypatch):
    def gone(path):
        raise OSError

    monkeypatch.setattr(counters, "_text", gone)
    counters._own_group.cache_clear()
    assert counters.read() == Counters()
    counters._own_group.cache_clear()


def test_hostile_counters_give_zeros(monkeypatch):
    monkeypatch.setattr(counters, "_text", lambda path: "cpu one two\nprocs_running\nthrottled_usec x")
    counters._own_group.cache_clear()
    assert counters.read() == Counters()
    counters._own_group.cache_clear()


def test_throttling_is_read_from_the_own_control_group(monkeypatch):
    files = {
        "/proc/self/cgroup": "0::/jobs/7\n",
        "/sys/fs/cgroup/jobs/7/cpu.stat": "usage_usec 9\nthrottled_usec 2500000\n",
        "/proc/stat": "cpu 10 0 10 80 0 0 0 5 0 0\nprocs_running 3\n",
    }
    monkeypatch.setattr(counters, "_text", files.__getitem__)
    counters._own_group.cache_clear()
    assert counters.read() == Counters(105.0, 5.0, 2.5, 2.0)
    counters._own_group.cache_clear()
