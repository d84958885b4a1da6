"""The sample record and verdict, as fixtures."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def _sample() -> ModuleType:
    spec = importlib.util.spec_from_file_location("outputs_sample", Path(__file__).with_name("sample.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sample() -> ModuleType:
    """Functions that build records, policies and verdicts."""
    return _sample()


@pytest.fixture(scope="session")
def record(sample):
    return sample.sample_record()


@pytest.fixture(scope="session")
def verdict(sample, record):
    return sample.sample_verdict(record)
