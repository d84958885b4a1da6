"""The processor time of a verdict: `python benchmarks/judging.py [CANDIDATES] [RULES]` judges a made-up record."""

from __future__ import annotations

import importlib.util
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from effaudit.core.policy import Policy
from effaudit.core.record import Record
from effaudit.judge.decide import decide

BATCHES = tuple(2**power for power in range(10))
BUILDERS = Path(__file__).parent.parent / "tests" / "judge" / "conftest.py"


def main(candidates: int = 1000, rules: int = 30) -> None:
    """Judges `candidates` under `rules` a few times, and prints the best time."""
    record, policy = made_up(builders(), candidates, rules)
    seconds = min(_timed(record, policy) for _ in range(3))
    print(f"{candidates:,} candidates × {len(policy.rules)} rules: {seconds:.2f} s")


def made_up(a: Any, candidates: int, rules: int) -> tuple[Record, Policy]:
    """A record in which quality, latency, memory and size differ from candidate to candidate, and rules on distinct figures."""
    record = a.make_record(*(_model(a, place) for place in range(candidates)), rows=60_000)
    kinds: list[tuple[str, dict[str, str]]] = [
        ("quality.roc_auc", {"min": "0.7"}),
        ("quality.roc_auc", {"max_drop": "1 pp"}),
        ("quality.roc_auc", {"max_drop": "1 %"}),
        ("quality.accuracy", {"max_drop": "1 pp"}),
        ("quality.accuracy", {"min": "0.5"}),
        ("memory.peak.max", {"max": "512 MB"}),
        ("memory.peak.max", {"max_increase": "10 %"}),
        ("size.artifact", {"max": "9 MB"}),
        *((f"latency.batch_{batch}.p50", {"max": "13 ms"}) for batch in BATCHES),
        *((f"latency.batch_{batch}.p50", {"max_increase": "20 %"}) for batch in BATCHES),
        *((f"latency.batch_{batch}.p50", {"max_increase": "9 ms"}) for batch in BATCHES[:2]),
    ]
    chosen = (kinds * (1 + rules // len(kinds)))[:rules]
    return record, a.make_policy(*(a.make_rule(f"r{n}", metric, **limits) for n, (metric, limits) in enumerate(chosen)))


def _model(a: Any, place: int) -> Any:
    one = a.Model(
        f"model-{place:04d}",
        size=1e5 * (1 + place % 97),
        auc=0.80 - 0.0003 * (place % 61),
        latency=0.010 * (1 + 0.01 * (place % 31)),
        latency_sd=0.003 * (1 + place / 1000),
        wrong=range(place % 53, 4000 + 40 * (place % 29)),
    )
    readings, arrays = a.latencies(one, BATCHES)
    return replace(one, readings=readings, arrays=arrays)


def _timed(record: Record, policy: Policy) -> float:
    begun = time.process_time()
    decide(record, policy)
    return time.process_time() - begun


@cache
def builders() -> Any:
    """The builders of records that the judge's own tests use."""
    spec = importlib.util.spec_from_file_location("builders", BUILDERS)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(BUILDERS)
    module = importlib.util.module_from_spec(spec)
    sys.modules["builders"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
