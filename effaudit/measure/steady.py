"""Who was steady while it was timed, beside the baseline: warm-ups are left out of the figures, and what wavered is said."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.observed import Block, Seen
from effaudit.core.stats.percentiles import LEAST_BLOCKS
from effaudit.core.stats.steadiness import FLAT, Steadiness, steadiness
from effaudit.core.store import Array
from effaudit.core.units import show_change

ALPHA = 0.05
"""The chance that an audit calls any steady candidate anything else: it is shared by all candidates and batch sizes."""
FEWEST_OTHERS = 3
"""The baseline itself is compared with the median of the others, where there are so many."""

_CODES = {"warm-up": "warm_up", "slowdown": "slowdown", "unsteady": "unsteady"}

_Logs = Mapping[int, float]
"""Round key → log of the block's median."""


def steadied(seen: Mapping[str, Seen], baseline: str | None) -> dict[str, Seen]:
    """What was seen, without the rounds in which a candidate still warmed up, and with words for what was not steady.

    The test is on the log-ratio to the baseline's block of the same round, so that what the machine does to all is nobody's
    fault; the baseline is held against the median of all others, and so is everybody where the baseline is not steady.
    """
    logs = {name: _logs(own.blocks) for name, own in seen.items()}
    wanted = [(name, batch) for name, own in logs.items() for batch in own]
    found: dict[str, dict[int, Steadiness]] = {name: {} for name in seen}
    for name, batch in sorted(wanted, key=lambda place: place[0] != baseline):
        usual = name != baseline and found.get(baseline or "", {}).get(batch, FLAT).shape == "flat"
        reference = logs.get(baseline or "", {}).get(batch, {}) if usual else _others(name, batch, logs)
        found[name][batch] = steadiness(_series(logs[name][batch], reference), ALPHA / len(wanted))
    return {name: _told(own, found[name]) for name, own in seen.items()}


def _series(own: _Logs, reference: _Logs) -> list[Array]:
    """The log-ratios of each incarnation, in the order of their rounds."""
    series: dict[int, list[float]] = {}
    for key in sorted(own):
        if key in reference:
            series.setdefault(_incarnation(key), []).append(own[key] - reference[key])
    return [np.asarray(one) for one in series.values()]


def _others(name: str, batch: int, logs: Mapping[str, Mapping[int, _Logs]]) -> _Logs:
    rest = [own[batch] for other, own in logs.items() if other != name and batch in own]
    keys: dict[int, list[float]] = {}
    for one in rest:
        for key, log in one.items():
            keys.setdefault(key, []).append(log)
    return {key: float(np.median(found)) for key, found in keys.items() if len(found) >= FEWEST_OTHERS}


def _logs(blocks: tuple[Block, ...]) -> dict[int, dict[int, float]]:
    found: dict[int, dict[int, float]] = {}
    for block in blocks:
        if not block.callers:
            found.setdefault(block.batch, {})[block.key] = math.log(max(float(np.median(block.nanos)), 1.0))
    return found


def _incarnation(key: int) -> int:
    return key // 100_000


def _told(seen: Seen, shapes: Mapping[int, Steadiness]) -> Seen:
    told: dict[int, Note] = {}
    blocks = seen.blocks
    for batch, shape in shapes.items():
        kept = _without(blocks, batch, shape.at) if shape.shape == "warm-up" else blocks
        enough = sum(block.batch == batch and not block.callers for block in kept) >= LEAST_BLOCKS
        if shape.shape != "flat":
            told[batch] = Note(_CODES[shape.shape], _words(shape, left_out=enough))
        blocks = kept if enough else blocks
    return replace(seen, blocks=blocks, steadiness=told)


def _without(blocks: tuple[Block, ...], batch: int, first: int) -> tuple[Block, ...]:
    """Without each incarnation's first rounds of a batch size."""
    keys: dict[int, set[int]] = {}
    for block in blocks:
        if block.batch == batch:
            keys.setdefault(block.incarnation, set()).add(block.key)
    early = {key for own in keys.values() for key in sorted(own)[:first]}
    return tuple(block for block in blocks if block.batch != batch or block.key not in early)


def _words(shape: Steadiness, *, left_out: bool) -> str:
    if shape.shape == "warm-up":
        slower = show_change(math.exp(-shape.change))
        rest = "are left out" if left_out else "are in the figure, for there are too few without them"
        return f"warm-up: its first {shape.at} rounds after each start took {slower} time beside the baseline's, and {rest}"
    slower = show_change(math.exp(shape.change))
    if shape.shape == "slowdown":
        return f"slowdown: after {shape.at} rounds of each start it takes {slower} time beside the baseline"
    return f"unsteady: its time beside the baseline's changed by {slower}, and not in the same way throughout"
