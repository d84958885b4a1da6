"""The audit's diary: which session this is, on what machine, what disturbed it, and what the whole audit cost."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from effaudit.core.protocol import Message
from effaudit.core.reading import Failure, Measurement
from effaudit.core.record import Session, Spent
from effaudit.core.settings import Assumptions
from effaudit.core.version import __version__
from effaudit.core.wire import pack, unpack
from effaudit.measure import environment
from effaudit.measure.environment import Watch
from effaudit.measure.journal import Journal
from effaudit.measure.power import Meter
from effaudit.measure.sensors import find


@dataclass
class Diary:
    """Opened when an audit begins. `journal` is what earlier sessions left, and where this one writes."""

    created: str
    begun_s: float
    begun_cpu_s: float
    watch: Watch = field(default_factory=lambda: Watch(environment.kernel))
    meter: Meter | None = None
    """The machine's power sensors, if it has some that can be read."""
    power: str = ""
    """Which those are, or in words why there are none."""
    stages: dict[str, float] = field(default_factory=dict)
    _journal: Journal | None = None

    @classmethod
    def begun(cls) -> Diary:
        """Looks at the clock, and at what counts energy here."""
        found = find()
        meter = Meter(found.sensors) if found.sensors else None
        power = meter.names if meter else "; ".join(found.missing)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(now, time.monotonic(), _cpu_seconds(), meter=meter, power=power)

    def open(self, journal: Journal) -> None:
        """Goes on in a journal, as a session of its own."""
        self._journal = journal
        self._earlier = [unpack(Session, message.facts) for message in journal.of("session")]
        journal.add(Message("session", pack(self._session())))

    @property
    def journal(self) -> Journal:
        """The open journal."""
        assert self._journal is not None
        return self._journal

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Notes how long a stage took, however it ended."""
        begun = time.monotonic()
        self._count()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + time.monotonic() - begun
            self._count()

    @property
    def number(self) -> int:
        """The session's number, from 0."""
        return len(self._earlier)

    def written(self, assumptions: Assumptions, grid: Measurement | Failure, folder: Path) -> dict[str, Any]:
        """What the record says of sessions, versions, the commit that `folder` stands at, and cost."""
        seconds, cpu = time.monotonic() - self.begun_s, _cpu_seconds() - self.begun_cpu_s
        watts = assumptions.watts_per_vcpu
        counted = self._count()
        joules = counted if counted is not None else cpu * watts if watts is not None else None
        known = joules is not None and isinstance(grid, Measurement)
        grams = joules / 3.6e6 * assumptions.pue * grid.value if known else None  # type: ignore[operator, union-attr]
        return {
            "created": self.created,
            "version": __version__,
            "sessions": (*self._earlier, self._session()),
            "commit": _commit(folder),
            "spent": Spent(seconds, cpu, joules, grams, dict(self.stages), "modelled" if counted is None else "measured"),
        }

    def _count(self) -> float | None:
        """All joules since the beginning, the idle machine's too. Sensors must be read now and then, or their count is lost."""
        return self.meter.joules() if self.meter is not None else None

    def _session(self) -> Session:
        return Session(
            id=self.number,
            started=self.created,
            seconds=time.monotonic() - self.begun_s,
            host={**environment.host(), "power": self.power},
            packages=environment.packages(),
            environment=self.watch.summary(),
            notes=(*(self._journal.notes if self._journal else ()), *self.watch.notes()),
        )


def _commit(folder: Path) -> str | None:
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None


def _cpu_seconds() -> float:
    """Of this process and of the workers it has ended."""
    if sys.platform == "win32":
        return time.process_time()
    import resource

    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
