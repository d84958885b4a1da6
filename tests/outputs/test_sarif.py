"""SARIF 2.1.0: valid, with results where code scanning looks for them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from golden_texts import judged
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Log
from test_github import lined
from test_junit import WAIVED, changed

from effaudit.outputs.sarif import Sarif

SCHEMA = os.environ.get("SARIF_SCHEMA", "")


def run_of(record, verdict):
    (run,) = json.loads(Sarif().render(record, verdict))["runs"]
    return run


def variants(record, verdict):
    waived = changed(verdict, "gbm", "quality.non_inferior", waived=replace(WAIVED, file="waivers.yaml", line=4))
    yield record, None
    yield record, verdict
    yield record, lined(verdict)
    yield record, waived
    yield record, replace(verdict, recommended=None, outcome="infeasible", exit_code=1)
    yield replace(record, ended="interrupted"), replace(verdict, subject="gbm")
    yield judged()


def test_it_fits_the_models_that_are_generated_from_the_official_schema(small):
    for record, verdict in variants(*small):
        Log.model_validate_json(Sarif().render(record, verdict))


@pytest.mark.skipif(not SCHEMA, reason="SARIF_SCHEMA=PATH names no copy of sarif-schema-2.1.0.json (oasis-tcs/sarif-spec)")
def test_it_fits_the_official_schema(small):
    import jsonschema

    schema = json.loads(Path(SCHEMA).read_text("utf-8"))
    for record, verdict in variants(*small):
        log = json.loads(Sarif().render(record, verdict))
        jsonschema.validate(log, schema, format_checker=jsonschema.FormatChecker())


def test_every_result_names_its_rule_its_candidate_and_the_policys_line(small):
    record, verdict = small
    run = run_of(record, lined(verdict))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in verdict.policy.rules]
    assert run["results"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"] == {"uri": "policies/server-cpu.yaml", "uriBaseId": "%SRCROOT%"}
        assert location["physicalLocation"]["region"] == {"startLine": 7}
        assert location["logicalLocations"][0]["name"] in result["message"]["text"]


def test_levels_follow_what_breaks_the_gate(small):
    record, verdict = small
    assert {result["level"] for result in run_of(record, verdict)["results"]} <= {"note", "warning"}
    none = run_of(record, replace(verdict, recommended=None, outcome="infeasible", exit_code=1))
    assert {r["level"] for r in none["results"] if r["ruleId"] == "quality.floor"} == {"error"}
    assert none["invocations"][0]["exitCode"] == 1


def test_what_passes_has_no_result(small):
    record, verdict = small
    results = run_of(record, verdict)["results"]
    passing = {(c.candidate, c.rule.id) for c in verdict.checks if c.status == "pass" and not c.warned}
    assert not passing & {(r["locations"][0]["logicalLocations"][0]["name"], r["ruleId"]) for r in results}


def test_a_waiver_is_a_suppression_with_its_reason_and_its_line(small):
    record, verdict = small
    waived = changed(verdict, "gbm", "quality.non_inferior", waived=replace(WAIVED, file="waivers.yaml", line=4))
    (result,) = [r for r in run_of(record, waived)["results"] if "suppressions" in r]
    (suppression,) = result["suppressions"]
    assert suppression["kind"] == "external"
    assert "until the new data" in suppression["justification"]
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 4


def test_a_candidate_that_could_not_be_measured_is_a_notification(small):
    record, verdict = small
    (invocation,) = run_of(record, verdict)["invocations"]
    assert any("scripted could not be measured" in told["message"]["text"] for told in invocation["toolExecutionNotifications"])
    assert invocation["executionSuccessful"]


def test_fingerprints_stay_when_lines_and_figures_move(small):
    record, verdict = small
    moved = replace(verdict, checks=tuple(replace(c, rule=replace(c.rule, line=99)) for c in verdict.checks))
    before, after = ([r["partialFingerprints"] for r in run_of(record, v)["results"]] for v in (verdict, moved))
    assert before == after
    assert len({json.dumps(one) for one in before}) == len(before)


def test_words_can_be_neither_links_nor_placeholders(small):
    record, verdict = small
    rules = tuple(replace(rule, hint="see [here](https://evil.example) {0}") for rule in verdict.policy.rules)
    text = Sarif().render(record, replace(verdict, policy=replace(verdict.policy, rules=rules)))
    assert "](https" not in text
    assert "{{0}}" in text


def test_what_could_not_be_measured_and_notes_have_a_code(record, verdict):
    told = run_of(record, verdict)["invocations"][0]["toolExecutionNotifications"]
    assert [one["properties"]["code"] for one in told] == ["refused", "best"]
