"""The GitHub action, step by step, as a runner executes it: bash, the step's environment, the runner's files."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from ruamel.yaml import YAML
from toy_audits import written

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "reports" / "sample"
ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
DEFAULTS = {name: given["default"] for name, given in ACTION["inputs"].items()}
BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(BASH is None, reason="the action's scripts are for bash")


@pytest.fixture
def runner(tmp_path):
    """Runs one step with some inputs, as a runner does, in a workspace of its own."""
    for name in ("work", "temp"):
        (tmp_path / name).mkdir()
    for name in ("output", "summary"):
        (tmp_path / name).touch()

    def run(step: str, steps: dict[str, str] | None = None, path: str | None = None, **inputs: str):
        known = {f"inputs.{key}": value for key, value in (DEFAULTS | {k.replace("_", "-"): v for k, v in inputs.items()}).items()}
        known |= {f"steps.effaudit.outputs.{key}": value for key, value in (steps or {}).items()}
        own = {key: re.sub(r"\$\{\{ (.+?) \}\}", lambda m: known[m[1]], text) for key, text in STEPS[step].get("env", {}).items()}
        script = tmp_path / "script.sh"
        script.write_text(STEPS[step]["run"], "utf-8")
        done = subprocess.run(
            [str(BASH), "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=tmp_path / "work",
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
            env={
                "PATH": os.pathsep.join(filter(None, (path, str(Path(sys.executable).parent), os.environ["PATH"]))),
                "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
                "HOME": str(tmp_path),
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(tmp_path / "output"),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
                "RUNNER_TEMP": str(tmp_path / "temp"),
                **own,
            },
        )
        outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
        return SimpleNamespace(
            code=done.returncode,
            out=done.stdout,
            err=done.stderr,
            outputs=outputs,
            summary=(tmp_path / "summary").read_text("utf-8"),
        )

    run.work = tmp_path / "work"
    run.results = tmp_path / "temp" / "effaudit"
    return run


def commands(text: str) -> list[str]:
    """The workflow commands that a runner would obey: none between `stop-commands` and its token."""
    found, stopped = [], ""
    for line in text.splitlines():
        if stopped:
            stopped = "" if line.strip() == f"::{stopped}::" else stopped
        elif line.lstrip().startswith("::stop-commands::"):
            stopped = line.strip().removeprefix("::stop-commands::")
        elif line.lstrip().startswith("::") or "##[" in line:
            found.append(line)
    assert not stopped
    return found


def test_no_script_holds_an_expression():
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")
        assert "shell" in step or "uses" in step


def test_every_input_is_described_used_and_every_output_is_set_by_a_step():
    whole = (ROOT / "action.yml").read_text("utf-8")
    for name, given in ACTION["inputs"].items():
        assert given["description"]
        assert f"inputs.{name} " in whole
    for name in ACTION["outputs"]:
        assert f'echo "{name}=' in STEPS["Audit or judge"]["run"]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "give plan (to audit) or record"),
        ({"plan": "plan.yaml", "record": "reports/x"}, "not both"),
        ({"plan": "plan.yaml", "candidate": "gbm"}, "candidate belongs to record"),
        ({"plan": "p", "extras": "onnx]; touch pwned; ["}, "extras are names"),
        ({"plan": "p", "fail_on": "sometimes"}, "fail-on is"),
    ],
)
def test_wrong_inputs_end_the_job_before_anything_is_installed(runner, inputs, words):
    done = runner("Check the inputs", **inputs)
    assert done.code == 2
    assert done.out.startswith("::error title=effaudit::")
    assert words in done.out


def test_right_inputs_are_taken(runner):
    assert runner("Check the inputs", plan="plan.yaml", extras="sklearn,onnx", fail_on="fail").code == 0
    assert runner("Check the inputs", record="reports/x", candidate="gbm").code == 0


@pytest.mark.parametrize(("extras", "named"), [("", ""), ("sklearn,onnx", "[sklearn,onnx]")])
def test_the_action_installs_itself_with_the_extras(runner, tmp_path, extras, named):
    shim = tmp_path / "shim" / "python"
    shim.parent.mkdir()
    shim.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    done = runner("Install effaudit", path=str(shim.parent), extras=extras)
    assert done.code == 0, done.err
    assert done.out.splitlines()[:4] == ["-P", "-m", "pip", "install"]
    assert done.out.splitlines()[-1] == f"{ROOT}{named}"


def test_modules_of_the_repository_are_not_run(runner, tmp_path):
    for name in (
        "__future__",
        "json",
        "numpy",
        "pip",
        "pydantic",
        "re",
        "rich",
        "runpy",
        "secrets",
        "sitecustomize",
        "types",
        "warnings",
    ):
        (runner.work / f"{name}.py").write_text(f"open('RAN-{name}', 'w').close()\n")
    (runner.work / "effaudit").mkdir()
    for name in ("__init__", "__main__"):
        (runner.work / "effaudit" / f"{name}.py").write_text(f"open('RAN-effaudit-{name}', 'w').close()\n")
    (runner.work / "python").write_text("#!/bin/sh\ntouch RAN-python\n")
    (runner.work / "python").chmod(0o755)
    done = runner("Audit or judge", record=str(SAMPLE), policy=str(SAMPLE / "policy.yaml"))
    assert (list(runner.work.rglob("RAN-*")), done.outputs["exit-code"]) == ([], "0"), done.err
    shim = tmp_path / "shim" / "python"  # pip itself, told to list and not to install
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nif [ "$3" = pip ]; then exec "{sys.executable}" "$1" "$2" "$3" list; fi\nexit 9\n')
    shim.chmod(0o755)
    assert "effaudit" in runner("Install effaudit", path=str(shim.parent)).out
    assert list(runner.work.rglob("RAN-*")) == []


@pytest.mark.parametrize("step", ["Install effaudit", "Audit or judge"])
def test_a_python_that_is_found_in_the_repository_is_not_run(runner, step):
    (runner.work / "python").write_text("#!/bin/sh\ntouch RAN-python\n")
    (runner.work / "python").chmod(0o755)
    done = runner(step, path=".", record=str(SAMPLE))
    assert done.code == 2
    assert "no python on PATH by its whole path" in done.out
    assert list(runner.work.rglob("RAN-*")) == []


def test_a_record_is_judged_with_summary_annotations_and_outputs(runner):
    done = runner("Audit or judge", record=str(SAMPLE), policy=str(SAMPLE / "policy.yaml"))
    assert done.code == 0, done.err
    assert done.outputs == {"exit-code": "0", "recommended": "gbm-to_onnx", "folder": str(runner.results)}
    assert "**Recommended: `gbm-to_onnx`**" in done.summary
    assert commands(done.out)[0].startswith("::notice title=effaudit server-cpu::gbm-to_onnx is the smallest")
    for name in ("report.html", "junit.xml", "result.sarif", "verdict.json"):
        assert (runner.results / name).stat().st_size > 1000


def test_a_gated_candidate_that_fails_is_an_error_at_the_policys_line(runner):
    shutil.copy(SAMPLE / "policy.yaml", runner.work / "policy.yaml")
    done = runner("Audit or judge", record=str(SAMPLE), policy="policy.yaml", candidate="tree")
    assert done.code == 0
    assert done.outputs["exit-code"] == "1"
    errors = [line for line in commands(done.out) if line.startswith("::error")]
    assert errors[0] == "::error title=effaudit server-cpu::Gate: tree fails 1 of 5 error rules: quality.non_inferior."
    assert re.match(r"::error file=policy\.yaml,line=\d+,title=quality\.non_inferior", errors[1])
    assert len(errors) == 2


def test_a_plan_is_audited_and_its_record_kept(runner):
    written(runner.work)
    for left in ("verdict.json", "record/record.json"):
        (runner.results / left).parent.mkdir(parents=True, exist_ok=True)
        (runner.results / left).write_text("of an earlier step")
    done = runner("Audit or judge", plan="plan.yaml")
    assert done.outputs["exit-code"] == "0", done.err
    assert (runner.results / "record" / "record.json").is_file()
    assert "**Recommended:" in done.summary
    again = runner("Audit or judge", record=str(runner.results / "record"), policy="policy.yaml")
    assert again.outputs["exit-code"] == "0", again.err
    assert (runner.results / "record" / "record.json").is_file()


def test_what_is_wrong_ends_in_its_own_exit_code_without_results(runner):
    done = runner("Audit or judge", record="no-such-record")
    assert done.code == 0
    assert done.outputs["exit-code"] == "2"
    assert "no-such-record" in done.err
    assert done.summary == ""


def test_inputs_are_never_read_as_code_or_options(runner):
    hostile = "$(touch pwned) `touch pwned`; touch pwned\n::error::x"
    done = runner("Audit or judge", record=f"--help {hostile}", policy=hostile, candidate=hostile)
    assert done.outputs["exit-code"] == "2"
    assert not list(runner.work.rglob("pwned"))


@pytest.mark.parametrize(
    ("fail_on", "code", "ends"),
    [
        ("any", "0", 0), ("any", "1", 1), ("any", "3", 3), ("any", "4", 4), ("any", "2", 2), ("any", "70", 70),
        ("fail", "0", 0), ("fail", "1", 1), ("fail", "3", 0), ("fail", "4", 4), ("fail", "2", 2),
        ("never", "1", 0), ("never", "3", 0), ("never", "4", 0), ("never", "2", 2), ("never", "70", 70),
        ("never", "", 70), ("any", "", 70),
    ],
)  # fmt: skip
def test_the_job_fails_on_what_it_is_told_to(runner, fail_on, code, ends):
    assert runner("Decide", steps={"exit-code": code}, fail_on=fail_on).code == ends
