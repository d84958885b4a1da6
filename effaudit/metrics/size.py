"""Bytes and counts: what a candidate weighs on disk, on the wire, in installed packages, and in parameters and nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.notes import coded
from effaudit.core.observed import Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning, counted

_TITLES = {
    "artifact": ("B", "Model and preprocessing on disk"),
    "transfer": ("B", "The same, compressed with zstd (level 9)"),
    "runtime": ("B", "Installed packages that it imports"),
    "parameters": ("count", "Parameters"),
    "nonzero": ("count", "Parameters that are not zero"),
    "nodes": ("count", "Tree nodes, or operators of a graph"),
}


_UNKNOWN = Failure(
    "not_counted",
    "count",
    "Python code may read files that nobody counted; write `files: [...]` beside it, or `files: []` if it reads none",
)


@dataclass(frozen=True)
class Size(Metric):
    """What a candidate weighs.

    `size.artifact` is the model's files with external data and preprocessing; `size.transfer` the same compressed with zstd;
    `size.runtime` the installed bytes of the packages that its worker imported (of this platform). Counted, never estimated.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """`size.artifact` and its like."""
        found = _TITLES.get(metric.removeprefix("size."))
        return Meaning(found[0], "lower", "counted", False, (), found[1]) if found else None

    def examples(self) -> Sequence[str]:
        """All of them."""
        return tuple(f"size.{name}" for name in _TITLES)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the files and from the model's facts."""
        sizes, facts = seen.sizes, seen.facts
        split = coded("parts", f"of which {sizes.preprocess:,} bytes are preprocessing" if sizes.preprocess else "")
        found = {
            "artifact": Result(_UNKNOWN if sizes.model is None else counted(sizes.model + sizes.preprocess, "B", split)),
            "transfer": Result(_UNKNOWN if sizes.transfer is None else counted(sizes.transfer, "B")),
            "runtime": Result(counted(sizes.runtime, "B", coded("parts", ", ".join(sizes.packages)))),
        }
        for name in ("parameters", "nonzero", "nodes"):
            number = getattr(facts, name)
            missing = Failure("not_counted", "count", f"a {facts.kind} has no count of {name}")
            found[name] = Result(missing if number is None else counted(number, "count", facts.notes))
        return {f"size.{name}": result for name, result in found.items()}
