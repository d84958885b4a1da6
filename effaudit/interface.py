"""The Python interface: the same audit, for models and data that are in memory."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from effaudit.core.candidate import Artifact
from effaudit.core.errors import InputError, Place
from effaudit.core.files import own_folder, write_text
from effaudit.core.plugin import Refused
from effaudit.core.reading import Failure
from effaudit.core.store import Inputs
from effaudit.core.text import one_line

if TYPE_CHECKING:
    from effaudit.core.record import Record
    from effaudit.core.verdict import Verdict

ANSWER, GROUPS, TIME = "answer", "groups", "time"
"""What answers, groups and times are called beside the inputs' own columns."""

EXAMPLE_ROWS = 2
"""So many rows are shown to a format that must see some to write a model."""

UNWRITTEN = Artifact("unwritten:model", "python", files=())
"""Stands in the record for a model that has no file, beside the reason."""

Rows = tuple[Any, Any]
"""Inputs (a DataFrame, an array, or a mapping of named arrays) and their answers."""


def audit(
    models: Mapping[str, Any],
    inputs: Any,
    answers: Any,
    *,
    baseline: str | None = None,
    train: Rows | None = None,
    search: Rows | None = None,
    task: Literal["classification", "regression"] | None = None,
    groups: Any = None,
    time: Any = None,
    slices: str | Sequence[str] | Mapping[str, Any] | None = None,
    workload: Mapping[str, Any] | None = None,
    contracts: Mapping[str, Mapping[str, Any]] | None = None,
    compress: Sequence[Mapping[str, Any]] = (),
    ladder: str | Sequence[str] = "off",
    measure: Mapping[str, Any] | None = None,
    assumptions: Mapping[str, Any] | None = None,
    policy: str | Path = "recommended",
    until_decided: bool = False,
    engine: str = "local",
    name: str = "audit",
    out: str | Path | None = None,
    seed: int = 0,
) -> Record:
    """Audits models that are in memory on rows that none of them has seen; returns the record.

    models: by name: scikit-learn estimators and pipelines, LightGBM models, torch modules, importable functions. They are your
        own, hence trusted: each is written in its format's native file, and measured in processes of its own.
    inputs, answers: unseen rows. train, search: rows to learn from (the ladder, distillation), and rows that steer compression;
        search is cut from the unseen rows when something needs it.
    groups, time: one value for each unseen row: rows that belong together, or when they were. Without either, rows are
        taken to be independent of each other.
    slices: columns of the inputs whose values tell parts of the unseen rows apart, each with quality figures of its own; or such
        columns themselves, which no model sees: `{"sex": values}`.
    contracts: by model, what its own file cannot say: `{"net": {"output": "logits", "classes": ["no", "yes"]}}`.
    workload, measure, assumptions, compress, ladder, policy: as in a plan: `workload={"quality": ["roc_auc"]}`,
        `measure={"budget": "30 s"}`, `compress=[{"of": "forest", "recipe": [{"to_onnx": {}}]}]`.
    engine: where workers run: one of `effaudit list engines`.
    until_decided: end the timing when every verdict of `policy` is settled, as `--until-decided` does.
    out: the record's folder, new or of an earlier audit; by default reports/NAME.

    Raises InputError for wrong input. A model that cannot be written or asked is a Failure in its row, not an error.
    """
    from effaudit import pipeline
    from effaudit.cli import _progress, _reading
    from effaudit.measure.ownership import IN_MEMORY, MODELS, default_folder
    from effaudit.measure.run import held

    _check_names(name, models, contracts or {})
    splits = _splits(inputs, answers, train, search, groups, time)
    said = _sliced(slices, splits["certify"], workload or {})
    rules = _reading.policy(policy)
    waivers, today = _reading.waivers(rules), _reading.today(None)
    with held(Path(out) if out is not None else default_folder(name)) as run:
        folder = run.folder
        written, refused = _written(models, contracts or {}, own_folder(folder / MODELS), _example(inputs))
        document = {
            "apiVersion": "effaudit/v1",
            "kind": "AuditPlan",
            "name": name,
            "task": task or _task(answers),
            "workload": {**_files(splits, own_folder(folder / IN_MEMORY)), "answer": ANSWER, **_dependence(groups, time), **said},
            "measure": {} if measure is None else measure,
            "seed": seed,
            "candidates": [
                _candidate(each, file, (contracts or {}).get(each, {}), folder / MODELS) for each, file in written.items()
            ],
            "ladder": ladder,
            "baseline": baseline or next(iter(models)),
            "compress": compress,
            "assumptions": {} if assumptions is None else assumptions,
            "engine": engine,
        }
        plan = _reading.given_plan(document, folder, partial(_argument, tuple(written), slices is not None))
        candidates = tuple(replace(candidate, artifact=written[candidate.name]) for candidate in plan.candidates)
        plan = replace(
            plan,
            data=replace(plan.data, sources=splits, slice_places=()),
            candidates=candidates,
            refused={**plan.refused, **refused},
        )
        with _progress.shown(_progress.course_of(plan), "auto", sys.stderr) as tell:
            until = rules if until_decided else None
            record, _ = pipeline.audit(
                plan, rules, run, tell, command="effaudit.audit(…)", waivers=waivers, today=today, until=until
            )
    return record


def decide(
    record: Record, policy: str | Path = "recommended", today: str | date | None = None, baseline: str | None = None
) -> Verdict:
    """Judges a record under a policy (a file or a preset's name) and its waivers, without measuring. Raises InputError.

    today: the day for which waivers are looked at, such as "2026-07-31"; by default today's date in UTC.
    baseline: what relative rules compare with, where that is not the policy's: another candidate, `file:RECORD#NAME`, or `plan`.
    """
    from effaudit.cli import _reading

    day = today.isoformat() if isinstance(today, date) else today
    return _reading.judged(record, _reading.policy(policy), day, baseline)


def report(record: Record, verdict: Verdict | None, path: str | Path, output: str | None = None) -> Path:
    """Writes a report; `output` is one of `effaudit list outputs`, by default the one that the path's suffix names."""
    from effaudit import registry
    from effaudit.cli import _showing

    target = Path(path)
    _showing.write([(output or registry.output_for(target), target)], record, verdict)
    return target


def _splits(inputs: Any, answers: Any, train: Rows | None, search: Rows | None, groups: Any, time: Any) -> dict[str, Any]:
    linked = {key: value for key, value in ((GROUPS, groups), (TIME, time)) if value is not None}
    unseen = {**_named(inputs), ANSWER: answers, **linked}
    splits: dict[str, Any] = {"certify": unseen}
    for split, rows in (("train", train), ("search", search)):
        if rows is not None:
            splits[split] = {**_named(rows[0]), ANSWER: rows[1]}
    return splits


def _named(inputs: Any) -> dict[str, Any]:
    return dict(inputs) if isinstance(inputs, Mapping) else {"inputs": inputs}


def _files(splits: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """The plan wants files; these stand for what is in memory."""
    for split in splits:
        write_text(folder / split, "")
    return {split: f"{folder.name}/{split}" for split in splits}


def _dependence(groups: Any, time: Any) -> dict[str, str]:
    if groups is not None:
        return {GROUPS: GROUPS}
    return {TIME: TIME} if time is not None else {"rows": "independent"}


def _sliced(
    slices: str | Sequence[str] | Mapping[str, Any] | None, unseen: dict[str, Any], workload: Mapping[str, Any]
) -> dict[str, Any]:
    """What is said of the workload, slices included. Columns of their own join the unseen rows, where no model sees them."""
    if slices is None:
        return dict(workload)
    if not isinstance(slices, Mapping):
        return {"slices": [slices] if isinstance(slices, str) else slices, **workload}
    taken = next((name for name in slices if name in unseen), None)
    if taken is not None:
        raise InputError(f"there is a column {taken!r} already", Place("slices"), "Name that column in `slices`, or rename yours.")
    unseen |= slices
    ignored = workload.get("ignore", ())
    also = [ignored] if isinstance(ignored, str) else list(ignored)
    return {**workload, "slices": list(slices), "ignore": [*also, *slices]}


def _argument(models: Sequence[str], sliced: bool, keys: tuple[str | int, ...]) -> str:
    """The argument of `audit` that a value of the plan came from."""
    inside: Sequence[str | int]
    match keys:
        case ("candidates",):
            name, inside = "contracts", []
        case ("candidates", int(place), *rest):
            name, inside = ("contracts", [models[place], *rest]) if rest else ("models", [models[place]])
        case ("workload", "slices", *rest) if sliced:
            name, inside = "slices", list(rest)
        case ("workload", ("answer" | "certify" | "train" | "search" | "groups" | "time") as part, *_):
            name, inside = {"answer": "answers", "certify": "inputs"}.get(part, part), []
        case (str(name), *rest):
            inside = list(rest)
        case _:
            name, inside = "effaudit.audit(…)", []
    return name + "".join(f"[{key!r}]" for key in inside)


def _task(answers: Any) -> str:
    """Fractions are numbers to predict; anything else is a class, which the reading of answers checks."""
    import numpy as np

    values = np.asarray(answers)
    return "regression" if values.dtype.kind == "f" and bool((values % 1 != 0).any()) else "classification"


def _example(inputs: Any) -> Inputs:
    import numpy as np

    if isinstance(inputs, Mapping):
        return {name: np.asarray(values)[:EXAMPLE_ROWS] for name, values in inputs.items()}
    if hasattr(inputs, "iloc"):
        return {str(name): inputs[name].iloc[:EXAMPLE_ROWS].to_numpy() for name in inputs.columns}
    return {"inputs": np.asarray(inputs)[:EXAMPLE_ROWS]}


def _check_names(name: str, models: Mapping[str, Any], contracts: Mapping[str, Any]) -> None:
    """Before anything is written under them."""
    from effaudit.core.text import did_you_mean
    from effaudit.reading.plan_fields import NAME

    if not models:
        raise InputError("there are no models to audit", Place("models"), "Give at least one: {'name': model}.")
    for place, each in (("name", name), *(("models", each) for each in models)):
        if not (isinstance(each, str) and NAME.fullmatch(each)):
            advice = "Write at most 64 letters, digits, '.', '_' and '-', the first a letter or digit."
            raise InputError(f"{one_line(repr(each), 80)} is not a name", Place(place), advice)
    unknown = next((each for each in contracts if each not in models), None)
    if unknown is not None:
        raise InputError(f"there is no model {unknown!r}.{did_you_mean(unknown, models)}", Place("contracts"))
    wrong = next((each for each, said in contracts.items() if not isinstance(said, Mapping)), None)
    if wrong is not None:
        advice = "Write what the model's file cannot say: {'output': 'logits'}."
        raise InputError("expected a mapping", Place(f"contracts[{wrong!r}]"), advice)


def _written(
    models: Mapping[str, Any], contracts: Mapping[str, Mapping[str, Any]], folder: Path, example: Inputs
) -> tuple[dict[str, Artifact], dict[str, Failure]]:
    """Each model's file, and those that cannot be written, with what to change."""
    from effaudit import registry

    written: dict[str, Artifact] = {}
    refused: dict[str, Failure] = {}
    for name, model in models.items():
        try:
            kind = registry.a_format(contracts.get(name, {}).get("format") or registry.format_of_model(model))
            if not kind.claims(model):
                raise Refused(f"a {type(model).__qualname__} is no model of the format that `contracts` names; leave `format` out")
            with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as beside:
                written[name] = _placed(kind.write(model, Path(beside) / name, example), Path(beside), folder)
        except Refused as why:
            refused[name] = Failure("refused", "write", str(why))
            written[name] = UNWRITTEN
    return written, refused


def _placed(artifact: Artifact, beside: Path, folder: Path) -> Artifact:
    """What was written in a folder of its own takes its place, whatever has its name there."""
    for file in sorted(beside.iterdir()):
        file.replace(folder / file.name)
    path = Path(artifact.path)
    return replace(artifact, path=str(folder / path.name)) if path.parent == beside else artifact


def _candidate(name: str, artifact: Artifact, said: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    path = Path(artifact.path)
    shown = artifact.path if not path.is_file() else f"{folder.name}/{path.name}"
    return {"name": name, "path": shown, "format": artifact.format, "trust": True, **said}
