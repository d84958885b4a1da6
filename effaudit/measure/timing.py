"""Times candidates side by side: panels of resident workers, three incarnations each, rounds of short blocks."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from effaudit.core.candidate import Candidate
from effaudit.core.observed import Block, Start
from effaudit.core.protocol import Message
from effaudit.core.reading import Failure
from effaudit.core.store import Array
from effaudit.measure.environment import Watch
from effaudit.measure.journal import Journal
from effaudit.measure.panels import TWIN
from effaudit.measure.rounds import play
from effaudit.measure.stopping import Enough
from effaudit.process import Fault, Site, Worker

IDLE_WINDOW_S = 0.2
IDLE_SHARE = 0.05
"""Idle workers that together burn more of one processor than this disturb each other, which is said."""

Tell = Callable[[float, str], None]


@dataclass
class Timings:
    """What timing saw of each candidate (and of the baseline's twin), over all sessions."""

    blocks: dict[str, list[Block]] = field(default_factory=dict)
    starts: dict[str, list[Start]] = field(default_factory=dict)
    probes: dict[str, dict[str, list[Mapping[str, Any]]]] = field(default_factory=dict)
    fallen: dict[str, Failure] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def samples(self) -> dict[str, Array]:
        """The raw figures by candidate and batch size: rows of (incarnation, round key, nanoseconds)."""
        found = {}
        for name, blocks in self.blocks.items():
            for batch in sorted({block.batch for block in blocks}):
                calls = [_calls(block) for block in blocks if block.batch == batch]
                found[f"{name}/latency.batch_{batch}"] = np.concatenate(calls)
        return found


@dataclass(frozen=True)
class Timing:
    """How to time: with which workers, journal, watch and session. `probes`: metrics that look inside each worker once."""

    site: Site
    journal: Journal
    watch: Watch
    session: int
    probes: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic

    def run(
        self,
        panels: Sequence[Sequence[str]],
        candidates: Mapping[str, Candidate],
        baseline: str | None,
        timings: Timings,
        tell: Tell,
    ) -> None:
        """Plays every incarnation of every panel that earlier sessions have not finished, in the time that the budget gives.

        `timings` holds what earlier sessions won, and receives what this one wins, round by round.
        """
        done = [tuple(message.facts["panel"]) for message in self.journal.of("incarnation")]
        restarts = self.site.settings.restarts
        todo = [(number, panel, k) for k in range(restarts) for number, panel in enumerate(panels) if k >= done.count(tuple(panel))]
        budget = self.site.settings.budget_s
        for place, (number, panel, k) in enumerate(todo):
            share = budget / (len(todo) - place)
            incarnation = (self.session * 1000 + number) * 100 + k
            used = self._incarnation(panel, incarnation, candidates, baseline, share, timings, _part(tell, place, len(todo)))
            budget = max(0.0, budget - used)

    def _incarnation(
        self,
        panel: Sequence[str],
        incarnation: int,
        candidates: Mapping[str, Candidate],
        baseline: str | None,
        seconds: float,
        timings: Timings,
        tell: Tell,
    ) -> float:
        """Starts the panel's workers and plays rounds. Returns the seconds that the rounds took."""
        order = random.Random(f"{self.site.seed}-{incarnation}")  # noqa: S311
        workers: dict[str, Resident] = {}
        try:
            standing = [name for name in panel if name not in timings.fallen]
            for count, name in enumerate(order.sample(standing, len(standing))):
                tell(0.3 * count / len(standing), f"starting {name}")
                try:
                    workers[name] = self._start(name, incarnation, candidates, baseline, timings)
                except Fault as fault:
                    timings.fallen[name] = fault.failure
            self._check_idle(workers, timings)
            begun = self.clock()
            until = begun + seconds
            enough = Enough(self.site.settings.precision, until, self.site.settings.restarts)
            played = play(
                workers,
                self.site.workload.batch_sizes,
                incarnation,
                enough=lambda n, now, blocks, base: _told(tell, now, until, seconds, n) or enough(n, now, blocks, base),
                baseline=baseline,
                watch=self.watch,
                clock=self.clock,
                order=order,
                keep=lambda blocks: self._keep(blocks, timings),
            )
            timings.fallen.update(played.fallen)
            self.journal.add(Message("incarnation", {"panel": list(panel), "incarnation": incarnation, "rounds": played.rounds}))
            return self.clock() - begun
        finally:
            for worker in workers.values():
                worker.worker.end()

    def _start(
        self, name: str, incarnation: int, candidates: Mapping[str, Candidate], baseline: str | None, timings: Timings
    ) -> Resident:
        candidate = dataclasses.replace(candidates[baseline], name=TWIN) if name == TWIN and baseline else candidates[name]
        timeout = self.site.settings.timeout_s
        worker, opened = self.site.open(candidate, "timing", incarnation % 100)
        batches = self.site.workload.batch_sizes
        first = worker.ask("first", {"batch": batches[0]}, stage="first", timeout_s=timeout).facts["first_s"]
        held = worker.ask("hold", {"batch": max(batches)}, stage="memory", timeout_s=timeout).facts["memory"]
        memory = {**opened["memory"], **held}
        start = Start(incarnation, opened["import_s"], opened["load_s"], first, memory)
        timings.starts.setdefault(name, []).append(start)
        self.journal.add(Message("start", {"name": name, **dataclasses.asdict(start)}))
        for metric in self.probes:
            found = worker.ask("probe", {"metric": metric}, stage=metric, timeout_s=timeout).facts["found"]
            if found is not None:
                timings.probes.setdefault(name, {}).setdefault(metric, []).append(found)
                self.journal.add(Message("probe", {"name": name, "metric": metric, "found": found}))
        return Resident(worker, timeout, self.watch)

    def _check_idle(self, workers: Mapping[str, Resident], timings: Timings) -> None:
        before = {name: worker.worker.cpu_seconds() for name, worker in workers.items()}
        time.sleep(IDLE_WINDOW_S)
        burnt = {name: worker.worker.cpu_seconds() - before[name] for name, worker in workers.items()}
        busy = [name for name, seconds in burnt.items() if seconds > IDLE_SHARE * IDLE_WINDOW_S]
        if busy:
            timings.notes.append(f"{', '.join(busy)} used the processor while idle, which disturbs the others")

    def _keep(self, blocks: Mapping[str, Sequence[Block]], timings: Timings) -> None:
        told = [(name, block) for name, own in blocks.items() for block in own]
        facts = [{"name": name, **_facts(block)} for name, block in told]
        self.journal.add(Message("round", {"blocks": facts}, {str(place): block.nanos for place, (_, block) in enumerate(told)}))
        for name, block in told:
            timings.blocks.setdefault(name, []).append(block)


@dataclass(frozen=True)
class Resident:
    """A worker as rounds see it."""

    worker: Worker
    timeout_s: float
    watch: Watch

    def block(self, batch: int, start: int, incarnation: int, key: int) -> Block:
        """Times one block. Raises Fault."""
        timed = self.worker.ask("block", {"batch": batch, "start": start}, stage="time", timeout_s=self.timeout_s)
        facts = timed.facts
        self.watch.switches += int(facts["switches"])
        return Block(
            incarnation, key, batch, timed.arrays["nanos"], int(facts["cpu_nanos"]), int(facts["calls"]), int(facts["grouped"])
        )


def earlier(journal: Journal) -> Timings:
    """What the journal holds of earlier sessions."""
    timings = Timings()
    for message in journal.earlier:
        facts = dict(message.facts)
        if message.word == "round":
            for place, block in enumerate(facts["blocks"]):
                name = block.pop("name")
                timings.blocks.setdefault(name, []).append(Block(nanos=message.arrays[str(place)], **block))
        elif message.word == "start":
            timings.starts.setdefault(facts.pop("name"), []).append(Start(**facts))
        elif message.word == "probe":
            timings.probes.setdefault(facts["name"], {}).setdefault(facts["metric"], []).append(facts["found"])
    return timings


def _calls(block: Block) -> Array:
    count = len(block.nanos)
    return np.column_stack([np.full(count, block.incarnation), np.full(count, block.key), block.nanos])


def _facts(block: Block) -> dict[str, int]:
    return {
        "incarnation": block.incarnation,
        "key": block.key,
        "batch": block.batch,
        "cpu_nanos": block.cpu_nanos,
        "calls": block.calls,
        "grouped": block.grouped,
    }


def _part(tell: Tell, place: int, parts: int) -> Tell:
    return lambda share, text: tell((place + share) / parts, text)


def _told(tell: Tell, now: float, until: float, seconds: float, rounds: int) -> bool:
    passed = 1.0 - max(0.0, until - now) / seconds if seconds > 0 else 1.0
    tell(0.3 + 0.7 * passed, f"round {rounds + 1}")
    return False
