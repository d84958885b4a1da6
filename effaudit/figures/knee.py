"""From which batch size on throughput hardly grows any more: the knee, with the sizes that could be it as its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping

from effaudit.core.notes import Note
from effaudit.core.plugin import Result
from effaudit.core.reading import Failure, Measurement
from effaudit.core.stats import ratios
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, TooFew
from effaudit.core.units import show

WITHIN = 0.05
"""So much less than the best throughput counts as the same."""
FEWEST = 3
"""Batch sizes from which there is a curve with a knee."""
_PREFIX = "throughput.batch_"


def knee(found: Mapping[str, Result], swept: bool) -> Measurement | Failure | None:
    """The smallest batch size within 5 % of the best throughput. None where too few sizes were timed to ask.

    Sizes are compared with each other by the paired ratios of the same rounds. The lower end of the interval is the smallest
    size that may be within 5 % of all others as far as the ratios' intervals tell, the upper end the smallest that surely is.
    """
    sizes = {int(name.removeprefix(_PREFIX)): result for name, result in found.items() if name.startswith(_PREFIX)}
    rates = {size: r.reading.value for size, r in sorted(sizes.items()) if isinstance(r.reading, Measurement)}
    if len(sizes) < FEWEST and not swept:
        return None
    if not rates:
        first = sizes[min(sizes)].reading
        return first if isinstance(first, Failure) else None
    best = max(rates, key=lambda size: rates[size])
    bounds = {size: {other: _against(sizes[size], sizes[other]) for other in rates if other != size} for size in rates}
    limit = 1.0 - WITHIN
    estimated = next(size for size in rates if size == best or bounds[size][best][1] >= limit)
    maybe = next((size for size in rates if all(high >= limit for _, _, high in bounds[size].values())), estimated)
    surely = next((size for size in rates if all(low >= limit for low, _, _ in bounds[size].values())), max(rates))
    samples = sum(r.reading.samples for r in sizes.values() if isinstance(r.reading, Measurement))
    note = Note("method", f"{show(rates[estimated], 'rows/s')}, where the best is {show(rates[best], 'rows/s')} at {best:,}")
    low, high = min(maybe, estimated), max(surely, estimated)
    return Measurement(float(estimated), float(low), float(high), "rows", "lower", "measured", samples, notes=(note,))


def _against(one: Result, other: Result) -> tuple[float, float, float]:
    """The ratio of two throughputs and its bounds: low, value, high. Nothing is sure where rounds do not tell."""
    if one.evidence is None or other.evidence is None:
        return 0.0, 0.0, math.inf
    ratio = ratios.ratio(one.evidence, other.evidence, None)
    if isinstance(ratio, TooFew):
        return 0.0, 0.0, math.inf
    low, high = ratio.interval(DRAWN_ONE_SIDED)
    return low, ratio.value, high
