"""A control group (cgroup v2) of a worker's own, where the host allows one: the kernel counts and ends what is in it, seen or not.

A process's children are counted when they are waited for. Those of a process that ignores SIGCHLD never are, and what multiplies
faster than it is listed cannot be ended by a list. A group misses neither. Most users may not make one (root in a container with
a writable /sys/fs/cgroup may, and a service that systemd delegates to), so nothing relies on it. Memory is not read from it: that
of a group includes the files that the machine has cached. See https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

import os

GROUP = "EFFAUDIT_CGROUP"
"""The environment variable with the folder of a worker's own group; it is not there, or empty, where there is none."""
_NAME = "effaudit-"


def make() -> str:
    """Makes an empty group below this process's, to be removed by this process. Its folder, or ""."""
    here = own()
    if not here:
        return ""
    try:
        _remove_abandoned(here)
        group = f"{here}/{_NAME}{os.getpid()}-{os.urandom(4).hex()}"  # other namespaces have the same numbers of processes
        os.mkdir(group, 0o755)  # noqa: PTH102 - pathlib would be imported for it
    except OSError:  # not ours to divide
        return ""
    return group


def enter(group: str) -> None:
    """Moves this process into a group that was made, and remembers in the environment whether it is in one."""
    os.environ.pop(GROUP, None)  # that of an audit around this one
    try:
        if group:
            _write(f"{group}/cgroup.procs", str(os.getpid()))
            os.environ[GROUP] = group
    except OSError:
        return


def own(mounts: str = "/proc/self/mountinfo", member: str = "/proc/self/cgroup") -> str:
    """The folder of the group that this process is in; "" where there is no cgroup v2."""
    path = next((line[3:] for line in _text(member).splitlines() if line.startswith("0::")), "")
    for line in _text(mounts).splitlines():
        before, _, after = line.partition(" - ")
        if path and after.startswith("cgroup2 "):
            root, point = before.split()[3:5]
            inside = path.removeprefix(root) if root != "/" else path
            return point + inside.rstrip("/")
    return ""


def cpu_nanos() -> int:
    """Nanoseconds that all in a worker's own group have used, ended ones too, to the scheduler's tick; 0 without such a group."""
    group = os.environ.get(GROUP, "")
    if not group:
        return 0
    facts = dict(line.split() for line in _text(f"{group}/cpu.stat").splitlines())
    return int(facts.get("usage_usec", 0)) * 1000


def end(group: str) -> None:
    """Kills all that is in a group, at once (Linux 5.14)."""
    if not group:
        return
    try:
        _write(f"{group}/cgroup.kill", "1")
    except OSError:
        return


def remove(group: str) -> None:
    """Removes a group in which nothing runs, and those within it; of others nothing."""
    for inside, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(inside)  # noqa: PTH106
        except OSError:  # something is in it
            return


def _remove_abandoned(here: str) -> None:
    """Groups whose keeper was killed before it could."""
    for name in os.listdir(here):  # noqa: PTH208
        pid = name.removeprefix(_NAME).partition("-")[0]
        if name.startswith(_NAME) and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):  # noqa: PTH110
            remove(f"{here}/{name}")  # which does nothing where it is another namespace's, and in use


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""
