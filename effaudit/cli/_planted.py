"""Audits of models whose differences are known, to see what this machine can see: a copy, a tenth slower, a few answers worse."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from effaudit.core.record import Record
    from effaudit.core.verdict import Verdict
    from effaudit.measure.examine import Noise

METRIC = "latency.batch_1.p50"
LOOK_S, TEST_S = 5, 20
SLOWER, WORSE = 1.10, 0.05
ROWS = 4000

CODE = f"""
import hashlib
import numpy as np

WORK = 500

def _work(times):
    data = b"effaudit"
    for _ in range(times):
        data = hashlib.blake2b(data).digest()

def steady(rows):
    _work(WORK)
    return (rows["a"] + rows["b"] > 0).astype(np.int64)

def equal(rows):
    return steady(rows)

def slower(rows):
    _work(round({SLOWER - 1:.2f} * WORK))
    return steady(rows)

def worse(rows):
    lost = np.floor(np.abs(rows["a"]) * 1e6).astype(np.int64) % 100 < {round(100 * WORSE)}
    return steady(rows) ^ lost
"""

POLICY = {
    "apiVersion": "effaudit/v1",
    "kind": "EfficiencyPolicy",
    "metadata": {"name": "selftest"},
    "rules": {
        "quality": {"metric": "quality.accuracy", "versus": "baseline", "max_drop": "1 pp", "severity": "error"},
        "latency": {"metric": "latency.batch_1", "versus": "baseline", "max_increase": "5 %", "severity": "error"},
    },
}


@dataclass(frozen=True)
class Planted:
    """One planted model: what is known of it, what the gate said, and whether that is right."""

    name: str
    known: str
    said: str
    right: bool


def noise() -> Noise:
    """Compares a model with its copy for some seconds."""
    from effaudit.core.errors import InputError
    from effaudit.core.reading import Failure
    from effaudit.measure.examine import Noise

    try:
        record, _ = _audit(("steady",), LOOK_S)
    except InputError as error:
        return Noise(unknown=str(error))
    row, floor, twin = record.row("steady"), record.floors.get(METRIC), record.twins.get(METRIC)
    if floor is None or twin is None:
        reading = row.readings.get(METRIC)
        why = row.failure or (reading if isinstance(reading, Failure) else None)
        return Noise(unknown=why.words if why else "it was not timed")
    return Noise(floor.share, twin.low, twin.high)


def selftest() -> tuple[Planted, ...]:
    """Audits the planted models, and says of each whether the gate was right. Raises InputError."""
    record, verdict = _audit(("steady", "equal", "slower", "worse"), TEST_S)
    return (
        _judged(record, verdict, "slower", "takes a tenth more work", "latency", (1,)),
        _judged(record, verdict, "worse", f"answers {100 * WORSE:.0f} % of all rows differently", "quality", (1,)),
        _judged(record, verdict, "equal", "is the same", "", (0, 3)),
    )


def _judged(record: Record, verdict: Verdict, name: str, known: str, rule: str, codes: tuple[int, ...]) -> Planted:
    from effaudit.judge.exits import gate_one

    code = gate_one(record, verdict, name)
    failed = {check.rule.id for check in verdict.of(name) if check.status == "fail"}
    words = ", ".join(_words(check) for check in verdict.of(name)) or "not judged"
    return Planted(name, known, words, code in codes and (not rule or rule in failed))


def _words(check: Any) -> str:
    from effaudit.core.units import show_interval

    figures = f" {show_interval(check.value, check.low, check.high, check.unit, signed=True)}" if check.value is not None else ""
    return f"{check.rule.id} {check.status}{figures}"


def _audit(names: tuple[str, ...], seconds: int) -> tuple[Record, Verdict]:
    from effaudit import pipeline
    from effaudit.cli import _reading

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        path = _written(place, names, seconds)
        return pipeline.audit(_reading.plan(path), _reading.policy(place / "policy.yaml"), place / "run", lambda *_: None)


def _written(place: Path, names: tuple[str, ...], seconds: int) -> Path:
    import numpy as np

    rows = np.random.default_rng(0).normal(size=(ROWS, 2))
    np.savez(place / "rows.npz", a=rows[:, 0], b=rows[:, 1], y=(rows.sum(axis=1) > 0).astype(np.int64))
    (place / "planted.py").write_text(CODE)
    (place / "policy.yaml").write_text(json.dumps(POLICY))
    code = {"format": "python", "trust": True, "output": "labels"}
    plan = {
        "apiVersion": "effaudit/v1",
        "kind": "AuditPlan",
        "name": "selftest",
        "task": "classification",
        "workload": {"data": "rows.npz", "answer": "y", "rows": "independent", "quality": ["accuracy"], "batch_sizes": [1]},
        "measure": {"budget": f"{seconds} s", "restarts": 3, "codecarbon": "off"},
        "candidates": [{"name": name, "path": f"planted:{name}", **code} for name in names],
        "baseline": "steady",
    }
    (place / "plan.yaml").write_text(json.dumps(plan))
    return place / "plan.yaml"
