"""How heavy a model feels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.observed import Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Meaning, counted


@dataclass(frozen=True)
class Weight(Metric):
    """Kilobytes per parameter."""

    def meaning(self, metric: str) -> Meaning | None:
        return Meaning("B", "lower", "counted", False) if metric == "weight.per_parameter" else None

    def examples(self) -> Sequence[str]:
        return ("weight.per_parameter",)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        return {"weight.per_parameter": Result(counted(seen.sizes.model / max(1, seen.facts.parameters or 0), "B"))}
