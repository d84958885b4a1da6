"""Data is read in a process of its own, whose memory has a limit and whose end is told in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from effaudit.core.errors import InputError
from effaudit.core.limits import free_memory
from effaudit.core.plan import Data
from effaudit.core.wire import pack
from effaudit.process import tree
from effaudit.reading import alone, bounds
from effaudit.reading.alone import read_data
from effaudit.reading.data import build_store

FRAME = pd.DataFrame({"a": np.arange(40.0), "w": ["x", "y"] * 20, "y": [0, 0, 1, 1] * 10})


def asked(path, answer="y", **more):
    return Data("classification", {"certify": path}, (answer,), independent=True, **more)


def refusal(path, tmp_path, **more):
    with pytest.raises(InputError) as caught:
        read_data(asked(path, **more), tmp_path / "store", False, 0, "test")
    return caught.value


@pytest.fixture
def table(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def test_the_workload_and_the_store_are_those_of_reading_here(table, tmp_path):
    given = asked(table, slices=("w",), slice_min_rows=5)
    here, _ = build_store(given, tmp_path / "here", True, 3)
    there, store = read_data(given, tmp_path / "there", True, 3, "test")
    assert pack(there) | {"store": ""} == pack(here) | {"store": ""}
    assert there.inputs == here.inputs
    assert store.inputs("certify", slice(2), ("w",))["w"].tolist()[0] in ("x", "y")


def test_what_is_wrong_is_told_with_its_place_and_advice(table, tmp_path):
    error = refusal(table, tmp_path, answer="z")
    assert "there is no column 'z', which is the answer" in error.what
    assert error.place.file == str(table)
    assert refusal(tmp_path / "none.csv", tmp_path).advice.startswith("Name a file that ends in")


def test_data_in_memory_is_read_here(tmp_path, monkeypatch):
    monkeypatch.setattr(alone, "_done", lambda *_: pytest.fail("a process was started"))
    data = Data("classification", {"certify": FRAME}, ("y",), independent=True)
    assert read_data(data, tmp_path / "store", False, 0, "test")[0].splits["certify"] == 40


def test_words_that_unpack_to_gigabytes_end_in_one_sentence(tmp_path):
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, dtype=np.int32)), pa.array(["x" * 100_000]))
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"t": words, "y": np.arange(100_000) % 2}), path, store_schema=False)
    assert path.stat().st_size < 1_000_000
    error = refusal(path, tmp_path)
    assert error.what == "reading x.parquet takes more than 1.0 GB of memory"
    assert error.place.file == str(path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits a process's memory")
def test_the_limit_grows_with_the_files_and_what_they_need_is_read(tmp_path, monkeypatch):
    np.savez(tmp_path / "x.npz", x=np.ones((200, 100_000)), y=np.arange(200) % 2)
    assert bounds.memory([tmp_path / "x.npz"]) == min(free_memory()[0], 100 * bounds.on_disk(tmp_path / "x.npz"))
    read_data(asked(tmp_path / "x.npz"), tmp_path / "store", False, 0, "test")
    monkeypatch.setattr(bounds, "memory", lambda _: 100_000_000)
    assert "takes more than 0.1 GB of memory" in refusal(tmp_path / "x.npz", tmp_path).what


@pytest.mark.parametrize(
    ("code", "reply", "said", "words"),
    [
        (-11, {}, "", "ended the process that read (SIGSEGV)"),
        (-6, {}, "terminate called after throwing an instance of 'std::bad_alloc'", "takes more than"),
        (-9, {}, "", "ended the process that read (SIGKILL)"),
    ],
)
def test_a_process_that_ends_is_told(table, tmp_path, monkeypatch, code, reply, said, words):
    monkeypatch.setattr(alone, "_done", lambda *_: (code, reply, said))
    assert words in refusal(table, tmp_path).what


def test_a_full_disk_is_an_error_of_the_system_and_others_are_no_input_errors(table, tmp_path, monkeypatch):
    monkeypatch.setattr(alone, "_done", lambda *_: (0, {"system": [28, "No space left on device"]}, ""))
    with pytest.raises(OSError, match="No space left") as caught:
        read_data(asked(table), tmp_path / "store", False, 0, "test")
    assert caught.value.errno == 28
    monkeypatch.setattr(alone, "_done", lambda *_: (1, {}, "Traceback (most recent call last):\nKeyError: 'x'"))
    with pytest.raises(RuntimeError, match="KeyError: 'x'"):
        read_data(asked(table), tmp_path / "store", False, 0, "test")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends it with its parent")
def test_it_ends_with_the_process_that_asks(tmp_path):
    code = f"""
        from pathlib import Path
        from effaudit.core.plan import Data
        from effaudit.reading import alone
        (Path({str(tmp_path)!r}) / "t.csv").write_text("a,y\\n" + "1,0\\n0,1\\n" * 4_000_000)
        alone.read_data(Data("classification", {{"certify": Path({str(tmp_path)!r}) / "t.csv"}}, ("y",), independent=True),
                        Path({str(tmp_path / "store")!r}), False, 0, "ends-with-parent")
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    until = time.monotonic() + 60
    while not (started := tree.known_by("ends-with-parent/")) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.5)  # it has asked to end with its parent by now
    parent.kill()
    parent.wait()
    while tree.known_by("ends-with-parent/") and time.monotonic() < until:
        time.sleep(0.02)
    assert started
    assert tree.known_by("ends-with-parent/") == []


def test_the_commands_own_memory_has_a_limit_that_ends_in_one_sentence(tmp_path):
    code = """
        import sys
        from effaudit import cli
        from effaudit.cli import list as verb
        from effaudit.core import limits
        limits.free_memory = lambda: (50_000_000, 100_000_000)
        verb.run = lambda options: len(bytearray(10**9))
        sys.exit(cli.run(["list"]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("effaudit: effaudit's own process asks for more than the 0.1 GB of memory")
    assert "Traceback" not in done.stderr


def test_the_reply_is_json_whatever_libraries_print(table, tmp_path):
    code, reply, _ = alone._done(alone._Task(asked(table), tmp_path / "store", False, 0, os.getpid(), 10**9), "test")
    assert (code, list(reply)) == (0, ["workload"])
    assert json.dumps(reply)
