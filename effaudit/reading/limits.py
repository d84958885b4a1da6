"""A rule's limit from its written form: its unit must be one that the metric can be read in."""

from __future__ import annotations

import math
import re

from effaudit.core import units
from effaudit.core.policy import Bound, Limit
from effaudit.core.reading import Meaning

_EXAMPLES = {"s": "25 ms", "B": "50 MB", "J": "20 J", "gCO2e": "1.5 gCO2e", "rows/s": "1000 rows/s", "W": "5 W"}
_IN_OWN_WORDS = re.compile(r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*([^-+.,\s\d].{0,62})?")
_CURRENCY = re.compile("[A-Z]{3}")


def read_limit(value: str | float, written: str, bound: Bound, meaning: Meaning) -> Limit:
    """The limit of a metric with this `meaning`. Raises ValueError, which shows an example.

    Relative bounds take `%` (of the reference's figure), and `pp` for scores and shares. Otherwise the metric's own unit:
    a physical one, none for scores and counts, a currency for money, the answer's for errors of a regression.
    """
    relative = bound in ("max_drop", "max_increase")
    text = str(value).strip()
    if text.endswith("%"):
        return _percent(value, written, relative, meaning)
    if text.endswith("pp"):
        return _points(value, written, relative, meaning)
    if meaning.unit in _EXAMPLES:
        return _physical(value, written, relative, meaning.unit)
    if meaning.unit in ("score", "share"):
        return _score(value, written, relative)
    if meaning.unit in ("count", "number"):
        return Limit(_bare(value, "a bare number such as 100000"), "", written)
    return _own(value, written, money=meaning.unit == "money")


def _percent(value: str | float, written: str, relative: bool, meaning: Meaning) -> Limit:
    if not relative:
        own = _as_number(value, "%") if meaning.unit in ("score", "share") else _example(meaning)
        raise ValueError(f"% is a share of the baseline's figure, for max_drop and max_increase; write {own} here")
    return Limit(units.parse_as(value, "%", "5 %"), "%", written)


def _points(value: str | float, written: str, relative: bool, meaning: Meaning) -> Limit:
    if meaning.unit not in ("score", "share"):
        raise ValueError(f"pp is for scores and shares; write {_example(meaning)}{' or 5 %' if relative else ''} here")
    if not relative:
        raise ValueError(f"pp is a difference, for max_drop and max_increase; write {_as_number(value, 'pp')} here")
    return Limit(units.parse_as(value, "pp", "1 pp"), "pp", written)


def _physical(value: str | float, written: str, relative: bool, unit: str) -> Limit:
    amount = units.parse_as(value, unit, _EXAMPLES[unit] + ("' or '5 %" if relative else ""))
    if amount < 0 and not relative:
        raise ValueError(f"a limit below 0 can never be met: {written!r}")
    return Limit(amount, unit, written)


def _score(value: str | float, written: str, relative: bool) -> Limit:
    example = "1 pp (a hundredth) or 1 % (of the baseline's)" if relative else "a bare number such as 0.9"
    amount = _bare(value, example)
    if relative and amount >= 1:
        raise ValueError(f"a loss of {written} would allow any score; write {example}")
    return Limit(amount, "", written)


def _own(value: str | float, written: str, *, money: bool) -> Limit:
    """An amount with the unit's word as it stands: `2 min` is 2 in an answer that is counted in minutes."""
    match = _IN_OWN_WORDS.fullmatch(str(value)) if len(str(value)) <= 80 else None
    if match is None or not math.isfinite(float(match[1])):
        raise ValueError(
            f"expected a number{' with a currency such as 0.05 EUR' if money else ' in the unit of the answer'}, found {written!r}"
        )
    unit = (match[2] or "").strip()
    if money and not _CURRENCY.fullmatch(unit):
        raise ValueError(f"needs a currency such as 0.05 EUR, found {written!r}")
    return Limit(float(match[1]), unit, written)


def _bare(value: str | float, example: str) -> float:
    found = units.parse(value)
    if found.unit:
        raise ValueError(f"expected {example}, found {str(value)!r}")
    return found.amount


def _as_number(value: str | float, unit: str) -> str:
    """What the author wrote in hundredths, as a score or share is written: 10 % is 0.1."""
    return f"it as a bare number, {units.parse_as(value, unit, f'5 {unit}'):.10g},"


def _example(meaning: Meaning) -> str:
    own = {"money": "0.05 EUR", "score": "a bare number such as 0.9", "share": "a bare number such as 0.01"}
    return _EXAMPLES.get(meaning.unit) or own.get(meaning.unit, "a bare number")
