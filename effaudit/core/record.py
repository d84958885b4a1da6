"""Everything one audit learnt: complete enough to judge and to show it again without measuring, frameworks or predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from effaudit.core.candidate import Candidate, Facts
from effaudit.core.html_table import html_table
from effaudit.core.notes import Note
from effaudit.core.observed import Sizes
from effaudit.core.reading import Failure, Measurement, Reading, Spread
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.store import Array
from effaudit.core.units import show_interval
from effaudit.core.workload import Workload

SCHEMA = 2
"""2: notes and failures have codes. Records of schema 1 are read too (reading/record_upgrade.py)."""


@dataclass(frozen=True)
class Made:
    """How a product came to be, and what that cost. Energy is modelled from CPU seconds; None where watts are not stated."""

    technique: str
    parent_digest: str | None
    digest: str
    seed: int
    seconds: float
    cpu_seconds: float
    joules: float | None
    peak_memory: int
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    cached: bool = False


@dataclass(frozen=True)
class Row:
    """One candidate: what it is, what was read of it, or why it could not be measured."""

    candidate: Candidate
    facts: Facts | None = None
    sizes: Sizes | None = None
    readings: Mapping[str, Reading] = field(default_factory=dict)
    failure: Failure | None = None
    made: tuple[Made, ...] = ()
    """One for each step of the recipe, in order; empty for a model that was given."""
    planned: bool = True
    """Was it named in the plan? Ladder members and products of recipes are not."""
    gain: Literal["gain", "no gain", "unclear"] | None = None
    """For products: is it smaller or faster than its parent?"""
    notes: tuple[Note, ...] = ()
    sampled: bool = False
    """Was its quality read on the slice SAMPLE of the certify rows only?"""
    doubts: tuple[Note, ...] = ()
    """Why its quality cannot be believed as it was read: rules on it are inconclusive, whatever more is measured."""


@dataclass(frozen=True)
class Floor:
    """The smallest difference this machine resolves in a metric (a share), and what set it."""

    share: float
    source: Literal["incarnations", "A/A"]


@dataclass(frozen=True)
class Session:
    """One run of the measuring program: where and under what conditions. Pairs are formed inside a session only."""

    id: int
    started: str
    seconds: float
    host: Mapping[str, str]
    packages: Mapping[str, str]
    environment: Mapping[str, float]
    """Shares and counts of what disturbed it: slow rounds, steal, throttling, involuntary switches."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Spent:
    """What the audit itself cost. Energy is None where nothing counts it and nothing was stated to model it with."""

    seconds: float
    cpu_seconds: float
    joules: float | None
    grams: float | None
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage."""
    method: Literal["measured", "modelled"] = "modelled"
    """Counted by sensors, the idle machine's energy included; or modelled from the audit's processor seconds."""


@dataclass(frozen=True)
class Record:
    """One audit, whole. `arrays` is the evidence and `samples` the raw timings, each kept in a file beside the JSON."""

    __pydantic_config__: ClassVar[Any] = {"arbitrary_types_allowed": True}

    name: str
    title: str
    created: str
    version: str
    plan_digest: str
    command: str
    commit: str | None
    seed: int
    workload: Workload
    baseline: str
    rows: tuple[Row, ...]
    sessions: tuple[Session, ...]
    settings: Settings
    assumptions: Assumptions
    intensity: Measurement | Failure
    """Of the grid, gCO2e per kWh, with its source in the notes."""
    floors: Mapping[str, Floor]
    spreads: Mapping[str, Spread]
    twins: Mapping[str, Measurement]
    """The baseline's A/A twin against it, as a ratio."""
    spent: Spent
    ended: Literal["complete", "interrupted"]
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of `evidence.npz` and `samples.npz`."""
    notes: tuple[Note, ...] = ()
    looks: int = 1
    """Timing could have ended at so many planned looks at the verdicts: rules on figures of the machine share their level."""
    policy: str = ""
    """The file, or the name of a ready-made policy, that the audit was judged by, and its hash; "" where nothing tells."""
    policy_digest: str = ""
    schema: int = SCHEMA
    arrays: Mapping[str, Array] = field(default_factory=dict, compare=False, repr=False)
    samples: Mapping[str, Array] = field(default_factory=dict, compare=False, repr=False)

    def row(self, name: str) -> Row:
        """The row of a candidate. Raises KeyError."""
        for row in self.rows:
            if row.candidate.name == name:
                return row
        raise KeyError(name)

    def to_frame(self) -> Any:
        """A pandas DataFrame: one line per candidate and metric, with value, interval, unit, method and failure."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"candidate": row.candidate.name, "metric": metric, **_cells(reading)}
                for row in self.rows
                for metric, reading in row.readings.items()
            ],
            columns=["candidate", "metric", "value", "low", "high", "unit", "better", "method", "failure"],
        )

    def _repr_html_(self) -> str:
        """For notebooks: each candidate's primary quality, size, latency, memory and energy, or why it has none."""
        metrics = _headline_metrics([row.readings for row in self.rows], self.workload.quality[:1])
        lines = []
        for row in self.rows:
            name = row.candidate.name + (" (baseline)" if row.candidate.name == self.baseline else "")
            cells = [_figure(row.readings.get(metric)) for metric in metrics]
            lines.append([name, f"not measured: {row.failure.words}"] if row.failure is not None else [name, *cells])
        return html_table(f"{self.title or self.name} · {self.ended}", ["candidate", *metrics], lines)


def _cells(reading: Reading) -> dict[str, Any]:
    if isinstance(reading, Failure):
        return {"failure": reading.words}
    names = ("value", "low", "high", "unit", "better", "method")
    return {name: getattr(reading, name) for name in names} | {"failure": None}


_SHOWN = ("size.artifact", "latency.batch_", "memory.peak", "energy.per_1000")
"""Beside the primary quality: the first reading whose id begins so."""


def _headline_metrics(readings: Sequence[Mapping[str, Reading]], primary: Iterable[str]) -> list[str]:
    known = list(dict.fromkeys(metric for each in readings for metric in each))
    wanted = [*(f"quality.{scorer}" for scorer in primary), *_SHOWN]
    found = (next((metric for metric in known if metric.startswith(start)), None) for start in wanted)
    return [metric for metric in found if metric is not None]


def _figure(reading: Reading | None) -> str:
    if reading is None:
        return "–"
    if isinstance(reading, Failure):
        return f"not measured: {reading.reason}"
    return show_interval(reading.value, reading.low, reading.high, reading.unit)
