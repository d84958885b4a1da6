"""Who answers faster what it was asked before: such candidates are judged on rows that are new to them, and it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.observed import Block, Seen
from effaudit.core.units import show

FASTER = 0.75
"""Known requests that take no more than this share of what the same requests took before show a memory."""
FEWEST_PAIRS = 4
AGREEING = 0.9
"""So large a share of the pairs must show it."""


def on_new_rows(seen: Mapping[str, Seen]) -> dict[str, Seen]:
    """What was seen; of who remembers, by batch size, on new rows only, with a note."""
    return {name: judged_on(own) for name, own in seen.items()}


def judged_on(seen: Seen) -> Seen:
    """One candidate, as it is judged: blocks of known requests are as good as others where nobody remembers."""
    remembered = {}
    for batch in sorted({block.batch for block in seen.blocks}):
        note = _note([block for block in seen.blocks if block.batch == batch and not block.callers])
        if note is not None:
            remembered[batch] = note
    kept = tuple(block for block in seen.blocks if block.freshness == "new" or block.batch not in remembered)
    return replace(seen, blocks=kept, remembered=remembered, notes=(*seen.notes, *remembered.values()))


def _note(blocks: Sequence[Block]) -> Note | None:
    """What is said of a memory, if the pairs of a block and the same requests once more show one."""
    medians = {block.key: float(np.median(block.nanos)) for block in blocks}
    fresh = {block.key for block in blocks if block.freshness == "new"}
    known = [block.key for block in blocks if block.freshness == "known" and block.key - 1 in fresh]
    if len(known) < FEWEST_PAIRS:
        return None
    ratios = np.array([medians[key] / max(medians[key - 1], 1.0) for key in known])
    if np.median(ratios) > FASTER or np.mean(ratios < 1.0) < AGREEING:
        return None
    again, new = (show(float(np.median([medians[key - back] for key in known])) / 1e9, "s") for back in (0, 1))
    words = f"it answers what it was asked before in {again}, and what is new in {new} a request: it is judged on new rows only"
    return Note("remembers_rows", words)
