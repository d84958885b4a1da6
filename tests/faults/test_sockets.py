"""A whole audit, CodeCarbon included, opens no internet socket: not in the parent, not in a worker, not in what they start."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from toy_audits import written

INTERNET = {"AF_INET", "AF_INET6"}

HOOK = """
import os, sys

def say(*words):
    with open(os.environ["SOCKETS_SEEN"], "a") as file:
        file.write(" ".join([str(os.getpid()), *map(str, words)]) + "\\n")

def hook(event, arguments):
    if event == "socket.__new__" and int(arguments[1]) in (2, 10):
        say("opened", arguments[1])
    elif event in ("socket.connect", "socket.bind", "socket.sendto") and int(arguments[0].family) in (2, 10):
        say(event, arguments[1])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        say(event, arguments[0])

sys.addaudithook(hook)
say("begun")
"""

CONFIGURATION = """\
[codecarbon]
emissions_endpoint = http://127.0.0.1:9/
save_to_api = true
api_key = secret
save_to_prometheus = true
electricitymaps_api_token = token
force_cpu_power = 1000000
"""


def hooked(folder):
    """An environment whose Python processes write down every internet socket, and its file."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOOK)
    seen = folder / "seen.txt"
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "SOCKETS_SEEN": str(seen)}, seen


def strace(trace):
    """The command that writes every socket of a process tree to a file, where this machine lets us; else nothing."""
    command = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=socket", "-o", str(trace)]
    if shutil.which("strace") is None or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        return []
    return command


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    """An audit of models of every framework, where the user has set CodeCarbon to send what it reads."""
    import lightgbm
    import torch
    from sklearn.linear_model import LinearRegression
    from skops.io import dump

    folder = tmp_path_factory.mktemp("sockets")
    written(
        folder,
        measure={"budget": "1 s", "restarts": 1, "codecarbon": "finalists"},
        workload={"data": "data.npz", "answer": "y", "rows": "independent", "batch_sizes": [1]},
        candidates=[
            {"name": "linear", "path": "linear.skops"},
            {"name": "boosted", "path": "boosted.txt"},
            {"name": "net", "path": "net.pt2", "trust": True, "output": "values"},
        ],
        baseline="linear",
        compress=[{"of": "linear", "recipe": [{"to_onnx": {}}]}],
    )
    with np.load(folder / "data.npz") as data:
        rows, answers = np.column_stack([data[c] for c in "abc"]), data["y"]
    dump(LinearRegression().fit(rows, answers), folder / "linear.skops")
    boosted = lightgbm.train(
        {"objective": "regression", "verbose": -1}, lightgbm.Dataset(rows, answers, feature_name=list("abc")), 5
    )
    boosted.save_model(folder / "boosted.txt")
    batch = {0: torch.export.Dim("rows", min=1)}
    net = torch.export.export(torch.nn.Linear(3, 1), (torch.zeros(2, 3),), dynamic_shapes={"input": batch})
    torch.export.save(net, folder / "net.pt2")
    (folder / ".codecarbon.config").write_text(CONFIGURATION)
    environment, seen = hooked(folder / "hook")
    environment.pop("ORT_DISABLE_TELEMETRY", None)  # the engine is to set it
    environment |= {"HOME": str(folder), "CODECARBON_SAVE_TO_API": "true", "codecarbon_api_key": "secret"}
    trace = folder / "trace.txt"
    command = [*strace(trace), sys.executable, "-m", "effaudit", "audit", "plan.yaml", "--out", "run"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode in (0, 1, 3), done.stderr
    readings = {row["candidate"]["name"]: row["readings"] for row in json.loads((folder / "run/record.json").read_text())["rows"]}
    return SimpleNamespace(seen=seen.read_text(), trace=trace, readings=readings)


def test_no_python_process_opens_an_internet_socket_or_asks_for_an_address(audit):
    lines = [line.split(" ", 1) for line in audit.seen.splitlines()]
    assert len({pid for pid, _ in lines}) > 8, "the workers were not watched"
    assert [line for line in lines if line[1] != "begun"] == []


def test_no_process_opens_one_in_native_code(audit):
    if not audit.trace.exists():
        pytest.skip("no strace here")
    families = re.findall(r"socket\((AF_\w+)", audit.trace.read_text())
    assert INTERNET.isdisjoint(families)


def test_codecarbon_was_part_of_it_and_the_users_configuration_was_not(audit):
    assert set(audit.readings) == {"linear", "boosted", "net", "linear-to_onnx"}
    read = [readings for readings in audit.readings.values() if "value" in readings["energy.codecarbon"]]
    assert read
    for readings in read:
        assert 0 < readings["energy.codecarbon"]["value"] < 1000 * readings["energy.per_1000"]["value"], readings


def test_the_watch_sees_what_there_is_to_see(tmp_path):
    environment, seen = hooked(tmp_path / "hook")
    code = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.close(); socket.getaddrinfo('127.0.0.1', 9)"
    trace = tmp_path / "trace.txt"
    subprocess.run([*strace(trace), sys.executable, "-c", code], env=environment, check=True, timeout=30)
    assert len(seen.read_text().splitlines()) == 4
    if trace.exists():
        assert "socket(AF_INET," in trace.read_text()
