"""A run's folder is effaudit's own: others' files are never taken for it, and links in it are never followed."""

from __future__ import annotations

import json
import os

import pytest

from effaudit.core.errors import InputError
from effaudit.measure import ownership
from effaudit.measure.journal import Journal
from effaudit.measure.ownership import MARKER, claim, default_folder
from effaudit.measure.run import held

RECORD = {"schema": 2, "plan_digest": "", "rows": [], "sessions": [], "sha256": ""}


def refusal(folder):
    with pytest.raises(InputError) as caught, held(folder):
        pass
    return str(caught.value)


def test_a_new_and_an_empty_folder_are_marked_and_taken_again(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / ".gitignore").write_text("*")
    for name in ("new", "deep/er", "kept"):
        for _ in range(2):
            with held(tmp_path / name) as run:
                assert run.folder == (tmp_path / name).resolve()
        assert json.loads((tmp_path / name / MARKER).read_text())["schema"] == ownership.SCHEMA


@pytest.mark.parametrize(
    "name", ["notes.txt", "data/store.json", "predictions/line.npz", "record.json", "journal.bin", ".lock", "models/m"]
)
def test_a_folder_with_somebodys_files_is_refused_and_nothing_is_written(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    said = refusal(tmp_path)
    assert name in said
    assert "--out" in said
    assert "out=" in said
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_that_an_earlier_version_left_is_taken(tmp_path):
    for name, facts in (("finished", RECORD), ("interrupted", None), ("begun", None)):
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True) if name != "begun" else folder.mkdir()
        (folder / ".lock").write_text("4711")
        if facts:
            (folder / "record.json").write_text(json.dumps(facts))
        elif name == "interrupted":
            (folder / "journal.bin").write_bytes(bytes(12) + b'{"v": 1, "word": "audit", "facts": {"key": "k"}, "arrays": []}')
        with held(folder):
            assert (folder / MARKER).is_file()


def test_a_record_that_was_copied_into_a_project_makes_no_run_of_it(tmp_path):
    (tmp_path / "record.json").write_text(json.dumps(RECORD))
    with held(tmp_path):
        pass
    (tmp_path / MARKER).unlink()
    (tmp_path / ".lock").unlink()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "flights.csv").write_text("mine")
    assert "data/flights.csv" in refusal(tmp_path)


OWN = (".lock", "journal.bin", "data", "predictions", "artifacts", "logs", "models", "record.json", "evidence.npz", MARKER)


@pytest.mark.parametrize(
    "name", [*OWN, "logs/m-answers.log", "data/certify", "data/certify/0.npy", "predictions/m.npz", "artifacts/m-1"]
)
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("target", ["file", "folder", "nothing"])
def test_links_in_a_runs_folder_are_refused_by_name_and_not_followed(tmp_path, name, marked, target):
    home, run = tmp_path / "home", tmp_path / "run"
    home.mkdir()
    (home / "file").write_text("the user's own")
    (home / "folder").mkdir()
    if marked and name != MARKER:
        claim_new(run)
    (run / name).parent.mkdir(parents=True, exist_ok=True)
    (run / name).symlink_to(home / target)
    said = refusal(run)
    assert name in said
    assert sorted(path.name for path in home.iterdir()) == ["file", "folder"]
    assert (home / "file").read_text() == "the user's own"
    assert not list((home / "folder").iterdir())


def claim_new(folder):
    folder.mkdir()
    claim(folder)


@pytest.mark.parametrize("name", [".lock", "journal.bin"])
def test_a_second_name_of_somebodys_file_is_not_written_through(tmp_path, name):
    claim_new(tmp_path / "run")
    (tmp_path / "own").write_text("the user's own")
    os.link(tmp_path / "own", tmp_path / "run" / name)
    with pytest.raises(InputError, match="hard link"), held(tmp_path / "run") as run:
        run.journal("k")
    assert (tmp_path / "own").read_text() == "the user's own"


@pytest.mark.parametrize(
    ("name", "folder", "said"),
    [("record.json", True, "a folder, where"), ("journal.bin", True, "a folder, where"), (".lock", True, "a folder, where")]
    + [(name, False, "a file, where") for name in ("data", "predictions", "artifacts", "logs")],
)
def test_what_is_of_the_wrong_kind_is_said_before_anything_is_measured(tmp_path, name, folder, said):
    claim_new(tmp_path / "run")
    (tmp_path / "run" / name).mkdir() if folder else (tmp_path / "run" / name).write_text("")
    assert f"run/{name}" in refusal(tmp_path / "run")
    assert said in refusal(tmp_path / "run")


def test_a_link_to_a_folder_is_the_users_choice(tmp_path):
    (tmp_path / "big").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "big")
    with held(tmp_path / "run") as run:
        assert run.folder == (tmp_path / "big").resolve()


def test_without_a_choice_a_link_in_the_place_of_the_reports_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(default_folder("a")) == os.path.join("reports", "a")
    (tmp_path / "home").mkdir()
    (tmp_path / "reports").symlink_to("home")
    with pytest.raises(InputError, match=r"reports: this is a link[\s\S]*--out"):
        default_folder("a")


@pytest.mark.parametrize("text", ["mine", '{"a": 1}', "[]"])
def test_a_mark_that_is_none_is_refused(tmp_path, text):
    (tmp_path / MARKER).write_text(text)
    assert "not the mark" in refusal(tmp_path)


def test_a_folder_of_a_newer_version_is_refused(tmp_path):
    (tmp_path / MARKER).write_text(json.dumps({"effaudit": "x", "schema": 99}))
    assert "newer version" in refusal(tmp_path)


def test_what_was_half_written_when_an_audit_was_killed_is_removed_and_nothing_else(tmp_path):
    claim_new(tmp_path / "run")
    (tmp_path / "run" / "data" / "certify").mkdir(parents=True)
    left = [tmp_path / "run" / name for name in (".record.json.0123abcd.part", "data/certify/.0.npy.0123abcd.part")]
    kept = [tmp_path / "run" / name for name in ("mine.part", "data/certify/0.npy")]
    for path in (*left, *kept):
        path.write_text("")
    with held(tmp_path / "run"):
        pass
    assert [path.exists() for path in (*left, *kept)] == [False, False, True, True]


@pytest.mark.parametrize("again", [False, True])
def test_a_folder_that_was_removed_or_exchanged_meanwhile_is_noticed(tmp_path, again):
    with held(tmp_path / "run") as run:
        run.check()
        (tmp_path / "run").rename(tmp_path / "gone")
        if again:
            (tmp_path / "run").mkdir()
            (tmp_path / "run" / ".lock").write_text("")
        with pytest.raises(FileNotFoundError, match="removed while the audit was at work"):
            run.check()


def test_a_path_that_cannot_be_a_folder_is_refused_in_the_systems_words(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "round").symlink_to("round")
    for path in (tmp_path / "file", tmp_path / "file" / "run", tmp_path / ("x" * 300), tmp_path / "round"):
        assert "cannot write here" in refusal(path)


def test_a_journal_is_known_by_its_head(tmp_path):
    Journal(tmp_path / "journal.bin", "k").close()
    assert ownership.is_journal(tmp_path / "journal.bin")
    (tmp_path / "journal.bin").write_text("mine")
    assert not ownership.is_journal(tmp_path / "journal.bin")
