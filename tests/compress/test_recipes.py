"""The ladder's steps, and the rows that making products needs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from effaudit.compress.recipes import LADDER, needs, needs_search
from effaudit.core.candidate import Artifact, Candidate, Contract, Step
from effaudit.core.plan import Job


def test_the_ladder_has_the_simplest_first_and_each_of_its_steps_is_one_that_is_made_from_data_alone():
    assert list(LADDER) == ["dummy", "linear", "tree", "lightgbm"]
    assert all("train" in needs(step.technique) for step in LADDER.values())


@pytest.mark.parametrize(
    ("technique", "tune", "wanted"), [("to_onnx", None, True), ("simple_model", "f1", True), (None, None, False)]
)
def test_search_rows_are_needed_by_techniques_that_look_at_them_and_by_thresholds_that_are_tuned(technique, tune, wanted):
    candidate = Candidate("m", Artifact("m.onnx", "onnx"), Contract(tune=tune))
    jobs = (Job("product", "m", (Step(technique),)),) if technique else ()
    assert needs_search(SimpleNamespace(jobs=jobs, candidates=(candidate,))) is wanted
