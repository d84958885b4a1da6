"""How long one request takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from effaudit.core.notes import Note, coded
from effaudit.core.observed import Block, Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning, Measurement
from effaudit.core.stats import percentiles
from effaudit.core.stats.estimate import TooFew
from effaudit.core.store import Array
from effaudit.figures.blocks import batch_unscored, batches, evidence, more_processors, of_batch, rows_repeat

AGGREGATES = ("p50", "p90", "p95", "p99", "mean")
_SHARES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Latency(Metric):
    """Seconds from request to answer, by batch size: p50 (default), p90, p95, p99 and mean of single calls.

    A request is built before the clock; every conversion the model needs runs under it. Calls are timed in short blocks, side
    by side with the baseline. A percentile's interval counts the variation between blocks (Woodruff); with too few calls
    it is refused. Calls under 20 µs are timed in groups: their tails are those of group means, and say so.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """`latency.batch_N`, with five aggregates."""
        batch = metric.removeprefix("latency.batch_")
        if not batch.isdecimal():
            return None
        return Meaning("s", "lower", "measured", True, AGGREGATES, f"Latency of a request of {int(batch):,} rows")

    def examples(self) -> Sequence[str]:
        """By example of two batch sizes."""
        return ("latency.batch_1", "latency.batch_256")

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the timed blocks."""
        found: dict[str, Result] = {}
        for batch in batches(seen):
            blocks = of_batch(seen, batch)
            for aggregate in AGGREGATES:
                result = Result(blocks) if isinstance(blocks, Failure) else _aggregate(seen, batch, blocks, aggregate)
                found[f"latency.batch_{batch}.{aggregate}"] = result
        return found


def _aggregate(seen: Seen, batch: int, blocks: tuple[Block, ...], aggregate: str) -> Result:
    calls = [block.nanos / 1e9 for block in blocks]
    incarnations = [block.incarnation for block in blocks]
    spread = seen.spreads.get(f"latency.batch_{batch}.{aggregate}")
    if aggregate == "mean":
        estimate = percentiles.mean(calls, incarnations, spread)
    else:
        estimate = percentiles.percentile(calls, _SHARES[aggregate], incarnations, spread)
    if isinstance(estimate, TooFew):
        return Result(Failure("too_few_samples", "time", f"{aggregate} of {estimate}"))
    notes = rows_repeat(seen, batch) + _timer_limited(blocks, aggregate) + _wavering(seen, batch, aggregate)
    notes += more_processors(seen, blocks) + batch_unscored(seen, batch)
    reading = Measurement(
        estimate.value,
        estimate.low,
        estimate.high,
        "s",
        "lower",
        "measured",
        sum(b.calls for b in blocks),
        estimate.dof,
        notes=notes,
    )
    return Result(reading, _evidence(blocks, aggregate))


def _evidence(blocks: tuple[Block, ...], aggregate: str) -> Array:
    if aggregate == "p50":
        return evidence(blocks, lambda block: float(np.median(block.nanos)) / 1e9)
    if aggregate == "mean":
        return evidence(blocks, lambda block: float(np.mean(block.nanos)) / 1e9)
    rows = []
    for incarnation in sorted({block.incarnation for block in blocks}):
        calls = np.concatenate([block.nanos for block in blocks if block.incarnation == incarnation]) / 1e9
        rows.append((incarnation, -1 - incarnation, np.log(np.quantile(calls, _SHARES[aggregate]))))
    return np.asarray(rows, dtype=np.float64)


def _wavering(seen: Seen, batch: int, aggregate: str) -> tuple[Note, ...]:
    """Said once for each batch size, at the figure that comparisons use."""
    note = seen.steadiness.get(batch)
    return (note,) if note and aggregate == "p50" else ()


def _timer_limited(blocks: tuple[Block, ...], aggregate: str) -> tuple[Note, ...]:
    limited = aggregate in ("p90", "p95", "p99") and any(block.grouped > 1 for block in blocks)
    return coded("timer_limited", "its calls are timed in groups: this is a tail of group means") if limited else ()
