"""Is anything lost or left when an audit is killed?  python benchmarks/killed.py [--moments 20] [--seed 0]

One audit runs undisturbed; the same audit is then killed (SIGKILL) at random moments, each in a folder of its own. Five seconds
after a kill no process of it may be left: neither of the audit, nor of a candidate, one of which starts a daemon that hides as well
as it can (two forks, a session of its own, an empty environment, closed pipes). Then the same command is started again: it must
end by itself, and every counted figure and every figure of quality must be that of the undisturbed audit. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from effaudit.core.reading import Measurement
from effaudit.core.record import Record
from effaudit.reading.record_file import read_record

LEFT_AFTER_S = 5.0
LATEST = 0.95
"""Kills come within this share of the undisturbed audit's time."""
SAME = ("size.", "compute.", "quality.", "behaviour.")
"""What does not depend on the machine's moods, and must be the same."""
MODELS = """
import os, sys, time

def plain(rows):
    return 2 * rows["a"] - rows["b"]

def slow(rows):
    time.sleep(0.002)
    return plain(rows)

started = []

def hides(rows):
    if not started:
        started.append(True)
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            os.closerange(0, 64)
            program = "import time\\nwhile True: time.sleep(60)"
            os.execve(sys.executable, [sys.executable, "-SE", "-c", program, os.path.dirname(os.path.realpath(__file__))], {})
        os.wait()
    return plain(rows)
"""


@dataclass(frozen=True)
class Killed:
    """What became of one audit that was killed `at_s`: what was left of it, and whether it went on to the same figures."""

    at_s: float
    ran: int
    left: Sequence[str]
    code: int
    sessions: int
    differ: Sequence[str]

    @property
    def well(self) -> bool:
        """Was nothing left, and nothing lost?"""
        return not self.left and not self.differ and self.code == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=20, help="how many kills (20)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (0)")
    options = parser.parse_args()
    print(f"{'killed after':>13} {'processes':>10} {'left':>5} {'exit code':>10} {'sessions':>9}  counted and quality figures")
    all_well = True
    with tempfile.TemporaryDirectory() as folder:
        for done in killed(Path(folder), options.moments, options.seed):
            figures = "the same" if not done.differ else "differ: " + ", ".join(done.differ[:3])
            print(
                f"{done.at_s:>11.2f} s {done.ran:>10} {len(done.left):>5} {done.code:>10} {done.sessions:>9}  {figures}", flush=True
            )
            for line in done.left:
                print(f"    left: {line}")
            all_well = all_well and done.well
    print("nothing was lost, and nothing left" if all_well else "SOMETHING WAS LOST OR LEFT")
    return 0 if all_well else 1


def killed(
    folder: Path, moments: int, seed: int, budget: str = "3 s", ladder: Sequence[str] = ("dummy", "linear")
) -> Iterator[Killed]:
    """Kills as many audits at random moments, and yields what became of each."""
    begun = time.monotonic()
    undisturbed = _audit(_written(folder / "undisturbed", budget, ladder))
    assert undisturbed.wait() == 0
    took = time.monotonic() - begun
    expected = figures(read_record(folder / "undisturbed" / "run"))
    drawn = random.Random(seed)
    left, tried = moments, 0
    while left:
        done = _killed(_written(folder / f"killed-{tried}", budget, ladder), drawn.uniform(0.0, LATEST * took), expected)
        tried += 1
        if done is not None:  # one that ended sooner than the undisturbed one is no kill: another moment is drawn
            left -= 1
            yield done


def figures(record: Record) -> dict[str, tuple[float, ...] | str]:
    """The counted figures and those of quality, with their intervals, or why there is none."""
    found: dict[str, tuple[float, ...] | str] = {}
    for row in record.rows:
        for name, reading in row.readings.items():
            if name.startswith(SAME):
                known = isinstance(reading, Measurement)
                found[f"{row.candidate.name} {name}"] = (reading.value, reading.low, reading.high) if known else str(reading)
        if row.failure is not None:
            found[row.candidate.name] = row.failure.code
    return found


def _killed(plan: Path, at_s: float, expected: dict[str, tuple[float, ...] | str]) -> Killed | None:
    audit = _audit(plan)
    time.sleep(at_s)
    if audit.poll() is not None:
        return None
    processes = _of(audit)
    audit.kill()
    audit.wait()
    time.sleep(LEFT_AFTER_S)
    left = [_shown(process) for process in {*processes, *_beside(plan)} if _alive(process)]
    for process in _beside(plan):
        process.kill()
    code = _audit(plan).wait()
    record = read_record(plan.parent / "run")
    found = figures(record)
    differ = sorted(name for name in {*found, *expected} if not _equal(found.get(name), expected.get(name)))
    return Killed(at_s, len(processes), left, code, len(record.sessions), differ)


def _equal(one: object, other: object) -> bool:
    return type(one) is type(other) and (np.array_equal(one, other, equal_nan=True) if isinstance(one, tuple) else one == other)


def _of(audit: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """An audit's processes, and its candidates', at this moment."""
    with contextlib.suppress(psutil.Error):
        own = psutil.Process(audit.pid)
        return [own, *own.children(recursive=True)]
    return []


def _beside(plan: Path) -> list[psutil.Process]:
    """The daemons of a plan's candidate, by their last argument, and the processes whose environment names the audit."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(plan.parent.resolve()) in process.cmdline() or process.environ().get("EFFAUDIT_KILLED") == str(plan):
                found.append(process)
    return found


def _alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _shown(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.pid} {' '.join(process.cmdline())[:100]}"
    return str(process.pid)


def _audit(plan: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "effaudit", "audit", plan.name, "--out", "run"]
    quiet = subprocess.DEVNULL
    marked = {**os.environ, "EFFAUDIT_KILLED": str(plan)}
    return subprocess.Popen(command, cwd=plan.parent, env=marked, stdin=quiet, stdout=quiet, stderr=quiet, preexec_fn=_heeding)


def _heeding() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _written(folder: Path, budget: str, ladder: Sequence[str]) -> Path:
    """A plan over three functions, and over simple models that are learnt."""
    folder.mkdir(parents=True)
    drawn = np.random.default_rng(0)
    for name, count in (("train", 2000), ("certify", 3000)):
        rows = drawn.normal(size=(count, 2))
        np.savez(folder / f"{name}.npz", a=rows[:, 0], b=rows[:, 1], y=rows @ [2.0, -1.0] + drawn.normal(size=count))
    (folder / "models.py").write_text(MODELS)
    functions = [
        {"name": name, "path": f"models:{name}", "format": "python", "trust": True, "output": "values", "files": []}
        for name in ("plain", "hides", "slow")
    ]
    head = {"apiVersion": "effaudit/v1"}
    plan = {
        **head,
        "kind": "AuditPlan",
        "name": "killed",
        "task": "regression",
        "candidates": functions,
        "baseline": "plain",
        "workload": {"train": "train.npz", "certify": "certify.npz", "answer": "y", "rows": "independent", "batch_sizes": [1, 50]},
        "measure": {"budget": budget, "restarts": 2, "codecarbon": "off"},
        "ladder": list(ladder),
        "policy": "policy.yaml",
    }
    rules = {"right": {"metric": "quality.root_mean_squared_error", "max": 2.0}}
    policy = {**head, "kind": "EfficiencyPolicy", "metadata": {"name": "killed"}, "rules": rules}
    for name, document in (("plan", plan), ("policy", policy)):
        (folder / f"{name}.yaml").write_text(json.dumps(document))
    return folder / "plan.yaml"


if __name__ == "__main__":
    sys.exit(main())
