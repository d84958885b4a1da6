"""An audit from plan to record: read the data, ask the candidates, make smaller ones, time them all, write down what was seen."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from effaudit import registry
from effaudit.compress import recipes
from effaudit.compress.gain import gains
from effaudit.compress.products import Kitchen
from effaudit.core import versions
from effaudit.core.answer import BadAnswer
from effaudit.core.artifacts import shown
from effaudit.core.candidate import Artifact, Candidate
from effaudit.core.files import check_room
from effaudit.core.interruptions import uninterrupted
from effaudit.core.observed import Answers, Seen
from effaudit.core.plan import Job, Plan
from effaudit.core.plugin import Engine, Metric, Refused
from effaudit.core.policy import Policy
from effaudit.core.reading import Failure
from effaudit.core.record import Made, Record, Row
from effaudit.core.stats.resample import Resamples
from effaudit.core.store import Store
from effaudit.core.verdict import Verdict
from effaudit.core.waiver import Waiver
from effaudit.core.workload import Workload
from effaudit.judge.decide import decide
from effaudit.judge.looking import still_open
from effaudit.judge.rules import compared_with
from effaudit.measure.assemble import Assembled, assemble, read_again, remembering
from effaudit.measure.company import sample_of
from effaudit.measure.file_bounds import with_bounds
from effaudit.measure.finalists import look_into
from effaudit.measure.findings import findings
from effaudit.measure.gather import Gathered, gather, stale
from effaudit.measure.looks import PLANNED, Looks, ended_after
from effaudit.measure.machine_key import machine_key
from effaudit.measure.panels import TWIN, panels
from effaudit.measure.remembered import judged_on, on_new_rows
from effaudit.measure.run import Run, held
from effaudit.measure.sessions import Diary
from effaudit.measure.steady import steadied
from effaudit.measure.sweep import sweep
from effaudit.measure.threshold import tuned
from effaudit.measure.timed_answers import untrue
from effaudit.measure.timing import Timing
from effaudit.measure.timings import Timings, earlier
from effaudit.metrics.carbon import intensity
from effaudit.process import Site, do_all
from effaudit.process.identity import CODE as CHANGED
from effaudit.process.identity import changed
from effaudit.reading.alone import read_data
from effaudit.reading.positive import check_positive
from effaudit.reading.record_file import write_record

Tell = Callable[[str, float, str], None]
"""Hears of progress: the stage, the share of it that is done, and a few words."""

Judge = Callable[[Record], Verdict]

FINALISTS = 3
"""So many of the best candidates, beside the baseline, are looked into with instruments that take long."""

MADE_BY = 0.8
"""The share of a product's progress that making it takes; the rest is asking it."""

Ended = Literal["complete", "interrupted"]

NOT_REACHED = Failure(
    "interrupted", "interrupted", "the audit was interrupted before it came to this candidate; start it again to go on"
)


def audit(
    plan: Plan,
    policy: Policy,
    out: Path | Run,
    tell: Tell,
    engine: Engine | None = None,
    command: str = "",
    waivers: Sequence[Waiver] = (),
    today: date | None = None,
    until: Policy | None = None,
) -> tuple[Record, Verdict]:
    """Runs a plan in a folder, `out` or one that is held, judges it with the waivers in force `today`, and leaves the record there.

    Raises InputError.

    With `until`, timing ends when all its verdicts are settled. Interrupted, it leaves what was won; begun again, it goes on.
    """
    plan = with_bounds(plan)
    plan = replace(plan, candidates=tuple(replace(candidate, engine=plan.engine) for candidate in plan.candidates))
    made = {job.name for job in plan.jobs}
    compared_with({one.name for one in plan.candidates} | made, "the plan", policy, until)
    with held(out) if isinstance(out, Path) else nullcontext(out) as run:
        diary = Diary.begun()
        tell("data", 0.0, "reading")
        with diary.stage("data"):
            workload, store = read_data(plan.data, run.data, recipes.needs_search(plan), plan.seed, run.token)
        check_positive(plan, workload)
        where = engine or registry.an_engine(plan.engine)
        site = Site(where, workload, plan.settings, plan.assumptions, plan.seed, run.logs, run.token)
        judge = partial(decide, policy=policy, waivers=waivers, today=today)
        stop = partial(decide, policy=until, waivers=waivers, today=today) if until else None
        with (
            _Work.begun(plan, judge, run, diary, store, site, tell, stop, until.digest if until else "") as work,
            ExitStack() as ending,
        ):
            assembled, ended = work.done(ending)
            found = work.record(assembled, ended, command)
            run.check()
            record = write_record(replace(found, policy=policy.file, policy_digest=policy.digest), run.folder)
            if ended == "complete":
                diary.journal.discard()
        return record, judge(record)


@dataclass
class _Work:
    """One audit at work: what it was given, and what it has won so far."""

    plan: Plan
    judge: Judge
    run: Run
    diary: Diary
    store: Store
    site: Site
    tell: Tell
    jobs: tuple[Job, ...]
    timings: Timings
    stop: Judge | None = None
    """Whose verdicts end the timing when they are all settled."""
    looks: int = 0
    """After how many looks at them it ended."""
    gathered: dict[str, Gathered] = field(default_factory=dict)
    failed: dict[str, Failure] = field(default_factory=dict)
    made: dict[str, tuple[Made, ...]] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    sampled: bool = False
    """Are there candidates whose quality is read on a sample of rows, which is a slice of the workload then?"""
    metrics: dict[str, Metric] = field(default_factory=lambda: remembering(registry.all_metrics()))

    @classmethod
    def begun(
        cls,
        plan: Plan,
        judge: Judge,
        run: Run,
        diary: Diary,
        store: Store,
        site: Site,
        tell: Tell,
        stop: Judge | None,
        stop_digest: str,
    ) -> _Work:
        """Opens the journal, and with it what earlier sessions of the same audit won."""
        same = [plan.digest, site.workload.digests, versions.interpreter(), machine_key(), plan.engine]
        if stop is not None:  # who is rested depends on the policy: what another one left out is no part of this audit
            same.append(stop_digest)
        key = hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()
        journal = run.journal(key)
        if stale(journal, site):
            journal.discard()
            journal = run.journal(key)
        diary.open(journal)
        for note in journal.notes:
            tell("candidates", 0.0, note.text)
        return cls(plan, judge, run, diary, store, site, tell, plan.jobs, earlier(diary.journal), stop)

    def __enter__(self) -> _Work:
        return self

    def __exit__(self, *_: object) -> None:
        self.diary.journal.close()

    @property
    def workload(self) -> Workload:
        """The data asked about."""
        return self.site.workload

    @property
    def names(self) -> list[str]:
        """Everything that is or should be measured, in the plan's order."""
        return [*(candidate.name for candidate in self.plan.candidates), *(job.name for job in self.jobs)]

    @property
    def baseline(self) -> str | None:
        """The plan's baseline, if it could be asked."""
        return self.plan.baseline if self.plan.baseline in self.gathered else None

    def done(self, ending: ExitStack) -> tuple[Assembled, Ended]:
        """All stages in their order; interrupted, what was won by then, with no further interruption until `ending` is left."""
        try:
            with self.diary.stage("candidates"):
                self.ask_the_given()
            with self.diary.stage("compress"):
                self.make_smaller_ones()
            with self.diary.stage("timing"):
                self.time_them_all()
            with self.diary.stage("metrics"):
                assembled = self.read_the_metrics()
            with self.diary.stage("energy"):
                return self.look_into_finalists(assembled), "complete"
        except KeyboardInterrupt:
            ending.enter_context(uninterrupted())
            return self.read_the_metrics(), "interrupted"

    def ask_the_given(self) -> None:
        """Opens every candidate of the plan, counts it, and asks it about every row."""
        count = len(self.plan.candidates)
        tasks = [
            partial(self._ask, candidate, _part(self.tell, "candidates", place / count, 1 / count, candidate.name))
            for place, candidate in enumerate(self.plan.candidates)
        ]
        do_all(tasks, self.plan.settings.threads, self.site.halt)

    def make_smaller_ones(self) -> None:
        """Makes the ladder and the products of the recipes, each asked like any other candidate, parents before their products."""
        kitchen = Kitchen(self.site, self.run.artifacts, recipes.needs, self.plan.engine, machine_key())
        waiting = list(enumerate(self.jobs))
        while waiting:
            todo = {job.name for _, job in waiting}
            ready = [(place, job) for place, job in waiting if job.parent not in todo]
            do_all([partial(self._make, kitchen, place, job) for place, job in ready], self.plan.settings.threads, self.site.halt)
            waiting = [(place, job) for place, job in waiting if job.parent in todo]

    def time_them_all(self) -> None:
        """Times all that answered, side by side, with the baseline and its twin in every panel."""
        always = tuple(name for name, metric in registry.all_metrics().items() if metric.probes == "always")
        asked = [name for name in self.names if name in self.gathered]
        together = panels(asked, self.baseline, {name: found.resident for name, found in self.gathered.items()})
        candidates = {name: found.candidate for name, found in self.gathered.items()}
        tell = _part(self.tell, "timing", 0.0, 1.0, "")
        journal, watch = self.diary.journal, self.diary.watch
        swept = sweep(candidates, self.site, journal, tell) if self.workload.sweep else {}
        looks = Looks(self._still_open) if self.stop else None
        scored = {name: found.expected for name, found in self.gathered.items()}
        files = {name: found.identity for name, found in self.gathered.items()}
        timing = Timing(self.site, journal, watch, self.diary.number, always, swept, scored, files, looks, self.diary.meter)
        self.looks = timing.run(together, candidates, self.baseline, self.timings, tell)
        if self.timings.fallen:
            check_room(self.run.folder)
        self.drop_the_changed()

    def drop_the_changed(self) -> None:
        """Of a candidate whose files changed since they were read there is no figure: it would be one of two models."""
        for name, found in list(self.gathered.items()):
            failure = self.timings.fallen.get(name) or changed(found.identity, self.site)
            if failure is not None and failure.code == CHANGED:
                self.failed[name] = failure
                self.timings.forget(name)
                del self.gathered[name]

    def read_the_metrics(self) -> Assembled:
        """Turns what was seen into readings."""
        groups = [found.groups for found in self.gathered.values() if found.groups is not None]
        if groups and not self.sampled:
            self.site, self.sampled = replace(self.site, workload=sample_of(self.site, self.store, min(groups))), True
        groups_of_rows = self.store.groups("certify").astype("int64")
        resamples = Resamples(groups_of_rows, self.plan.settings.resamples, self.plan.seed, self.store.weights())
        seen = {name: self._seen(self.gathered[name], resamples) for name in self.names if name in self.gathered}
        self.seen = steadied(on_new_rows(seen), self.baseline)
        planned = frozenset(candidate.name for candidate in self.plan.candidates)
        tell = _part(self.tell, "metrics", 0.0, 1.0, "")
        return assemble(self.seen, self._twin(), self.metrics, self.baseline, self.made, planned, tell)

    def look_into_finalists(self, assembled: Assembled) -> Assembled:
        """Reads the slow instruments of the baseline and the best few, chosen by what is known so far."""
        wanted = {name: metric for name, metric in registry.all_metrics().items() if metric.probes == "finalists"}
        if self.plan.settings.codecarbon == "off" or not wanted:
            return assembled
        chosen = [name for name in self._finalists(assembled) if name not in self.timings.fallen]
        for place, name in enumerate(chosen):
            self.tell("energy", place / len(chosen), name)
            own, files = self.seen[name].candidate, self.gathered[name].identity
            look_into(own, files, tuple(wanted), self.site, self.diary.journal, self.timings)
        return read_again(assembled, {name: replace(self.seen[name], probes=self._probes(name)) for name in chosen}, wanted)

    def _still_open(self, _: Timings) -> frozenset[str]:
        """The candidates that more timing could still decide something of."""
        assert self.stop is not None
        return still_open(self.stop(self.record(self.read_the_metrics(), "complete", "")), registry.meaning)

    def record(self, assembled: Assembled, ended: Ended, command: str) -> Record:
        """All that is known, without this machine's folders."""
        labels = gains(assembled.rows, assembled.arrays, assembled.spreads)
        rows = {row.candidate.name: replace(row, **labels.get(row.candidate.name, {})) for row in assembled.rows}
        whole = [rows.get(name) or self._lost(name) for name in self.names]
        return Record(
            name=self.plan.name,
            title=self.plan.title,
            plan_digest=self.plan.digest,
            command=command,
            seed=self.plan.seed,
            workload=replace(self.workload, store="", batch_sizes=self.timings.batches or self.workload.batch_sizes),
            baseline=self.plan.baseline,
            rows=tuple(replace(row, candidate=shown(row.candidate, self.run.folder, self.plan.folder)) for row in whole),
            settings=self.plan.settings,
            assumptions=self.plan.assumptions,
            intensity=intensity(self.plan.assumptions),
            floors=assembled.floors,
            spreads=assembled.spreads,
            twins=assembled.twins,
            ended=ended,
            notes=(*self.timings.notes, *ended_after(self.looks)),
            looks=PLANNED if self.stop else 1,
            arrays=assembled.arrays,
            samples=self.timings.samples(),
            **self.diary.written(self.plan.assumptions, intensity(self.plan.assumptions), self.plan.folder),
        )

    def _make(self, kitchen: Kitchen, place: int, job: Job) -> None:
        if job.parent is not None and job.parent not in self.gathered:
            self.failed[job.name] = Failure("parent_missing", "make", f"its parent {job.parent} could not be asked")
            return
        count = len(self.jobs)
        parent = self.gathered[job.parent].candidate if job.parent else None
        identity = self.gathered[job.parent].identity if job.parent else None
        tell = _part(self.tell, "compress", place / count, MADE_BY / count, job.name)
        product = kitchen.make(job.name, parent, identity, job.steps, tell)
        if isinstance(product, Failure):
            self.failed[job.name] = product
            return
        candidate, self.made[job.name] = product
        self._ask(candidate, _part(self.tell, "compress", (place + MADE_BY) / count, (1 - MADE_BY) / count, job.name))

    def _ask(self, candidate: Candidate, tell: Callable[[float, str], None]) -> None:
        if candidate.name in self.plan.refused:
            self.failed[candidate.name] = self.plan.refused[candidate.name]
            return
        splits = ("certify", "search") if candidate.contract.tune else ("certify",)
        hear: Callable[[float], None] = lambda share: tell(share, "asking every row")  # noqa: E731
        found = gather(candidate, splits, self.site, self.diary.journal, self.run.predictions, hear)
        if isinstance(found, Failure):
            check_room(self.run.folder)
            self.failed[candidate.name] = found
            return
        if candidate.contract.tune:
            try:
                truth = np.asarray(self.store.answers("search"))
                contract, answers = tuned(found.answers, truth, found.candidate.contract, self.workload)
            except (Refused, BadAnswer) as refused:
                self.failed[candidate.name] = Failure("refused", "tune", str(refused))
                return
            found = replace(found, candidate=replace(found.candidate, contract=contract), answers=answers)
        truth = np.asarray(self.store.answers("certify"))
        notes = findings(found.answers["certify"], truth, found.candidate.contract, self.workload)
        self.gathered[candidate.name] = replace(found, notes=(*found.notes, *notes))

    def _seen(self, found: Gathered, resamples: Resamples) -> Seen:
        name = found.candidate.name
        return Seen(
            candidate=found.candidate,
            facts=found.facts,
            sizes=found.sizes,
            workload=self.workload,
            store=self.store,
            settings=self.plan.settings,
            assumptions=self.plan.assumptions,
            resamples=resamples,
            answers=found.answers["certify"],
            starts=tuple(self.timings.starts.get(name, ())),
            blocks=tuple(self.timings.blocks.get(name, ())),
            windows=tuple(self.timings.windows.get(name, ())),
            processors=os.cpu_count() or 1,
            fallen=self.timings.fallen.get(name),
            probes=self._probes(name),
            notes=found.notes,
            sampled=found.groups is not None,
            doubts=(*found.doubts, *untrue(self.timings.fallen.get(name))),
        )

    def _twin(self) -> Seen | None:
        if self.baseline is None or TWIN not in self.timings.blocks:
            return None
        blocks, starts = self.timings.blocks[TWIN], self.timings.starts.get(TWIN, ())
        windows = tuple(self.timings.windows.get(TWIN, ()))
        own = self.seen[self.baseline]
        copy = replace(own, blocks=tuple(blocks), starts=tuple(starts), windows=windows, answers=Answers(None, None))
        return judged_on(copy)

    def _probes(self, name: str) -> dict[str, tuple[Mapping[str, Any], ...]]:
        return {metric: tuple(found) for metric, found in self.timings.probes.get(name, {}).items()}

    def _finalists(self, assembled: Assembled) -> list[str]:
        if self.plan.settings.codecarbon == "all":
            return list(self.seen)
        ranking = self.judge(self.record(assembled, "complete", "")).ranking
        return list(dict.fromkeys([*([self.baseline] if self.baseline else []), *ranking[:FINALISTS]]))

    def _lost(self, name: str) -> Row:
        failure = self.failed.get(name, NOT_REACHED)
        given = next((candidate for candidate in self.plan.candidates if candidate.name == name), None)
        if given is not None:
            return Row(given, failure=failure)
        job = next(job for job in self.jobs if job.name == name)
        return Row(Candidate(name, Artifact("", ""), parent=job.parent, recipe=job.steps), failure=failure, planned=False)


def _part(tell: Tell, stage: str, begin: float, width: float, name: str) -> Callable[[float, str], None]:
    prefix = f"{name}: " if name else ""
    return lambda share, text: tell(stage, begin + width * share, prefix + text)
