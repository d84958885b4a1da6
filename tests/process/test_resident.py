"""A worker's process is asked, watched and ended with all that it started."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from effaudit.process import Fault, Limits, Worker
from effaudit.process.tree import known_by, members, resident

ECHO = """
import os, struct, sys
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
while True:
    message = protocol.read(take, 1 << 30)
    exec(message.facts["run"])
    os.write(out, protocol.encode(Message("done", {"pid": os.getpid()}, message.arrays)))
"""


@pytest.fixture
def start(tmp_path: Path):
    started = []

    def make(memory: int = 10**9, processes: int = 8) -> Worker:
        environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parents[2]))
        argv = [sys.executable, "-c", ECHO]
        worker = Worker(
            argv, environment, Limits(memory, processes), tmp_path / f"log{len(started)}", f"test-{os.getpid()}/{len(started)}"
        )
        started.append(worker)
        return worker

    yield make
    for worker in started:
        worker.end()


def ask(worker: Worker, run: str, timeout_s: float = 20, **arrays):
    return worker.ask("run", {"run": run}, arrays, stage="test", timeout_s=timeout_s)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_is_asked_is_answered_and_large_arrays_cross(start):
    worker = start()
    answer = worker.ask("run", {"run": "pass"}, {"a": np.arange(300_000.0)}, stage="test", timeout_s=20, reply_limit=1 << 23)
    np.testing.assert_array_equal(answer.arrays["a"], np.arange(300_000.0))
    assert answer.facts["pid"] == worker.pid


def test_what_a_model_prints_goes_to_the_log_and_disturbs_nothing(start):
    worker = start()
    assert ask(worker, "print('noise' * 1000); sys.stdout.flush(); sys.stderr.write('more'); sys.stderr.flush()").word == "done"
    assert "noise" in worker.log.read_text()
    assert "more" in worker.log.read_text()


def test_a_crash_is_a_fault_with_the_signal_and_the_last_words(start):
    worker = start()
    with pytest.raises(Fault, match="SIGSEGV") as caught:
        ask(worker, "sys.stderr.write('so long'); sys.stderr.flush(); os.kill(os.getpid(), 11)")
    assert caught.value.failure.stage == "test"
    assert "so long" in caught.value.failure.reason


def test_leaving_through_os_exit_is_a_fault_with_the_exit_code(start):
    with pytest.raises(Fault, match="exit code 7"):
        ask(start(), "os._exit(7)")


def test_no_answer_in_time_is_a_fault_and_the_worker_is_gone(start):
    worker = start()
    with pytest.raises(Fault, match=r"did not answer within 500 ms"):
        ask(worker, "import time; time.sleep(60)", timeout_s=0.5)
    assert gone(worker.pid)


def test_more_memory_than_the_limit_is_a_fault(start):
    worker = start(memory=150 * 10**6)
    with pytest.raises(Fault, match="more than the limit of 150 MB"):
        ask(worker, "import time; a = bytearray(300_000_000); time.sleep(30)")


def test_more_processes_than_allowed_is_a_fault_and_all_of_them_are_gone(start):
    worker = start(processes=5)
    with pytest.raises(Fault, match="more than 5 processes"):
        ask(worker, "import subprocess, time\nfor _ in range(12): subprocess.Popen(['sleep', '60'])\ntime.sleep(30)")
    assert known_by(worker._token) == []


def test_children_that_left_the_process_group_are_ended_too(start):
    worker = start()
    ask(worker, "import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)")
    strays = [pid for pid in members(worker.pid) if pid != worker.pid]
    assert len(strays) == 1
    worker.end()
    assert all(gone(pid) for pid in strays)


def test_a_reply_larger_than_asked_for_is_a_fault(start):
    worker = start()
    with pytest.raises(Fault, match="broke the protocol"):
        worker.ask("run", {"run": "pass"}, {"a": np.zeros(100_000)}, stage="test", timeout_s=20, reply_limit=1000)


def test_bytes_that_are_no_frame_are_a_fault(start):
    with pytest.raises(Fault, match="broke the protocol"):
        ask(start(), "os.write(out, b'x' * 200)")


def test_an_idle_worker_that_died_is_noticed_when_it_is_asked(start):
    worker = start()
    ask(worker, "pass")
    os.kill(worker.pid, 9)
    time.sleep(0.2)
    with pytest.raises(Fault, match="SIGKILL"):
        ask(worker, "pass")


def test_endless_printing_does_not_fill_the_disk(start, monkeypatch):
    monkeypatch.setattr("effaudit.process.resident._LOG_LIMIT", 100_000)
    worker = start()
    ask(worker, "import time\nfor _ in range(15): print('x' * 50_000); sys.stdout.flush(); time.sleep(0.05)")
    assert worker.log.stat().st_size < 400_000


def test_resident_memory_is_that_of_the_whole_tree(start):
    worker = start()
    ask(worker, "held = bytearray(50_000_000)")
    assert resident(members(worker.pid)) > 50_000_000
    assert resident([2**22 + 1]) == 0


def test_a_worker_that_has_ended_is_asked_nothing_and_writes_into_no_file_that_has_its_pipes_number(start, tmp_path):
    worker = start()
    ask(worker, "pass")
    worker.end()
    with (tmp_path / "others").open("wb") as file:
        os.dup2(file.fileno(), worker._to)
        with pytest.raises(Fault, match="its worker has ended"):
            ask(worker, "pass")
        os.close(worker._to)
    assert (tmp_path / "others").read_bytes() == b""
