"""What 1,000 inferences cost at a stated price per hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.notes import coded
from effaudit.core.observed import Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning
from effaudit.figures.blocks import Kind, of_batch, per_block, seconds_per_row


@dataclass(frozen=True)
class Cost(Metric):
    """Money per 1,000 inferences: the time that they keep one worker busy, at the plan's `assumptions.price_per_hour`.

    Asked in requests of the workload's first batch size, without pause: a machine that waits costs more per inference.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """In the currency of the plan's price."""
        if metric != "cost.per_1000":
            return None
        return Meaning("money", "lower", "modelled", True, (), "Price of 1,000 inferences")

    def examples(self) -> Sequence[str]:
        """The one."""
        return ("cost.per_1000",)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the timed blocks and the stated price."""
        price = seen.assumptions.price_per_hour
        if price is None:
            return {
                "cost.per_1000": Result(
                    Failure("not_stated", "assume", "no price is stated; write `assumptions: {price_per_hour: 0.10 EUR}`")
                )
            }
        blocks = of_batch(seen, seen.workload.batch_sizes[0])
        if isinstance(blocks, Failure):
            return {"cost.per_1000": Result(blocks)}
        currency = seen.assumptions.currency
        kind = Kind(
            currency, "lower", "modelled", coded("source", f"{price:g} {currency} an hour"), seen.spreads.get("cost.per_1000")
        )
        return {"cost.per_1000": per_block(blocks, lambda block: 1000 * price / 3600 * seconds_per_row(block), kind)}
