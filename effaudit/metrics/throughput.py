"""How many rows a second a candidate answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.notes import Note, coded
from effaudit.core.observed import Block, Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning
from effaudit.figures import knee as figures_knee
from effaudit.figures.blocks import (
    Kind,
    batch_unscored,
    batches,
    more_processors,
    of_batch,
    of_callers,
    per_block,
    rows_repeat,
    seconds_per_row,
)

_ID = re.compile(r"throughput\.(batch|parallel)_(\d+)", re.ASCII)


@dataclass(frozen=True)
class Throughput(Metric):
    """Rows per second, asked without pause.

    `throughput.batch_N`: of one worker by batch size, rows over wall time within a block, the median over blocks.
    `throughput.parallel_N`: of N callers at once, each asking requests of the first batch size: threads that share one loaded
    model, or processes where the format takes one call at a time (a note says which).
    `throughput.knee`: the smallest batch size within 5 % of the best throughput; its interval holds the sizes that could be it.
    It is read where at least three batch sizes were timed.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """`throughput.batch_N`, `throughput.parallel_N` and `throughput.knee`."""
        if metric == "throughput.knee":
            return Meaning("rows", "lower", "measured", True, (), "Batch size from which throughput hardly grows")
        match = _ID.fullmatch(metric)
        if match is None:
            return None
        count = int(match[2])
        title = f"in requests of {count:,} rows" if match[1] == "batch" else f"of {count:,} callers at once"
        return Meaning("rows/s", "higher", "measured", True, (), f"Throughput {title}")

    def examples(self) -> Sequence[str]:
        """By example of two batch sizes and of two callers."""
        return ("throughput.batch_1", "throughput.batch_256", "throughput.parallel_2", "throughput.knee")

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the timed blocks."""
        found: dict[str, Result] = {}
        for batch in batches(seen):
            name = f"throughput.batch_{batch}"
            blocks = of_batch(seen, batch)
            notes = () if isinstance(blocks, Failure) else more_processors(seen, blocks)
            found[name] = _rate(seen, name, blocks, rows_repeat(seen, batch) + batch_unscored(seen, batch) + notes)
        for callers in seen.settings.parallel:
            name = f"throughput.parallel_{callers}"
            blocks = of_callers(seen, callers)
            found[name] = _rate(seen, name, blocks, () if isinstance(blocks, Failure) else _callers(blocks[0]))
        knee = figures_knee.knee(found, seen.workload.sweep)
        return found | ({"throughput.knee": Result(knee)} if knee else {})


def _rate(seen: Seen, name: str, blocks: tuple[Block, ...] | Failure, notes: tuple[Note, ...]) -> Result:
    if isinstance(blocks, Failure):
        return Result(blocks)
    kind = Kind("rows/s", "higher", "measured", notes, seen.spreads.get(name))
    return per_block(blocks, lambda block: 1.0 / seconds_per_row(block), kind)


def _callers(block: Block) -> tuple[Note, ...]:
    who = "processes" if block.processes else "threads of one process"
    return coded("callers", f"{block.callers} {who}" if block.callers > 1 else "")
