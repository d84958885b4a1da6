"""What was found out: a measurement with unit, direction, interval and method, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from effaudit.core.notes import Note

Better = Literal["higher", "lower"]
Method = Literal["counted", "measured", "modelled"]

DRAWN_LEVEL = 0.90
"""Intervals are drawn two-sided at this level, which is one-sided 0.95: the level at which verdicts are given."""


@dataclass(frozen=True)
class Measurement:
    """A number that may be shown. `low` and `high` bound it at DRAWN_LEVEL; a counted figure has no width.

    `evidence` names the arrays from which a difference to any other candidate follows (core/evidence.py).
    """

    value: float
    low: float
    high: float
    unit: str
    better: Better
    method: Method
    samples: int = 1
    dof: float | None = None
    """Degrees of freedom of the interval's Student distribution; None: normal."""
    evidence: str | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Failure:
    """It could not be measured: what stood in the way as a word for programs, at which stage, and why in words for people.

    Where it helps, `reason` says what to write or run next. A code that is a verdict's reason (core/verdict.py) becomes that
    reason; every other one becomes `metric_missing`.
    """

    code: str
    stage: str
    reason: str

    @property
    def words(self) -> str:
        """Stage and reason in one sentence."""
        return f"{self.stage.replace('_', ' ')}: {self.reason}"


Reading = Measurement | Failure


@dataclass(frozen=True)
class Spread:
    """How much a figure's logarithm varies between incarnations of one candidate, pooled over candidates."""

    variance: float
    dof: float


def counted(value: float, unit: str, notes: tuple[Note, ...] = ()) -> Measurement:
    """A figure that was counted: exact, and lower is better."""
    return Measurement(float(value), float(value), float(value), unit, "lower", "counted", notes=notes)


@dataclass(frozen=True)
class Meaning:
    """What a metric's id stands for, known before anything is measured."""

    unit: str
    better: Better
    method: Method
    machine: bool
    """Does the figure depend on the machine it was read on?"""
    aggregates: tuple[str, ...] = ()
    """The statistics it has, the first being the default; empty: the id alone names one figure."""
    title: str = ""


def full_id(metric: str, aggregate: str | None, meaning: Meaning) -> str:
    """The key of a reading: `latency.batch_1` and `p95` become `latency.batch_1.p95`."""
    if not meaning.aggregates:
        return metric
    return f"{metric}.{aggregate or meaning.aggregates[0]}"
