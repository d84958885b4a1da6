"""The sampled record and verdict, as fixtures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FOLDER = str(Path(__file__).parents[1] / "outputs")

if FOLDER not in sys.path:
    sys.path.insert(0, FOLDER)


@pytest.fixture(scope="session")
def record():
    """Nineteen candidates with every metric."""
    from sampled.record import sample_record

    return sample_record()


@pytest.fixture(scope="session")
def verdict(record):
    """The verdict on them."""
    from sampled.verdict import sample_verdict

    return sample_verdict(record)


@pytest.fixture(scope="session")
def small():
    """Five candidates with a few readings, and their verdict."""
    from sampled.record import small_record
    from sampled.verdict import sample_verdict

    record = small_record()
    return record, sample_verdict(record)
