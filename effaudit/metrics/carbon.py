"""What 1,000 inferences emit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from effaudit.core.notes import Note
from effaudit.core.observed import Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning, Measurement
from effaudit.core.settings import Assumptions
from effaudit.core.text import did_you_mean
from effaudit.figures.power import Figure, marginal, missing_watts

_JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True)
class Carbon(Metric):
    """Operational grams of CO2 equivalent per 1,000 inferences: `energy.per_1000` × the site's PUE × the grid's intensity.

    The intensity is stated in the plan, or that of the stated country (yearly average, CodeCarbon's tables). It is never guessed.
    """

    needs: ClassVar[tuple[str, ...]] = ("energy",)

    def meaning(self, metric: str) -> Meaning | None:
        """Grams of CO2 equivalent."""
        if metric != "carbon.per_1000":
            return None
        return Meaning("gCO2e", "lower", "modelled", True, (), "Operational emissions of 1,000 inferences")

    def examples(self) -> Sequence[str]:
        """The one."""
        return ("carbon.per_1000",)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the energy and the assumptions."""
        grid = intensity(seen.assumptions)
        missing = None if seen.windows else missing_watts(seen.assumptions)
        if missing or isinstance(grid, Failure):
            return {"carbon.per_1000": Result(missing or grid)}
        pue = seen.assumptions.pue
        factor = 1000 * pue * grid.value / _JOULES_PER_KWH
        figure = Figure("carbon.per_1000", "gCO2e", factor, (*grid.notes, Note("method", f"PUE {pue:g}")))
        return {"carbon.per_1000": marginal(seen, figure)}


def intensity(assumptions: Assumptions) -> Measurement | Failure:
    """Of the grid, in gCO2e per kWh, with its source in the notes; or what to write."""
    if assumptions.grid is not None:
        return _exact(assumptions.grid, "grid intensity as stated in the plan")
    if assumptions.country is None:
        return Failure(
            "not_stated", "assume", "nothing says where it runs; write `assumptions: {country: FRA}`, or `grid: 56 gCO2e/kWh`"
        )
    table = countries()
    if not table:
        return Failure(
            "not_stated", "assume", "CodeCarbon's tables are not installed; run: pip install 'effaudit[audit]', or state `grid:`"
        )
    entry = table.get(assumptions.country)
    if entry is None or entry.get("carbon_intensity") is None:
        return Failure(
            "not_stated",
            "assume",
            f"no grid intensity is known for {assumptions.country!r}.{did_you_mean(assumptions.country, table)}",
        )
    source = f"grid of {entry['country_name']}, {entry['year']}, CodeCarbon's table"
    return _exact(float(entry["carbon_intensity"]), source)


def _exact(value: float, note: str) -> Measurement:
    return Measurement(value, value, value, "gCO2e/kWh", "lower", "modelled", notes=(Note("source", note),))


@cache
def countries() -> dict[str, Any]:
    """CodeCarbon's table by ISO 3166 alpha-3, read from the installed package without importing it; empty where it is not."""
    package = find_spec("codecarbon")
    if package is None or package.origin is None:
        return {}
    path = Path(package.origin).parent / "data" / "private_infra" / "global_energy_mix.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}
