"""The process between a coordinator and its worker: it ends whatever the worker started, when either of the two has ended.

Its temporary files go, too.

What a candidate starts may leave its session and its environment behind, and outlive its parents (a daemon). Linux gives such
processes to the nearest ancestor that asked for them (prctl(2), PR_SET_CHILD_SUBREAPER). The keeper asks, so all of them remain its
descendants, whatever they do. It is forked before anything large is imported, sleeps, and shares its memory with the worker.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from effaudit.core import cgroup

COORDINATOR = "EFFAUDIT_PARENT"
"""The environment variable with the process that a keeper ends with; without it, that is the parent."""

GIVE_UP_S = 10.0
"""Processes that the kernel does not end within this time (they wait for a device) are left to it."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 1, 4, 15, 36
_LOOK_EVERY_MS = 1000
_OWN = "effaudit-worker-"
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")


def keep(life: int | None = None) -> None:
    """Forks, and returns in the worker. The keeper never returns: it ends as the worker did, when all that was started has ended.

    `life` is a pipe whose other end the coordinator holds: closing it, SIGTERM to the keeper, and the end of the coordinator,
    however it came, end the worker and everything it started. Where the system is not Linux, this does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    coordinator = int(os.environ.get(COORDINATOR) or os.getppid())
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    keeper = os.getpid()
    heard = {signal.SIGTERM, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    group, temporary = cgroup.make(), _temporary_folder()
    worker = os.fork()
    if worker:
        os.close(1)  # the coordinator must see the end of the worker's pipe
        _prctl(_PR_SET_NAME, b"effaudit-keeper")
        status = _end_all(worker, _wait(worker, coordinator, life), group)
        cgroup.remove(group)
        _remove(temporary)
        _end_as(status)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:  # it was killed before we asked
        os._exit(0)
    cgroup.enter(group)
    if temporary:
        os.environ.update(dict.fromkeys(_TEMPORARY, temporary))
    os.setsid()  # its own group: one signal reaches all that did not leave it, and not the keeper
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def descendants(pid: int) -> list[int]:
    """What a process has started, and what that has, parents first, also what has ended and was not waited for. Linux only."""
    found = dict.fromkeys(children(pid))
    ahead = list(found)
    for parent in ahead:
        new = [child for child in children(parent) if child not in found]
        found.update(dict.fromkeys(new))
        ahead.extend(new)
    return ahead


def children(pid: int) -> list[int]:
    """A process's own children; none when it is gone. Linux only."""
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):  # noqa: PTH110 - pathlib would be imported for it
        return [child for child in _processes("/proc") if _parent(child) == pid]
    found: list[int] = []
    for thread in _processes(f"/proc/{pid}/task"):
        found.extend(map(int, _text(f"/proc/{pid}/task/{thread}/children").split()))
    return found


def _wait(worker: int, coordinator: int, life: int | None) -> int | None:
    """Until there is reason to end everything. The worker's status, if it has ended by itself. Orphans that end are waited for."""
    signals = _signals()
    poll = select.poll()
    poll.register(signals, select.POLLIN)
    if life is not None:
        poll.register(life, 0)  # only its closing is told
    try:
        poll.register(os.pidfd_open(coordinator), select.POLLIN)
        patience = None
    except OSError:  # a kernel before 5.3, or the coordinator has ended
        patience = _LOOK_EVERY_MS
    while os.getppid() == coordinator:
        ready = {descriptor for descriptor, _ in poll.poll(patience)}
        told_to_end = signals in ready and signal.SIGTERM in os.read(signals, 4096)
        ended = _reap(worker)
        if told_to_end or ended is not None or ready - {signals}:
            return ended
    return None


def _signals() -> int:
    """A pipe that carries the number of each signal that the keeper heeds. The others of a terminal's are for the worker."""
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})
    return heard


def _end_all(worker: int, ended: int | None, group: str) -> int | None:
    """Kills until nothing is left. The worker's status."""
    if ended is None:
        _kill(-worker)  # all of its group at once: what multiplies cannot outrun it
    cgroup.end(group)
    killed: set[int] = set()
    give_up = time.monotonic() + GIVE_UP_S
    while (left := descendants(os.getpid())) and time.monotonic() < give_up:
        for pid in left:
            _kill(pid)
        if killed.issuperset(left):
            time.sleep(0.001)
        killed.update(left)
        status = _reap(worker)
        ended = status if ended is None else ended
    return ended


def _reap(worker: int) -> int | None:
    """Waits for the children that have ended; the worker's status, if it is among them."""
    found = None
    try:
        while (child := os.waitpid(-1, os.WNOHANG))[0]:
            found = child[1] if child[0] == worker else found
    except ChildProcessError:
        return found
    return found


def _end_as(status: int | None) -> None:
    """Ends this process with the worker's exit code, or by the signal that ended it."""
    if status is not None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        _prctl(_PR_SET_DUMPABLE, 0)  # the core file, if one is wanted, is the worker's
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(0 if status is None else os.waitstatus_to_exitcode(status))


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:  # gone, or another user's
        return


def _prctl(option: int, value: int | bytes) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def temporary_folder() -> tuple[str, ...]:
    """In a worker: its own folder for temporary files, if it has one."""
    named = os.environ.get(_TEMPORARY[0], "")
    return (named,) if os.path.basename(named).startswith(_OWN) else ()  # noqa: PTH119


def _temporary_folder() -> str:
    """A new folder for the worker's temporary files, which does not tidy up when it is killed; "" where none can be made."""
    place = next((os.environ[name] for name in _TEMPORARY if os.environ.get(name)), "/tmp")  # noqa: S108 - as tempfile has it
    folder = f"{place}/{_OWN}{os.getpid()}-{os.urandom(4).hex()}"
    try:
        os.mkdir(folder, 0o700)  # noqa: PTH102
    except OSError:
        return ""
    return folder


def _remove(folder: str) -> None:
    """Removes a folder and what is in it; links are not followed."""
    for inside, folders, files in os.walk(folder, topdown=False) if folder else ():
        for name in (*files, *folders):
            path = f"{inside}/{name}"
            try:
                os.rmdir(path) if name in folders and not os.path.islink(path) else os.unlink(path)  # noqa: PTH106, PTH108, PTH114
            except OSError:  # another user's, or not writable
                continue
    try:
        if folder:
            os.rmdir(folder)  # noqa: PTH106
    except OSError:
        return


def _processes(folder: str) -> list[int]:
    try:
        return [int(name) for name in os.listdir(folder) if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []


def _parent(pid: int) -> int:
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if fields else 0


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""
