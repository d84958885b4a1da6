"""The JSON Schema of policies takes what the reader takes, and sees the mistakes that an editor can see."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest

from effaudit.reading.policy_model import schema
from effaudit.reading.yaml_text import parse
from effaudit.reporting.formatting import REASONS

HOUSE = Path(__file__).parents[2]
PAGES = sorted((HOUSE / "docs").glob("*.md"))
BLOCKS = [block for page in PAGES for block in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
WRITTEN = [path.read_text("utf-8") for path in sorted((HOUSE / "policies").glob("*.yaml"))]
POLICIES = WRITTEN + [block for block in BLOCKS if "kind: EfficiencyPolicy" in block]
HEAD = "apiVersion: effaudit/v1\nkind: EfficiencyPolicy\nmetadata: {name: edge}\n"
CHECKER = jsonschema.Draft202012Validator(schema())


def faults(text):
    tree, _ = parse(text, "policy.yaml")
    return list(CHECKER.iter_errors(tree))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("text", POLICIES)
def test_policies_that_come_with_effaudit_or_stand_in_its_pages_fit(text):
    assert faults(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "rules: {size: {metric: size.artifact, max: 1 MB, severty: warn}}",
        "rules: {size: {metric: size.artifact, max: [1 MB]}}",
        "rules: {size: on}",
        "rule: {}",
        "overrides: [{rules: {size: off}}]",
        "overrides: [{match: {family: forest}, rules: {size: off}}]",
        "evidence: {confidence_level: 95}",
        "waivers: {max_days: 3}",
        "select: {minimise: size.artifact}",
    ],
)
def test_mistakes_of_form_are_seen(text):
    assert faults(HEAD + text)


def test_a_policy_without_rules_of_its_own_fits():
    assert faults(HEAD + "extends: effaudit:edge-cpu\n") == []


def test_the_reasons_are_listed_as_the_page_tells_them():
    table = (
        next(page for page in PAGES if page.name == "policies.md").read_text("utf-8").partition("### Why a rule is inconclusive")[2]
    )
    told = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(told) == sorted(schema()["$defs"]["Reason"]["enum"]) == sorted(REASONS)
