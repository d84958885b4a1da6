"""How a machine's power may grow with its load: three curves, since nobody can tell here which one holds.

Load and power are shares of the full ones. At half load they give 0.50, 0.70 and 0.21 of full power. Which one is right changes
every candidate's figure by nearly the same factor; what is said of two candidates must therefore hold under each of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

CURVES: Mapping[str, Callable[[float], float]] = {
    "linear": lambda load: load,
    "log": lambda load: math.log1p(5.0 * load) / math.log(6.0),
    "cubic": lambda load: 0.1 + 0.9 * load**3,
}
"""Linear: what one figure per core implies. Log: rising steeply first, as servers do. Cubic: CodeCarbon's, for whole machines."""

CHOSEN = "linear"
"""The curve of the figures that are shown: processor seconds × stated watts."""
OTHERS = tuple(name for name in CURVES if name != CHOSEN)


def above_idle(curve: str, load: float) -> float:
    """The share of full power that a load adds to the idle machine. `load`: share of all processors that are busy, 0 to 1."""
    power = CURVES[curve]
    return power(min(1.0, max(0.0, load))) - power(0.0)


def named(evidence: str, curve: str) -> str:
    """What the same evidence under another curve is called."""
    return f"{evidence}@{curve}"
