"""Workers of this machine: the same Python, bound thread pools, nothing inherited that would disturb or report."""

from __future__ import annotations

import subprocess
import sys

from effaudit.engines.local import Local


def test_a_worker_is_this_python_and_does_not_look_in_the_current_folder():
    assert Local().command(None) == [sys.executable, "-P", "-m", "effaudit.worker"]


def test_thread_pools_are_bound_and_idle_ones_do_not_spin(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    found = Local().environment(None, 3)
    assert {found[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")} == {"3"}
    assert (found["OMP_WAIT_POLICY"], found["KMP_BLOCKTIME"]) == ("PASSIVE", "0")


def test_the_callers_environment_is_kept_without_what_changes_how_python_runs(monkeypatch):
    monkeypatch.setenv("OF_THE_USER", "yes")
    monkeypatch.setenv("PYTHONSTARTUP", "stray.py")
    found = Local().environment(None, 1)
    assert found["OF_THE_USER"] == "yes"
    assert "PYTHONSTARTUP" not in found
    assert found["PYTHONHASHSEED"] == "0"
    assert found["ORT_DISABLE_TELEMETRY"] == "1"


def test_a_pool_has_as_many_threads_as_it_was_given():
    code = "import numpy, threadpoolctl; print(*{pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"
    done = subprocess.run(
        [sys.executable, "-c", code], env=Local().environment(None, 1), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1"]
