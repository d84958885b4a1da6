"""Every promise of docs/trust.md names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = sorted(set(re.findall(r"`((?:tests|benchmarks)/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "trust.md").read_text("utf-8"))))


def test_promises_name_their_tests():
    rows = [line for line in (ROOT / "docs" / "trust.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    promises = [line for line in rows if not line.startswith("| promise ")]
    assert len(promises) > 20
    assert all(re.search(r"`(tests|benchmarks)/", line) for line in promises)


@pytest.mark.parametrize(("path", "function"), NAMED)
def test_what_a_promise_names_is_there(path, function):
    assert not function or f"def {function}(" in (ROOT / path).read_text("utf-8")
