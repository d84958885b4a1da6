"""Folders with the user's own files, and links that came with a repository: nothing outside is written, nothing is lost."""

from __future__ import annotations

import os

import numpy as np
import pytest
from misbehaving import begun, written_plan

import effaudit
from effaudit.cli import run
from effaudit.core.errors import InputError

MINE = (
    "models/forest.skops",
    "data/store.json",
    "predictions/good.npz",
    "record.json",
    "report.html",
    "artifacts/m.bin",
    "plan.txt",
)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_audit_into_the_users_own_folder_is_refused_and_changes_no_file(tmp_path, monkeypatch, capsys):
    written_plan(tmp_path, ["good"])
    for name in MINE:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    assert run(["audit", "plan.yaml", "--out", ".", "--progress", "off"]) == 2
    assert "artifacts/m.bin" in capsys.readouterr().err
    x = np.arange(40.0).reshape(20, 2)
    with pytest.raises(InputError, match=r"artifacts/m\.bin[\s\S]*out="):
        effaudit.audit({"m": np.sum}, x, x[:, 0], out=".")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["../../outside", "a/b", "", ".hidden", "x" * 65, "/tmp/outside", "..", 3])
@pytest.mark.parametrize("given", ["model", "audit"])
def test_names_are_looked_at_before_anything_is_written(tmp_path, monkeypatch, name, given):
    monkeypatch.chdir(tmp_path)
    x = np.arange(40.0).reshape(20, 2)
    with pytest.raises(InputError, match="not a name"):
        effaudit.audit({name if given == "model" else "m": np.sum}, x, x[:, 0], name=name if given == "audit" else "a")
    assert not list(tmp_path.rglob("*"))


def test_reports_that_are_a_link_in_a_repository_are_not_written_through_unless_they_are_named(tmp_path, monkeypatch, capsys):
    home, repository = tmp_path / "home", tmp_path / "repository"
    home.mkdir()
    written_plan(repository, ["good"])
    (repository / "reports").symlink_to(home)
    monkeypatch.chdir(repository)
    assert run(["audit", "plan.yaml", "--progress", "off"]) == 2
    assert "reports: this is a link" in capsys.readouterr().err
    assert not list(home.iterdir())
    assert run(["audit", "plan.yaml", "--out", "reports/faults", "--progress", "off"]) == 0
    assert (home / "faults" / "record.json").is_file()


@pytest.mark.parametrize("name", ["logs/good-answers.log", "data/certify/0.npy", "predictions", ".lock", "report.html"])
def test_links_in_the_place_of_a_runs_files_end_the_audit_before_they_are_followed(tmp_path, name):
    plan = written_plan(tmp_path, ["good"])
    (tmp_path / "own").write_text("the user's own")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".effaudit").write_text('{"effaudit": "x", "schema": 1}')
    (tmp_path / "run" / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "run" / name).symlink_to(tmp_path / "own")
    process = begun(plan)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"run/{name}: this is a link" in err
    assert (tmp_path / "own").read_text() == "the user's own"


def test_a_log_with_a_second_name_outside_is_not_appended_to(tmp_path):
    plan = written_plan(tmp_path, ["good"])
    (tmp_path / "own").write_text("the user's own")
    (tmp_path / "run" / "logs").mkdir(parents=True)
    (tmp_path / "run" / ".effaudit").write_text('{"effaudit": "x", "schema": 1}')
    os.link(tmp_path / "own", tmp_path / "run" / "logs" / "good-answers.log")
    process = begun(plan)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "good-answers.log: this file has another name too" in err
    assert (tmp_path / "own").read_text() == "the user's own"


def test_a_damaged_journal_is_cut_and_the_audit_goes_on_and_says_so(tmp_path):
    from misbehaving import no_workers_left

    from effaudit.measure.journal import messages
    from effaudit.reading.record_file import read_record

    plan = written_plan(tmp_path, ["good", "slow"], budget="2 s")
    path = tmp_path / "run" / "journal.bin"
    process = begun(plan)
    while [message.word for message in messages(path)].count("round") < 6:
        assert process.poll() is None
    process.kill()
    process.communicate()
    while not no_workers_left(tmp_path):
        pass
    data = bytearray(path.read_bytes())
    data[-400] ^= 1
    path.write_bytes(data)
    again = begun(plan)
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    record = read_record(tmp_path / "run")
    assert [session.id for session in record.sessions] == [0, 1]
    assert [note.code for note in record.sessions[1].notes if note.code.startswith("journal")] == ["journal_cut"]
    assert "Note: the journal was damaged" in out
