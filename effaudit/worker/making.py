"""Makes one product: a technique at its workbench, with what it cost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from effaudit import registry
from effaudit.core import versions
from effaudit.core.candidate import Candidate, Contract
from effaudit.core.observed import Answers, together
from effaudit.core.plugin import Model, Workbench
from effaudit.core.protocol import Message
from effaudit.core.store import Array, Store
from effaudit.core.wire import pack, unpack
from effaudit.core.workload import Workload
from effaudit.worker import asking, memory
from effaudit.worker.asking import Asked


def product(facts: Mapping[str, Any], scratch: Path, tell: Callable[[float, str], None]) -> Message:
    """Applies a technique. `facts`: technique, options, parent (or None), workload, seed, budget_s, threads."""
    from effaudit.metrics import quality  # workers that measure do without it

    technique = unpack(registry.find("techniques", str(facts["technique"])), facts["options"])
    workload = unpack(Workload, facts["workload"])
    asking_them = _Asking(workload)
    bench = Workbench(
        parent=unpack(Candidate, facts["parent"]) if facts["parent"] else None,
        workload=workload,
        store=Store(workload.store),
        seed=int(facts["seed"]),
        budget_s=float(facts["budget_s"]),
        threads=int(facts["threads"]),
        scratch=scratch,
        formats=registry.a_format,
        opened=asking_them.opened,
        ask=asking_them.answers,
        score=lambda answers, truth: quality.figure(workload.quality[0], answers, truth, workload),
        better=quality.direction(workload.quality[0]),
        tell=tell,
    )
    os.chdir(scratch)  # libraries that drop temporary files where they stand drop them here
    memory.begin()
    begun, cpu = time.monotonic(), time.process_time()
    made = technique.apply(bench)
    cost = {"seconds": time.monotonic() - begun, "cpu_seconds": time.process_time() - cpu, "peak_memory": memory.peak()}
    return Message("made", {"product": pack(made), "cost": cost, "versions": versions.versions(versions.imported())})


class _Asking:
    """Candidates, each opened once, and their answers."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._open: dict[str, Asked] = {}

    def opened(self, candidate: Candidate) -> tuple[Model, Contract]:
        """The model and its whole contract."""
        asked = self._asked(candidate)
        return asked.model, asked.contract

    def answers(self, candidate: Candidate, split: str, rows: Array) -> Answers:
        """Labelled answers to some rows."""
        asked = self._asked(candidate)
        return together([asked.answers(split, rows[at : at + asking.CHUNK]) for at in range(0, len(rows), asking.CHUNK)])

    def _asked(self, candidate: Candidate) -> Asked:
        if candidate.name not in self._open:
            self._open[candidate.name] = asking.opened(candidate, self._workload, Store(self._workload.store))
        return self._open[candidate.name]
