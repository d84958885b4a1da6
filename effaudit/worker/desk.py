"""The words a worker knows: open, count, first, answers, asked, understood, block, parallel, busy, hold, probe, make."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from effaudit import registry
from effaudit.core.candidate import Candidate
from effaudit.core.notes import coded
from effaudit.core.observed import Answers, Ready, together
from effaudit.core.plugin import Refused
from effaudit.core.protocol import Message
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.store import Array, Store
from effaudit.core.text import one_line
from effaudit.core.wire import pack, unpack
from effaudit.core.workload import Workload
from effaudit.worker import asking, blocks, busy, limits, making, memory, parallel, sizing
from effaudit.worker.asking import Asked

_DISTANCES = "Its scores are distances to a boundary, not probabilities: they rank rows, but do not say how sure it is."

HELD_ROWS = 1000
HELD_S = 0.5
"""The phase whose memory is read holds so many rows as requests, and answers them for so long; each at most once."""


class Desk:
    """One worker's state: the opened candidate, and the order in which its rows are asked."""

    def __init__(self, started_ns: int, tell: Callable[[float, str], None]) -> None:
        self._started_ns = started_ns
        self._tell = tell
        self._settings = Settings()
        self._assumptions = Assumptions()
        self._asked: Asked | None = None
        self._order: Array = np.arange(1)
        self._timer = blocks.Timer()
        self._turns: list[Any] = []

    def does(self, word: str) -> Callable[[Message], Message]:
        """The function for a word."""
        words = {
            "open": self._open,
            "count": self._count,
            "first": self._first,
            "answers": self._answers,
            "asked": self._asked_at,
            "understood": self._understood,
            "block": self._block,
            "parallel": self._parallel,
            "busy": self._busy,
            "hold": self._hold,
            "probe": self._probe,
            "make": self._make,
        }
        return words[word]

    @property
    def _ready(self) -> Asked:
        if self._asked is None:
            raise Refused("no candidate is open")
        return self._asked

    def _open(self, message: Message) -> Message:
        facts = message.facts
        candidate = unpack(Candidate, facts["candidate"])
        workload = unpack(Workload, facts["workload"])
        self._settings = unpack(Settings, facts["settings"])
        self._assumptions = unpack(Assumptions, facts["assumptions"])
        store = Store(workload.store)
        _load_libraries(candidate)
        import_s = (time.monotonic_ns() - self._started_ns) / 1e9
        libraries = memory.now()
        limits.bind_memory(self._settings.memory_limit)
        memory.begin()
        begun = time.monotonic_ns()
        self._asked = asking.opened(candidate, workload, store)
        load_s = (time.monotonic_ns() - begun) / 1e9
        self._order = np.random.default_rng([int(facts["seed"]), int(facts["incarnation"])]).permutation(store.rows("certify"))
        bytes_held = {"libraries": libraries, "load": memory.peak()}
        return Message("opened", {"import_s": import_s, "load_s": load_s, "memory": bytes_held, "method": memory.METHOD})

    def _count(self, message: Message) -> Message:
        asked = self._ready
        candidate = unpack(Candidate, message.facts["candidate"])
        facts = asked.model.facts()
        if asked.contract.distances and asked.contract.output == "logits":
            facts = dataclasses.replace(facts, notes=(*facts.notes, *coded("distances", _DISTANCES)))
        sizes = sizing.of(candidate, facts.files)
        return Message("counted", {"facts": pack(facts), "sizes": pack(sizes), "contract": pack(asked.contract)})

    def _first(self, message: Message) -> Message:
        (request,) = self._ready.requests("certify", 1, int(message.facts["batch"]), 0, self._order)
        begun = time.monotonic_ns()
        self._ready.ask(request)
        return Message("done", {"first_s": (time.monotonic_ns() - begun) / 1e9})

    def _answers(self, message: Message) -> Message:
        rows = slice(int(message.facts["start"]), int(message.facts["stop"]))
        return _answered(self._ready.answers(str(message.facts["split"]), rows))

    def _asked_at(self, message: Message) -> Message:
        """Answers to rows in the order and the batch size that are asked for."""
        split, rows, batch = str(message.facts["split"]), message.arrays["rows"], int(message.facts["batch"])
        begun = time.monotonic()
        found = together([self._ready.answers(split, rows[at : at + batch]) for at in range(0, len(rows), batch)])
        facts = {"dtype": self._ready.tally.dtype, "seconds": time.monotonic() - begun}
        return _answered(found, facts)

    def _understood(self, message: Message) -> Message:
        return Message("understood", {"found": pack(self._ready.tally.told())})

    def _block(self, message: Message) -> Message:
        batch, start = int(message.facts["batch"]), int(message.facts["start"])
        block = self._timer.block(self._ready, batch, start, self._order)
        facts = {"cpu_nanos": block.cpu_nanos, "calls": block.calls, "grouped": block.grouped, "switches": block.switches}
        return Message("timed", facts, {"nanos": block.nanos})

    def _parallel(self, message: Message) -> Message:
        facts = {name: int(message.facts[name]) for name in ("callers", "batch", "start", "begin_ns")}
        callers, batch = facts["callers"], facts["batch"]
        each = self._timer.calls_within(batch, parallel.WINDOW_NS)
        requests = self._ready.requests("certify", callers * each, batch, facts["start"], self._order)
        own = [requests[place * each : (place + 1) * each] for place in range(callers)]
        timed = parallel.together(self._ready.ask, own, facts["begin_ns"])
        moments = {f"caller-{place}": own for place, own in enumerate(timed.moments)}
        return Message("timed", {"cpu_nanos": timed.cpu_nanos}, moments)

    def _busy(self, message: Message) -> Message:
        batch = int(message.facts["batch"])
        self._turns = self._turns or self._requests(busy.requests_wanted(batch), batch)
        calls = busy.at_work(self._ready.ask, self._turns, float(message.facts["seconds"]))
        return Message("worked", {"rows": calls * batch})

    def _hold(self, message: Message) -> Message:
        batch = int(message.facts["batch"])
        count = max(1, -(-HELD_ROWS // batch))
        requests = self._ready.requests("certify", count, batch, 0, self._order)
        memory.begin()
        until = time.monotonic() + HELD_S
        for request in requests:
            self._ready.ask(request)
            if time.monotonic() > until:
                break
        return Message("held", {"memory": {"peak": memory.peak(), "steady": memory.now()}})

    def _probe(self, message: Message) -> Message:
        ready = Ready(self._ready.ask, self._requests, self._settings, self._assumptions)
        found = registry.a_metric(str(message.facts["metric"])).probe(ready)
        return Message("probed", {"found": found})

    def _requests(self, count: int, batch: int) -> list[Any]:
        return self._ready.requests("certify", count, batch, 0, self._order)

    def _make(self, message: Message) -> Message:
        limits.bind_memory(int(message.facts["memory_limit"]))
        return making.product(message.facts, Path(message.facts["scratch"]), self._tell)


def _answered(found: Answers, facts: Mapping[str, Any] | None = None) -> Message:
    arrays = {"scores": found.scores, "labels": found.labels}
    told = {"classes": list(found.classes), **(facts or {})}
    return Message("answered", told, {name: array for name, array in arrays.items() if array is not None})


def _load_libraries(candidate: Candidate) -> None:
    for artifact in (candidate.artifact, candidate.preprocess):
        if artifact is None:
            continue
        kind = registry.a_format(artifact.format)
        try:
            kind.load_libraries(artifact)
        except ImportError as error:
            extra = kind.extra or artifact.format
            raise Refused(
                f"cannot import what it needs ({one_line(str(error), 120)}); run: pip install 'effaudit[{extra}]'"
            ) from error
