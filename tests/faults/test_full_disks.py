"""No room, and odd things in a run's folder: one sentence with the file's name and exit code 2, and what was won is kept."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import time

import pytest
from misbehaving import begun, no_workers_left, written_plan

from effaudit.core.errors import InputError
from effaudit.core.files import check_room, own_folder, replacing, write_array, write_text
from effaudit.core.system import refusal, told
from effaudit.measure.journal import messages
from effaudit.measure.run import held
from effaudit.reading.record_file import read_record

resource = pytest.importorskip("resource")


def ended(plan, limit=None, size=0):
    """An audit under a limit of the system: exit code and what it said."""
    process = begun(plan)
    if limit is not None:
        resource.prlimit(process.pid, limit, (size, resource.getrlimit(limit)[1]))
    _, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    assert no_workers_left(plan.parent)
    return process.returncode, err


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own of some megabytes, where one may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def filled(place):
    """What takes all the room that is left."""
    path = place / "filler"
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return path


def test_a_file_that_may_not_be_as_large_is_named_with_what_to_do(tmp_path):
    code, err = ended(written_plan(tmp_path, ["good"]), resource.RLIMIT_FSIZE, 600)
    assert code == 2
    assert "the file is larger than files may be here" in err
    assert "run/data/" in err
    assert "ulimit -f" in err


def test_a_disk_that_fills_up_while_candidates_are_timed_costs_one_round(small_disk):
    plan = written_plan(small_disk, ["good", "slow"], budget="20 s")
    journal = small_disk / "run" / "journal.bin"
    process = begun(plan)
    until = time.monotonic() + 60
    while [message.word for message in messages(journal)].count("round") < 3:
        assert time.monotonic() < until
        time.sleep(0.05)
    filler = filled(small_disk)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "journal.bin: the disk is full" in err
    assert "start the same command again" in err
    assert no_workers_left(small_disk)
    kept = len([message for message in messages(journal) if message.word == "round"])
    assert kept >= 3
    filler.unlink()
    plan.write_text(json.dumps(json.loads(plan.read_text())))
    code, err = ended(plan)
    assert code == 0, err
    record = read_record(small_disk / "run")
    assert [session.id for session in record.sessions] == [0, 1]
    assert not any(note.code.startswith("journal") for session in record.sessions for note in session.notes)
    assert len({key for key in record.arrays["slow/latency.batch_1.p50"][:, 1] if key < 1000 * 100 * 100_000}) >= kept


def test_whether_there_is_room_is_found_by_trying(small_disk):
    check_room(small_disk)
    filler = filled(small_disk)
    with pytest.raises(OSError, match="No space") as caught:
        check_room(small_disk)
    assert caught.value.filename == str(small_disk)
    filler.unlink()
    check_room(small_disk)
    assert not list(small_disk.iterdir())


def test_a_folder_that_is_removed_meanwhile_ends_the_audit_and_no_candidate_is_blamed(tmp_path):
    plan = written_plan(tmp_path, ["good", "slow"], budget="20 s")
    process = begun(plan)
    until = time.monotonic() + 60
    while not messages(tmp_path / "run" / "journal.bin"):
        assert time.monotonic() < until
        time.sleep(0.05)
    (tmp_path / "run").rename(tmp_path / "gone")
    _, err = process.communicate(timeout=90)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert str(tmp_path / "run") in err.replace("run/", str(tmp_path / "run/"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("name", "folder"), [("record.json", True), ("journal.bin", True), ("data", False), ("logs", False)])
def test_what_has_the_name_of_a_runs_file_and_is_none_is_named(tmp_path, name, folder):
    plan = written_plan(tmp_path, ["good"])
    with held(tmp_path / "run"):
        pass
    (tmp_path / "run" / name).mkdir() if folder else (tmp_path / "run" / name).write_text("")
    code, err = ended(plan)
    assert code == 2
    assert f"run/{name}: this is a {'folder' if folder else 'file'}, where" in err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.EAGAIN, errno.EACCES, errno.EIO])
def test_every_refusal_of_the_system_names_the_file_and_says_what_to_do(tmp_path, number):
    said = refusal(OSError(number, os.strerror(number), str(tmp_path / "run" / "data")))
    assert "run/data" in str(said)
    assert said.advice
    with pytest.raises(InputError), told():
        raise OSError(number, os.strerror(number))


def test_a_reader_that_has_left_is_no_refusal():
    with pytest.raises(BrokenPipeError), told():
        raise BrokenPipeError


@pytest.mark.parametrize("write", [write_text, write_array], ids=["text", "array"])
def test_nothing_half_written_takes_the_place_of_a_file(tmp_path, write, monkeypatch):
    import numpy as np

    what = "new" if write is write_text else np.arange(3000.0)
    write(tmp_path / "file", what)
    before = (tmp_path / "file").read_bytes()
    monkeypatch.setattr("os.fdopen", lambda *_, **__: Full())
    with pytest.raises(OSError, match="No space") as caught:
        write(tmp_path / "file", what)
    assert caught.value.filename == str(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == before


class Full:
    """A file on a disk without room."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def write(self, _):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "own").write_text("the user's own")
    (tmp_path / "file").symlink_to("own")
    with replacing(tmp_path / "file") as file:
        file.write(b"new")
    assert (tmp_path / "own").read_text() == "the user's own"
    assert (tmp_path / "file").read_text() == "new"
    assert not (tmp_path / "file").is_symlink()
    (tmp_path / "folder").symlink_to(".")
    with pytest.raises(InputError, match="link"):
        own_folder(tmp_path / "folder")
