"""Figures that each incarnation gives once: starts and memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.observed import Seen, Start
from effaudit.core.plugin import Result
from effaudit.core.reading import Failure, Measurement
from effaudit.core.stats import ratios
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, TooFew

_FEWEST = 2


def once_each(
    seen: Seen, name: str, figure: Callable[[Start], float], unit: str, *, highest: bool, notes: tuple[Note, ...] = ()
) -> Result:
    """The figure `name` over incarnations: its median, or with `highest` its maximum, and an interval from how much they differ.

    Fewer than two incarnations say nothing of how much they differ, and give no figure.
    """
    figures = np.array([figure(start) for start in seen.starts], dtype=np.float64)
    if len(figures) < _FEWEST:
        reason = f"{len(figures)} starts, where at least {_FEWEST} are needed"
        return Result(seen.fallen or Failure("too_few_samples", "start", reason))
    rows = [(start.incarnation, -1 - start.incarnation, np.log(max(figure(start), 1e-12))) for start in seen.starts]
    evidence = np.asarray(rows, dtype=np.float64)
    estimate = ratios.location(evidence, seen.spreads.get(name))
    if isinstance(estimate, TooFew):
        return Result(Failure("too_few_samples", "start", str(estimate)))
    value = float(figures.max() if highest else np.median(figures))
    low, high = estimate.interval(DRAWN_ONE_SIDED)
    if highest and estimate.value > 0.0:  # no start bounds what the next one may take: the width stands above the highest
        high *= max(1.0, value / estimate.value)
    reading = Measurement(
        value, min(low, value), max(high, value), unit, "lower", "measured", len(figures), estimate.dof, notes=notes
    )
    return Result(reading, evidence)
