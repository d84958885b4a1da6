"""The plan's `workload:` as data to read: splits, roles of columns, and how rows depend on each other."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from effaudit.core.plan import Data, Source
from effaudit.reading.desk import Desk
from effaudit.reading.plan_model import AuditPlan, WorkloadPart

LEAST_ROWS = 100
"""Of a slice, where the plan does not say: fewer say little of any score."""

_SPLITS = ("train", "search", "certify", "data")


def read_data(model: AuditPlan, desk: Desk) -> Data:
    """Where rows and answers come from; faults are noted on the desk."""
    part = model.workload
    _check_splits(part, desk)
    _check_columns(part, desk)
    _check_answers(model, desk)
    return Data(
        task=model.task,
        sources=_sources(part, desk),
        answer=part.answer,
        inputs=part.inputs or (),
        ignore=part.ignore,
        positive=part.positive,
        groups=part.groups,
        time=part.time,
        independent=part.rows == "independent",
        weights=part.weights,
        unit=part.unit,
        quality=_quality(part, desk),
        batch_sizes=() if part.batch_sizes == "sweep" else tuple(sorted(set(part.batch_sizes))),
        answer_unit=part.answer_unit,
        slices=part.slices,
        slice_min_rows=part.slice_min_rows or LEAST_ROWS,
        quality_place=desk.document.place("workload", "quality"),
        slice_places=tuple(desk.document.place("workload", "slices", at) for at in range(len(part.slices))),
    )


def _sources(part: WorkloadPart, desk: Desk) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for split in _SPLITS:
        said = getattr(part, split)
        if isinstance(said, str):
            sources[split] = desk.file(said, "workload", split)
        elif said is not None:
            sources[split] = {name: desk.file(path, "workload", split, name) for name, path in said.items()}
    for one, two in combinations([(split, path) for split, path in sources.items() if isinstance(path, Path)], 2):
        if one[1].resolve() == two[1].resolve():
            advice = "Rows that a model has seen say nothing of unseen ones: give each split rows of its own."
            desk.fault(f"{one[0]} and {two[0]} are the same file", "workload", two[0], advice=advice)
    return sources


def _check_splits(part: WorkloadPart, desk: Desk) -> None:
    if part.data is None and part.certify is None:
        advice = "Write `certify: FILE`, or `data: FILE` with unseen rows to be cut into search and certify."
        desk.fault("there are no rows to certify on", "workload", advice=advice)
    for split in ("search", "certify"):
        if part.data is not None and getattr(part, split) is not None:
            desk.fault(
                f"`data` is cut into search and certify, and {split} is given too", "workload", split, advice="Keep one of them."
            )
    said = [key for key in ("groups", "time", "rows") if getattr(part, key) is not None]
    if len(said) > 1:
        what = f"only one of `groups`, `time` and `rows` can hold, and {' and '.join(f'`{key}`' for key in said)} are given"
        desk.fault(what, "workload", said[1], advice="Keep the one that new rows will differ in: later times, or new groups.")


def _check_columns(part: WorkloadPart, desk: Desk) -> None:
    if not part.answer:
        desk.fault("`answer` is empty", "workload", "answer", advice="Name the column that models answer.")
    if part.slice_min_rows is not None and not part.slices:
        desk.fault("`slice_min_rows` without `slices`", "workload", "slice_min_rows", advice="Write `slices: [COLUMN]` too.")
    for key in ("answer", "inputs", "ignore", "slices"):
        desk.once(getattr(part, key) or (), "column", "workload", key)
    answers = set(part.answer)
    for key in ("inputs", "ignore"):
        for name in getattr(part, key) or ():
            if name in answers:
                desk.fault(f"{name!r} is the answer, and cannot be among `{key}`", "workload", key)
    for name in set(part.ignore) & set(part.inputs or ()):
        desk.fault(f"{name!r} is among `inputs` and among `ignore`", "workload", "ignore", advice="Keep one of the two.")
    for key in ("groups", "time", "weights"):
        if getattr(part, key) in part.answer:
            desk.fault(f"the answer cannot be `{key}` too", "workload", key)
    for key in ("inputs", "groups", "time"):
        said = getattr(part, key) or ()
        if part.weights is not None and part.weights in ((said,) if isinstance(said, str) else said):
            desk.fault(
                f"{part.weights!r} is `weights`, and cannot be among `{key}`", "workload", "weights", advice="Keep one of the two."
            )


def _check_answers(model: AuditPlan, desk: Desk) -> None:
    part = model.workload
    if model.task == "regression" and part.positive is not None:
        desk.fault("`positive` is for classifications, and the task is regression", "workload", "positive", advice="Leave it out.")
    if model.task == "classification" and part.answer_unit:
        desk.fault(
            "`answer_unit` is for regressions, and the task is classification", "workload", "answer_unit", advice="Leave it out."
        )


def _quality(part: WorkloadPart, desk: Desk) -> tuple[str, ...]:
    desk.once(part.quality, "scorer", "workload", "quality")
    scorers = desk.known.scorers() if part.quality else ()
    for place, name in enumerate(part.quality):
        if name.removeprefix("neg_") in scorers and name not in scorers:
            desk.fault(f"scorers are written without `neg_`: {name.removeprefix('neg_')}", "workload", "quality", place)
        else:
            desk.one_of(name, scorers, "scorer", "workload", "quality", place)
    return part.quality
