"""Killed, interrupted, started twice or out of disk: nothing that was won is lost, and nothing is left running."""

from __future__ import annotations

import errno
import json
import os
import signal
import time

import numpy as np
import pytest
from misbehaving import begun, daemons_left, no_workers_left, written_plan

from effaudit.core.notes import texts
from effaudit.core.reading import Measurement
from effaudit.measure.journal import Journal, messages
from effaudit.reading.record_file import read_record


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


def words(folder):
    """The kinds of frames that the journal holds by now."""
    path = folder / "run" / "journal.bin"
    if not path.exists():
        return []
    return [message.word for message in messages(path)]


@pytest.mark.parametrize("moment", ["answers", "start", "round", "incarnation"])
def test_killed_at_any_moment_it_goes_on_from_the_journal(tmp_path, moment):
    plan = written_plan(tmp_path, ["good", "slow"], budget="4 s")
    first = begun(plan)
    wait_for(lambda: moment in words(tmp_path))
    first.kill()
    first.communicate()
    kept = words(tmp_path)
    wait_for(lambda: no_workers_left(tmp_path), 10)
    second = begun(plan)
    _, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    record = read_record(tmp_path / "run")
    assert [session.id for session in record.sessions] == [0, 1]
    assert isinstance(record.row("slow").readings["latency.batch_1.p50"], Measurement)
    rounds = {int(key) for key in record.arrays["slow/latency.batch_1.p50"][:, 1]}
    earlier = [key for key in rounds if key < 1000 * 100 * 100_000]
    assert len(earlier) >= kept.count("round")
    assert not (tmp_path / "run" / "journal.bin").exists()


def test_killed_between_two_looks_it_goes_on_with_those_who_were_still_open(tmp_path):
    again = {"name": "again", "path": "broken:good", "format": "python", "trust": True, "output": "values", "files": []}
    plan = written_plan(tmp_path, ["good", "slow"], budget="5 s", restarts=3, extra=[again])
    rule = {"metric": "latency.batch_1.p50", "versus": "baseline", "max_increase": "0 %", "severity": "error"}
    policy = {"apiVersion": "effaudit/v1", "kind": "EfficiencyPolicy", "metadata": {"name": "equal"}, "rules": {"equal": rule}}
    (tmp_path / "equal.yaml").write_text(json.dumps(policy))
    first = begun(plan, "--until-decided", "equal.yaml")
    wait_for(lambda: words(tmp_path).count("incarnation") >= 3)
    first.kill()
    first.communicate()
    wait_for(lambda: no_workers_left(tmp_path), 10)
    second = begun(plan, "--until-decided", "equal.yaml")
    _, err = second.communicate(timeout=120)
    assert second.returncode in (0, 3), err
    record = read_record(tmp_path / "run")
    assert [session.id for session in record.sessions] == [0, 1]
    assert record.looks == 5
    assert any(note.startswith("Timing ended after look") for note in texts(record.notes))
    starts = {name: np.unique(record.arrays[f"{name}/latency.batch_1.p50"][:, 0]) for name in ("slow", "again")}
    assert len(starts["slow"]) < len(starts["again"])  # hundreds of times as slow: settled at an earlier look than an equal one
    assert min(starts["again"]) < 1000 * 100 <= max(starts["again"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_leaves_a_valid_partial_record_and_goes_on_later(tmp_path, number):
    plan = written_plan(tmp_path, ["good", "slow", "hides"], budget="20 s")
    first = begun(plan)
    wait_for(lambda: words(tmp_path).count("round") >= 3)
    assert daemons_left(tmp_path)
    first.send_signal(number)
    for more in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):  # as runners of CI do, who lose their patience
        time.sleep(0.3)
        first.send_signal(more)
    out, err = first.communicate(timeout=60)
    assert first.returncode == 128 + number, err
    assert "Traceback" not in err
    assert "again to go on" in out
    record = read_record(tmp_path / "run")
    assert record.ended == "interrupted"
    assert isinstance(record.row("slow").readings["quality.root_mean_squared_error"], Measurement)
    assert (tmp_path / "run" / "report.html").exists()
    assert no_workers_left(tmp_path)
    assert daemons_left(tmp_path) == []
    assert "round" in words(tmp_path)


def test_nohup_keeps_an_audit_that_loses_its_terminal(tmp_path):
    plan = written_plan(tmp_path, ["good"])
    first = begun(plan, ignored=(signal.SIGHUP,))
    wait_for(lambda: "session" in words(tmp_path))
    first.send_signal(signal.SIGHUP)
    _, err = first.communicate(timeout=120)
    assert first.returncode == 0, err
    assert read_record(tmp_path / "run").ended == "complete"


def test_interrupted_before_all_is_known_it_still_leaves_a_record(tmp_path):
    plan = written_plan(tmp_path, ["good", "hangs"], timeout="60 s")
    first = begun(plan)
    wait_for((tmp_path / "run" / "logs" / "hangs-answers.log").exists)
    first.send_signal(signal.SIGINT)
    _, err = first.communicate(timeout=60)
    assert first.returncode == 130, err
    record = read_record(tmp_path / "run")
    assert record.ended == "interrupted"
    assert record.row("hangs").failure.code == "interrupted"


def test_a_second_audit_in_the_same_folder_is_refused_with_who_is_there(tmp_path):
    plan = written_plan(tmp_path, ["good", "slow"], budget="20 s")
    first = begun(plan)
    wait_for(lambda: "session" in words(tmp_path))
    second = begun(plan)
    _, err = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"another audit (process {first.pid}) is at work in this folder" in err
    assert "--out" in err
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)


def test_a_finished_record_is_measured_again(tmp_path):
    plan = written_plan(tmp_path, ["good", "slow"], budget="1 s")
    begun(plan).communicate(timeout=120)
    before = read_record(tmp_path / "run")
    process = begun(plan)
    process.communicate(timeout=120)
    after = read_record(tmp_path / "run")
    assert process.returncode == 0
    assert after.created >= before.created
    assert len(after.sessions) == 1


def test_a_changed_plan_begins_anew(tmp_path):
    plan = written_plan(tmp_path, ["good", "slow"], budget="1 s")
    first = begun(plan)
    wait_for(lambda: "answers" in words(tmp_path))
    first.kill()
    first.communicate()
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"seed": 1}))
    begun(plan).communicate(timeout=120)
    record = read_record(tmp_path / "run")
    assert record.seed == 1
    assert len(record.sessions) == 1


def test_a_full_disk_is_said_and_what_was_won_is_kept(tmp_path, monkeypatch, capsys):
    from effaudit.cli import run

    plan = written_plan(tmp_path, ["good", "slow"])
    monkeypatch.chdir(tmp_path)
    added = Journal.add

    def add(self, message):
        if message.word == "round":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        added(self, message)

    monkeypatch.setattr(Journal, "add", add)
    assert run(["audit", str(plan), "--out", "run"]) == 2
    assert "the disk is full" in capsys.readouterr().err
    assert "answers" in words(tmp_path)
    assert no_workers_left(tmp_path)
