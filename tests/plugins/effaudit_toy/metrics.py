"""How heavy a model feels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.observed import Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning, counted


@dataclass(frozen=True)
class Weight(Metric):
    """Kilobytes per parameter."""

    def meaning(self, metric: str) -> Meaning | None:
        return Meaning("B", "lower", "counted", False) if metric == "weight.per_parameter" else None

    def examples(self) -> Sequence[str]:
        return ("weight.per_parameter",)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        if seen.sizes.model is None or not seen.facts.parameters:
            return {"weight.per_parameter": Result(Failure("not_counted", "count", "nobody knows what it weighs"))}
        return {"weight.per_parameter": Result(counted(seen.sizes.model / seen.facts.parameters, "B"))}
