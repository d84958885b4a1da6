"""The words a worker knows: open, count, first, answers, asked, understood, block, parallel, busy, hold, probe,
files, digests, own_rule, versions, make.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from effaudit import registry
from effaudit.core import keeper, versions
from effaudit.core.candidate import Candidate
from effaudit.core.identity import STATE_NS, Identity, NoFile, read_file, stamps
from effaudit.core.limits import bind_memory, leave_no_core
from effaudit.core.notes import coded
from effaudit.core.observed import Answers, Ready, together
from effaudit.core.plugin import Refused
from effaudit.core.protocol import Message
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.store import Array, Store
from effaudit.core.text import one_line
from effaudit.core.wire import pack, unpack
from effaudit.core.workload import Workload
from effaudit.worker import asking, blocks, busy, making, memory, parallel, sizing
from effaudit.worker.asking import Asked
from effaudit.worker.blocks import Kept, copied
from effaudit.worker.opened_files import OpenedFiles
from effaudit.worker.turns import Turns

_DISTANCES = "Its scores are distances to a boundary, not probabilities: they rank rows, but do not say how sure it is."

RULE_CALLS = 9
HELD_ROWS = 1000
HELD_S = 0.5
"""The phase whose memory is read holds so many rows as requests, and answers them for so long; each at most once."""
COMPARED_ROWS = 64
"""Of a timed request at most so many rows, drawn anew, are sent back to be compared with those that were scored."""


class Desk:
    """One worker's state: the opened candidate, and the order in which its rows are asked."""

    def __init__(self, started_ns: int, tell: Callable[[float, str], None]) -> None:
        self._started_ns = started_ns
        self._tell = tell
        self._settings = Settings()
        self._assumptions = Assumptions()
        self._asked: Asked | None = None
        self._turns = Turns(1, [0])
        self._timer = blocks.Timer()
        self._random = np.random.default_rng()
        self._opened: OpenedFiles | None = None
        self._opened_ns = 0
        self._worked: tuple[Array, list[Any]] | None = None

    def does(self, word: str) -> Callable[[Message], Message]:
        """The function for a word."""
        words = {
            "open": self._open,
            "count": self._count,
            "first": self._first,
            "answers": self._answers,
            "asked": self._asked_at,
            "understood": self._understood,
            "own_rule": self._own_rule,
            "block": self._block,
            "parallel": self._parallel,
            "busy": self._busy,
            "hold": self._hold,
            "probe": self._probe,
            "make": self._make,
            "files": self._files,
            "digests": self._digests,
            "versions": self._versions,
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
        if facts.get("watch_files"):
            self._opened = OpenedFiles([workload.store, *keeper.temporary_folder()])
        _load_libraries(candidate)
        import_s = (time.monotonic_ns() - self._started_ns) / 1e9
        libraries = memory.now()
        leave_no_core()
        bind_memory(self._settings.memory_limit)
        memory.begin()
        self._opened_ns = time.time_ns()
        begun = time.monotonic_ns()
        self._asked = asking.opened(candidate, workload, store)
        load_s = (time.monotonic_ns() - begun) / 1e9
        seed = [int(facts["seed"]), int(facts["incarnation"])]
        self._turns = Turns(store.rows("certify"), seed, store.distinct())
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
        ready, batch = self._ready, int(message.facts["batch"])
        rows = self._turns.held(1, batch)
        (request,) = ready.requests(rows, batch)
        begun = time.monotonic_ns()
        answer = ready.ask(request)
        first_s = (time.monotonic_ns() - begun) / 1e9
        return self._with_kept(Message("done", {"first_s": first_s}), Kept(copied(answer), rows), message)

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

    def _own_rule(self, message: Message) -> Message:
        """Median nanoseconds of a request to what is timed, and to the model's own rule for labels."""
        calls, batch = self._ready.calls("certify"), int(message.facts["batch"])
        if calls.own is None:
            raise Refused("it has no rule of its own for labels")
        requests = self._ready.requests(self._turns.held(RULE_CALLS, batch), batch)
        timed, own = blocks.in_turns((calls.ask, calls.own), requests)
        return Message("own_rule", {"timed": timed, "own": own})

    def _block(self, message: Message) -> Message:
        batch, again = int(message.facts["batch"]), bool(message.facts.get("again"))
        block = self._timer.block(self._ready, batch, self._turns, again)
        facts = {name: getattr(block, name) for name in ("cpu_nanos", "calls", "grouped", "switches", "freshness", "untimed")}
        facts["peak"], facts["resident"] = memory.peak(), memory.now()
        facts["requests"] = self._timer.largest
        return self._with_kept(Message("timed", facts, {"nanos": block.nanos}), block.kept, message)

    def _parallel(self, message: Message) -> Message:
        callers, batch, begin_ns = (int(message.facts[name]) for name in ("callers", "batch", "begin_ns"))
        each = self._timer.calls_within(batch, parallel.WINDOW_NS)
        turn = self._turns.next(callers * each, batch)
        requests = self._ready.requests(turn.rows, batch)
        own = [requests[place * each : (place + 1) * each] for place in range(callers)]
        timed = parallel.together(self._ready.ask, own, begin_ns)
        moments = {f"caller-{place}": own for place, own in enumerate(timed.moments)}
        caller, at, answer = timed.kept
        place = (caller * each + at) * batch
        kept = Kept(answer, turn.rows[place : place + batch])
        return self._with_kept(
            Message("timed", {"cpu_nanos": timed.cpu_nanos, "freshness": turn.freshness}, moments), kept, message
        )

    def _busy(self, message: Message) -> Message:
        batch = int(message.facts["batch"])
        if self._worked is None:
            rows = self._turns.next(busy.requests_wanted(batch), batch).rows
            self._worked = rows, self._ready.requests(rows, batch)
        rows, requests = self._worked
        calls, answer = busy.at_work(self._ready.ask, requests, float(message.facts["seconds"]))
        place = (calls - 1) % len(requests) * batch
        kept = Kept(copied(answer), rows[place : place + batch])
        return self._with_kept(Message("worked", {"rows": calls * batch}), kept, message)

    def _hold(self, message: Message) -> Message:
        batch = int(message.facts["batch"])
        count = max(1, -(-HELD_ROWS // batch))
        requests = self._ready.requests(self._turns.held(count, batch), batch)
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
        return self._ready.requests(self._turns.next(count, batch).rows, batch)

    def _with_kept(self, reply: Message, kept: Kept, message: Message) -> Message:
        """A reply with some rows of the answer that was kept; where it is wanted, with those of the same request asked again."""
        if message.facts.get("compare") is None:
            return reply
        ready, count = self._ready, len(kept.rows)
        if not ready.tally.dtype:  # what `ask` gives may have been finished in another type
            ready.tally.dtype = str(ready.calls("certify").predict(ready.requests(kept.rows, count)[0]).dtype)
        some = np.sort(self._random.choice(count, min(count, COMPARED_ROWS), replace=False))
        found = ready.taken(kept.answer, count)
        arrays = {"compared.rows": kept.rows[some], **_arrays("compared", found.of(some))}
        if message.facts["compare"] == "again":
            (request,) = ready.requests(kept.rows, count)
            arrays |= _arrays("again", ready.taken(ready.ask(request), count).of(some))
        facts = {**reply.facts, "classes": list(found.classes), "dtype": ready.tally.dtype}
        return Message(reply.word, facts, {**reply.arrays, **arrays})

    def _files(self, message: Message) -> Message:
        """Every file that the candidate reads, as far as it has shown: named by the plan, by itself, or opened."""
        beside = [str(Path(file).absolute()) for file in self._ready.model.facts().files]
        named = [*message.facts["named"], *beside]
        found = _identity(self._opened.paths(named) if self._opened else named)
        used = {"versions": versions.versions(versions.imported())}
        later = [path for path, own in stamps(beside).items() if own is None or own[STATE_NS] > self._opened_ns]
        return Message(found.word, {**found.facts, **used, "changed": later})

    def _digests(self, message: Message) -> Message:
        """Files hashed again; those that are gone are left out."""
        return _identity([path for path in message.facts["paths"] if Path(path).is_file()])

    def _versions(self, message: Message) -> Message:
        """The versions of packages, as they are installed where workers run."""
        return Message("versions", {"versions": versions.versions(message.facts["names"])})

    def _make(self, message: Message) -> Message:
        leave_no_core()
        bind_memory(int(message.facts["memory_limit"]))
        return making.product(message.facts, Path(message.facts["scratch"]), self._tell)


def _identity(paths: Sequence[str]) -> Message:
    try:
        return Message("files", {"identity": pack(Identity(tuple(read_file(path) for path in paths)))})
    except NoFile as error:
        raise Refused(str(error)) from error


def _answered(found: Answers, facts: Mapping[str, Any] | None = None) -> Message:
    told = {"classes": list(found.classes), **(facts or {})}
    arrays = {"scores": found.scores, "labels": found.labels}
    return Message("answered", told, {name: array for name, array in arrays.items() if array is not None})


def _arrays(name: str, found: Answers) -> dict[str, Array]:
    parts = {f"{name}.scores": found.scores, f"{name}.labels": found.labels}
    return {part: array for part, array in parts.items() if array is not None}


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
