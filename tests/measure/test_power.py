"""Counted joules are followed around zero, windows take turns with rest, and what cannot be followed is not guessed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from effaudit.measure.power import GREATEST_W, ROUNDS, SHORTEST_S, Meter, weigh
from effaudit.process import Fault


@dataclass
class World:
    """A clock, and a machine that draws power: at rest, and more while somebody works."""

    now: float = 100.0
    idle_w: float = 10.0
    drawn_j: float = 0.0

    def clock(self):
        return self.now

    def pass_(self, seconds, extra_w=0.0):
        self.now += seconds
        self.drawn_j += seconds * (self.idle_w + extra_w)


@dataclass
class Counter:
    """A sensor of a world, which begins again at its range."""

    world: World
    range_j: float | None = None
    name: str = "package-0"
    period_s: float = 0.001
    broken: list[Exception] = field(default_factory=list)

    def joules(self):
        if self.broken:
            raise self.broken[0]
        return self.world.drawn_j if self.range_j is None else self.world.drawn_j % self.range_j


@dataclass
class Worker:
    """Works for as long as it is asked to, at a pace and a power of its own."""

    world: World
    watts: float
    rows_per_s: float = 1000.0
    falls_at: float = 1e9

    def busy(self, seconds):
        if self.world.now >= self.falls_at:
            raise Fault("not_stated", "energy", "crashed with SIGSEGV")
        self.world.pass_(seconds, self.watts)
        return 1, int(self.rows_per_s * seconds)


def test_a_meter_counts_from_its_beginning():
    world = World(drawn_j=5000.0)
    meter = Meter([Counter(world), Counter(world)], world.clock)
    world.pass_(3.0)
    assert meter.joules() == pytest.approx(60.0)


def test_a_counter_that_begins_again_is_followed_through_many_rounds():
    world = World()
    meter = Meter([Counter(world, range_j=1000.0)], world.clock)
    for _ in range(500):
        world.pass_(0.9, extra_w=300.0)
        total = meter.joules()
    assert world.drawn_j > 100 * 1000.0
    assert total == pytest.approx(world.drawn_j)


def test_a_counter_left_alone_for_too_long_is_lost_and_stays_so():
    world = World()
    meter = Meter([Counter(world, range_j=1000.0)], world.clock)
    world.pass_(1000.0 / GREATEST_W + 1.0)
    assert meter.joules() is None
    assert "not read for" in meter.lost
    world.pass_(0.1)
    assert meter.joules() is None


def test_a_counter_that_runs_backwards_is_lost_not_made_positive():
    world = World(drawn_j=100.0)
    meter = Meter([Counter(world)], world.clock)
    world.drawn_j = 50.0
    assert meter.joules() is None
    assert meter.lost == "package-0 ran backwards"


def test_a_sensor_that_goes_away_is_told():
    world = World()
    counter = Counter(world)
    meter = Meter([counter], world.clock)
    counter.broken.append(OSError("gone"))
    assert meter.joules() is None
    assert "can no longer be read (gone)" in meter.lost


def test_without_sensors_there_is_no_figure():
    assert Meter([]).joules() is None


def test_a_slow_sensor_makes_longer_windows():
    assert Meter([Counter(World())]).window_s == SHORTEST_S
    assert Meter([Counter(World()), Counter(World(), period_s=0.02)]).window_s == pytest.approx(4.0)


def weighed(world, workers, **changes):
    counter = Counter(world, **changes)
    return weigh(workers, Meter([counter], world.clock), 7, random.Random(0), world.pass_), counter


def test_every_candidate_and_rest_have_a_window_in_each_round():
    world = World(idle_w=20.0)
    found, _ = weighed(world, {"small": Worker(world, 3.0), "large": Worker(world, 9.0)}, range_j=500.0)
    assert {name: len(own) for name, own in found.windows.items()} == {"small": ROUNDS, "large": ROUNDS}
    for name, watts in (("small", 3.0), ("large", 9.0)):
        for window in found.windows[name]:
            assert window.idle_watts == pytest.approx(20.0)
            assert (window.joules - window.idle_watts * window.seconds) / window.seconds == pytest.approx(watts)
            assert window.rows == 200
    assert [w.key for w in found.windows["small"]] == [w.key for w in found.windows["large"]]
    assert len({w.key for w in found.windows["small"]}) == ROUNDS
    assert found.why_not == ""


def test_who_falls_is_told_and_the_others_are_weighed():
    world = World()
    found, _ = weighed(world, {"good": Worker(world, 3.0), "bad": Worker(world, 3.0, falls_at=world.now + 1.0)})
    assert len(found.windows["good"]) == ROUNDS
    assert found.fallen["bad"].stage == "energy"
    assert len(found.windows.get("bad", ())) < ROUNDS


def test_a_sensor_lost_in_between_gives_no_windows_and_says_why():
    world = World()

    class Breaking(Worker):
        def busy(self, seconds):
            if seconds > 0.1:
                counter.broken.append(OSError("unplugged"))
            return super().busy(seconds)

    counter = Counter(world)
    found = weigh({"one": Breaking(world, 3.0)}, Meter([counter], world.clock), 0, random.Random(0), world.pass_)
    assert found.windows == {}
    assert "energy was not measured" in found.why_not
    assert "unplugged" in found.why_not
