"""What becomes of the outputs never changes what a gate says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from effaudit.core.seal import sealed

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


def asking(folder, metric, **more):
    """A policy of one error rule."""
    rule = {"metric": metric, "severity": "error", **{key: more.pop(key) for key in ("min", "max") if key in more}}
    head = {"apiVersion": "effaudit/v1", "kind": "EfficiencyPolicy", "metadata": {"name": "one"}}
    (folder / "one.yaml").write_text(json.dumps({**head, **more, "rules": {"rule": rule}}))
    return folder / "one.yaml"


@pytest.fixture
def policy(tmp_path):
    """One that nobody meets."""
    return asking(tmp_path, "size.artifact", max="1 B")


def gated(policy, *arguments, **how):
    command = [sys.executable, "-m", "effaudit", "gate", str(SAMPLE), "-p", str(policy), *arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, cwd=policy.parent, **how)


def test_a_reader_who_is_gone_leaves_the_verdict_and_the_files(policy):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        assert gated(policy, "-f", "github=-", "-f", "junit=j.xml", stdout=gone).returncode == 1
    assert (policy.parent / "j.xml").exists()


def test_a_stream_of_ascii_only_is_written_in_escapes(policy):
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = gated(policy, stdout=subprocess.PIPE, env=ascii_only)
    assert done.returncode == 1
    assert "1 B" in done.stdout


@pytest.mark.parametrize("path", ["/proc/nowhere/j.xml", "."])
def test_a_file_that_cannot_be_written_is_one_clear_error(policy, path):
    done = gated(policy, "-f", f"junit={path}", stdout=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_candidate_or_policy_is_refused(policy):
    assert gated(policy, "--candidate", "", stdout=subprocess.DEVNULL).returncode == 2
    done = gated(policy, "-p", "", stdout=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "policy's name is empty" in done.stderr


def test_nobody_recommended_is_nobody_who_passes(tmp_path):
    elsewhere = asking(tmp_path, "latency.batch_1", max="1 us", valid_on={"cores": 99}, evidence={"on_inconclusive": "warn"})
    assert gated(elsewhere, "--candidate", "recommended", stdout=subprocess.DEVNULL).returncode == 3


def test_what_could_not_be_measured_is_no_green_test_even_where_undecided_only_warns(tmp_path):
    absent = asking(tmp_path, "latency.batch_32", max="1 s", evidence={"on_inconclusive": "warn"})
    done = gated(absent, "--candidate", "gbm", "-f", "junit=j.xml", stdout=subprocess.DEVNULL)
    assert done.returncode == 4
    assert "<failure" in (tmp_path / "j.xml").read_text() or "<error" in (tmp_path / "j.xml").read_text()


def test_an_objective_that_is_no_number_ranks_nobody(tmp_path):
    shutil.copytree(SAMPLE, tmp_path / "record")
    record = json.loads((tmp_path / "record" / "record.json").read_text())
    for row in record["rows"]:
        if row["candidate"]["name"] == "logistic":
            row["readings"]["size.artifact"]["value"] = "NaN"
    (tmp_path / "record" / "record.json").write_text(json.dumps(sealed(record)))
    scores = asking(tmp_path, "quality.roc_auc", min=0.55)
    command = [sys.executable, "-m", "effaudit", "gate", str(tmp_path / "record"), "-p", str(scores)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
