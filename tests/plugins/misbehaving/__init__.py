"""Plans over models that misbehave (broken.py), and audits of them as a user starts them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from effaudit.process.tree import known_by

HERE = Path(__file__).parent
BROKEN = (
    *("crashes", "hangs", "spins", "leaks", "greedy", "answers_nan", "wrong_shape", "too_short", "wrong_dtype", "exits", "leaves"),
    *("raises", "multiplies", "late_crash", "another_when_timed", "remembers", "grows", "imports_late"),
)
KEPT = """
import os, struct, subprocess, sys, time
from effaudit.core import keeper
keeper.keep(life=0)
from effaudit.core import protocol
from effaudit.core.protocol import Message
inn, out = os.dup(0), os.dup(1)
os.dup2(2, 1)
def take(n):
    data = b""
    while len(data) < n:
        part = os.read(inn, n - len(data))
        if not part: sys.exit(0)
        data += part
    return data
os.write(out, protocol.encode(Message("started", {"pid": os.getpid()})))
while True:
    message, told = protocol.read(take, 1 << 30), None
    exec(message.facts["run"])
    os.write(out, protocol.encode(Message("done", {"pid": os.getpid(), "told": told})))
"""
"""A worker with a keeper that runs what it is asked to, and says what that put into `told`."""

DAEMON_NAME = "effaudit-test-daemon"
DAEMON = f"""
heard, says = os.pipe()
program = "import os, sys, time; os.write(int(sys.argv[2]), b'%d' % os.getpid()); os.closerange(0, 64)\\nwhile True: time.sleep(60)"
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.set_inheritable(says, True)
    os.execve(sys.executable, [sys.executable, "-SE", "-c", program, "{DAEMON_NAME}", str(says)], {{}})
os.close(says)
os.wait()
told = os.read(heard, 20).decode()
os.close(heard)
"""
"""Starts a process that hides as well as it can: two forks, a session of its own, an empty environment, closed pipes."""


def daemons_left(folder: Path | None = None) -> list[int]:
    """The living processes that DAEMON has started, anywhere, or those that a model beside a plan has (broken.py)."""
    name = DAEMON_NAME if folder is None else str(folder.resolve() / DAEMON_NAME)
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if name in (process.info["cmdline"] or ()) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def written_plan(folder: Path, names, *, budget="1 s", timeout="3 s", restarts=2, extra=()) -> Path:
    """A plan over functions of broken.py; the first is the baseline."""
    folder.mkdir(parents=True, exist_ok=True)
    for module in ("broken.py", "cannot_import.py"):
        shutil.copy(HERE / module, folder)
    rows = np.random.default_rng(0).normal(size=(1500, 2))
    np.savez(folder / "data.npz", a=rows[:, 0], b=rows[:, 1], y=rows @ [2.0, -1.0])
    candidates = [
        {"name": name, "path": f"broken:{name}", "format": "python", "trust": True, "output": "values", "files": []}
        for name in names
    ]
    plan = {
        "apiVersion": "effaudit/v1",
        "kind": "AuditPlan",
        "name": "faults",
        "task": "regression",
        "workload": {"certify": "data.npz", "answer": "y", "rows": "independent", "batch_sizes": [1, 50]},
        "measure": {"budget": budget, "restarts": restarts, "memory_limit": "400 MB", "timeout": timeout, "codecarbon": "off"},
        "candidates": [*candidates, *extra],
        "baseline": names[0],
    }
    (folder / "policy.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "effaudit/v1",
                "kind": "EfficiencyPolicy",
                "metadata": {"name": "faults"},
                "rules": {"quality": {"metric": "quality.root_mean_squared_error", "max": 0.1, "severity": "error"}},
            }
        )
    )
    plan["policy"] = "policy.yaml"
    (folder / "plan.yaml").write_text(json.dumps(plan))
    return folder / "plan.yaml"


def begun(plan: Path, *arguments: str, ignored: Sequence[int] = ()) -> subprocess.Popen:
    """An audit as a process of its own, in the plan's folder."""
    command = [sys.executable, "-m", "effaudit", "audit", plan.name, "--out", "run", *arguments]
    return subprocess.Popen(
        command,
        cwd=plan.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        start_new_session=True,
        preexec_fn=partial(heeding_interruptions, ignored),
    )


def heeding_interruptions(ignored: Sequence[int] = ()) -> None:
    """Tests that run in the background, or under nohup, have children that ignore signals, unless this is said."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


def no_workers_left(folder: Path) -> bool:
    """Is no process of this run alive?"""
    return known_by(hashlib.sha256(str((folder / "run").resolve()).encode()).hexdigest()[:16] + "/") == []
