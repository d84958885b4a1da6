"""GitHub annotations, parsed as the runner parses them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_junit import WAIVED, changed

from effaudit.outputs.github import Github


def parsed(text):
    """Commands as actions/runner reads them (ActionCommand.TryParseV2): name, properties, message."""
    found = []
    for line in text.splitlines():
        assert line.startswith("::"), line
        head, _, message = line[2:].partition("::")
        name, _, rest = head.partition(" ")
        properties = {}
        for part in rest.split(","):
            key, _, value = part.partition("=")
            properties[key] = _unescaped(value, (("%3A", ":"), ("%2C", ",")))
        found.append((name, properties, _unescaped(message, ())))
    return found


def _unescaped(text, more):
    for written, meant in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(written, meant)
    return text


def lined(verdict):
    return replace(verdict, checks=tuple(replace(c, rule=replace(c.rule, line=7)) for c in verdict.checks))


def test_the_answer_comes_first(small):
    record, verdict = small
    name, properties, message = parsed(Github().render(record, verdict))[0]
    assert (name, properties) == ("notice", {"title": "effaudit server-cpu"})
    assert message == verdict.headline


def test_while_a_recommendation_stands_what_others_fail_is_a_notice_at_the_policys_line(small):
    record, verdict = small
    found = parsed(Github().render(record, lined(verdict)))
    assert {name for name, _, _ in found} <= {"notice", "warning"}
    floor = next(one for one in found if one[1]["title"].startswith("quality.floor"))
    assert floor[1] == {"file": "policies/server-cpu.yaml", "line": "7", "title": "quality.floor: not met by 1 candidate"}
    assert floor[2].splitlines() == [
        "quality.roc_auc: min 0.65",
        "logistic fails quality.floor: 0.6381 [0.6350, 0.6412], min 0.65",
    ]


@pytest.mark.parametrize("outcome", ["infeasible", "inconclusive"])
def test_without_a_recommendation_they_are_errors(small, outcome):
    record, verdict = small
    found = parsed(Github().render(record, replace(lined(verdict), outcome=outcome, recommended=None, exit_code=1)))
    assert found[0][0] == "error"
    assert [name for name, properties, _ in found if properties["title"].startswith("quality.floor")] == ["error"]


def test_a_gated_candidate_has_its_own_annotations_only(small):
    record, verdict = small
    found = parsed(Github().render(record, replace(verdict, subject="logistic", exit_code=1)))
    assert found[0] == (
        "error",
        {"title": "effaudit server-cpu"},
        "Gate: logistic fails 3 of 6 error rules: quality.floor, quality.non_inferior, energy.no_worse.",
    )
    assert "gbm-distillation" not in str(found)
    assert {name for name, _, _ in found} == {"error"}


def test_a_waiver_at_work_is_told_at_its_own_line_and_as_a_warning_when_it_ends_soon(small):
    record, verdict = small
    waived = replace(WAIVED, file="waivers.yaml", line=4)
    for days, level in ((54, "notice"), (14, "warning")):
        told = changed(verdict, "gbm", "quality.non_inferior", waived=replace(waived, days_left=days))
        name, properties, message = next(
            one for one in parsed(Github().render(record, told)) if one[1]["title"].startswith("waiver")
        )
        assert (name, properties["file"], properties["line"]) == (level, "waivers.yaml", "4")
        assert "until the new data" in message


def test_candidates_that_could_not_be_measured_are_told(small):
    record, verdict = small
    found = parsed(Github().render(record, replace(verdict, blocking=("scripted",))))
    assert [(name, "scripted" in message) for name, _, message in found if _["title"] == "effaudit: not measured"] == [
        ("error", True)
    ]


def test_a_ready_made_policy_has_no_file_to_point_at(small):
    record, verdict = small
    told = replace(lined(verdict), policy=replace(verdict.policy, file="effaudit:server-cpu"))
    assert not any("file" in properties for _, properties, _ in parsed(Github().render(record, told)))


def test_rules_over_slices_are_one_annotation_at_the_rule_that_was_written(small):
    record, verdict = small
    failing = next(c for c in lined(verdict).checks if c.status == "fail")
    parts = [replace(failing, rule=replace(failing.rule, id=f"quality.floor[{name}]", of="quality.floor")) for name in "ab"]
    none = replace(verdict, checks=tuple(parts), recommended=None, outcome="infeasible", exit_code=1)
    (told,) = [one for one in parsed(Github().render(record, none)) if "not met" in one[1]["title"]]
    assert told[1]["title"] == "quality.floor: not met by 1 candidate"
    assert "quality.floor[b]" in told[2]


def test_an_inherited_rule_points_into_the_file_that_it_stands_in(small):
    record, verdict = small
    checks = tuple(replace(c, rule=replace(c.rule, line=3, file="org/base.yaml")) for c in verdict.checks)
    assert {p.get("file") for _, p, _ in parsed(Github().render(record, replace(verdict, checks=checks)))} >= {"org/base.yaml"}


def test_ten_candidates_are_named_in_one_annotation_and_the_rest_counted(record, verdict):
    failing = next(c for c in verdict.checks if c.status == "fail")
    many = tuple(replace(failing, candidate=row.candidate.name) for row in record.rows if not row.failure)
    none = replace(verdict, checks=many, recommended=None, outcome="infeasible", exit_code=1)
    (told,) = [m for _, p, m in parsed(Github().render(record, none)) if "not met" in p["title"]]
    assert f"and {len(many) - 10} more" in told


def test_a_record_that_was_not_judged_says_so(record):
    assert parsed(Github().render(record, None)) == [
        ("notice", {"title": "effaudit"}, f"{record.name} was measured and not judged.")
    ]


def test_a_gated_recommendation_says_who_could_not_be_judged(small):
    record, verdict = small
    (name, _, message), *_ = parsed(Github().render(record, replace(verdict, subject="recommended", blocking=("logistic",))))
    assert name == "warning"
    assert "; the selection is incomplete, for logistic might have been recommended" in message


def test_where_undecided_only_warns_nothing_is_an_error(small):
    record, verdict = small
    warns = replace(verdict.policy, on_inconclusive="warn")
    undecided = replace(lined(verdict), policy=warns, outcome="inconclusive", recommended=None, exit_code=0)
    assert {name for name, _, _ in parsed(Github().render(record, undecided))} <= {"notice", "warning"}
