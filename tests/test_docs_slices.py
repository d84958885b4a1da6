"""The examples of the page on slices are read as a user would write them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from effaudit.cli import _reading

PAGE = (Path(__file__).parents[1] / "docs" / "slices.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def example(tmp_path):
    (tmp_path / "unseen.parquet").write_text("x")
    (tmp_path / "forest.skops").write_text("x")

    def written(kind):
        text = next(block for block in blocks("yaml") if f"kind: {kind}" in block)
        (tmp_path / "example.yaml").write_text(text)
        return tmp_path / "example.yaml"

    return written


def test_the_plan_is_valid(example):
    data = _reading.plan(example("AuditPlan")).data
    assert (data.slices, data.slice_min_rows, data.ignore) == (("country", "age", "sex"), 200, ("sex",))


def test_the_policy_is_valid(example):
    rules = {rule.id: rule for rule in _reading.policy(example("EfficiencyPolicy")).rules}
    assert rules["quality.fair"].for_each == ("country", "sex")
    assert rules["quality.france"].metric == "quality.roc_auc[country=FR]"


def test_the_python_is_valid():
    [code] = blocks("python")
    assert len(ast.parse(code).body) == 3
