"""Rules that only some candidates have, and rules with alternatives: no output loses them, and each says all limits."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from effaudit import registry
from effaudit.core.policy import Change, Limit, Match, Override, Policy, Rule
from effaudit.judge.decide import decide

MB = Limit(1e6, "B", "1 MB")
SIZE = Rule("size", "size.artifact", "max", Limit(1e12, "B", "1 TB"))
TINY = Rule("tiny", "size.artifact", "max", Limit(1.0, "B", "1 B"), hint="shrink it")
FITS = replace(
    SIZE, id="fits", alternatives=(replace(SIZE, limit=Limit(2.0, "B", "2 B")), replace(SIZE, metric="no.such", limit=MB))
)


@pytest.fixture(scope="module")
def judged(small):
    record, _ = small
    chosen = next(row.candidate.name for row in record.rows if row.failure is None and row.candidate.name != record.baseline)
    overrides = (Override(Match(chosen), (Change("tiny", TINY), Change("size", None))),)
    return record, decide(record, Policy("p", (SIZE, FITS), overrides=overrides)), chosen


def text_of(name, judged):
    record, verdict, _ = judged
    return registry.find("outputs", name)().render(record, verdict)


def test_the_verdict_has_the_rules_of_each_candidate(judged):
    _, verdict, chosen = judged
    assert [check.rule.id for check in verdict.of(chosen)] == ["fits", "tiny"]
    assert [rule.id for rule in verdict.policy.every_rule] == ["size", "fits", "tiny"]


@pytest.mark.parametrize("name", ["terminal", "markdown", "html", "json", "csv", "junit", "sarif", "github"])
def test_a_rule_that_only_an_override_has_is_shown(judged, name):
    assert "tiny" in text_of(name, judged)


@pytest.mark.parametrize("name", ["terminal", "html", "sarif"])
def test_all_alternatives_are_told(judged, name):
    text = " ".join(text_of(name, judged).split())
    assert "max 2 B" in text
    assert "max 1 MB" in text


def test_sarif_knows_every_rule_that_its_results_name(judged):
    [run] = json.loads(text_of("sarif", judged))["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(ids[result["ruleIndex"]] == result["ruleId"] for result in run["results"] if "ruleIndex" in result)
    assert "tiny" in {result["ruleId"] for result in run["results"] if "ruleIndex" in result}
