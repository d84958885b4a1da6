"""Which batch sizes are worth timing of a candidate: 1, 2, 4 … until its throughput stops growing, or something gives way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from effaudit.core.candidate import Candidate
from effaudit.core.protocol import Message
from effaudit.measure.journal import Journal
from effaudit.process import Fault, Site, Worker

GAIN = 0.05
"""Throughput must grow by this share to go on; that it does not twice in a row ends the sweep, for once may be the machine."""
TRIES = 3
"""The fastest of so many blocks counts: where a machine has two speeds, all sizes are compared at the faster one."""
CALLS_AT_ONCE = 12
"""A block may ask so many requests before it answers, all of which must fit in the time limit."""


def sweep(
    candidates: Mapping[str, Candidate], site: Site, journal: Journal, tell: Callable[[float, str], None]
) -> dict[str, tuple[int, ...]]:
    """Each candidate's batch sizes. What an earlier session found is taken from the journal."""
    known = {message.facts["name"]: tuple(message.facts["batches"]) for message in journal.of("swept")}
    found = {}
    for place, (name, candidate) in enumerate(candidates.items()):
        tell(place / len(candidates), f"sweeping batch sizes of {name}")
        found[name] = known.get(name) or _swept(candidate, site)
        if name not in known:
            journal.add(Message("swept", {"name": name, "batches": list(found[name])}))
    return found


def _swept(candidate: Candidate, site: Site) -> tuple[int, ...]:
    try:
        worker, _ = site.open(candidate, "sweep")
    except Fault:
        return site.workload.batch_sizes[:1]  # timing will tell why
    try:
        timeout = site.settings.timeout_s
        return until_flat(site.workload.batch_sizes, lambda batch: _seconds(worker, batch, timeout), timeout)
    finally:
        worker.end()


def until_flat(sizes: Sequence[int], seconds: Callable[[int], float | None], timeout_s: float) -> tuple[int, ...]:
    """The sizes up to the second in a row that brings under 5 % more rows a second than the best before it.

    `seconds`: what a call of a size takes; None where the candidate fell, which ends the sweep before that size. A size whose
    calls cannot be expected to fit in the time limit ends it too.
    """
    kept: list[int] = []
    best = took = 0.0
    flat = 0
    for size in sizes:
        if kept and took * (size / kept[-1]) * CALLS_AT_ONCE > timeout_s:
            break
        measured = seconds(size)
        if measured is None:
            break
        kept.append(size)
        took = measured
        rate = size / max(measured, 1e-12)
        flat = flat + 1 if best and rate < (1 + GAIN) * best else 0
        best = max(best, rate)
        if flat == 2:
            break
    return tuple(kept) or tuple(sizes[:1])


def _seconds(worker: Worker, batch: int, timeout_s: float) -> float | None:
    try:
        blocks = [worker.ask("block", {"batch": batch}, stage="sweep", timeout_s=timeout_s) for _ in range(TRIES)]
    except Fault:
        return None
    return min(float(np.median(block.arrays["nanos"])) for block in blocks) / 1e9
