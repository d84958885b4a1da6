"""From a plan's file to the frozen plan: paths found, names checked against each other, recipes checked as chains."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.errors import InputError
from effaudit.core.plan import Job, Plan, unopened
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.text import did_you_mean, listed, one_line
from effaudit.reading.desk import Desk, Known
from effaudit.reading.document import Document, open_document, together
from effaudit.reading.plan_data import read_data
from effaudit.reading.plan_fields import CODE, RESERVED, Price
from effaudit.reading.plan_model import AssumptionsPart, AuditPlan, CandidatePart, MeasurePart
from effaudit.reading.presets import PREFIX, preset
from effaudit.reading.recipes import read_recipes

__all__ = ["Known", "plan_of", "read_plan"]

KIND = "AuditPlan"
_OUTPUTS = {"classification": ("probabilities", "logits", "labels"), "regression": ("values",)}


def read_plan(path: Path, known: Known) -> Plan:
    """Reads and checks a plan. Raises InputError, with all of its problems at once."""
    return plan_of(open_document(path, KIND), path.absolute().parent, known)


def plan_of(document: Document, folder: Path, known: Known) -> Plan:
    """The plan that a document holds, whose relative paths begin in a folder. Raises InputError, with all of its problems."""
    model = document.model(AuditPlan)
    desk = Desk(document, known, folder)
    settings = _settings(model.measure)
    candidates = tuple(_candidate(part, place, model, settings, desk) for place, part in enumerate(model.candidates))
    ladder = _ladder(model, desk)
    _check_names(candidates, [job.name for job in ladder], desk)
    jobs = (*ladder, *read_recipes(model.compress, candidates, ladder, desk))
    plan = Plan(
        name=model.name,
        title=model.title,
        data=read_data(model, desk),
        candidates=candidates,
        baseline=_baseline(model, [*(candidate.name for candidate in candidates), *(job.name for job in jobs)], desk),
        folder=desk.folder,
        settings=settings,
        assumptions=_assumptions(model.assumptions, desk),
        seed=model.seed,
        jobs=jobs,
        policy=_policy(model.policy, desk),
        engine=model.engine if desk.one_of(model.engine, desk.known.engines, "engine", "engine") else "",
        digest=document.digest,
        refused={name: unopened(errors[0]) for name, errors in desk.lost.items()},
        places={candidate.name: document.place("candidates", place) for place, candidate in enumerate(candidates)},
    )
    nothing_left = not ladder and all(candidate.name in desk.lost for candidate in candidates)
    if desk.faults or nothing_left:
        raise together([*desk.faults, *(error for errors in desk.lost.values() for error in errors)])
    return plan


def _candidate(part: CandidatePart, place: int, model: AuditPlan, settings: Settings, desk: Desk) -> Candidate:
    keys = ("candidates", place)
    trust = part.trust or Trust()
    code = str(desk.folder) if trust.everything else None
    kind = _format(part, desk, *keys)
    path = _model_path(part, desk, *keys)
    before = desk.candidate_file(part.name, part.preprocess, *keys, "preprocess") if part.preprocess else None
    named = part.files if part.files is not None else ()
    files = tuple(str(desk.candidate_file(part.name, file, *keys, "files", at)) for at, file in enumerate(named))
    kind = kind or _recognised(part, Path(path), desk, *keys, "path")
    prepared = Artifact(str(before), _recognised(part, before, desk, *keys, "preprocess"), trust, None, code) if before else None
    artifact = Artifact(path, kind, trust, part.factory, code, None if part.files is None else files)
    return Candidate(
        name=part.name,
        title=part.title,
        artifact=artifact,
        contract=_contract(part, before, model, desk, *keys),
        preprocess=prepared,
        threads=part.threads or settings.threads,
        device=settings.device,
    )


def _format(part: CandidatePart, desk: Desk, *keys: str | int) -> str:
    """The format as written; "" where none is, or no such format is installed, which loses the candidate."""
    if part.format is None or part.format in desk.known.formats:
        return part.format or ""
    guess = did_you_mean(part.format[:80], desk.known.formats)
    desk.lose(part.name, f"there is no format {one_line(part.format, 80)!r}.{guess}", *keys, "format")
    return ""


def _recognised(part: CandidatePart, path: Path, desk: Desk, *keys: str | int) -> str:
    """The format of a file. A candidate with a file that none or several claim is lost; then the name of its file must do."""
    try:
        found = desk.known.recognise(path) if part.name not in desk.lost else ""
    except InputError as error:
        found = ""
        transformer = "`preprocess` is the file of a transformer, such as prep.skops."
        desk.lose(part.name, error.what, *keys, advice=transformer if "preprocess" in keys else error.advice)
    return found or desk.known.guess_format(path) or ""


def _model_path(part: CandidatePart, desk: Desk, *keys: str | int) -> str:
    if part.format != "python":
        if CODE.fullmatch(part.path) and "python" in desk.known.formats and not os.path.lexists(desk.folder / part.path):
            advice = "Write `format: python` beside it."
            desk.lose(part.name, f"{part.path!r} names Python code, not a file", *keys, "path", advice=advice)
            return part.path
        return str(desk.candidate_file(part.name, part.path, *keys, "path"))
    if not CODE.fullmatch(part.path):
        desk.fault(f"expected `module:function`, found {one_line(part.path, 80)!r}", *keys, "path")
    return part.path


def _contract(part: CandidatePart, before: Path | None, model: AuditPlan, desk: Desk, *keys: str | int) -> Contract:
    if part.output is not None and part.output not in _OUTPUTS[model.task]:
        fitting = " or ".join(_OUTPUTS[model.task])
        desk.fault(f"a {model.task} is answered with {fitting}, not with {part.output}", *keys, "output")
    for key, said in (("classes", part.classes), ("threshold", part.threshold)):
        if said and model.task == "regression":
            desk.fault(f"`{key}` is for classifications, and the task is regression", *keys, key, advice="Leave it out.")
    desk.once(part.classes, "class", *keys, "classes")
    desk.once(part.columns, "column", *keys, "columns")
    _check_dtypes(part, desk, *keys, "dtypes")
    tune = part.threshold.tune if part.threshold else None
    if tune is not None:
        desk.one_of(tune, desk.known.scorers(), "scorer", *keys, "threshold", "tune")
    return Contract(
        columns=part.columns,
        dtypes=part.dtypes,
        preprocess=str(before) if before else None,
        output=part.output,
        input=part.input,
        classes=part.classes,
        threshold=part.threshold.at if part.threshold else None,
        tune=tune,
        threshold_of=part.threshold.of if part.threshold else None,
    )


def _check_dtypes(part: CandidatePart, desk: Desk, *keys: str | int) -> None:
    for name in part.dtypes:
        try:
            fits = name == "text" or np.dtype(name).kind in "biufM"
        except (TypeError, ValueError):
            fits = False
        if not fits:
            desk.fault(
                f"{one_line(name, 40)!r} is not a numpy dtype for inputs", *keys, advice="Write float32, int64, bool or text."
            )
    if len(part.dtypes) > 1 and len(part.dtypes) != len(part.columns):
        what = f"{len(part.dtypes)} dtypes for {len(part.columns) or 'no'} columns"
        desk.fault(what, *keys, advice="Write one dtype for all inputs, or `columns` and as many dtypes.")


def _ladder(model: AuditPlan, desk: Desk) -> tuple[Job, ...]:
    """Simple models, trained on the train split."""
    if model.ladder == ("off",):
        return ()
    rungs = tuple(desk.known.ladder) if model.ladder == ("default",) else model.ladder
    if model.workload.train is None:
        desk.fault(
            "the ladder's models are trained, and the plan names no train split",
            "ladder",
            advice="Write `train: FILE` under `workload`, or `ladder: off`.",
        )
    desk.once(rungs, "rung", "ladder")
    known = [rung for place, rung in enumerate(rungs) if desk.one_of(rung, desk.known.ladder, "ladder model", "ladder", place)]
    return tuple(Job(f"ladder-{rung}", None, (desk.known.ladder[rung],)) for rung in known)


def _check_names(candidates: Sequence[Candidate], ladder: Sequence[str], desk: Desk) -> None:
    if not candidates and not ladder:
        desk.fault("there is nothing to judge", "candidates", advice="Write at least one candidate: {name: NAME, path: FILE}.")
    taken = {name.casefold(): name for name in ladder}
    for place, candidate in enumerate(candidates):
        if candidate.name.casefold() in RESERVED:
            desk.fault(
                f"a candidate cannot be called {candidate.name!r}, which `effaudit gate --candidate` takes for more than one name",
                "candidates",
                place,
                "name",
                advice="Give it another name.",
            )
        other = taken.get(candidate.name.casefold())
        if other is not None:
            differs = "" if other == candidate.name else f" (beside {other!r}, which differs in capitals only)"
            desk.fault(
                f"the name {candidate.name!r} stands twice{differs}", "candidates", place, "name", advice="Names must differ."
            )
        taken[candidate.name.casefold()] = candidate.name


def _baseline(model: AuditPlan, names: Sequence[str], desk: Desk) -> str:
    if model.baseline is None:
        if len(names) > 1:
            desk.fault("`baseline` is missing", "baseline", advice=f"Name the model that is in use today: {listed(names)}.")
        return names[0] if names else ""
    if model.baseline not in names:
        what = f"there is no candidate {one_line(model.baseline, 80)!r}.{did_you_mean(model.baseline[:80], names)}"
        desk.fault(what, "baseline", advice="The baseline is a candidate, a ladder model (ladder-NAME) or a product of a recipe.")
    return model.baseline


def _settings(part: MeasurePart) -> Settings:
    said = {
        "budget_s": part.budget,
        "precision": part.precision,
        "unknown": part.unknown,
        "threads": part.threads,
        "restarts": part.restarts,
        "memory_limit": part.memory_limit,
        "timeout_s": part.timeout,
        "device": part.device,
        "codecarbon": part.codecarbon,
        "resamples": part.resamples,
        "parallel": part.parallel or None,
    }
    return Settings(**{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]


def _assumptions(part: AssumptionsPart, desk: Desk) -> Assumptions:
    known = desk.known.countries() if part.country is not None else ()
    if known and part.country not in known:
        advice = "Write its ISO 3166 alpha-3 code, such as FRA, GBR or USA, or `grid: 56 gCO2e/kWh` without a country."
        desk.fault(f"no grid is known of a country {part.country!r}", "assumptions", "country", advice=advice)
    price = part.price_per_hour or Price(0.0, "")
    return Assumptions(
        country=part.country,
        grid=part.grid,
        pue=part.pue if part.pue is not None else 1.0,
        watts_per_vcpu=part.watts_per_vcpu,
        idle_watts=part.idle_watts,
        requests_per_day=part.requests_per_day,
        price_per_hour=price.amount if part.price_per_hour else None,
        currency=price.currency,
    )


def _policy(written: str | None, desk: Desk) -> Path | None:
    if written is None:
        return None
    if not written.startswith(PREFIX):
        return desk.file(written, "policy")
    try:
        return preset(written, desk.known.presets)
    except InputError as error:
        desk.fault(error.what, "policy", advice=error.advice)
        return None
