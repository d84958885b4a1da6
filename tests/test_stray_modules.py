"""Python files of the folder that one works in are not imported in place of Python's own modules, or of effaudit's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from effaudit.engines.local import Local

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "reports" / "sample"
OTHERS = ("numpy", "rich", "pydantic", "jinja2", "psutil", "ruamel", "pip", "sitecustomize", "usercustomize", "effaudit_toy", "m")
LIST_OWN = "import runpy, sys; print(*sys.modules)"


def planted(folder: Path, names) -> None:
    """Modules that leave a mark when they are imported, and then end the program."""
    for name in names:
        (folder / f"{name}.py").write_text(f"open({str(folder / ('RAN-' + name))!r}, 'w').close()\nraise SystemExit(99)\n")


def ran(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("RAN-*"))


@pytest.fixture(scope="module")
def pythons_own():
    """What Python itself imports for `-m`, before a program's first line can do anything about it."""
    done = subprocess.run([sys.executable, "-c", LIST_OWN], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.fixture
def repository(tmp_path, pythons_own):
    folder = tmp_path / "repository"
    folder.mkdir()
    planted(folder, {*sys.stdlib_module_names, *OTHERS} - pythons_own)
    assert (folder / "typing.py").exists()  # what effaudit itself imports first
    return folder


def asked(folder: Path, *arguments: str, python=("-m",)):
    command = [sys.executable, *python, "effaudit", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)


def test_effaudit_as_a_module_runs_none_of_them(repository):
    done = asked(repository, "gate", str(SAMPLE), "-f", "html=report.html")
    assert (ran(repository), done.returncode) == ([], 0), done.stderr
    assert (repository / "report.html").exists()


def test_with_a_safe_path_not_even_a_folder_that_is_called_effaudit_runs(repository, pythons_own):
    planted(repository, sys.stdlib_module_names)
    (repository / "effaudit").mkdir()
    planted(repository / "effaudit", ["__init__", "__main__"])
    for safe in (("-P", "-m"), ("-I", "-m")):
        done = asked(repository, "gate", str(SAMPLE), python=safe)
        assert (ran(repository), ran(repository / "effaudit"), done.returncode) == ([], [], 0), done.stderr


def test_the_script_runs_none_of_them(repository):
    script = shutil.which("effaudit", path=str(Path(sys.executable).parent))
    if script is None:
        pytest.skip("effaudit is not installed as a script here")
    planted(repository, sys.stdlib_module_names)
    done = subprocess.run([script, "gate", str(SAMPLE)], cwd=repository, capture_output=True, text=True, check=False)
    assert (ran(repository), done.returncode) == ([], 0), done.stderr


def test_an_audit_in_their_folder_runs_none_of_them_unless_a_candidate_is_trusted(tmp_path, pythons_own):
    rows = np.random.default_rng(0).normal(size=(300, 2))
    np.savez(tmp_path / "data.npz", a=rows[:, 0], b=rows[:, 1], y=rows @ [2.0, -1.0])
    planted(tmp_path, {*sys.stdlib_module_names, *OTHERS} - pythons_own)
    candidate = {"name": "line", "path": "m:line", "format": "python", "output": "values", "files": []}
    plan = {
        "apiVersion": "effaudit/v1",
        "kind": "AuditPlan",
        "name": "strays",
        "task": "regression",
        "baseline": "line",
        "candidates": [candidate],
        "measure": {"budget": "1 s", "restarts": 1, "codecarbon": "off"},
        "workload": {"certify": "data.npz", "answer": "y", "rows": "independent", "batch_sizes": [1]},
    }
    (tmp_path / "plan.yaml").write_text(json.dumps(plan))
    done = asked(tmp_path, "audit", "plan.yaml", "--out", "run")
    assert ran(tmp_path) == []
    assert "trust" in done.stdout
    (tmp_path / "plan.yaml").write_text(json.dumps({**plan, "candidates": [{**candidate, "trust": True}]}))
    asked(tmp_path, "audit", "plan.yaml", "--out", "run")
    assert ran(tmp_path) == ["RAN-m"]  # the candidate's own file, in its worker, and no other


def test_workers_never_look_in_the_current_folder(repository, pythons_own):
    planted(repository, sys.stdlib_module_names)
    for command in (Local().command(None), [sys.executable, "-P", "-m", "effaudit.measure.pools"]):
        subprocess.run(
            command, cwd=repository, env=os.environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=100, check=False
        )
    assert ran(repository) == []
