"""What a candidate weighs is counted, file by file; what nobody can count is not."""

from __future__ import annotations

import json

import pytest

from effaudit.core.candidate import Artifact, Candidate, Trust
from effaudit.worker import sizing


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "line.toy"
    path.write_text(json.dumps({"columns": ["a"], "weights": [0.5] * 500}))
    return path


def code(tmp_path, monkeypatch, files):
    (tmp_path / "asked_here.py").write_text("def answer(rows):\n    return rows\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    artifact = Artifact("asked_here:answer", "python", Trust(True), code=str(tmp_path), files=files)
    return Candidate("code", artifact)


def test_bytes_are_those_of_model_preprocessing_and_what_lies_beside(model, tmp_path):
    (tmp_path / "weights.bin").write_bytes(bytes(1000))
    (tmp_path / "prep.toy").write_bytes(bytes(30))
    candidate = Candidate("line", Artifact(str(model), "toy"), preprocess=Artifact(str(tmp_path / "prep.toy"), "toy"))
    found = sizing.of(candidate, [str(tmp_path / "weights.bin")])
    assert found.model == model.stat().st_size + 1000
    assert found.preprocess == 30
    assert 0 < found.transfer < found.model


def test_runtime_is_the_installed_bytes_of_imported_packages_without_the_harness(model):
    found = sizing.of(Candidate("line", Artifact(str(model), "toy")), [])
    assert found.packages["numpy"] > 10**6
    assert "effaudit" not in found.packages
    assert found.runtime == sum(found.packages.values())


def test_code_that_may_read_anything_has_no_size_until_its_files_are_named(tmp_path, monkeypatch):
    assert sizing.of(code(tmp_path, monkeypatch, None), []).model is None
    (tmp_path / "weights.bin").write_bytes(bytes(5000))
    named = sizing.of(code(tmp_path, monkeypatch, (str(tmp_path / "weights.bin"),)), [])
    assert named.model == 5000 + (tmp_path / "asked_here.py").stat().st_size
    assert sizing.of(code(tmp_path, monkeypatch, ()), []).model == (tmp_path / "asked_here.py").stat().st_size
