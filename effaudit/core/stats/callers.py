"""How fast several callers asked one model at once, from the moments at which their calls ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_SHARED = 0.5
"""Of the longest window: callers that shared less of it did not ask at once."""

Moments = NDArray[np.int64]
"""Of one caller (calls + 1,): when its first call began, and when each of its calls ended, in nanoseconds of one clock for all."""


def rate_at_once(callers: Sequence[Moments]) -> float | None:
    """Calls per nanosecond in the span in which all asked; a call counts by the part of it that lies within.

    None where that span is less than half of the longest window.
    """
    begin, end = max(own[0] for own in callers), min(own[-1] for own in callers)
    longest = max(own[-1] - own[0] for own in callers)
    if end <= begin or end - begin < LEAST_SHARED * longest:
        return None
    return float(sum(_done(own, begin, end) for own in callers) / (end - begin))


def rate_over_all(callers: Sequence[Moments]) -> float:
    """Calls per nanosecond from the first beginning to the last end: too few rather than too many."""
    whole = max(own[-1] for own in callers) - min(own[0] for own in callers)
    return float(sum(len(own) - 1 for own in callers) / max(1, whole))


def _done(own: Moments, begin: int, end: int) -> float:
    low, high = np.interp([0, end - begin], own - begin, np.arange(len(own)))
    return float(high - low)
