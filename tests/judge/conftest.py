"""Tiny records by hand: `model(...)` says what a candidate reads, `make_record(...)` puts them side by side."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from effaudit.core.candidate import Artifact, Candidate, Facts
from effaudit.core.observed import Sizes
from effaudit.core.policy import Limit, Policy, Rule, Select
from effaudit.core.reading import Failure, Measurement, Reading, counted
from effaudit.core.record import Record, Row, Session, Spent
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.units import parse
from effaudit.core.workload import Column, Workload

RESAMPLES, INCARNATIONS, ROUNDS = 400, 3, 20
Z95 = 1.6448536269514722


@dataclass(frozen=True)
class Model:
    """One candidate of a made-up record. `wrong`: which certify rows it gets wrong; None: no labels were kept."""

    name: str
    size: float = 1e6
    auc: float = 0.80
    auc_se: float = 0.001
    latency: float = 0.010
    latency_sd: float = 0.004
    memory: float = 200e6
    wrong: Any = ()
    family: Any = "tree"
    planned: bool = True
    failure: Failure | None = None
    readings: Mapping[str, Reading | None] = field(default_factory=dict)
    arrays: Mapping[str, Any] = field(default_factory=dict)
    panel: int = 0


def make_record(*models: Model, baseline: str | None = None, **changes: Any) -> Record:
    """A record of these models, the first being the baseline; `rows`, `groups`, `class_rows` and fields of Record may be given."""
    rows = changes.pop("rows", 1000)
    groups = changes.pop("groups", rows)
    task = changes.pop("task", "classification")
    class_rows = changes.pop("class_rows", (rows - rows // 3, rows // 3) if task == "classification" else ())
    workload = Workload(
        task=task,
        store="store",
        inputs=(Column("x", "float64"),),
        answers=("y",),
        classes=tuple(f"class_{place}" for place in range(len(class_rows))),
        splits={"train": 0, "search": 0, "certify": rows},
        unit="row",
        sampling="independent" if groups == rows else "groups: day",
        groups={"certify": groups},
        duplicates={},
        digests={},
        quality=changes.pop("quality", ("roc_auc",)),
        batch_sizes=(1,),
        multilabel=changes.pop("multilabel", False),
        class_rows=class_rows,
    )
    arrays: dict[str, Any] = {}
    for model in models:
        arrays |= {f"{model.name}/{key}": value for key, value in _arrays(model, rows).items() if value is not None}
    record = Record(
        name="made-up",
        title="",
        created="2026-01-01T00:00:00Z",
        version="0",
        plan_digest="",
        command="",
        commit=None,
        seed=0,
        workload=workload,
        baseline=baseline or models[0].name,
        rows=tuple(_row(model, rows) for model in models),
        sessions=(Session(1, "", 1.0, {"arch": "x86_64", "cores": "2"}, {}, {}),),
        settings=Settings(),
        assumptions=Assumptions(),
        intensity=Failure("not_stated", "assumptions", "no country"),
        floors={},
        spreads={},
        twins={},
        spent=Spent(1.0, 1.0, None, None),
        ended="complete",
        arrays=arrays,
    )
    return replace(record, **changes)


def make_rule(id: str, metric: str, severity: Any = "error", **limits: str) -> Rule:
    """`make_rule("size", "size.artifact", max="50 MB")`; relative bounds compare with the baseline."""
    warn_above, versus, method = (limits.pop(key, None) for key in ("warn_above", "versus", "method"))
    [(bound, written)] = limits.items()
    versus = versus or ("baseline" if bound.startswith("max_") else None)
    warning = None if warn_above is None else limit(warn_above)
    return Rule(id, metric, bound, limit(written), severity, versus, warning, method)  # type: ignore[arg-type]


def limit(written: str) -> Limit:
    """A limit as a policy's file says it."""
    quantity = parse(written)
    return Limit(quantity.amount, quantity.unit, written)


def make_policy(*rules: Rule, **changes: Any) -> Policy:
    """A policy of these rules, with `minimize`, `equal_within` and `tie_break` or any field of Policy."""
    select = Select(**{key: changes.pop(key) for key in ("minimize", "equal_within", "tie_break") if key in changes})
    return Policy("test", rules, select, **changes)


def latencies(model: Model, batches: Sequence[int]) -> tuple[dict[str, Measurement], dict[str, np.ndarray]]:
    """Readings and rounds of several batch sizes, all of them as long as the model's latency."""
    metrics = [f"latency.batch_{batch}.p50" for batch in batches]
    readings = {metric: _timed(model.name, metric, model.latency, model.latency_sd, "s") for metric in metrics}
    return readings, {metric: _rounds(model, model.latency, model.latency_sd) for metric in metrics}


def noise(name: str, size: int, sd: float) -> np.ndarray:
    """Reproducible noise of exactly this mean (0) and standard deviation, of the name's own."""
    drawn = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(size)
    return (drawn - drawn.mean()) / drawn.std(ddof=1) * sd


def _row(model: Model, rows: int) -> Row:
    candidate = Candidate(model.name, Artifact(f"models/{model.name}", "toy"))
    sizes = Sizes(int(model.size), 0, 0, 0) if model.size else None
    if model.failure is not None:
        return Row(candidate, None, sizes, {}, model.failure, planned=model.planned)
    wrong = len(model.wrong) if model.wrong is not None else 0
    readings: dict[str, Reading | None] = {
        "quality.roc_auc": _drawn(model.name, "quality.roc_auc", model.auc, model.auc_se, "score", "higher"),
        "quality.accuracy": _drawn(model.name, "quality.accuracy", 1 - wrong / rows, 0.01, "score", "higher"),
        "latency.batch_1.p50": _timed(model.name, "latency.batch_1.p50", model.latency, model.latency_sd, "s"),
        "memory.peak.max": _timed(model.name, "memory.peak.max", model.memory, 0.002, "B"),
        "size.artifact": counted(model.size, "B"),
    }
    kept = {metric: reading for metric, reading in (readings | dict(model.readings)).items() if reading is not None}
    return Row(candidate, Facts(model.family, "Toy"), sizes, kept, planned=model.planned)


def _drawn(name: str, metric: str, value: float, se: float, unit: str, better: Any) -> Measurement:
    return Measurement(value, value - Z95 * se, value + Z95 * se, unit, better, "measured", 100, evidence=f"{name}/{metric}")


def _timed(name: str, metric: str, value: float, sd: float, unit: str) -> Measurement:
    low, high = value * np.exp(-2 * sd), value * np.exp(2 * sd)
    return Measurement(value, float(low), float(high), unit, "lower", "measured", 60, 8.0, f"{name}/{metric}")


def _arrays(model: Model, rows: int) -> dict[str, Any]:
    if model.failure is not None:
        return {}
    right = np.ones(rows, dtype=bool)
    if model.wrong is not None:
        right[list(model.wrong)] = False
    own = {
        "quality.roc_auc": model.auc + noise(model.name + "auc", RESAMPLES, model.auc_se),
        "latency.batch_1.p50": _rounds(model, model.latency, model.latency_sd),
        "memory.peak.max": _once_each(model, model.memory),
        "correct": None if model.wrong is None else np.packbits(right),
    }
    return own | dict(model.arrays)


def _rounds(model: Model, value: float, sd: float) -> np.ndarray:
    """What the machine does to all in a round, what differs between incarnations, and each block's own noise."""
    shared = np.random.default_rng(1).standard_normal(INCARNATIONS * ROUNDS) * 0.2
    between = np.repeat(noise(model.name + "incarnation", INCARNATIONS, sd), ROUNDS)
    logs = np.log(value) + shared + between + noise(model.name + "block", INCARNATIONS * ROUNDS, sd)
    numbers = np.repeat(np.arange(INCARNATIONS), ROUNDS) + 100 * model.panel
    keys = numbers * 1000 + np.tile(np.arange(ROUNDS), INCARNATIONS)
    return np.column_stack([numbers, keys, logs]).astype(float)


def _once_each(model: Model, value: float) -> np.ndarray:
    numbers = np.arange(INCARNATIONS) + 100 * model.panel
    return np.column_stack([numbers, -1 - numbers, np.log(value) + noise(model.name + "memory", INCARNATIONS, 0.001)])


@pytest.fixture(scope="session")
def a():
    """The builders: `a.model`, `a.record`, `a.rule`, `a.limit`, `a.policy`, `a.noise`."""
    return SimpleNamespace(model=Model, record=make_record, rule=make_rule, limit=limit, policy=make_policy, noise=noise)
