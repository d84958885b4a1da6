"""A candidate is its files: a change of any is noticed, a new time alone is none."""

from __future__ import annotations

import os
import shutil

import pytest

from effaudit.core.identity import Identity, NoFile, read_file, stamp


@pytest.fixture
def files(tmp_path):
    for name, text in (("net.onnx", "graph"), ("weights.bin", "1234")):
        (tmp_path / name).write_text(text)
    return Identity(tuple(read_file(str(tmp_path / name)) for name in ("net.onnx", "weights.bin")))


def test_nothing_is_suspect_while_nothing_happens(files):
    assert files.suspects() == ()


def test_a_change_that_keeps_size_and_time_is_suspect(files):
    path = files.files[1].path
    before = os.stat(path)
    with open(path, "r+") as file:
        file.write("4321")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [file.path for file in files.suspects()] == [path]
    assert read_file(path).digest != files.files[1].digest


def test_a_file_that_was_only_touched_has_the_same_digest(files):
    path = files.files[0].path
    os.utime(path)
    assert [file.path for file in files.suspects()] == [path]
    assert read_file(path).digest == files.files[0].digest


def test_a_file_that_another_one_took_the_place_of_or_that_is_gone_is_suspect(files, tmp_path):
    (tmp_path / "other").write_text("graph")
    os.replace(tmp_path / "other", files.files[0].path)
    os.remove(files.files[1].path)
    assert files.suspects() == files.files
    with pytest.raises(NoFile, match=r"weights\.bin is no longer there"):
        read_file(files.files[1].path)


def test_a_link_that_points_elsewhere_is_suspect(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text("same size")
    (tmp_path / "latest").symlink_to("a")
    identity = Identity((read_file(str(tmp_path / "latest")),))
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").symlink_to("b")
    assert len(identity.suspects()) == 1


def test_the_digest_is_that_of_names_and_contents_wherever_the_folder_is(files, tmp_path):
    shutil.copytree(tmp_path, tmp_path / "copy")
    paths = [str(tmp_path / "copy" / name) for name in ("weights.bin", "net.onnx")]
    assert Identity(tuple(map(read_file, paths))).digest == files.digest
    (tmp_path / "copy" / "weights.bin").write_text("1235")
    assert Identity(tuple(map(read_file, paths))).digest != files.digest


def test_what_is_no_file_or_too_large_is_refused_before_it_is_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(NoFile, match="no regular file"):
        read_file(str(tmp_path / "fifo"))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(300 * 10**9)
    with pytest.raises(NoFile, match=r"more than 200 GB|holes"):
        read_file(str(tmp_path / "sparse"))
    assert stamp(tmp_path / "none") is None
    assert stamp("a\0b") is None
