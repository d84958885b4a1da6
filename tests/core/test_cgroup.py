"""A worker's control group is found where the kernel says, counts what nobody waited for, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from effaudit.core import cgroup

MOUNTS = """
31 23 0:27 / /sys/fs/cgroup ro - tmpfs tmpfs rw
41 31 0:38 {root} {point} rw,relatime shared:9 - cgroup2 cgroup2 rw
"""


def _divisible() -> bool:
    group = cgroup.own()
    return bool(group) and os.access(group, os.W_OK) and os.access(f"{group}/cgroup.procs", os.W_OK)


@pytest.mark.parametrize(
    ("root", "point", "member", "wanted"),
    [
        ("/", "/sys/fs/cgroup", "0::/user.slice/a.scope\n", "/sys/fs/cgroup/user.slice/a.scope"),
        ("/", "/sys/fs/cgroup/unified", "4:memory:/x\n0::/\n", "/sys/fs/cgroup/unified"),
        ("/docker/7", "/sys/fs/cgroup", "0::/docker/7/inner\n", "/sys/fs/cgroup/inner"),
        ("/", "/sys/fs/cgroup", "4:memory:/x\n", ""),
    ],
)
def test_the_group_of_a_process_is_found_below_its_mount(tmp_path, root, point, member, wanted):
    (tmp_path / "mounts").write_text(MOUNTS.format(root=root, point=point))
    (tmp_path / "member").write_text(member)
    assert cgroup.own(str(tmp_path / "mounts"), str(tmp_path / "member")) == wanted


def test_without_control_groups_there_is_none(tmp_path):
    (tmp_path / "member").write_text("0::/\n")
    assert cgroup.own(str(tmp_path / "none"), str(tmp_path / "member")) == ""
    cgroup.end("")
    cgroup.remove("")


def test_a_group_that_may_not_be_made_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(cgroup, "own", lambda: str(tmp_path / "hidden"))
    assert cgroup.make() == ""


def test_a_process_that_is_in_no_group_of_its_own_counts_nothing_whatever_the_group_around_it_is_called(monkeypatch):
    monkeypatch.setenv(cgroup.GROUP, "/sys/fs/cgroup/effaudit-of-an-audit-around-this-one")
    monkeypatch.setattr(cgroup, "own", lambda: "/sys/fs/cgroup/effaudit-nightly.service")
    cgroup.enter("")
    assert cgroup.GROUP not in os.environ
    assert cgroup.cpu_nanos() == 0
    cgroup.enter("/no/such/group")
    assert cgroup.cpu_nanos() == 0


SCRIPT = r"""
import json, signal, subprocess, sys
from effaudit.core import cgroup, keeper
keeper.keep(life=0)
from effaudit.worker import helpers
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
begun, waited = helpers.cpu_nanos(), helpers._waited_for()
burn = "import time\nuntil = time.process_time() + 0.3\nwhile time.process_time() < until: pass\nprint()"
subprocess.run([sys.executable, "-c", burn], stdout=subprocess.PIPE)
print(json.dumps([cgroup.own(), helpers.cpu_nanos() - begun, helpers._waited_for() - waited]), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not _divisible(), reason="this host lets us make no control group (cgroup v2)")
def test_processor_time_of_children_that_nobody_waits_for_is_seen_by_the_group():
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "EFFAUDIT_PARENT": str(os.getpid())},
    )
    group, seen, waited = json.loads(process.stdout.readline())
    assert Path(group).name.startswith(f"effaudit-{process.pid}-")
    assert waited < 0.1e9
    assert 0.28e9 < seen < 3e9
    process.stdin.close()
    process.wait(20)
    assert not Path(group).exists()


@pytest.mark.skipif(not _divisible(), reason="this host lets us make no control group (cgroup v2)")
def test_a_group_whose_keeper_was_killed_is_removed_by_the_next():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    abandoned = Path(cgroup.own()) / f"effaudit-{ended.pid}-0123abcd"
    abandoned.mkdir()
    made = cgroup.make()
    assert Path(made).exists()
    assert not abandoned.exists()
    cgroup.remove(made)
    assert not Path(made).exists()


@pytest.mark.skipif(not _divisible(), reason="this host lets us make no control group (cgroup v2)")
def test_two_groups_made_by_processes_of_one_number_are_two():
    made = [cgroup.make(), cgroup.make()]
    assert len(set(made)) == 2
    for group in made:
        cgroup.remove(group)
