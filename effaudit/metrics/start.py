"""How long a candidate takes from nothing to its first answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from effaudit.core.observed import Seen
from effaudit.core.observed import Start as Begun
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Meaning
from effaudit.figures.restarts import once_each

_PARTS: dict[str, tuple[Callable[[Begun], float], str]] = {
    "import": (lambda start: start.import_s, "Interpreter and libraries started"),
    "load": (lambda start: start.load_s, "Model and preprocessing loaded"),
    "first": (lambda start: start.first_s, "First answer after loading"),
}


@dataclass(frozen=True)
class Start(Metric):
    """Cold start, in three parts that follow each other: `start.import`, `start.load`, `start.first`.

    Each incarnation is a fresh process; the files are in the system's cache, as they are on a host that starts a model again.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """Seconds."""
        found = _PARTS.get(metric.removeprefix("start."))
        return Meaning("s", "lower", "measured", True, ("p50",), found[1]) if found else None

    def examples(self) -> Sequence[str]:
        """All of them."""
        return tuple(f"start.{name}" for name in _PARTS)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the incarnations."""
        return {
            f"start.{name}.p50": once_each(seen, f"start.{name}.p50", figure, "s", highest=False)
            for name, (figure, _) in _PARTS.items()
        }
