"""Times candidates side by side: panels of resident workers, several incarnations each, rounds of short blocks."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from effaudit import registry
from effaudit.core.candidate import Candidate
from effaudit.core.identity import Identity
from effaudit.core.notes import Note
from effaudit.core.observed import Block, Start
from effaudit.core.protocol import Message
from effaudit.core.reading import Failure
from effaudit.measure.environment import Watch
from effaudit.measure.journal import Journal
from effaudit.measure.looks import Looks, plan_of, rested
from effaudit.measure.panels import TWIN
from effaudit.measure.power import Meter, weigh
from effaudit.measure.residents import Resident, processors
from effaudit.measure.rounds import play
from effaudit.measure.stopping import Enough, over_budget
from effaudit.measure.timed_answers import UNTRUE, Expected
from effaudit.measure.timings import Timings, round_of, windows_of
from effaudit.process import Fault, Site, Worker
from effaudit.process.identity import opened

IDLE_WINDOW_S = 0.2
IDLE_SHARE = 0.05
"""Idle workers that together burn more of one processor than this disturb each other, which is said."""

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Timing:
    """How to time: with which workers, journal, watch and session.

    `probes`: metrics that look inside each worker once. `batches`: the batch sizes of candidates that have their own; the
    others have the workload's. `expected`: what was scored, which timed answers must be. `identities`: the files that were.
    `looks`: when to look at what is decided, if that is when to stop. `meter`: the machine's power sensors, if it has some.
    """

    site: Site
    journal: Journal
    watch: Watch
    session: int
    probes: tuple[str, ...] = ()
    batches: Mapping[str, Sequence[int]] = field(default_factory=dict)
    expected: Mapping[str, Expected | None] = field(default_factory=dict)
    identities: Mapping[str, Identity] = field(default_factory=dict)
    looks: Looks | None = None
    meter: Meter | None = None
    clock: Callable[[], float] = time.monotonic

    def run(
        self,
        panels: Sequence[Sequence[str]],
        candidates: Mapping[str, Candidate],
        baseline: str | None,
        timings: Timings,
        tell: Tell,
    ) -> int:
        """Plays every incarnation of every panel that earlier sessions have not finished, in the time that the budget gives.

        `timings` holds what earlier sessions won, and receives what this one wins, round by round. Returns after how many
        looks it ended; 0 without looks.
        """
        done = [tuple(message.facts["panel"]) for message in self.journal.of("incarnation")]
        steps, look = plan_of(self.site.settings.restarts, self.looks), 0
        budget = self.site.settings.budget_s
        together = {place: tuple(panel) for place, panel in enumerate(panels)}
        for look, incarnations in enumerate(steps, 1):
            todo = [(place, k) for k in incarnations for place in together if k >= done.count(tuple(panels[place]))]
            left = budget / (1 + len(steps) - look)
            for at, (place, k) in enumerate(todo):
                share = left / (len(todo) - at)
                number = (self.session * 1000 + place) * 100 + k
                part = _part(tell, (look - 1 + at / len(todo)) / len(steps), 1 / len(todo) / len(steps))
                used = self._incarnation(together[place], number, candidates, baseline, share, timings, part)
                self.journal.add(Message("incarnation", {"panel": list(panels[place]), "incarnation": number}))
                left, budget = max(0.0, left - used), max(0.0, budget - used)
            if self.looks is None or look == len(steps):
                continue
            tell(look / len(steps), f"look {look} of {len(steps)}")
            together = rested({place: panels[place] for place in range(len(panels))}, self.looks.still_open(timings), baseline)
            if not together:
                break
        timings.notes += over_budget(self.site.settings.budget_s, timings.rounds_s, timings.starts_s)
        return look if self.looks is not None else 0

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
        started = self.clock()
        try:
            standing = [name for name in panel if name not in timings.fallen]
            for count, name in enumerate(order.sample(standing, len(standing))):
                tell(0.3 * count / len(standing), f"starting {name}")
                try:
                    workers[name] = self._start(name, incarnation, candidates, baseline, timings)
                except Fault as fault:
                    self._fell({name: fault.failure}, timings)
            self._check_idle(workers, timings)
            begun = self.clock()
            timings.starts_s += begun - started
            until = begun + seconds
            settings = self.site.settings
            enough = Enough(settings.precision if self.looks is None else 0.0, until, settings.restarts)
            played = play(
                workers,
                incarnation,
                enough=lambda n, now, blocks, base: _told(tell, now, until, seconds, n) or enough(n, now, blocks, base),
                baseline=baseline,
                watch=self.watch,
                clock=self.clock,
                order=order,
                keep=lambda blocks: self._keep(blocks, timings),
            )
            self._fell(played.fallen, timings)
            standing = [name for name in workers if name not in played.fallen]
            self._weigh({name: workers[name] for name in standing}, incarnation, order, timings)
            used = self.clock() - begun
            timings.rounds_s += used
            return used
        finally:
            for worker in workers.values():
                worker.end()

    def _start(
        self, name: str, incarnation: int, candidates: Mapping[str, Candidate], baseline: str | None, timings: Timings
    ) -> Resident:
        known = baseline if name == TWIN and baseline else name
        candidate = dataclasses.replace(candidates[known], name=name)
        settings = self.site.settings
        batches = self.batches.get(known) or self.site.workload.batch_sizes
        worker, facts = opened(self.site, candidate, self.identities.get(known), "timing", incarnation % 100)
        cores = processors() if candidate.threads == 1 else ()
        resident = Resident(worker, settings.timeout_s, self.watch, batches, settings.parallel, (), cores, self.expected.get(known))
        first = resident.first()
        held = worker.ask("hold", {"batch": max(batches)}, stage="memory", timeout_s=settings.timeout_s).facts["memory"]
        memory = {**facts["memory"], **held}
        start = Start(incarnation, facts["import_s"], facts["load_s"], first, memory)
        timings.starts.setdefault(name, []).append(start)
        self.journal.add(Message("start", {"name": name, **dataclasses.asdict(start)}))
        self._probe(worker, name, timings)
        try:
            others = self._others(candidate, incarnation)
        except BaseException:
            worker.end()
            raise
        return dataclasses.replace(resident, others=others)

    def _probe(self, worker: Worker, name: str, timings: Timings) -> None:
        for metric in self.probes:
            found = worker.ask("probe", {"metric": metric}, stage=metric, timeout_s=self.site.settings.timeout_s).facts["found"]
            if found is not None:
                timings.probes.setdefault(name, {}).setdefault(metric, []).append(found)
                self.journal.add(Message("probe", {"name": name, "metric": metric, "found": found}))

    def _others(self, candidate: Candidate, incarnation: int) -> tuple[Worker, ...]:
        """Further processes for parallel callers, where the candidate's formats do not say that threads may share a model."""
        most = max(self.site.settings.parallel, default=1)
        parts = [artifact for artifact in (candidate.artifact, candidate.preprocess) if artifact is not None]
        if most == 1 or all(registry.a_format(artifact.format).thread_safe for artifact in parts):
            return ()
        others: list[Worker] = []
        try:
            for place in range(2, most + 1):
                others.append(self.site.open(candidate, f"timing-{place}", incarnation % 100)[0])
        except BaseException:
            for worker in others:
                worker.end()
            raise
        return tuple(others)

    def _weigh(self, workers: Mapping[str, Resident], incarnation: int, order: random.Random, timings: Timings) -> None:
        """Windows of work and of rest, whose joules are counted, where there is something to count them with."""
        if self.meter is None or self.meter.lost or not workers:
            return
        weighed = weigh(workers, self.meter, incarnation, order)
        self._fell(weighed.fallen, timings)
        if weighed.why_not:
            timings.notes.append(Note("energy_lost", weighed.why_not))
        self.journal.add(windows_of(weighed.windows))
        for name, own in weighed.windows.items():
            timings.windows.setdefault(name, []).extend(own)

    def _fell(self, fallen: Mapping[str, Failure], timings: Timings) -> None:
        """What was timed of one whose timed answers are not the scored ones is no figure of the model that was scored."""
        timings.fallen.update(fallen)
        for name in [name for name, failure in fallen.items() if failure.code in UNTRUE]:
            timings.forget(name)
            self.journal.add(Message("forgotten", {"name": name}))

    def _check_idle(self, workers: Mapping[str, Resident], timings: Timings) -> None:
        before = {name: worker.worker.cpu_seconds() for name, worker in workers.items()}
        time.sleep(IDLE_WINDOW_S)
        burnt = {name: worker.worker.cpu_seconds() - before[name] for name, worker in workers.items()}
        busy = [name for name, seconds in burnt.items() if seconds > IDLE_SHARE * IDLE_WINDOW_S]
        if busy:
            timings.notes.append(
                Note("busy_while_idle", f"{', '.join(busy)} used the processor while idle, which disturbs the others")
            )

    def _keep(self, blocks: Mapping[str, Sequence[Block]], timings: Timings) -> None:
        self.journal.add(round_of(blocks))
        if self.meter is not None:
            self.meter.joules()  # a counter that begins again at zero must be read now and then
        for name, own in blocks.items():
            timings.blocks.setdefault(name, []).extend(own)


def _part(tell: Tell, begin: float, width: float) -> Tell:
    return lambda share, text: tell(begin + width * share, text)


def _told(tell: Tell, now: float, until: float, seconds: float, rounds: int) -> bool:
    passed = 1.0 - max(0.0, until - now) / seconds if seconds > 0 else 1.0
    tell(0.3 + 0.7 * passed, f"round {rounds + 1}")
    return False
