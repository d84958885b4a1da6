"""Which candidates are timed together: as many as fit in half of the memory, the baseline and its twin in every panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psutil

TWIN = "~twin"
"""The baseline's second copy: what differs between the two is noise."""


def panels(
    names: Sequence[str], baseline: str | None, resident: Mapping[str, int], room: int | None = None
) -> list[tuple[str, ...]]:
    """Splits candidates into panels, the baseline and its twin leading each. `room`: bytes that a panel may hold."""
    space = psutil.virtual_memory().available // 2 if room is None else room
    leaders = (baseline, TWIN) if baseline is not None else ()
    taken = 2 * resident.get(baseline, 0) if baseline is not None else 0
    filled: list[list[str]] = [[]]
    held = taken
    for name in names:
        if name == baseline:
            continue
        if filled[-1] and held + resident.get(name, 0) > space:
            filled.append([])
            held = taken
        filled[-1].append(name)
        held += resident.get(name, 0)
    return [(*leaders, *panel) for panel in filled if panel or leaders]
