"""JUnit XML: suites, cases and counts as CI servers read them."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest

from effaudit.core.policy import Limit
from effaudit.core.waiver import Waived
from effaudit.outputs.junit import Junit


def suites(record, verdict):
    root = Xml.fromstring(Junit().render(record, verdict))
    return root, {suite.get("name"): suite for suite in root}


def case_of(suite, name):
    return next(case for case in suite.iter("testcase") if case.get("name") == name)


def changed(verdict, candidate, rule, /, **changes):
    checks = tuple(replace(c, **changes) if (c.candidate, c.rule.id) == (candidate, rule) else c for c in verdict.checks)
    return replace(verdict, checks=checks)


WAIVED = Waived(
    "W-14", Limit(0.02, "pp", "2 pp"), Limit(0.01, "pp", "1 pp"), 54, "dana", "until the new data", "2026-09-28", "fail"
)


def test_a_suite_per_candidate_and_a_case_per_rule(small):
    record, verdict = small
    root, found = suites(record, verdict)
    assert root.tag == "testsuites"
    assert list(found) == [row.candidate.name for row in record.rows]
    names = [case.get("name") for case in found["gbm"].iter("testcase")]
    assert names == [rule.id for rule in verdict.policy.rules]


def test_failed_and_undecided_rules_are_failures_with_figure_limit_and_what_would_decide(small):
    record, verdict = small
    _, found = suites(record, verdict)
    failure = case_of(found["logistic"], "quality.floor").find("failure")
    assert failure.get("type") == "fail"
    assert failure.get("message") == "logistic fails quality.floor: 0.6381 [0.6350, 0.6412], min 0.65"
    undecided = case_of(found["gbm-distillation"], "quality.non_inferior").find("failure")
    assert undecided.get("type") == "interval_straddles"
    assert "about 40,000 more rows" in undecided.get("message")


def test_undecided_rules_are_skipped_where_the_policy_only_warns_of_them(small):
    record, verdict = small
    _, found = suites(record, replace(verdict, policy=replace(verdict.policy, on_inconclusive="warn")))
    case = case_of(found["gbm-distillation"], "quality.non_inferior")
    assert case.find("failure") is None
    assert "is undecided on" in case.find("skipped").get("message")


def test_a_waived_rule_is_skipped_with_the_reason_and_the_policys_own_limit(small):
    record, verdict = small
    waived = changed(verdict, "gbm", "quality.non_inferior", waived=WAIVED)
    _, found = suites(record, waived)
    message = case_of(found["gbm"], "quality.non_inferior").find("skipped").get("message")
    for words in ("under a waiver", "max drop 1 pp", "W-14: 2 pp", "54 days left", "dana", "until the new data"):
        assert words in message


def test_a_rule_that_only_warns_is_skipped_when_it_is_not_met(small):
    record, verdict = small
    failing = next(c for c in verdict.checks if c.status == "fail")
    _, found = suites(record, changed(verdict, failing.candidate, failing.rule.id, rule=replace(failing.rule, severity="warn")))
    assert case_of(found[failing.candidate], failing.rule.id).find("skipped") is not None


def test_a_candidate_that_could_not_be_measured_is_one_error(small):
    record, verdict = small
    _, found = suites(record, verdict)
    (case,) = found["scripted"].iter("testcase")
    failure = record.row("scripted").failure
    assert case.find("error").get("type") == failure.code
    assert found["scripted"].get("errors") == "1"


def test_the_counts_are_those_of_the_cases(record, verdict):
    root, found = suites(record, verdict)
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        for suite in found.values():
            assert int(suite.get(attribute)) == len(list(suite.iter(tag)))
        assert int(root.get(attribute)) == len(list(root.iter(tag)))


def test_cases_stand_at_the_policys_line(small):
    record, verdict = small
    lined = replace(verdict, checks=tuple(replace(c, rule=replace(c.rule, line=7)) for c in verdict.checks))
    _, found = suites(record, lined)
    assert {(case.get("file"), case.get("line")) for case in found["gbm"].iter("testcase")} == {("policies/server-cpu.yaml", "7")}


@pytest.mark.parametrize(("subject", "names"), [("logistic", ["logistic"]), ("recommended", ["mlp-to_onnx-static_int8"])])
def test_gating_one_candidate_leaves_its_suite_alone(small, subject, names):
    record, verdict = small
    _, found = suites(record, replace(verdict, subject=subject))
    assert list(found) == names


def test_a_record_that_was_not_judged_has_no_suites(record):
    root, found = suites(record, None)
    assert root.get("tests") == "0"
    assert not found
