"""What a candidate's processes use is seen from its worker, children and daemons alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

SCRIPT = r"""
import json, os, subprocess, sys, time
from effaudit.core import keeper
keeper.keep(life=0)
from effaudit.worker import helpers, memory
BURN = "import time\nheld = bytearray(b'1') * 60_000_000\n"
BURN += "until = time.process_time() + 0.3\nwhile time.process_time() < until: pass\n"
REST = BURN + "print('done', flush=True); time.sleep(60)"
def daemon():
    code = "import os, sys\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n" + REST
    return subprocess.Popen([sys.executable, "-c", code], env={}, stdout=subprocess.PIPE)
found = {"none": [len(helpers.running()), helpers.resident()]}
begun = helpers.cpu_nanos()
started = {"child": lambda: subprocess.Popen([sys.executable, "-c", REST], stdout=subprocess.PIPE), "daemon": daemon}[sys.argv[1]]()
started.stdout.readline()
found["running"] = [len(helpers.running()), helpers.resident(), helpers.cpu_nanos() - begun, memory.now()]
begun = helpers.cpu_nanos()
subprocess.run([sys.executable, "-c", BURN])
found["ended"] = helpers.cpu_nanos() - begun
print(json.dumps(found), flush=True)
"""


@pytest.mark.parametrize("kind", ["child", "daemon"])
def test_processor_time_and_memory_of_other_processes_count(kind):
    environment = {**os.environ, "EFFAUDIT_PARENT": str(os.getpid())}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    found = json.loads(process.stdout.readline())
    process.stdin.close()
    process.wait(20)
    assert found["none"] == [0, 0]
    running, held, cpu, everything = found["running"]
    assert running == (1 if kind == "child" else 2 if running == 2 else 1)  # a child that was not waited for may still be there
    assert held > 60_000_000
    assert everything > held
    assert 0.28e9 < cpu < 3e9
    assert 0.28e9 < found["ended"] < 3e9
