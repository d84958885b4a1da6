"""How many rows a second one worker answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.observed import Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning
from effaudit.metrics import _blocks


@dataclass(frozen=True)
class Throughput(Metric):
    """Rows per second of one worker that is asked without pause, by batch size: rows over wall time within a block, the median
    over blocks.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """`throughput.batch_N`."""
        batch = metric.removeprefix("throughput.batch_")
        if not batch.isdecimal():
            return None
        return Meaning("rows/s", "higher", "measured", True, (), f"Throughput in requests of {int(batch):,} rows")

    def examples(self) -> Sequence[str]:
        """By example of two batch sizes."""
        return ("throughput.batch_1", "throughput.batch_256")

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the timed blocks."""
        found: dict[str, Result] = {}
        for batch in seen.workload.batch_sizes:
            blocks = _blocks.of_batch(seen, batch)
            if isinstance(blocks, Failure):
                found[f"throughput.batch_{batch}"] = Result(blocks)
                continue
            name = f"throughput.batch_{batch}"
            kind = _blocks.Kind("rows/s", "higher", "measured", _blocks.rows_repeat(seen, batch), seen.spreads.get(name))
            found[name] = _blocks.per_block(blocks, lambda block: 1.0 / _blocks.seconds_per_row(block), kind)
        return found
