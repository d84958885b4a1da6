"""Files that cannot be read, or are of no known kind: each fails its own candidate, and the others are audited."""

from __future__ import annotations

import os

import pytest
from misbehaving import begun, written_plan

from effaudit.core.reading import Measurement
from effaudit.reading.record_file import read_record

FILES = {
    "missing": ("none.onnx", {}, "'none.onnx' is not there: there is no such file"),
    "unknown": ("unknown.bin", {}, "no format recognises 'unknown.bin'. Write `format:` beside its path"),
    "empty": ("empty.onnx", {}, "'empty.onnx' is empty"),
    "cut": ("cut.onnx", {}, "cut.onnx cannot be read as an ONNX graph"),
    "pipe": ("pipe.onnx", {}, "'pipe.onnx' is a pipe"),
    "folder": ("folder.onnx", {}, "'folder.onnx' is a folder"),
    "dangling": ("dangling.onnx", {}, "'dangling.onnx' is a link to a file that is not there"),
    "device": ("/dev/zero", {}, "'zero' is a device"),
    "endless": ("/proc/self/environ", {}, "'environ' is no file on a disk"),
    "two_lines": ("two\nlines.onnx", {}, "'two lines.onnx' is not there"),
    "no_format": ("cut.onnx", {"format": "onx"}, "there is no format 'onx'. Did you mean 'onnx'?"),
    "no_factory": (
        "cut.safetensors",
        {"format": "torch", "factory": "nowhere:make", "trust": True},
        "there is no module 'nowhere'",
    ),
    "no_preprocess": (
        "broken:good",
        {"format": "python", "preprocess": "unknown.bin"},
        "`preprocess` is the file of a transformer",
    ),
    "hollow": ("hollow.onnx", {}, "'hollow.onnx' is a file of holes: 10,000,000,000,003 bytes"),
    "beside_hollow": ("beside.onnx", {}, "cannot be read as an ONNX graph"),  # and what it does not name is not read
    "vanishing": ("vanishing.onnx", {}, "there is no file vanishing.onnx"),
    "replaced": ("replaced.onnx", {}, "there is no file replaced.onnx"),
}


def entries():
    return [{"name": name, "path": path, **more} for name, (path, more, _) in FILES.items()]


def made(folder):
    """The files that are there, odd neighbours included."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "unknown.bin").write_bytes(b"\x00\x01\x02")
    (folder / "empty.onnx").touch()
    for name in (
        "cut.onnx",
        "cut.safetensors",
        "vanishing.onnx",
        "replaced.onnx",
        "hollow.onnx",
        "beside.onnx",
        "beside.onnx.data",
    ):
        (folder / name).write_bytes(b"\x08\x07\x12")
    for name in ("hollow.onnx", "beside.onnx.data"):
        os.truncate(folder / name, 10**13 + 3)
    os.mkfifo(folder / "pipe.onnx")
    os.mkfifo(folder / "cut.onnx.pipe")
    (folder / "folder.onnx").mkdir()
    (folder / "dangling.onnx").symlink_to("gone.onnx")
    with open(os.path.join(os.fsencode(folder), b"cut.onnx.\xff"), "wb") as odd:
        odd.write(b"x")


@pytest.fixture(scope="module")
def unreadable(tmp_path_factory):
    """One audit of a good model between those that take files away, and files that cannot be read."""
    folder = tmp_path_factory.mktemp("unreadable")
    made(folder)
    plan = written_plan(folder, ["good", "removes", "replaces"], extra=entries())
    process = begun(plan)
    out, err = process.communicate(timeout=200)
    return folder, process.returncode, out, err


def test_the_others_are_audited_and_the_exit_code_says_what_is_missing(unreadable):
    folder, code, out, err = unreadable
    assert "Traceback" not in err, err
    assert code == 4
    assert "INCOMPLETE" in out
    record = read_record(folder / "run")
    assert record.ended == "complete"
    assert {row.candidate.name for row in record.rows} == {"good", "removes", "replaces", *FILES}
    for name in ("good", "removes", "replaces"):
        assert isinstance(record.row(name).readings["latency.batch_1.p50"], Measurement)


@pytest.mark.parametrize("name", FILES)
def test_each_is_a_row_with_a_failure_that_says_why(unreadable, name):
    failure = read_record(unreadable[0] / "run").row(name).failure
    assert failure is not None
    assert failure.stage == "open"
    assert FILES[name][2] in failure.reason
    assert "\n" not in failure.reason


def test_what_is_plain_from_the_start_is_told_at_the_start(unreadable):
    told = unreadable[3]
    assert "effaudit: missing will not be measured: plan.yaml:1 (candidates[3].path): 'none.onnx' is not there" in told
    assert "vanishing" not in told


def test_a_baseline_that_cannot_be_read_is_told_first_and_the_others_are_audited(tmp_path):
    plan = written_plan(tmp_path, ["good"], extra=[{"name": "old", "path": "none.onnx"}])
    plan.write_text(plan.read_text().replace('"baseline": "good"', '"baseline": "old"'))
    process = begun(plan)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    assert process.returncode == 4
    assert "The baseline old could not be measured." in " ".join(out.split())
    assert isinstance(read_record(tmp_path / "run").row("good").readings["latency.batch_1.p50"], Measurement)


def test_where_nothing_can_be_opened_nothing_is_begun(tmp_path):
    plan = written_plan(tmp_path, ["good"], extra=[{"name": "old", "path": "none.onnx"}])
    plan.write_text(plan.read_text().replace('"format": "python"', '"format": "pythn"'))
    process = begun(plan)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Did you mean 'python'?" in err
    assert "'none.onnx' is not there" in err
    assert not (tmp_path / "run").exists()
