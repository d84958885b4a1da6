"""The doctor's look at clocks, control groups and thread pools."""

from __future__ import annotations

import itertools
import os
import time

import pytest

from effaudit.measure import cgroup, counters, pools
from effaudit.measure.examine import look_at, look_at_pools


def test_a_clock_that_ticks_every_microsecond_is_seen_to():
    ticks = itertools.count()
    clock = look_at(lambda: next(ticks) // 4 * 1e-6, 1000)
    assert clock.resolution_s == pytest.approx(1e-6)
    assert clock.backwards == 0


def test_a_clock_that_runs_back_is_seen_to():
    readings = itertools.cycle([0.0, 1e-6, 2e-6])
    assert look_at(lambda: next(readings), 300).backwards == 99


def test_this_machines_clock_is_read():
    clock = look_at(time.perf_counter)
    assert clock.monotonic
    assert clock.backwards == 0
    assert 0 < clock.resolution_s < 1e-3


def version_2(folder, *, own="/", **files):
    (folder / "own").write_text(f"0::{own}\n")
    for name, text in files.items():
        place = folder.joinpath(*own.strip("/").split("/")) if name.startswith("deep_") else folder
        place.mkdir(parents=True, exist_ok=True)
        (place / name.removeprefix("deep_").replace("_", ".")).write_text(text)
    return cgroup.allowed(folder, folder / "own")


def test_limits_of_version_2_are_the_tightest_on_the_way_up(tmp_path):
    found = version_2(
        tmp_path,
        own="/job/step",
        deep_cpu_max="150000 100000\n",
        cpu_max="400000 100000",
        deep_memory_max="max\n",
        memory_max="2000000000\n",
    )
    assert found == cgroup.Allowed(1.5, 2_000_000_000)


def test_limits_of_version_1_are_read_too(tmp_path):
    for folder, files in {
        "cpu": {"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"},
        "memory": {"memory.limit_in_bytes": "1000000000"},
    }.items():
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / name).write_text(text)
    (tmp_path / "own").write_text("3:cpu:/somewhere/else\n4:memory:/\n")
    assert cgroup.allowed(tmp_path, tmp_path / "own") == cgroup.Allowed(0.5, 1_000_000_000)


@pytest.mark.parametrize("text", ["", "max", "max 100000", "x y", "100 0", "1 2 3"])
def test_what_is_no_limit_is_none(tmp_path, text):
    assert version_2(tmp_path, cpu_max=text, memory_max="9223372036854771712").processors is None
    assert cgroup.allowed(tmp_path, tmp_path / "own").memory is None


def test_a_hostile_group_does_not_lead_out_of_the_tree(tmp_path):
    (tmp_path / "top").mkdir()
    (tmp_path / "cpu.max").write_text("1 100000")
    (tmp_path / "own").write_text("0::/../..\n")
    assert cgroup.allowed(tmp_path / "top", tmp_path / "own") == cgroup.Allowed()


def test_a_system_without_groups_has_no_limits(tmp_path):
    assert cgroup.allowed(tmp_path / "none", tmp_path / "none") == cgroup.Allowed()


def test_throttling_is_counted_by_both_versions(monkeypatch):
    for text, seconds in (("nr_throttled 3\nthrottled_usec 250000\n", 0.25), ("nr_throttled 3\nthrottled_time 250000000\n", 0.25)):
        monkeypatch.setattr(counters, "_text", lambda path, text=text: text if path.endswith("cpu.stat") else "")
        assert counters.read().throttled_s == seconds


def test_openmp_libraries_are_known_by_their_files(tmp_path):
    maps = tmp_path / "maps"
    lines = (
        "/usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0",
        "/x/torch/lib/libgomp-a34b3233.so.1",
        "/x/torch/lib/libgomp-a34b3233.so.1",
        "/x/lib/libiomp5.so",
        "/x/lib/libcompress.so",
        "/x/libgomp.txt",
    )
    maps.write_text("".join(f"7f0000-7f1000 r-xp 00000000 08:01 123 {line}\n" for line in lines) + "7f2-7f3 rw-p 0 00:00 0\n")
    assert pools.libraries(maps) == ["lib/libgomp-a34b3233.so.1", "lib/libiomp5.so", "x86_64-linux-gnu/libgomp.so.1.0.0"]
    assert pools.libraries(tmp_path / "none") == []


def test_a_python_that_cannot_import_the_frameworks_is_told(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 11\n")
    broken.chmod(0o755)
    assert "exit code 11" in look_at_pools(os.environ, str(broken)).unknown
    assert "could not be imported" in look_at_pools(os.environ, str(tmp_path / "none")).unknown
    babbling = tmp_path / "babbling"
    babbling.write_text("#!/bin/sh\necho '[1, 2]'\n")
    babbling.chmod(0o755)
    assert look_at_pools(os.environ, str(babbling)).unknown
