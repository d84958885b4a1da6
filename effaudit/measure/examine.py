"""A look at the machine before anything is measured on it: its clock, processors, memory, sensors and thread pools, as facts."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import psutil

from effaudit.measure import cgroup, counters, environment, sensors
from effaudit.process import cores

CALLS = 20_000
WATCHED_S = 0.5
POOLS_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Clock:
    """Seconds. `floor_s`: what timing nothing reads; `backwards`: how often it stood still or ran back over many readings."""

    resolution_s: float
    monotonic: bool
    floor_s: float
    backwards: int = 0


@dataclass(frozen=True)
class Pools:
    """OpenMP libraries by the framework that brought them in, and the share of one processor that idle threads burn."""

    brought: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    idle: float = 0.0
    unknown: str = ""
    """Why nothing is known."""


@dataclass(frozen=True)
class Noise:
    """What a short comparison of one model with itself showed: the smallest difference told apart, and the difference found."""

    floor: float | None = None
    low: float = 1.0
    high: float = 1.0
    unknown: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything seen. Bytes, seconds and shares."""

    clock: Clock
    processors: int
    usable: int
    quota: float | None
    governor: str
    hypervisor: str
    load: float
    stolen: float
    throttled_s: float
    memory: int
    available: int
    memory_limit: int | None
    sensors: tuple[str, ...]
    no_sensors: tuple[str, ...]
    pools: Pools
    noise: Noise
    host: Mapping[str, str]
    packages: Mapping[str, str]


def examine(environment_of_workers: Mapping[str, str], noise: Callable[[], Noise]) -> Facts:
    """Looks. `noise` makes the short comparison; meanwhile the kernel's counters are watched."""
    before = counters.read()
    clock = look_at(time.perf_counter)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    found = noise()
    time.sleep(WATCHED_S)
    taken = counters.read().since(before)
    limits, power, memory = cgroup.allowed(), sensors.find("any"), psutil.virtual_memory()
    return Facts(
        clock=clock,
        processors=os.cpu_count() or 1,
        usable=cores(),
        quota=limits.processors,
        governor=counters.governor(),
        hypervisor=counters.hypervisor(),
        load=load,
        stolen=taken.stolen_share,
        throttled_s=taken.throttled_s,
        memory=int(memory.total),
        available=int(memory.available),
        memory_limit=limits.memory,
        sensors=tuple(sensor.name for sensor in power.sensors),
        no_sensors=power.missing,
        pools=look_at_pools(environment_of_workers),
        noise=found,
        host=environment.host(),
        packages=environment.packages(),
    )


def look_at(clock: Callable[[], float], calls: int = CALLS) -> Clock:
    """The clock that requests are timed with."""
    about = time.get_clock_info("perf_counter")
    readings = [clock() for _ in range(calls)]
    steps = [after - before for before, after in pairwise(readings)]
    floor = statistics.median(step for step in steps if step >= 0.0) if any(step >= 0.0 for step in steps) else 0.0
    resolution = max(about.resolution, min((step for step in steps if step > 0.0), default=1.0))
    return Clock(resolution, about.monotonic, floor, sum(step < 0.0 for step in steps))


def look_at_pools(environment: Mapping[str, str], python: str = sys.executable) -> Pools:
    """The thread pools of the installed frameworks, as workers have them."""
    command = [python, "-P", "-m", "effaudit.measure.pools"]
    try:
        done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=POOLS_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Pools(unknown=f"the frameworks could not be imported ({type(error).__name__})")
    try:
        told = json.loads(done.stdout.splitlines()[-1])
        brought = {name: tuple(files) for name, files in told["brought"].items()}
        return Pools(brought, tuple(told["failed"]), float(told["idle"]))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        return Pools(unknown=f"importing the frameworks ended the process (exit code {done.returncode})")
