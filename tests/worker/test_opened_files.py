"""What a process reads is heard, whoever opens it: Python, an import, a library."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from effaudit.worker.opened_files import OpenedFiles
opened = OpenedFiles([{store!r}])
import numpy as np
import helper_of_a_model
np.load({folder!r} + "/weights.npy", mmap_mode="r")
kept = np.load({folder!r} + "/mapped.npy", mmap_mode="r")
open({store!r} + "/0.npy", "rb").close()
open({folder!r} + "/cache.tmp", "w").close()
open({folder!r} + "/cache.tmp").close()
open({folder!r} + "/new.tmp", "w").close()
import os
os.replace({folder!r} + "/new.tmp", {folder!r} + "/replaced.json")
open({folder!r} + "/replaced.json").close()
for path in opened.paths([{folder!r} + "/model.bin", {folder!r} + "/missing"]):
    print(path)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_every_file_that_is_read_is_found_and_nothing_of_libraries_or_of_the_audit(tmp_path):
    import numpy as np

    folder, store = tmp_path / "plan", tmp_path / "store"
    folder.mkdir()
    store.mkdir()
    (folder / "helper_of_a_model.py").write_text("SCALE = 2")
    (folder / "model.bin").write_bytes(b"m")
    (store / "0.npy").write_bytes(b"0")
    for name in ("weights.npy", "mapped.npy"):
        np.save(folder / name, np.ones(10))
    script = SCRIPT.format(folder=str(folder), store=str(store))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found = done.stdout.split()
    assert found[0] == str(folder / "model.bin")
    assert set(found) == {str(folder / name) for name in ("model.bin", "helper_of_a_model.py", "weights.npy", "mapped.npy")}


WRITERS = """
import mmap, os, subprocess, sys
os.chdir({folder!r})
from effaudit.worker.opened_files import OpenedFiles
opened = OpenedFiles([])
with open("app.log", "a") as log:  # a link
    log.write("one")
open("app-2026.log").close()
shared = open("index.shm", "r+b")
index = mmap.mmap(shared.fileno(), 0)
os.close(os.open("index.shm", os.O_RDONLY))
code = "import sys, time; log = open('child.log', 'a'); held = open('child.json'); print(flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
open("child.log").close()
for path in opened.paths([]):
    print(path)
child.kill()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_the_candidate_or_its_processes_write_is_not_what_they_were_given(tmp_path):
    for name in ("app-2026.log", "index.shm", "child.log", "child.json"):
        (tmp_path / name).write_bytes(b"begun")
    (tmp_path / "app.log").symlink_to("app-2026.log")
    script = WRITERS.format(folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {str(tmp_path / "child.json")}
