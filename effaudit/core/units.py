"""Quantities with units: read from plans and policies, shown to readers with the digits their interval deserves."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SCALES: dict[str, tuple[str, float]] = {
    "ns": ("s", 1e-9), "us": ("s", 1e-6), "µs": ("s", 1e-6), "μs": ("s", 1e-6), "ms": ("s", 1e-3), "s": ("s", 1.0),
    "min": ("s", 60.0), "h": ("s", 3600.0), "d": ("s", 86400.0),
    "B": ("B", 1.0), "kB": ("B", 1e3), "KB": ("B", 1e3), "MB": ("B", 1e6), "GB": ("B", 1e9), "TB": ("B", 1e12),
    "KiB": ("B", 2.0**10), "MiB": ("B", 2.0**20), "GiB": ("B", 2.0**30),
    "mJ": ("J", 1e-3), "J": ("J", 1.0), "kJ": ("J", 1e3), "Wh": ("J", 3.6e3), "kWh": ("J", 3.6e6),
    "mgCO2e": ("gCO2e", 1e-3), "gCO2e": ("gCO2e", 1.0), "kgCO2e": ("gCO2e", 1e3), "tCO2e": ("gCO2e", 1e6),
    "W": ("W", 1.0), "kW": ("W", 1e3),
    "rows/s": ("rows/s", 1.0), "krows/s": ("rows/s", 1e3),
    "pp": ("pp", 1e-2), "%": ("%", 1e-2),
}  # fmt: skip
"""Written unit → (base unit, factor). `pp` is an absolute hundredth of a score or share, `%` a hundredth of a reference."""

_WRITTEN = re.compile(r"([+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-zµμ%][A-Za-z0-9µμ/%]*)?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Quantity:
    """An amount in a base unit: `s`, `B`, `J`, `gCO2e`, `W`, `rows/s`, `pp`, `%`, a currency, or "" for a bare number."""

    amount: float
    unit: str


def parse(written: str | int | float) -> Quantity:
    """Reads "25 ms", "50 MB", "1 pp", "0.10 EUR" or a bare number. Raises ValueError with what was expected."""
    if isinstance(written, bool):
        raise ValueError(f"expected a number with a unit, found {str(written).lower()}")
    if isinstance(written, (int, float)):
        return Quantity(_finite(float(written), str(written)), "")
    match = _WRITTEN.fullmatch(written.strip()) if len(written) <= 64 else None
    if match is None:
        raise ValueError(f"expected a number with a unit, such as '25 ms' or '50 MB', found {written[:64]!r}")
    amount, unit = _finite(float(match[1]), written), match[2]
    if unit is None:
        return Quantity(amount, "")
    if unit in SCALES:
        base, factor = SCALES[unit]
        return Quantity(_finite(amount * factor, written), base)
    if _CURRENCY.fullmatch(unit):
        return Quantity(amount, unit)
    raise ValueError(f"unknown unit {unit!r} in {written!r}; known: {', '.join(SCALES)} and currency codes such as EUR")


def parse_as(written: str | int | float, unit: str, example: str) -> float:
    """The amount in base unit `unit`. A bare number or another unit is an error that shows `example`."""
    quantity = parse(written)
    if quantity.unit != unit:
        found = f"a unit of {quantity.unit!r}" if quantity.unit else "no unit"
        raise ValueError(f"needs a unit such as {example!r}, found {found} in {str(written)!r}")
    return quantity.amount


def show(value: float, unit: str, digits: int = 3) -> str:
    """A value for readers: "24.1 ms", "41 kB", "0.694", "1,200 nodes"."""
    shown, name = _scaled(value, unit)
    return _joined(_rounded(shown, min(_decimals(shown, digits), _MOST.get(unit, 400))), name)


def show_round(value: float, unit: str) -> str:
    """A round figure in at most two digits, without closing zeros: "0.05 pp", "0.4 minutes"."""
    shown, name = _scaled(value, unit)
    figure = _rounded(shown, min(_decimals(shown, 2), _MOST.get(unit, 400)))
    return _joined(figure.rstrip("0").rstrip(".") if "." in figure else figure, name)


def show_interval(value: float, low: float, high: float, unit: str, signed: bool = False) -> str:
    """A value with its interval, rounded to two digits of the interval's width: "24.1 ms [22.8, 25.9]".

    `signed` puts a plus before what is positive, as differences deserve: "+1.9 pp [+1.6, +2.2]".
    """
    factor, name = _scale_for(value or max(abs(low), abs(high)), unit)
    width = (high - low) / factor
    decimals = max(0, 1 - math.floor(math.log10(width / 2))) if 0 < width < math.inf else _decimals(value / factor, 3)
    decimals = min(decimals, _MOST.get(unit, 6))
    figures = [_rounded(x / factor, decimals, signed) for x in (value, low, high)]
    shown = _joined(figures[0], name)
    return shown if low == high == value else f"{shown} [{figures[1]}, {figures[2]}]"


def show_alike(figures: Sequence[float], unit: str) -> list[str]:
    """Figures that are read together, such as those along an axis: in one unit, with the digits that tell them apart."""
    factor, name = _scale_for(max(figures, key=abs, default=0.0), unit)
    scaled = [figure / factor for figure in figures]
    step = min((abs(b - a) for a, b in pairwise(scaled) if b != a), default=0.0)
    exact = (decimals for decimals in range(9) if step and abs(round(step, decimals) - step) < step * 1e-6)
    decimals = next(exact, None)
    return [_joined(_rounded(x, _decimals(x, 3) if decimals is None else decimals), name) for x in scaled]


def show_change(ratio: float) -> str:
    """A ratio to the baseline as a change in per cent: "−96 %", "+1.2 %", "×14"."""
    if not math.isfinite(ratio):
        return "n/a"
    if ratio >= 10:
        return f"×{ratio:,.0f}"
    percent = (ratio - 1) * 100
    return f"{_rounded(percent, _change_decimals(percent), signed=True)} %" if abs(percent) >= 0.005 else "0 %"


def show_points(difference: float) -> str:
    """A difference of scores in percentage points: "−1.9 pp"."""
    points = difference * 100
    return f"{_rounded(points, 2 if abs(points) < 1 else 1, signed=True)} pp" if not abs(points) < 0.005 else "0 pp"


_STEPS: dict[str, tuple[tuple[float, float, str], ...]] = {
    "s": ((0, 1e-9, "ns"), (1e-6, 1e-6, "µs"), (1e-3, 1e-3, "ms"), (1, 1, "s"), (120, 60, "min"), (7200, 3600, "h")),
    "B": ((0, 1, "B"), (1e3, 1e3, "kB"), (1e6, 1e6, "MB"), (1e9, 1e9, "GB")),
    "J": ((0, 1e-6, "µJ"), (1e-3, 1e-3, "mJ"), (1, 1, "J"), (1e3, 1e3, "kJ"), (3.6e6, 3.6e6, "kWh")),
    "pp": ((0, 1e-2, "pp"),),
    "%": ((0, 1e-2, "%"),),
    "gCO2e": ((0, 1e-6, "µgCO2e"), (1e-3, 1e-3, "mgCO2e"), (1, 1, "gCO2e"), (1e3, 1e3, "kgCO2e"), (1e6, 1e6, "tCO2e")),
}
"""Base unit → from which size on, what to divide by, and the name to show."""

_UNNAMED = ("score", "share", "count", "number")
_MOST = {"score": 5, "share": 5, "pp": 4}
"""So many decimals at most: a score or share near 0 is no matter for powers of ten."""
_READABLE = (1e-4, 1e15)
"""Outside of these a figure without a larger or smaller unit is shown as a power of ten: "6.56 ×10⁻⁶ EUR"."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _scale_for(value: float, unit: str) -> tuple[float, str]:
    fitting = [step for step in _STEPS.get(unit, ()) if abs(value) >= step[0]]
    if fitting:
        return fitting[-1][1], fitting[-1][2]
    plain = "" if unit in _UNNAMED else unit
    if unit in _MOST and abs(value) < _READABLE[1]:
        return 1.0, plain
    if value == 0 or not math.isfinite(value) or _READABLE[0] <= abs(value) < _READABLE[1]:
        return 1.0, plain
    exponent = max(math.floor(math.log10(abs(value))), -300)
    return 10.0**exponent, f"×10{str(exponent).translate(_RAISED)} {plain}".rstrip()


def _scaled(value: float, unit: str) -> tuple[float, str]:
    factor, name = _scale_for(value, unit)
    return value / factor, name


def _decimals(value: float, digits: int) -> int:
    # Scaling leaves 30.000000000000004 of what was 30: that is a whole number too.
    if value == 0 or not math.isfinite(value) or (abs(value - round(value)) < 1e-9 * abs(value) and abs(value) < 1e15):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def _change_decimals(percent: float) -> int:
    size = abs(percent)
    if size >= 99 and percent < 0:
        return 1 if size < 99.95 else 2
    return 0 if size >= 10 else 1 if size >= 0.95 else 2


def _rounded(value: float, decimals: int, signed: bool = False) -> str:
    if not math.isfinite(value):
        return "n/a" if math.isnan(value) else "∞" if value > 0 else "−∞"
    plain = f"{abs(value):,.{decimals}f}"
    if not plain.strip("0.,"):
        return plain
    return ("−" if value < 0 else "+" if signed else "") + plain


def _joined(figure: str, name: str) -> str:
    return f"{figure} {name}" if name else figure


def _finite(value: float, written: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {written!r}")
    return value
