"""No figure is of two models: files that change while they are audited, or between two sessions, are noticed."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
from misbehaving import begun, no_workers_left, written_plan

from effaudit.core.reading import Failure, Measurement
from effaudit.reading.record_file import read_record

RIGHT, WRONG = [2.0, -1.0], [0.5, 3.0]


@pytest.fixture
def plan(tmp_path):
    path = written_plan(tmp_path, ["good", "reads_weights", "reads_others"], budget="2 s")
    for name in ("weights.npy", "others.npy"):
        np.save(tmp_path / name, RIGHT)
    return path


def wait_for(condition, process):
    until = time.monotonic() + 60
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_file_that_is_exchanged_fails_its_candidate_and_one_that_is_only_touched_does_not(plan, tmp_path):
    process = begun(plan)
    answered = [tmp_path / "run" / "predictions" / f"{name}.npz" for name in ("reads_weights", "reads_others")]
    wait_for(lambda: all(path.exists() for path in answered), process)
    before = (tmp_path / "weights.npy").stat()
    np.save(tmp_path / "weights.npy", WRONG)
    os.utime(tmp_path / "weights.npy", ns=(before.st_atime_ns, before.st_mtime_ns))  # as large and as old as before
    os.utime(tmp_path / "others.npy")
    _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    record = read_record(tmp_path / "run")
    failure = record.row("reads_weights").failure
    assert isinstance(failure, Failure)
    assert failure.code == "file_changed"
    assert "weights.npy changed while it was audited" in failure.reason
    for name in ("good", "reads_others"):
        assert isinstance(record.row(name).readings["latency.batch_1.p50"], Measurement | Failure)
        assert isinstance(record.row(name).readings["start.load.p50"], Measurement)


def test_an_audit_goes_on_from_no_answer_of_files_that_have_changed_since(plan, tmp_path):
    process = begun(plan)
    wait_for(lambda: (tmp_path / "run" / "predictions" / "reads_others.npz").exists(), process)
    time.sleep(0.5)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while not no_workers_left(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    np.save(tmp_path / "others.npy", WRONG)
    process = begun(plan)
    process.communicate(timeout=120)
    record = read_record(tmp_path / "run")
    data = np.load(tmp_path / "data.npz")
    rows = record.workload.splits["certify"]
    assert rows == len(data["y"])
    wrong = np.sqrt(np.mean((data["a"] * WRONG[0] + data["b"] * WRONG[1] - data["y"]) ** 2))
    assert record.row("reads_others").readings["quality.root_mean_squared_error"].value == pytest.approx(wrong)
    assert record.row("reads_weights").readings["quality.root_mean_squared_error"].value == pytest.approx(0.0, abs=1e-12)
    assert len(record.sessions) == 1
