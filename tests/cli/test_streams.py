"""What becomes of the outputs never changes what a gate says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from effaudit.core.seal import sealed

BASH = shutil.which("bash")
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


@pytest.fixture
def judged(tmp_path):
    """A doubtful policy that nobody meets, with a waiver that is over, and a plan over a wrong model."""
    rows = np.random.default_rng(0).normal(size=(300, 2))
    np.savez(tmp_path / "data.npz", a=rows[:, 0], b=rows[:, 1], y=rows @ [2.0, -1.0])
    (tmp_path / "m.py").write_text(
        "import sys, warnings\nwarnings.warn('of a library')\nprint('loud', file=sys.stderr)\ndef line(i):\n    return i['a']\n"
    )
    head = {"apiVersion": "effaudit/v1"}
    line = {"name": "line", "path": "m:line", "format": "python", "trust": True, "output": "values", "files": []}
    plan = {
        **head,
        "kind": "AuditPlan",
        "name": "left",
        "task": "regression",
        "candidates": [line],
        "baseline": "line",
        "workload": {"certify": "data.npz", "answer": "y", "rows": "independent", "batch_sizes": [1]},
        "measure": {"budget": "1 s", "restarts": 2, "codecarbon": "off"},
        "policy": "policy.yaml",
    }
    rules = {"right": {"metric": "quality.root_mean_squared_error", "max": 0.1}, "never": {"metric": "size.artifact", "max": "0 B"}}
    waiver = {"id": "W-1", "rule": "right", "match": "*", "limit": 0.2, "reason": "r", "owner": "o"}
    waivers = [{**waiver, "created": "2020-01-01", "expires": "2020-02-01"}]
    files = {
        "plan.yaml": plan,
        "policy.yaml": {
            **head,
            "kind": "EfficiencyPolicy",
            "metadata": {"name": "left"},
            "rules": rules,
            "waivers": {"file": "waivers.yaml"},
        },
        "waivers.yaml": {**head, "kind": "EfficiencyWaivers", "waivers": waivers},
    }
    for name, document in files.items():
        (tmp_path / name).write_text(json.dumps(document))
    return tmp_path


UNHEARD = {
    "policy lint policy.yaml": 1,
    "waiver check policy.yaml": 1,
    "policy show policy.yaml": 0,
    "plan check missing.yaml": 2,
    "plan check plan.yaml": 0,
    "gate SAMPLE -p policy.yaml": 1,
    "gate SAMPLE -p policy.yaml -f html=-": 1,
    "gate SAMPLE -p missing.yaml": 2,
    "gate --no-such-option": 2,
    "report SAMPLE -f html=-": 0,
    "explain SAMPLE": 0,
    "diff SAMPLE SAMPLE": 0,
    "list": 0,
    "describe latency": 0,
    "--help": 0,
}


@pytest.mark.skipif(BASH is None, reason="pipes of bash")
def test_no_exit_code_depends_on_who_reads(judged):
    asked = [f"'{sys.executable}' -m effaudit {verb} 2>&1 | true; echo ${{PIPESTATUS[0]}}" for verb in UNHEARD]
    script = "\n".join(asked).replace("SAMPLE", str(SAMPLE))
    done = subprocess.run([BASH, "-c", script], cwd=judged, capture_output=True, text=True, check=False)
    codes = (int(code) for code in done.stdout.split())
    assert dict(zip(UNHEARD, codes, strict=True)) == UNHEARD


@pytest.mark.skipif(BASH is None, reason="pipes of bash")
@pytest.mark.parametrize(
    "how",
    [
        "--progress lines 2>&1 | head -c 1",
        "--progress lines 2>&1 >/dev/null | true",
        "-f markdown=- | true",
        ">&- 2>&-",
        "<&- >&- 2>&-",
    ],
)
def test_an_audit_that_nobody_listens_to_does_its_work(judged, how):
    line = f"'{sys.executable}' -m effaudit audit plan.yaml --out run {how}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run([BASH, "-c", line], cwd=judged, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert json.loads((judged / "run" / "record.json").read_text())["ended"] == "complete"
    assert (judged / "run" / "report.html").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_an_audit_goes_on_when_the_terminal_of_its_bar_is_closed(judged):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "effaudit", "audit", "plan.yaml", "--out", "run"]
    with subprocess.Popen(command, cwd=judged, stdout=theirs, stderr=theirs, start_new_session=True) as audit:
        os.close(theirs)
        assert os.read(ours, 10)
        os.close(ours)
        assert audit.wait(120) == 1
    assert json.loads((judged / "run" / "record.json").read_text())["ended"] == "complete"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("asked", ["list", "explain SAMPLE", "gate SAMPLE"])
def test_an_answer_that_could_not_be_written_is_no_success(judged, asked, unbuffered):
    command = [sys.executable, "-m", "effaudit", *asked.replace("SAMPLE", str(SAMPLE)).split()]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=judged, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr


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
