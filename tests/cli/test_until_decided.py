"""Audits that end when everything is decided, sweep batch sizes, and ask several callers at once: whole, on toys."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from toy_audits import POLICY, written

from effaudit.core.notes import texts
from effaudit.reading.record_file import read_record


def audit(folder, *more):
    command = [sys.executable, "-m", "effaudit", "audit", "plan.yaml", "--out", "run", *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """Toys whose latencies are far from the limit of 1 ms, with a budget that would last for long."""
    folder = tmp_path_factory.mktemp("decided")
    written(folder, measure={"budget": "10 s", "restarts": 3, "codecarbon": "off", "parallel": [1, 2]}, compress=[])
    rules = {"latency": {"metric": "latency.batch_50", "max": "1 ms", "severity": "error"}}
    (folder / "fast.yaml").write_text(json.dumps({**POLICY, "rules": rules}))
    return folder, audit(folder, "--until-decided", "fast.yaml")


def test_it_ends_early_when_all_is_settled(decided):
    folder, done = decided
    assert done.returncode == 0, done.stderr
    record = read_record(folder / "run")
    assert record.looks == 5
    (ended,) = (note for note in texts(record.notes) if note.startswith("Timing ended"))
    assert ended.startswith("Timing ended after look")
    assert "when every verdict was settled" in ended
    assert 3 <= len(np.unique(record.arrays["full/latency.batch_1.p50"][:, 0])) < 7
    assert "--until-decided" in record.command


def test_the_report_says_at_which_level_it_was_decided(decided):
    folder, _ = decided
    assert "decided at 99 % instead of 95 %" in (folder / "run" / "report.html").read_text()


def test_judging_it_again_keeps_the_split_level(decided):
    folder, _ = decided
    done = subprocess.run(
        [sys.executable, "-m", "effaudit", "gate", "run", "-p", "fast.yaml", "-f", "json=verdict.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    checks = json.loads((folder / "verdict.json").read_text())["verdict"]["checks"]
    assert min(check["level"] for check in checks) >= 0.99


def test_callers_at_once_have_figures_and_say_that_they_were_processes(decided):
    folder, _ = decided
    readings = read_record(folder / "run").row("slow").readings
    assert texts(readings["throughput.parallel_2"].notes) == ("2 processes",)
    assert readings["throughput.parallel_2"].value > readings["throughput.parallel_1"].value


def test_a_sweep_ends_where_each_candidate_stops_growing(tmp_path):
    written(
        tmp_path,
        workload={"data": "data.npz", "answer": "y", "rows": "independent", "batch_sizes": "sweep"},
        measure={"budget": "1 s", "restarts": 2, "codecarbon": "off"},
        compress=[],
    )
    done = audit(tmp_path)
    assert done.returncode in (0, 1, 3), done.stderr
    record = read_record(tmp_path / "run")
    assert record.workload.sweep
    assert record.workload.batch_sizes[0] == 1
    for row in record.rows:
        knee = row.readings["throughput.knee"]
        assert f"throughput.batch_{knee.value:.0f}" in row.readings
