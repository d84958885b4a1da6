"""Axes for charts: where a figure stands on a linear or logarithmic scale, and which round figures are marked on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from effaudit.core.units import show, show_alike


@dataclass(frozen=True)
class Scale:
    """From figures in [`low`, `high`] to pixels from `start` (at `low`) to `end` (at `high`), linear or logarithmic."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, figure: float) -> float:
        """The pixel of a figure, to a tenth; figures outside are held at the edges."""
        low, high, at = (self._bent(x) for x in (self.low, self.high, min(max(figure, self.low), self.high)))
        share = (at - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.end - self.start), 1)

    def holds(self, figure: float) -> bool:
        """Is the figure within the scale?"""
        return self.low <= figure <= self.high

    def _bent(self, figure: float) -> float:
        return math.log10(figure) if self.log else figure


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its pixel and its words."""

    at: float
    text: str


def scale(figures: Sequence[float], start: float, end: float, log: bool = False, room: float = 0.06) -> Scale:
    """A scale that holds all figures, with `room` (a share of its length) at both ends. Logarithmic ones need figures > 0."""
    low, high = min(figures), max(figures)
    if log:
        factor = (high / low) ** room if high > low else 2.0
        return Scale(low / factor, high * factor, start, end, log=True)
    space = (high - low) * room if high > low else abs(high) * room or 1.0
    return Scale(low - space, high + space, start, end)


def ticks(of: Scale, unit: str, most: int = 7) -> tuple[Tick, ...]:
    """At most about `most` round figures on a scale, each written with its unit."""
    if of.log:
        return tuple(Tick(of(figure), show(figure, unit)) for figure in _round_logarithmic(of, most))
    figures = _round_linear(of, most)
    return tuple(Tick(of(figure), text) for figure, text in zip(figures, show_alike(figures, unit), strict=True))


def _round_logarithmic(of: Scale, most: int) -> list[float]:
    first, last = math.floor(math.log10(of.low)), math.ceil(math.log10(of.high))
    for digits in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        figures = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
        inside = [figure for figure in figures if of.holds(figure)]
        if 2 <= len(inside) <= most:
            return inside
    powers = [10.0**power for power in range(first, last + 1) if of.holds(10.0**power)]
    if len(powers) > most:
        return powers[:: math.ceil(len(powers) / most)]
    return _round_linear(of, most)


def _round_linear(of: Scale, most: int) -> list[float]:
    raw = (of.high - of.low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(digit * power for digit in (1, 2, 2.5, 5, 10) if digit * power >= raw * (1 - 1e-9))
    first = math.ceil(of.low / step - 1e-9)
    figures = [place * step for place in range(first, first + most + 2)]
    return [figure for figure in figures if of.low <= figure <= of.high]
