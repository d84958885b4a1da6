"""Holm's (1979) step-down procedure: which of several hypotheses can be rejected together, and at what level each was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """How one of several was decided: the one-sided confidence `level`, and whether its hypothesis was rejected there.

    An interval drawn at `level` shows the same decision.
    """

    level: float
    rejected: bool


def holm(p_values: Mapping[str, float], alpha: float) -> Mapping[str, Level]:
    """Decides every hypothesis so that any false rejection happens with probability `alpha` at most.

    The smallest p-value is compared with alpha/m, the next with alpha/(m−1) and so on, until one is not smaller; that one and
    all after it stand, and are shown at the level that stopped it. Equal p-values share the strictest of their levels, so
    that the order of the candidates changes nothing. Raises ValueError for p-values outside 0 to 1.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
    decided: dict[str, Level] = {}
    stopped_at: float | None = None
    ordered = sorted(p_values, key=lambda name: p_values[name])
    first_of: dict[float, int] = {}
    for place, name in enumerate(ordered):
        p = p_values[name]
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"{name}: {p} is not a p-value")
        level = 1.0 - alpha / (len(ordered) - first_of.setdefault(p, place))
        if stopped_at is None and not p < 1.0 - level:
            stopped_at = level
        decided[name] = Level(level if stopped_at is None else stopped_at, stopped_at is None)
    return {name: decided[name] for name in p_values}
