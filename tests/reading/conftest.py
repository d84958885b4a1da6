"""Files in a temporary folder, and what is known of plug-ins: three toy techniques and a few names."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest

from effaudit.core.candidate import Artifact, Candidate, Step
from effaudit.core.errors import InputError
from effaudit.core.plugin import Technique
from effaudit.core.reading import Failure, Meaning, Measurement
from effaudit.core.record import Record, Row, Spent
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.workload import Workload
from effaudit.reading.desk import Known
from effaudit.reading.record_file import write_record

FOLDER = str(Path(__file__).parent)
if FOLDER not in sys.path:
    sys.path.insert(0, FOLDER)

from layers import PRESET, put  # noqa: E402

SUFFIXES = {".onnx": "onnx", ".skops": "sklearn", ".pt2": "torch", ".txt": "lightgbm"}


@dataclass(frozen=True)
class ToOnnx(Technique):
    dtype: Literal["float32", "float64"] = "float32"
    layers: tuple[str, ...] = ()

    def result_of(self, given):
        return "onnx" if given in ("sklearn", "torch", "lightgbm") else None

    def apply(self, bench):
        raise NotImplementedError


@dataclass(frozen=True)
class StaticInt8(Technique):
    per_channel: bool = True
    rows: int = 500

    def __post_init__(self):
        if self.rows < 1:
            raise ValueError("rows must be at least 1")

    def result_of(self, given):
        return "onnx" if given == "onnx" else None

    def apply(self, bench):
        raise NotImplementedError


@dataclass(frozen=True)
class Distillation(Technique):
    needs: ClassVar[tuple[str, ...]] = ("train", "search")

    def result_of(self, given):
        return "lightgbm" if given else None

    def apply(self, bench):
        raise NotImplementedError


def _recognised(path: Path) -> str:
    if path.suffix not in SUFFIXES:
        raise InputError(f"no format recognises {path.name!r}")
    return SUFFIXES[path.suffix]


@pytest.fixture
def known(tmp_path: Path) -> Known:
    techniques = {"to_onnx": ToOnnx, "static_int8": StaticInt8, "distillation": Distillation}
    presets = tmp_path / "presets"
    presets.mkdir()
    (presets / "recommended.yaml").write_text(POLICY)
    return Known(
        engines=("local",),
        formats=("sklearn", "onnx", "torch", "lightgbm", "python"),
        techniques=tuple(techniques),
        technique=techniques.__getitem__,
        ladder={family: Step("simple_model", {"family": family}) for family in ("dummy", "linear", "tree")},
        recognise=_recognised,
        scorers=lambda: ("roc_auc", "accuracy", "f1", "log_loss", "root_mean_squared_error"),
        guess_format=lambda path: SUFFIXES.get(path.suffix),
        presets=presets,
    )


PLAN = """\
apiVersion: effaudit/v1
kind: AuditPlan
name: flights
task: classification
workload:
  certify: test.csv
  answer: late
candidates:
  - {name: forest, path: forest.skops}
"""

POLICY = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: edge}
rules:
  size.artifact: {metric: size.artifact, max: 50 MB}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plan's folder, with the files that plans of the tests name."""
    home = tmp_path / "plans"
    home.mkdir()
    for name in ("forest.skops", "gbm.txt", "net.pt2", "net.onnx", "prep.skops", "train.csv", "test.csv", "policy.yaml"):
        (home / name).write_text("x")
    return home


@pytest.fixture
def write(folder: Path) -> Callable[[str], Path]:
    """Writes a text as the plan's file."""

    def written(text: str | bytes, name: str = "plan.yaml") -> Path:
        path = folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return written


MEANINGS = {
    "quality.roc_auc": Meaning("score", "higher", "measured", False),
    "quality.log_loss": Meaning("number", "lower", "measured", False),
    "quality.brier_score": Meaning("score", "lower", "measured", False),
    "quality.root_mean_squared_error": Meaning("answer", "lower", "measured", False),
    "behaviour.flips_lost": Meaning("share", "lower", "measured", False),
    "latency.batch_1": Meaning("s", "lower", "measured", True, ("p50", "p90", "p95", "p99", "mean")),
    "throughput.batch_256": Meaning("rows/s", "higher", "measured", True),
    "size.artifact": Meaning("B", "lower", "counted", False),
    "size.parameters": Meaning("count", "lower", "counted", False),
    "memory.peak": Meaning("B", "lower", "measured", True, ("max",)),
    "energy.per_1000": Meaning("J", "lower", "modelled", True),
    "carbon.per_1000": Meaning("gCO2e", "lower", "modelled", True),
    "cost.per_1000": Meaning("money", "lower", "modelled", True),
}


@pytest.fixture
def record():
    """A small record, with an infinite and a missing figure."""
    given = Measurement(math.nan, -math.inf, math.inf, "s", "lower", "measured", evidence="gbm/latency.batch_1.p50")
    workload = Workload(
        "classification", "", (), ("late",), ("0", "1"), {"certify": 9}, "row", "independent", {}, {}, {}, ("roc_auc",), (1,)
    )
    gbm = Candidate("gbm", Artifact("gbm.txt", "lightgbm"))
    return Record(
        *("flights", "Flights", "2026-03-14", "0.1.0", "ab", "effaudit audit"),
        commit=None,
        seed=0,
        workload=workload,
        baseline="gbm",
        rows=(Row(gbm, readings={"latency.batch_1.p50": given, "x": Failure("refused", "load", "no")}),),
        sessions=(),
        settings=Settings(),
        assumptions=Assumptions(),
        intensity=Failure("not_stated", "plan", "no country"),
        floors={},
        spreads={},
        twins={},
        spent=Spent(1.0, 1.0, None, None),
        ended="complete",
        arrays={"gbm/latency.batch_1.p50": np.arange(12.0).reshape(4, 3), "gbm/correct": np.packbits(np.ones(9, bool))},
        samples={"gbm/latency.batch_1": np.arange(999).reshape(333, 3)},
    )  # fmt: skip


@pytest.fixture
def home(record, tmp_path):
    """Its folder."""
    write_record(record, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A repository with a policy folder, a folder of ready-made policies, and secrets outside."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "policies" / "org").mkdir(parents=True)
    (tmp_path / "presets").mkdir()
    put(tmp_path / "presets" / "edge.yaml", PRESET)
    put(tmp_path / "outside.yaml", "rules: {size: {metric: size.artifact, max: 1 B}}\n")
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path
