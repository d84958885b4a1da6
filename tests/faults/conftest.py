"""One audit of everything that can go wrong, for all tests of its record."""

from __future__ import annotations

import pytest
from misbehaving import BROKEN, begun, written_plan


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """One audit of a good model, a chatty one, and everything that can go wrong."""
    folder = tmp_path_factory.mktemp("faults")
    unreadable = {"name": "unreadable", "path": "cannot_import:model", "format": "python", "trust": True, "output": "values"}
    untrusted = {"name": "untrusted", "path": "broken:good", "format": "python", "output": "values"}
    plan = written_plan(folder, ["good", "chatty", *BROKEN], extra=[unreadable, untrusted])
    process = begun(plan)
    out, err = process.communicate(timeout=280)
    return folder, process.returncode, out, err
