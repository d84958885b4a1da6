"""Small audits of toy models, for tests of what stands around them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

POLICY = {
    "apiVersion": "effaudit/v1",
    "kind": "EfficiencyPolicy",
    "metadata": {"name": "toy"},
    "rules": {
        "quality": {"metric": "quality.root_mean_squared_error", "versus": "baseline", "max_increase": "5 %", "severity": "error"},
        "latency": {"metric": "latency.batch_1", "max": "1 ms", "severity": "error"},
    },
    "select": {"minimize": "size.parameters"},
}


def written(folder: Path, **changes) -> Path:
    """A plan over three toys: `full` is right, `half` is as good as right and smaller, `slow` is right and slow."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 3))
    np.savez(folder / "data.npz", a=rows[:, 0], b=rows[:, 1], c=rows[:, 2], y=rows @ [2.0, -1.0, 0.01] + rng.normal(size=3000))
    toys = {
        "full": {"columns": ["a", "b", "c"], "weights": [2.0, -1.0, 0.01]},
        "half": {"columns": ["a", "b"], "weights": [2.0, -1.0]},
        "slow": {"columns": ["a", "b", "c"], "weights": [2.0, -1.0, 0.01], "sleep_s": 0.003},
    }
    for name, toy in toys.items():
        (folder / f"{name}.toy").write_text(json.dumps(toy))
    plan = {
        "apiVersion": "effaudit/v1",
        "kind": "AuditPlan",
        "name": "toys",
        "title": "Toys </script><img src=x onerror=alert(1)>",
        "task": "regression",
        "workload": {"data": "data.npz", "answer": "y", "rows": "independent", "batch_sizes": [1, 50]},
        "measure": {"budget": "1 s", "restarts": 2, "codecarbon": "off"},
        "candidates": [{"name": name, "path": f"{name}.toy"} for name in toys],
        "baseline": "full",
        "compress": [{"of": "full", "recipe": [{"round_weights": {"digits": 0}}]}],
        "assumptions": {"country": "FRA", "watts_per_vcpu": 4.0, "price_per_hour": "0.10 EUR"},
        "policy": "policy.yaml",
    }
    (folder / "policy.yaml").write_text(json.dumps(POLICY))
    (folder / "plan.yaml").write_text(json.dumps({**plan, **changes}))
    return folder / "plan.yaml"
