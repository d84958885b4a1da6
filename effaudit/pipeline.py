"""An audit from plan to record: read the data, ask the candidates, make smaller ones, time them all, write down what was seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from effaudit import registry
from effaudit.compress import recipes
from effaudit.compress.gain import gains
from effaudit.compress.products import Kitchen, digest
from effaudit.core.answer import label
from effaudit.core.candidate import Candidate, Step
from effaudit.core.observed import Answers, Seen
from effaudit.core.plan import Plan
from effaudit.core.plugin import Engine, Metric
from effaudit.core.policy import Policy
from effaudit.core.reading import Failure
from effaudit.core.record import Made, Record, Row
from effaudit.core.stats.resample import Resamples
from effaudit.core.store import Store
from effaudit.core.verdict import Verdict
from effaudit.core.workload import Workload
from effaudit.judge.decide import decide
from effaudit.measure import environment
from effaudit.measure.assemble import Assembled, assemble, read_again
from effaudit.measure.finalists import look_into
from effaudit.measure.gather import Gathered, gather
from effaudit.measure.panels import TWIN, panels
from effaudit.measure.run import Run, held
from effaudit.measure.sessions import Diary
from effaudit.measure.timing import Timing, Timings, earlier
from effaudit.metrics.carbon import intensity
from effaudit.metrics.quality import tuned_threshold
from effaudit.process import Site
from effaudit.reading.data import build_store
from effaudit.reading.record_file import write_record

Tell = Callable[[str, float, str], None]
"""Hears of progress: the stage, the share of it that is done, and a few words."""

FINALISTS = 3
"""So many of the best candidates, beside the baseline, are looked into with instruments that take long."""

NOT_REACHED = Failure("interrupted", "the audit was interrupted before it came to this candidate; start it again to go on")


def audit(
    plan: Plan, policy: Policy, out: Path, tell: Tell, engine: Engine | None = None, command: str = ""
) -> tuple[Record, Verdict]:
    """Runs a plan in the folder `out`, judges it, and leaves the record there. Raises InputError.

    Interrupted (KeyboardInterrupt), it leaves a record of what was won by then; started again, it goes on from there.
    """
    with held(out) as run:
        diary = Diary.begun()
        tell("data", 0.0, "reading")
        workload, store = build_store(plan.data, run.data, _needs_search(plan), plan.seed)
        work = _Work.of(plan, policy, run, diary, workload, store, engine or registry.an_engine("local"), tell)
        ended: Literal["complete", "interrupted"] = "complete"
        try:
            work.ask_the_given()
            work.make_smaller_ones()
            work.time_them_all()
            assembled = work.read_the_metrics()
            assembled = work.look_into_finalists(assembled)
        except KeyboardInterrupt:
            ended = "interrupted"
            assembled = work.read_the_metrics()
        record = write_record(work.record(assembled, ended, command), out)
        if ended == "complete":
            work.journal.discard()
        return record, decide(record, policy)


def _needs_search(plan: Plan) -> bool:
    steps = [step for job in _jobs(plan) for step in job.steps]
    needs = {split for step in steps for split in registry.find("techniques", step.technique).needs}
    return "search" in needs or any(candidate.contract.tune for candidate in plan.candidates)


def _jobs(plan: Plan) -> list[recipes.Job]:
    def accepts(step: Step, given: str) -> bool:
        return registry.a_technique(step.technique, step.options).result_of(given) is not None

    return recipes.ladder(plan.ladder) + recipes.jobs(plan.compress, plan.candidates, accepts)


@dataclass
class _Work:
    """One audit at work: what it was given, and what it has won so far."""

    plan: Plan
    policy: Policy
    run: Run
    diary: Diary
    store: Store
    site: Site
    tell: Tell
    jobs: list[recipes.Job]
    gathered: dict[str, Gathered] = field(default_factory=dict)
    failed: dict[str, Failure] = field(default_factory=dict)
    made: dict[str, tuple[Made, ...]] = field(default_factory=dict)
    timings: Timings = field(default_factory=Timings)
    seen: dict[str, Seen] = field(default_factory=dict)

    @classmethod
    def of(
        cls, plan: Plan, policy: Policy, run: Run, diary: Diary, workload: Workload, store: Store, engine: Engine, tell: Tell
    ) -> _Work:
        """Opens the journal, and with it what earlier sessions won."""
        key = [plan.digest, workload.digests, environment.packages(), {c.name: digest(c) for c in plan.candidates}]
        diary.open(run.journal(hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()))
        site = Site(engine, workload, plan.settings, plan.assumptions, plan.seed, run.logs, run.token)
        return cls(plan, policy, run, diary, store, site, tell, _jobs(plan), timings=earlier(diary.journal))

    @property
    def workload(self) -> Workload:
        """The data asked about."""
        return self.site.workload

    @property
    def journal(self):  # type: ignore[no-untyped-def]
        """What survives a crash."""
        return self.diary.journal

    @property
    def baseline(self) -> str | None:
        """The plan's baseline, if it could be asked."""
        return self.plan.baseline if self.plan.baseline in self.gathered else None

    def ask_the_given(self) -> None:
        """Opens every candidate of the plan, counts it, and asks it about every row."""
        for place, candidate in enumerate(self.plan.candidates):
            self._ask(candidate, "candidates", place, len(self.plan.candidates))

    def make_smaller_ones(self) -> None:
        """Makes the ladder and the products of the recipes, each asked like any other candidate."""
        needs = lambda name: registry.find("techniques", name).needs  # noqa: E731
        kitchen = Kitchen(self.site, self.run.artifacts, needs, environment.packages())
        for place, job in enumerate(self.jobs):
            tell = lambda share, text, at=place, name=job.name: self.tell(
                "compress", (at + 0.8 * share) / len(self.jobs), f"{name}: {text}"
            )
            tell(0.0, job.steps[0].technique)
            if job.parent is not None and job.parent not in self.gathered:
                self.failed[job.name] = Failure("make", f"its parent {job.parent} could not be asked")
                continue
            parent = self.gathered[job.parent].candidate if job.parent else None
            product = kitchen.make(job.name, parent, job.steps, tell)
            if isinstance(product, Failure):
                self.failed[job.name] = product
                continue
            candidate, self.made[job.name] = product
            self._ask(candidate, "compress", place + 0.8, len(self.jobs))

    def time_them_all(self) -> None:
        """Times all that answered, side by side, with the baseline and its twin in every panel."""
        always = tuple(name for name, metric in _metrics().items() if metric.probes == "always")
        timing = Timing(self.site, self.journal, self.diary.watch, self.diary.number, always)
        together = panels(list(self.gathered), self.baseline, {name: g.resident for name, g in self.gathered.items()})
        candidates = {name: found.candidate for name, found in self.gathered.items()}
        timing.run(together, candidates, self.baseline, self.timings, lambda share, text: self.tell("timing", share, text))

    def read_the_metrics(self) -> Assembled:
        """Turns what was seen into readings."""
        resamples = Resamples(self.store.groups("certify").astype("int64"), self.plan.settings.resamples, self.plan.seed)
        self.seen = {name: self._seen(name, found, resamples) for name, found in self.gathered.items()}
        twin = self._twin()
        planned = frozenset(candidate.name for candidate in self.plan.candidates)
        return assemble(
            self.seen, twin, _metrics(), self.baseline, self.made, planned, lambda share, text: self.tell("metrics", share, text)
        )

    def look_into_finalists(self, assembled: Assembled) -> Assembled:
        """Reads the slow instruments of the baseline and the best few, chosen by what is known so far."""
        wanted = {name: metric for name, metric in _metrics().items() if metric.probes == "finalists"}
        if self.plan.settings.codecarbon == "off" or not wanted:
            return assembled
        chosen = list(self.seen)
        if self.plan.settings.codecarbon == "finalists":
            ranking = decide(self.record(assembled, "complete", ""), self.policy).ranking
            chosen = list(dict.fromkeys([*filter(None, [self.baseline]), *ranking[:FINALISTS]]))
        for place, name in enumerate(chosen):
            self.tell("energy", place / len(chosen), name)
            if name not in self.timings.fallen:
                look_into(self.seen[name].candidate, tuple(wanted), self.site, self.journal, self.timings)
        probed = {name: replace(self.seen[name], probes=self._probes(name)) for name in chosen}
        return read_again(assembled, probed, wanted)

    def record(self, assembled: Assembled, ended: Literal["complete", "interrupted"], command: str) -> Record:
        """All that is known, as a record."""
        labels = gains(assembled.rows, assembled.arrays, assembled.spreads)
        rows = {row.candidate.name: replace(row, **labels.get(row.candidate.name, {})) for row in assembled.rows}
        return Record(
            name=self.plan.name,
            title=self.plan.title,
            plan_digest=self.plan.digest,
            command=command,
            commit=self.diary.commit(self.plan.folder),
            seed=self.plan.seed,
            workload=replace(self.workload, store=""),
            baseline=self.plan.baseline,
            rows=tuple(self._shown(rows.get(name) or self._lost(name)) for name in self._names()),
            settings=self.plan.settings,
            assumptions=self.plan.assumptions,
            intensity=intensity(self.plan.assumptions),
            floors=assembled.floors,
            spreads=assembled.spreads,
            twins=assembled.twins,
            ended=ended,
            notes=tuple(self.timings.notes),
            arrays=assembled.arrays,
            samples=_samples(self.timings),
            **self.diary.written(self.plan.assumptions),
        )

    def _ask(self, candidate: Candidate, stage: str, place: float, parts: int) -> None:
        name = candidate.name
        splits = ("certify", "search") if candidate.contract.tune else ("certify",)
        tell = lambda share: self.tell(stage, (place + 0.2 * share) / parts, f"{name}: asking every row")  # noqa: E731
        found = gather(candidate, splits, self.site, self.journal, self.run.predictions, tell)
        if isinstance(found, Failure):
            self.failed[name] = found
        elif candidate.contract.tune:
            threshold = tuned_threshold(found.answers["search"], self.store.answers("search"), candidate.contract.tune)
            self.gathered[name] = replace(found, candidate=_with_threshold(found.candidate, threshold))
        else:
            self.gathered[name] = found

    def _seen(self, name: str, found: Gathered, resamples: Resamples) -> Seen:
        return Seen(
            candidate=found.candidate,
            facts=found.facts,
            sizes=found.sizes,
            workload=self.workload,
            store=self.store,
            settings=self.plan.settings,
            assumptions=self.plan.assumptions,
            resamples=resamples,
            answers=label(found.answers["certify"], found.candidate.contract, self.workload),
            starts=tuple(self.timings.starts.get(name, ())),
            blocks=tuple(self.timings.blocks.get(name, ())),
            fallen=self.timings.fallen.get(name),
            probes=self._probes(name),
        )

    def _twin(self) -> Seen | None:
        if self.baseline is None or TWIN not in self.timings.blocks:
            return None
        blocks, starts = self.timings.blocks[TWIN], self.timings.starts.get(TWIN, ())
        return replace(self.seen[self.baseline], blocks=tuple(blocks), starts=tuple(starts), answers=Answers(None, None))

    def _probes(self, name: str):  # type: ignore[no-untyped-def]
        return {metric: tuple(found) for metric, found in self.timings.probes.get(name, {}).items()}

    def _names(self) -> list[str]:
        return [*(candidate.name for candidate in self.plan.candidates), *(job.name for job in self.jobs)]

    def _lost(self, name: str) -> Row:
        failure = self.failed.get(name, NOT_REACHED)
        for candidate in self.plan.candidates:
            if candidate.name == name:
                return Row(candidate, failure=failure)
        job = next(job for job in self.jobs if job.name == name)
        parent = next((c for c in self.plan.candidates if c.name == job.parent), None)
        artifact = parent.artifact if parent else None
        from effaudit.core.candidate import Artifact

        shown = Candidate(name, artifact or Artifact("", ""), parent=job.parent, recipe=job.steps)
        return Row(shown, failure=failure, planned=False)

    def _shown(self, row: Row) -> Row:
        """The row without this machine's folders."""
        return replace(row, candidate=_relative(row.candidate, self.plan.folder, self.run.folder))


def _with_threshold(candidate: Candidate, threshold: float) -> Candidate:
    return replace(candidate, contract=replace(candidate.contract, threshold=threshold))


def _relative(candidate: Candidate, plan: Path, run: Path) -> Candidate:
    def shown(path: str) -> str:
        for folder in (run, plan):
            if Path(path).is_relative_to(folder):
                return str(Path(path).relative_to(folder))
        return Path(path).name

    artifact = replace(candidate.artifact, path=shown(candidate.artifact.path), code=None)
    before = candidate.preprocess
    return replace(candidate, artifact=artifact, preprocess=replace(before, path=shown(before.path), code=None) if before else None)


def _metrics() -> dict[str, Metric]:
    return {name: registry.a_metric(name) for name in registry.names("metrics")}


def _samples(timings: Timings):  # type: ignore[no-untyped-def]
    import numpy as np

    found = {}
    for name, blocks in timings.blocks.items():
        for batch in sorted({block.batch for block in blocks}):
            own = [block for block in blocks if block.batch == batch]
            calls = [np.column_stack([np.full(len(b.nanos), b.incarnation), np.full(len(b.nanos), b.key), b.nanos]) for b in own]
            found[f"{name}/latency.batch_{batch}"] = np.concatenate(calls)
    return found
