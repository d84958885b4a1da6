"""A realistic record by hand: the flights quickstart with nineteen candidates, every metric, a failure and a tie."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from effaudit.core.candidate import Artifact, Candidate, Contract, Facts, Step
from effaudit.core.notes import Note, coded
from effaudit.core.observed import Sizes
from effaudit.core.reading import Failure, Measurement, Spread, counted
from effaudit.core.record import Floor, Made, Record, Row, Session, Spent
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.units import show
from effaudit.core.workload import Column, Workload

# name, format, family, kind, AUC, µs at one row, bytes, MB of peak memory, nodes or parameters
GIVEN = [
    ("logistic", "sklearn", "linear", "LogisticRegression", 0.6381, 412.0, 21_300, 148, 68),
    ("tree", "sklearn", "tree", "DecisionTreeClassifier", 0.6544, 398.0, 148_000, 146, 1_023),
    ("forest", "sklearn", "ensemble", "RandomForestClassifier", 0.6871, 14_600.0, 81_400_000, 402, 812_400),
    ("gbm", "lightgbm", "ensemble", "Booster", 0.6942, 236.0, 1_184_000, 164, 12_600),
    ("mlp", "torch", "network", "ExportedProgram", 0.6915, 121.0, 287_000, 371, 64_001),
    ("mlp-onnx", "onnx", "network", "onnx graph", 0.6915, 31.0, 263_000, 96, 64_001),
]
MADE = [
    ("logistic-to_onnx", "onnx", "linear", "LinearClassifier", 0.6381, 29.0, 5_900, 91, 68),
    ("forest-to_onnx", "onnx", "ensemble", "TreeEnsembleClassifier", 0.6871, 121.0, 44_100_000, 188, 812_400),
    ("forest-fewer_trees", "sklearn", "ensemble", "RandomForestClassifier", 0.6829, 3_910.0, 15_900_000, 211, 158_800),
    ("gbm-to_onnx", "onnx", "ensemble", "TreeEnsembleClassifier", 0.6942, 38.0, 1_510_000, 98, 12_600),
    ("gbm-fewer_trees", "lightgbm", "ensemble", "Booster", 0.6907, 171.0, 322_000, 158, 3_360),
    ("gbm-distillation", "lightgbm", "ensemble", "Booster", 0.6851, 143.0, 36_400, 152, 372),
    ("mlp-to_onnx-static_int8", "onnx", "network", "onnx graph", 0.6911, 24.0, 78_200, 92, 64_001),
    ("mlp-onnx-static_int8", "onnx", "network", "onnx graph", 0.6911, 24.1, 78_900, 92, 64_001),
]
LADDER = [
    ("ladder-dummy", "sklearn", "constant", "DummyClassifier", 0.5, 61.0, 3_100, 139, 2),
    ("ladder-linear", "sklearn", "linear", "LogisticRegression", 0.6379, 418.0, 22_100, 149, 70),
    ("ladder-tree", "sklearn", "tree", "DecisionTreeClassifier", 0.6502, 401.0, 31_000, 147, 127),
    ("ladder-lightgbm", "lightgbm", "ensemble", "Booster", 0.6923, 201.0, 712_000, 161, 6_200),
]
HOSTILE = "</script><img src=x onerror=alert(1)> \x1b[31m=cmd|'/c calc'!A1 | `rm -rf` @octocat https://evil.example {{7*7}}"
RECOMMENDED, BASELINE = "mlp-to_onnx-static_int8", "gbm"


def sample_record(extra: int = 0) -> Record:
    """The whole record; `extra` more candidates like `gbm-fewer_trees` for size and speed tests."""
    rows = [_row(place, line, True) for place, line in enumerate(GIVEN)]
    rows += [_row(10 + place, line, False) for place, line in enumerate(MADE)]
    rows += [_row(30 + place, line, False) for place, line in enumerate(LADDER)]
    rows += [_row(40 + place, _another(place), False) for place in range(extra)]
    rows.append(_failed())
    return Record(
        name="flight-delays",
        title="New York flights 2013: more than 15 minutes late?",
        created="2026-03-14T09:26:53Z",
        version="0.1.0",
        plan_digest="9b" * 32,
        command="effaudit audit examples/quickstart/plan.yaml",
        commit="2c32394f1a7be2230c5a4d9e8d1f0a6b7c8d9e0f",
        seed=0,
        workload=_workload(),
        baseline=BASELINE,
        rows=tuple(rows),
        sessions=(_session(),),
        settings=Settings(),
        assumptions=Assumptions(country="FRA", watts_per_vcpu=4.0, requests_per_day=1e6, price_per_hour=0.10, currency="EUR"),
        intensity=Measurement(
            56.0, 56.0, 56.0, "gCO2e/kWh", "lower", "modelled", notes=(Note("grid", "CodeCarbon 3.3.2, France, 2023"),)
        ),
        floors={
            "latency.batch_1.p50": Floor(0.014, "incarnations"),
            "energy.per_1000": Floor(0.017, "A/A"),
            "memory.peak.max": Floor(0.006, "incarnations"),
        },
        spreads={"latency.batch_1.p50": Spread(4.9e-5, 32.0)},
        twins={
            "latency.batch_1.p50": Measurement(1.0021, 0.9958, 1.0085, "ratio", "lower", "measured", 60),
            "energy.per_1000": Measurement(0.9990, 0.9921, 1.0060, "ratio", "lower", "modelled", 60),
        },
        spent=Spent(271.4, 402.8, 1611.2, 0.0251, {"reading": 3.1, "compressing": 92.0, "measuring": 171.3, "judging": 0.4}),
        ended="complete",
        files={"evidence.npz": "c1" * 32, "samples.npz": "d2" * 32},
        notes=(Note("disturbed", "3 whole rounds were repeated after a slow spell of the machine"),),
        samples=_samples(rows),
    )


def small_record() -> Record:
    """Five candidates with a few readings each: what golden texts are made of."""
    kept = ("gbm", "logistic", "gbm-distillation", "mlp-to_onnx-static_int8", "scripted")
    metrics = (
        "quality.roc_auc",
        "latency.batch_1.p50",
        "latency.batch_1.p95",
        "size.artifact",
        "size.nodes",
        "memory.peak.max",
        "energy.per_1000",
        "carbon.per_1000",
    )
    whole = sample_record()
    rows = [row for row in whole.rows if row.candidate.name in kept]
    return replace(
        whole, rows=tuple(replace(row, readings={m: row.readings[m] for m in metrics if m in row.readings}) for row in rows)
    )


def _another(place: int) -> tuple:
    name, growth = f"gbm-fewer_trees-{place}", 1 + place / 12
    return (
        name,
        "lightgbm",
        "ensemble",
        "Booster",
        0.672 + 0.0009 * place,
        90.0 * growth,
        round(90_000 * growth**2),
        150 + place,
        900 + place,
    )


def _row(seed: int, line: tuple, planned: bool) -> Row:
    name, format_, family, kind, auc, micros, size, megabytes, nodes = line
    parent = next(
        (given[0] for given in sorted(GIVEN, key=lambda g: -len(g[0])) if name.startswith(given[0] + "-") and not planned), None
    )
    steps = tuple(Step(step) for step in name[len(parent) + 1 :].split("-") if not step.isdigit()) if parent else ()
    if name.startswith("ladder-"):
        steps = (Step("ladder_" + name[7:], {}),)
    facts = Facts(family, kind, nodes if family in ("network", "linear") else None, None, None if family == "linear" else nodes)
    made = tuple(
        Made(
            step.technique,
            _digest(parent) if parent else None,
            _digest(name + step.technique),
            0,
            4.2,
            5.1,
            20.4,
            412_000_000,
            {"labels_flipped": 12.0},
        )
        for step in steps
    )
    return Row(
        Candidate(name, Artifact(f"models/{name}", format_), Contract(output="probabilities"), parent=parent, recipe=steps),
        facts,
        Sizes(int(size), 4_100, int(size * 0.4), 61_000_000, {"onnxruntime": 61_000_000}, _digest(name)),
        _with_evidence(name, _readings(np.random.default_rng(seed), auc, micros * 1e-6, size, megabytes * 1e6, nodes)),
        made=made,
        planned=planned,
        gain=None if not parent else "no gain" if name == "gbm-to_onnx" else "gain",
        notes=(Note("gain", "4 ms faster but 28 % larger than its parent"),) if name == "gbm-to_onnx" else (),
    )


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def _with_evidence(name: str, readings: dict) -> dict:
    measured = {
        metric: reading for metric, reading in readings.items() if isinstance(reading, Measurement) and reading.method != "counted"
    }
    return readings | {metric: replace(reading, evidence=f"{name}/{metric}") for metric, reading in measured.items()}


def _readings(rng: np.random.Generator, auc: float, seconds: float, size: float, memory: float, nodes: int) -> dict:
    readings: dict = {
        "quality.roc_auc": _score(auc, 0.0031),
        "quality.average_precision": _score(auc - 0.21, 0.0042),
        "behaviour.flips_lost": _share(0.021, 0.001, "lower"),
        "behaviour.flips_gained": _share(0.018, 0.001, "higher"),
        "behaviour.agreement": _share(0.961, 0.002, "higher"),
        "behaviour.ece": _share(0.0123, 0.0011, "lower"),
        "behaviour.brier": _share(0.1562, 0.0012, "lower"),
        "size.artifact": counted(size, "B"),
        "size.transfer": counted(round(size * 0.4), "B"),
        "size.runtime": counted(61e6, "B"),
        "size.parameters": counted(nodes, "count"),
        "size.nonzero": counted(nodes, "count"),
        "size.nodes": counted(nodes, "count") if nodes > 100 else Failure("not_counted", "counting", "a linear model has no nodes"),
    }
    aggregates = [("p50", 1.0), ("p90", 1.12), ("p95", 1.31), ("p99", 2.2), ("mean", 1.07)]
    for batch, scale in ((1, 1.0), (256, 9.0)):
        drift = 1 + 0.004 * rng.standard_normal()
        for aggregate, factor in aggregates:
            readings[f"latency.batch_{batch}.{aggregate}"] = _timed(seconds * scale * factor * drift, 0.006 * factor, "s")
        readings[f"throughput.batch_{batch}"] = replace(_timed(batch / (seconds * scale), 0.007, "rows/s"), better="higher")
    for phase, share in (("load", 0.8), ("steady", 0.9), ("peak", 1.0)):
        note = f"of which {show(0.7 * memory, 'B')} interpreter and libraries"
        readings[f"memory.{phase}.max"] = replace(_timed(memory * share, 0.002, "B"), notes=coded("libraries", note))
    for phase, value in (("import", 0.31), ("load", 0.04), ("first", 0.002)):
        readings[f"start.{phase}.p50"] = _timed(value, 0.03, "s")
    joules = seconds * 4.0 * 1000
    energy = replace(_timed(joules, 0.007, "J"), method="modelled", notes=coded("model", "processor seconds × 4 W"))
    readings["energy.per_1000"] = energy
    readings["energy.codecarbon"] = _codecarbon(joules, auc)
    readings["carbon.per_1000"] = replace(
        _timed(joules / 3.6e6 * 56, 0.007, "gCO2e"),
        method="modelled",
        notes=coded("model", "grid of France, 2023, CodeCarbon's table", "PUE 1"),
    )
    cost = _timed(seconds * 1000 / 3600 * 0.10, 0.007, "EUR")
    readings["cost.per_1000"] = replace(cost, method="modelled", notes=coded("model", "0.1 EUR an hour"))
    return readings


def _codecarbon(joules: float, auc: float) -> Measurement | Failure:
    if auc not in (0.6942, 0.6911):
        return Failure(
            "not_chosen", "codecarbon", "CodeCarbon watches the baseline and the finalists only (`measure: {codecarbon: all}`)"
        )
    notes = coded("model", "CodeCarbon 3.3.2, process mode, 4 W for each of 2 cores, 0.06 W for the memory held")
    return Measurement(joules * 1.4, joules * 1.36, joules * 1.47, "J", "lower", "modelled", 3, notes=notes)


def _score(value: float, half: float) -> Measurement:
    return Measurement(value, value - half, value + half, "score", "higher", "measured", 61_302, notes=coded("groups", "77 groups"))


def _share(value: float, half: float, better: str) -> Measurement:
    return Measurement(value, value - half, value + half, "share", better, "measured", 61_302)


def _timed(value: float, relative: float, unit: str) -> Measurement:
    return Measurement(value, value * (1 - relative), value * (1 + relative), unit, "lower", "measured", 60, 40.0)


def _failed() -> Row:
    candidate = Candidate("scripted", Artifact("models/scripted.pt2", "torch"), title="Scripted <b>network</b>")
    return Row(
        candidate,
        failure=Failure("refused", "load", f"the worker ended with signal 11 (segmentation fault). Its last words:\n{HOSTILE}"),
    )


def _workload() -> Workload:
    return Workload(
        task="classification",
        store="store",
        inputs=(Column("hour", "int64"), Column("carrier", "text"), Column("distance", "float64", missing=12)),
        answers=("late",),
        classes=("on_time", "late"),
        splits={"train": 245_000, "search": 26_270, "certify": 61_302},
        unit="row",
        sampling="groups: date",
        groups={"train": 255, "search": 33, "certify": 77},
        duplicates={"train": 0, "search": 3},
        digests={"train": "1a" * 32, "search": "2b" * 32, "certify": "3c" * 32},
        quality=("roc_auc", "average_precision"),
        batch_sizes=(1, 256),
    )


def _session() -> Session:
    return Session(
        1,
        "2026-03-14T09:22:21Z",
        271.4,
        {
            "os": "Linux 6.8",
            "arch": "x86_64",
            "cpu": "Intel Xeon Processor",
            "cores": "2",
            "memory_bytes": "25276502016",
            "python": "CPython 3.11.9",
            "governor": "",
            "hypervisor": "kvm",
        },
        {"onnxruntime": "1.31.0", "scikit-learn": "1.9.0", "torch": "2.13.0", "lightgbm": "4.7.0"},
        {
            "rounds": 180.0,
            "bad_rounds": 3.0,
            "repeated_rounds": 3.0,
            "kernel_median_s": 0.0021,
            "kernel_p90_ratio": 1.08,
            "kernel_max_ratio": 2.3,
            "stolen_share": 0.0,
            "throttled_s": 0.0,
            "involuntary_switches": 118.0,
            "run_queue": 1.04,
        },
    )


def _samples(rows: list[Row]) -> dict[str, np.ndarray]:
    """As measuring keeps them: incarnation, round and nanoseconds of every call."""
    rng = np.random.default_rng(7)
    samples = {}
    for row in rows:
        if row.readings:
            nanos = (
                row.readings["latency.batch_1.p50"].value
                * 1e9
                * np.exp(np.abs(rng.normal(0, 0.12, 900)) + (rng.random(900) < 0.01))
            )
            samples[f"{row.candidate.name}/latency.batch_1"] = np.column_stack(
                [np.repeat([0, 1, 2], 300), np.arange(900) // 5, nanos]
            )
    return samples
