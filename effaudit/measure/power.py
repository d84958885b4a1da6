"""Energy that was counted: a meter over all sensors, and windows in which one candidate works while the others rest."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from effaudit.core.observed import Window
from effaudit.core.reading import Failure
from effaudit.measure.sensors import Sensor
from effaudit.process import Fault

ROUNDS = 4
"""Windows of each candidate in each incarnation: twelve in three."""
PERIODS = 200
"""A window is so many times as long as the slowest sensor takes to count: its edges are then worth half a per cent."""
SHORTEST_S, LONGEST_S = 0.2, 5.0
WARM_UP_S = 0.02
GREATEST_W = 500.0
"""No one sensor counts faster. One that begins again at zero must be read before it can have gone around at this pace."""

APART = 50_000
"""Windows have keys of their own: a window and a timed block of one round are not a pair."""
IDLE = ""
"""The window in which nobody works."""


@dataclass
class Meter:
    """Joules of all sensors since it was begun. Counters that begin again at zero are followed, if they are read often enough."""

    sensors: Sequence[Sensor]
    clock: Callable[[], float] = time.monotonic
    lost: str = ""
    """Why the count is no longer known."""
    _last: list[float] = field(default_factory=list)
    _last_s: float = 0.0
    _total: float = 0.0

    def __post_init__(self) -> None:
        self._last_s = self.clock()
        self._last = self._counts()

    @property
    def names(self) -> str:
        """What is counted, in words."""
        return ", ".join(sensor.name for sensor in self.sensors)

    @property
    def window_s(self) -> float:
        """How long a window must be."""
        return min(LONGEST_S, max(SHORTEST_S, PERIODS * max((s.period_s for s in self.sensors), default=0.0)))

    def joules(self) -> float | None:
        """Since the beginning; None without sensors, and once a counter could not be followed."""
        if not self.sensors:
            return None
        now_s, now = self.clock(), self._counts()
        if not self.lost:
            for sensor, before, after in zip(self.sensors, self._last, now, strict=True):
                self._total += self._added(sensor, after - before, now_s - self._last_s)
        self._last, self._last_s = now, now_s
        return None if self.lost else self._total

    def _added(self, sensor: Sensor, difference: float, seconds: float) -> float:
        if sensor.range_j is not None and seconds * GREATEST_W > sensor.range_j:
            self.lost = f"{sensor.name} was not read for {seconds:.0f} s, and may have begun again unseen"
        if difference >= 0.0:
            return difference
        if sensor.range_j is None or difference + sensor.range_j < 0.0:
            self.lost = f"{sensor.name} ran backwards"
            return 0.0
        return difference + sensor.range_j

    def _counts(self) -> list[float]:
        try:
            return [sensor.joules() for sensor in self.sensors]
        except (OSError, ValueError) as error:
            self.lost = self.lost or f"a sensor can no longer be read ({error})"
            return [math.nan] * len(self.sensors)


class Busy(Protocol):
    """A resident candidate that can be kept at work."""

    def busy(self, seconds: float) -> tuple[int, int]:
        """Answers request after request for some seconds. Returns the batch size and the rows answered. Raises Fault."""


@dataclass
class Weighed:
    """The windows of one incarnation by candidate, who fell, and why there are none."""

    windows: dict[str, list[Window]] = field(default_factory=dict)
    fallen: dict[str, Failure] = field(default_factory=dict)
    why_not: str = ""


def weigh(
    workers: Mapping[str, Busy], meter: Meter, incarnation: int, order: random.Random, sleep: Callable[[float], None] = time.sleep
) -> Weighed:
    """Keeps each candidate at work for a window, and lets all rest for one, in random order, four rounds of it.

    What the machine drew at rest is the median over this incarnation's resting windows.
    """
    found = Weighed()
    standing = dict(workers)
    _each(standing, found, lambda worker: worker.busy(WARM_UP_S))  # requests are built, caches are warm
    seen: list[_Seen] = []
    for number in range(ROUNDS):
        names = [IDLE, *sorted(standing)]
        for name in order.sample(names, len(names)):
            one = _window(name, standing, meter, incarnation * 100_000 + APART + number, sleep, found)
            if meter.lost:
                return Weighed(fallen=found.fallen, why_not=f"energy was not measured: {meter.lost}")
            if one is not None:
                seen.append(one)
    idle_watts = statistics.median(one.joules / one.seconds for one in seen if one.name == IDLE)
    for one in seen:
        if one.name != IDLE:
            window = Window(incarnation, one.key, one.batch, one.rows, one.seconds, one.joules, idle_watts, meter.names)
            found.windows.setdefault(one.name, []).append(window)
    return found


@dataclass(frozen=True)
class _Seen:
    name: str
    key: int
    batch: int
    rows: int
    seconds: float
    joules: float


def _window(
    name: str, standing: dict[str, Busy], meter: Meter, key: int, sleep: Callable[[float], None], found: Weighed
) -> _Seen | None:
    before, begun = meter.joules(), meter.clock()
    batch, rows = 0, 0
    if name == IDLE:
        sleep(meter.window_s)
    else:
        try:
            batch, rows = standing[name].busy(meter.window_s)
        except Fault as fault:
            found.fallen[name] = fault.failure
            del standing[name]
            return None
    after, seconds = meter.joules(), meter.clock() - begun
    return None if before is None or after is None else _Seen(name, key, batch, rows, seconds, after - before)


def _each(standing: dict[str, Busy], found: Weighed, does: Callable[[Busy], object]) -> None:
    for name in list(standing):
        try:
            does(standing[name])
        except Fault as fault:
            found.fallen[name] = fault.failure
            del standing[name]
