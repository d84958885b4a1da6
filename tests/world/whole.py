"""A cell as a whole audit: a plan, the command, and the figures in its record."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from reference import RANKINGS, Expected, Made, Wrong, figures_of

HERE = Path(__file__).parent
POLICY = {
    "apiVersion": "effaudit/v1",
    "kind": "EfficiencyPolicy",
    "metadata": {"name": "any"},
    "rules": {"small": {"metric": "size.artifact", "max": "1 GB"}},
    "select": {"minimize": "size.artifact"},
}


def audited(made: Made, folder: Path) -> int:
    """Runs `effaudit audit` on a cell and compares the record's figures. Gives how many; raises Wrong."""
    expected = figures_of(made.expected)
    shutil.copy(HERE / "steps.py", folder)
    (folder / "policy.yaml").write_text(json.dumps(POLICY))
    (folder / "plan.yaml").write_text(json.dumps(_plan(made, sorted(expected))))
    command = [sys.executable, "-P", "-m", "effaudit", "audit", "plan.yaml", "--out", "run", "--progress", "off"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise Wrong(f"the audit ended with {done.returncode}: {(done.stderr or done.stdout)[-300:]}")
    (row,) = json.loads((folder / "run" / "record.json").read_text())["rows"]
    if row.get("failure"):
        raise Wrong(f"the candidate failed: {row['failure']['reason'][:300]}")
    for name, value in expected.items():
        _compare(name, row["readings"][f"quality.{name}"], value, made.expected)
    return len(expected)


def _compare(name: str, reading: Mapping[str, Any], value: float, expected: Expected) -> None:
    most = max(20 * expected.near, 0.01 if expected.single and name in RANKINGS else 0.0)
    if "value" not in reading:
        raise Wrong(f"{name} was not read: {reading.get('reason', '')[:200]}")
    if not np.isclose(reading["value"], value, rtol=most, atol=most):
        raise Wrong(f"{name} is {reading['value']:.6g} in the record, scikit-learn gives {value:.6g}")


def _plan(made: Made, scorers: list[str]) -> dict[str, Any]:
    data, candidate = made.data, made.candidate
    workload = {
        "certify": str(data.sources["certify"]),
        "answer": data.answer[0] if len(data.answer) == 1 else list(data.answer),
        "rows": "independent",
        "positive": data.positive,
        "weights": data.weights,
        "quality": scorers,
        "batch_sizes": [1],
    }
    contract, trust = candidate.contract, candidate.artifact.trust
    cut = {"at": contract.threshold, "of": contract.threshold_of} if contract.threshold_of else contract.threshold
    model = {
        "name": candidate.name,
        "path": candidate.artifact.path,
        "format": candidate.artifact.format,
        "trust": True if trust.everything else list(trust.types),
        "output": contract.output,
        "input": contract.input,
        "classes": list(contract.classes),
        "threshold": cut,
        "files": [] if candidate.artifact.format == "python" else None,
    }
    return {
        "apiVersion": "effaudit/v1",
        "kind": "AuditPlan",
        "name": "world",
        "task": data.task,
        "workload": _said(workload),
        "measure": {"budget": "2 s", "restarts": 1, "codecarbon": "off"},
        "candidates": [_said(model)],
        "baseline": candidate.name,
        "policy": "policy.yaml",
    }


def _said(part: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not said; `files: []` of Python code is said."""
    return {key: value for key, value in part.items() if value is not None and (value != [] or key == "files")}
