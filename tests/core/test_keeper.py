"""Whatever a worker starts ends with it, and with the coordinator, however those end and however it hides."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from misbehaving import DAEMON, KEPT, daemons_left

from effaudit.core import keeper
from effaudit.process import Fault, Limits, Worker
from effaudit.process.tree import members, resident

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="keepers are Linux's")
WAYS = ("closed", "told", "killed")


@pytest.fixture
def start(tmp_path: Path):
    started = []

    def make(memory: int = 10**9, processes: int = 20, argv: list[str] | None = None) -> Worker:
        environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parents[2]))
        token = f"keeper-{os.getpid()}/{len(started)}"
        argv = argv or [sys.executable, "-c", KEPT]
        worker = Worker(argv, environment, Limits(memory, processes), tmp_path / f"log{len(started)}", token)
        started.append(worker)
        return worker

    yield make
    for worker in started:
        worker.end()


def ask(worker: Worker, run: str, timeout_s: float = 20):
    return worker.ask("run", {"run": run}, stage="test", timeout_s=timeout_s)


def daemon(worker: Worker) -> int:
    """Has the worker start a process that hides as well as it can, and returns its pid."""
    return int(ask(worker, DAEMON).facts["told"])


def alive(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def soon(condition, seconds: float = 2.0) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def keeper_of(worker: Worker) -> int:
    return worker._process.pid


def test_a_keeper_is_none_of_the_candidates_processes(start):
    worker = start()
    ask(worker, "pass")
    assert worker.pid != keeper_of(worker)
    assert psutil.Process(worker.pid).ppid() == keeper_of(worker)
    assert worker.processes == [worker.pid]
    assert psutil.Process(keeper_of(worker)).name() == "effaudit-keeper"
    assert worker.resident() == pytest.approx(resident([worker.pid]), rel=0.01)


def test_a_daemon_is_one_of_the_candidates_processes_with_its_memory_and_its_time(start):
    worker = start()
    pid = daemon(worker)
    assert pid in worker.processes
    assert psutil.Process(pid).ppid() == keeper_of(worker)
    assert psutil.Process(pid).environ() == {}
    assert worker.resident() > resident([worker.pid])
    busy = "import subprocess; subprocess.run([sys.executable, '-c', 'sum(range(20_000_000))'], start_new_session=True)"
    before = worker.cpu_seconds()
    ask(worker, busy)
    assert worker.cpu_seconds() - before > 0.1  # of a process that has ended


def test_the_time_of_a_daemon_that_has_ended_still_counts(start):
    worker = start()
    before = worker.cpu_seconds()
    ask(worker, DAEMON.replace("while True: time.sleep(60)", "sum(range(20_000_000))"))
    assert soon(lambda: worker.processes == [worker.pid], 20)
    assert worker.cpu_seconds() - before > 0.1


def test_a_daemon_ends_with_its_worker(start):
    worker = start()
    pid = daemon(worker)
    begun = time.monotonic()
    worker.end()
    assert time.monotonic() - begun < 1.0
    assert not alive(pid)
    assert not alive(worker.pid)


def test_a_daemon_ends_when_its_worker_ends_by_itself(start):
    worker = start()
    pid = daemon(worker)
    with pytest.raises(Fault, match="exit code 7"):
        ask(worker, "os._exit(7)")
    assert not alive(pid)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_signal_that_ended_a_worker_is_told(start, number):
    worker = start()
    heeded = "pass" if number == signal.SIGKILL else f"import signal; signal.signal({int(number)}, signal.SIG_DFL)"
    with pytest.raises(Fault, match=f"crashed with {number.name}"):
        ask(worker, f"{heeded}; os.kill(os.getpid(), {int(number)})")


@pytest.mark.parametrize("way", WAYS)
def test_everything_ends_when_the_coordinator_has_gone_or_says_so(start, way):
    worker = start()
    pid = daemon(worker)
    kept, own = keeper_of(worker), worker.pid
    if way == "closed":
        worker._process.stdin.close()
    elif way == "told":
        os.kill(kept, signal.SIGTERM)
    else:
        os.kill(kept, signal.SIGKILL)  # its own end ends the worker; what hid is then found by its token, or not at all
    assert soon(lambda: not alive(own))
    if way != "killed":
        assert soon(lambda: not alive(pid))
        assert worker._process.wait(2) is not None
    else:
        os.kill(pid, signal.SIGKILL)


def test_everything_ends_when_the_coordinator_is_killed(tmp_path):
    coordinator = f"""
import os, sys, time
sys.path.insert(0, {str(Path(__file__).parents[1] / "plugins")!r})
from pathlib import Path
from effaudit.process import Limits, Worker
from misbehaving import DAEMON, KEPT
worker = Worker([sys.executable, "-c", KEPT], dict(os.environ), Limits(10**9), Path("log"), f"killed/{{os.getpid()}}")
told = worker.ask("run", {{"run": DAEMON}}, stage="test", timeout_s=20)
print(worker._process.pid, worker.pid, told.facts["told"], flush=True)
if os.fork() == 0:  # holds the coordinator's end of the worker's pipes
    os.closerange(1, 2)
    time.sleep(5)
    os._exit(0)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", coordinator], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 3
    assert all(alive(pid) for pid in pids)
    process.kill()
    process.communicate()
    assert soon(lambda: not any(alive(pid) for pid in pids))


def test_many_that_each_left_for_a_session_of_their_own_are_ended(start):
    worker = start(processes=30)
    doubled = "import os, time\nfor _ in range(6):\n os.fork() or os.setsid()\ntime.sleep(50)  # one of 64"
    ask(worker, f"subprocess.Popen([sys.executable, '-c', {doubled!r}], env={{}})")
    with pytest.raises(Fault, match="more than 30 processes"):
        ask(worker, "time.sleep(30)")
    assert soon(lambda: not [one for one in psutil.process_iter(["cmdline"]) if "# one of 64" in str(one.info["cmdline"])])


def test_processes_that_outlived_their_parents_leave_no_zombies(start):
    worker = start()
    ask(worker, "for _ in range(20): subprocess.run(['sh', '-c', 'sleep 0.05 &'])")
    assert soon(lambda: members(keeper_of(worker)) == [keeper_of(worker), worker.pid])


def test_a_keeper_sleeps_and_holds_little_of_its_own(start):
    worker = start()
    ask(worker, "pass")
    kept = psutil.Process(keeper_of(worker))
    before = kept.num_ctx_switches().voluntary, sum(kept.cpu_times()[:2])
    for _ in range(20):
        ask(worker, "pass")
    time.sleep(0.5)
    assert (kept.num_ctx_switches().voluntary, sum(kept.cpu_times()[:2])) == before
    assert kept.memory_full_info().uss < 8_000_000


def test_a_worker_cannot_pass_another_process_off_as_itself(start):
    worker = start(argv=[sys.executable, "-c", KEPT.replace('"pid": os.getpid()', '"pid": 1', 1)])
    ask(worker, "pass")
    assert worker.pid == keeper_of(worker)
    assert 1 not in worker.processes


def test_the_program_of_workers_has_a_keeper(start):
    worker = start(argv=[sys.executable, "-P", "-m", "effaudit.worker"])
    with pytest.raises(Fault, match="no candidate is open"):
        worker.ask("first", {}, stage="test", timeout_s=30)
    assert worker.pid != keeper_of(worker)
    assert daemons_left() == []


def test_children_are_found_where_the_kernel_does_not_list_them(monkeypatch):
    child = subprocess.Popen(["sleep", "30"])
    try:
        assert child.pid in keeper.children(os.getpid())
        monkeypatch.setattr(keeper.os.path, "exists", lambda _: False)
        assert child.pid in keeper.children(os.getpid())
        assert keeper.children(child.pid) == []
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("way", WAYS)
def test_a_temporary_folder_of_its_own_goes_with_the_worker(start, tmp_path, monkeypatch, way):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    worker = start()
    code = "import os, tempfile; told = tempfile.mkdtemp(); open(told + '/left', 'w').close(); os.symlink('/etc', told + '/link')"
    left = Path(ask(worker, code).facts["told"])
    assert (left / "left").exists()
    assert left.parent.parent == tmp_path
    assert left.parent.name.startswith("effaudit-worker-")
    if way == "killed":
        os.kill(worker.pid, signal.SIGKILL)
    elif way == "told":
        os.kill(worker._process.pid, signal.SIGTERM)
    else:
        worker.end()
    assert soon(lambda: not left.parent.exists())
    assert Path("/etc").exists()
