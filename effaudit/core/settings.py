"""How to measure, and what the user states about the world: both stand in the plan and are repeated in the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """How an audit measures. Seconds and bytes; `precision` is the wanted half-width of the ratio to the baseline."""

    budget_s: float = 180.0
    precision: float = 0.02
    threads: int = 1
    restarts: int = 4
    """How often each candidate is started. With three, equal models pass too seldom: see docs/calibration.md."""
    memory_limit: int = 4 * 10**9
    timeout_s: float = 60.0
    device: str = "cpu"
    codecarbon: Literal["finalists", "all", "off"] = "finalists"
    resamples: int = 2000
    unknown: float = 0.1
    """The largest share of a column's values that a model may not know, for its quality to be believed."""
    parallel: tuple[int, ...] = ()
    """Numbers of callers that ask a candidate at once, for `throughput.parallel_N`."""


@dataclass(frozen=True)
class Assumptions:
    """Figures that nobody can measure here, stated by the user; the report repeats them with their source.

    country: ISO 3166 alpha-3, whose grid intensity is taken from CodeCarbon's tables, unless `grid` is given.
    grid: gCO2e per kWh. pue: power usage effectiveness of the site. watts_per_vcpu: of a fully busy virtual core.
    idle_watts: of the whole machine (or of a virtual machine's share of its host) while it does nothing.
    """

    country: str | None = None
    grid: float | None = None
    pue: float = 1.0
    watts_per_vcpu: float | None = None
    requests_per_day: float | None = None
    price_per_hour: float | None = None
    currency: str = ""
    idle_watts: float | None = None
