"""Recipes become jobs with names, parents and steps."""

from __future__ import annotations

from effaudit.compress.recipes import LADDER, Job, jobs, ladder
from effaudit.core.candidate import Artifact, Candidate, Step
from effaudit.core.plan import Recipe

CANDIDATES = [Candidate("forest", Artifact("f.skops", "sklearn")), Candidate("net", Artifact("n.onnx", "onnx"))]


def test_a_recipe_is_one_job_named_after_its_parent_and_steps():
    recipe = Recipe("net", (Step("to_onnx"), Step("static_int8")))
    assert jobs([recipe], CANDIDATES, lambda step, given: True) == [Job("net-to_onnx-static_int8", "net", recipe.steps)]


def test_a_recipe_may_have_a_name_of_its_own():
    assert jobs([Recipe("net", (Step("static_int8"),), "tiny")], CANDIDATES, lambda *_: True)[0].name == "tiny"


def test_a_star_stands_for_every_candidate_that_the_first_step_accepts():
    found = jobs([Recipe("*", (Step("static_int8"),), "ignored")], CANDIDATES, lambda step, given: given == "onnx")
    assert [job.name for job in found] == ["net-static_int8"]


def test_the_ladder_is_made_from_data_alone_simplest_first():
    found = ladder(LADDER)
    assert [job.name for job in found] == ["ladder-dummy", "ladder-linear", "ladder-tree", "ladder-lightgbm"]
    assert {job.parent for job in found} == {None}
