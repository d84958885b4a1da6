"""One audit of toys, run by the command line, for all tests of verbs that read its record."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from toy_audits import written


@pytest.fixture(scope="session")
def audited(tmp_path_factory):
    """The folder of a finished audit, and how the command ended."""
    folder = tmp_path_factory.mktemp("toys")
    written(folder)
    command = [
        sys.executable,
        "-m",
        "effaudit",
        "audit",
        "plan.yaml",
        "--out",
        "run",
        "-f",
        "names=names.txt",
        "--engine",
        "here",
        "--progress",
        "lines",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    return SimpleNamespace(folder=folder, run=folder / "run", code=done.returncode, out=done.stdout, err=done.stderr)


FORBIDDEN = ("pandas", "sklearn", "torch", "lightgbm", "onnx", "onnxruntime", "codecarbon", "scipy", "pyarrow", "skops", "joblib")


@pytest.fixture
def without_frameworks(tmp_path: Path):
    """Runs a command where importing any framework is refused."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import sys\n"
        f"FORBIDDEN = {FORBIDDEN!r}\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in FORBIDDEN:\n"
        "            raise ImportError(f'{name} is forbidden here')\n"
        "sys.meta_path.insert(0, Refuse())\n"
    )

    def run(*arguments: str, cwd: Path = tmp_path):
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(hook), os.environ.get("PYTHONPATH", "")]))
        return subprocess.run(
            [sys.executable, "-m", "effaudit", *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            check=False,
        )

    return run
