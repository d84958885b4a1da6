"""Two small drawings as plain geometry: how calls were spread over time, and an interval on a line that is shared with others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from effaudit.core.store import Array
from effaudit.core.units import show
from effaudit.reporting.charts.scale import Scale, scale

WIDTH, HEIGHT, BINS = 168, 40, 24
FEWEST = 20
"""Fewer calls make no distribution."""


@dataclass(frozen=True)
class Spread:
    """A frequency polygon from the fastest call to p99: its outline, the pixels of p50 and p95, and what it shows in words."""

    outline: str
    p50: int
    p95: int
    told: str
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Whisker:
    """An interval on a line of `width` pixels: its ends, its point and where zero is."""

    low: int
    at: int
    high: int
    zero: int
    width: int
    off: bool = False
    """It lies wholly to the left of the line, which would squeeze all others together if it held it."""


def spread(samples: Mapping[str, Array], candidate: str, metric: str) -> Spread | None:
    """The distribution of the calls kept under `candidate/metric`; None when there are too few.

    Samples are seconds (n,), or rows of (incarnation, round, nanoseconds) as measuring keeps them.
    """
    import numpy as np

    seconds = _seconds(samples.get(f"{candidate}/{metric}", np.empty(0)))
    if len(seconds) < FEWEST:
        return None
    low, p50, p95, high = (float(x) for x in np.quantile(seconds, (0.0, 0.5, 0.95, 0.99)))
    if not low < high:
        return None
    counts, _ = np.histogram(seconds, bins=BINS, range=(low, high))
    over = Scale(low, high, 0, WIDTH)
    told = f"{len(seconds):,} calls, {show(low, 's')} to {show(high, 's')} (p99); lines at p50 and p95"
    return Spread(_outline(counts), round(over(p50)), round(over(p95)), told)


def whiskers(intervals: Sequence[tuple[float, float, float]], width: int = 150) -> tuple[Whisker, ...]:
    """Intervals (value, low, high) on one line that holds zero and goes at most four times as far below it as above."""
    ends = [end for interval in intervals for end in interval if math.isfinite(end)]
    lowest = -4 * max([end for end in ends if end > 0], default=math.inf)
    over = scale([0.0, *(end for end in ends if end >= lowest)], 4, width - 4, room=0.02)
    return tuple(_whisker(over, interval, width, lowest) for interval in intervals)


def _whisker(over: Scale, interval: tuple[float, float, float], width: int, lowest: float) -> Whisker:
    value, low, high = interval
    return Whisker(round(over(low)), round(over(value)), round(over(high)), round(over(0.0)), width, high < lowest)


def _seconds(kept: Array) -> Array:
    import numpy as np

    flat = kept[:, 2] * 1e-9 if kept.ndim == 2 and kept.shape[1] == 3 else np.ravel(kept)
    return flat[np.isfinite(flat) & (flat > 0)].astype(np.float64)


def _outline(counts: Array) -> str:
    """The heights of the bins, joined, as an SVG path in whole pixels."""
    step, most = WIDTH // len(counts), max(1, int(counts.max()))
    heights = [round(HEIGHT * int(count) / most) for count in counts]
    moves = " ".join(f"{step} {before - after}" for before, after in pairwise(heights))
    return f"M{step // 2} {HEIGHT}v-{heights[0]}l{moves.replace(' -', '-')}V{HEIGHT}z"
