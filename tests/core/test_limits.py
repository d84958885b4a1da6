"""A process that is bound gets a MemoryError, and not the machine's last memory; files that it maps to read do not count."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import mmap, resource, sys
from effaudit.core.limits import bind_memory, leave_no_core
leave_no_core()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
bind_memory(100_000_000)
with open(sys.argv[1], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
held = bytearray(50_000_000)
try:
    more = bytearray(200_000_000)
except MemoryError:
    print("refused")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="binds memory on Linux only")
def test_memory_beyond_the_limit_is_refused_and_files_that_are_read_do_not_count(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(400_000_000)
    done = subprocess.run([sys.executable, "-c", SCRIPT, tmp_path / "large"], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
