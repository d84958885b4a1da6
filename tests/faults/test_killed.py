"""The same as benchmarks/killed.py, with two moments: SIGKILL loses nothing, and leaves nothing running."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="daemons are found on Linux only")
@pytest.mark.timeout(600)
def test_killed_at_random_moments_nothing_is_lost_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import killed

    for done in killed.killed(tmp_path, moments=2, seed=1, budget="1 s", ladder=()):
        assert done.left == []
        assert done.differ == []
        assert done.code == 0
        assert done.ran >= 1
