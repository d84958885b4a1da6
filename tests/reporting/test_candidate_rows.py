"""The order of candidates and their headline figures."""

from __future__ import annotations

from dataclasses import replace

from effaudit.reporting.candidate_rows import ORDER, cell, floor, lines, primary_quality, smallest_batch, standing


def test_the_recommended_comes_first_then_the_ranking_then_the_undecided_and_the_failed(record, verdict):
    found = lines(record, verdict, ())
    assert found[0].name == verdict.recommended
    assert [line.name for line in found if line.standing in ("recommended", "pass", "warn")] == list(verdict.ranking)
    places = [ORDER[line.standing] for line in found]
    assert places == sorted(places)
    assert found[-1].name == "scripted"


def test_what_could_not_be_measured_never_stands_as_judged(record, verdict):
    statuses = {**verdict.statuses, "scripted": "pass"}
    assert standing(record.row("scripted"), replace(verdict, statuses=statuses)) == "not measured"


def test_candidates_without_the_objective_come_after_those_with_it(record):
    rows = tuple(replace(row, readings={}) if row.candidate.name == "ladder-dummy" else row for row in record.rows)
    found = lines(replace(record, rows=rows), None, ())
    assert [line.name for line in found][-2:] == ["ladder-dummy", "scripted"]


def test_the_baseline_is_not_compared_with_itself(record):
    assert cell(record, record.row("gbm"), "size.artifact").change == ""
    assert cell(record, record.row("mlp"), "size.artifact").change == "−76 %"


def test_a_floor_is_found_for_an_id_without_its_aggregate(record):
    assert floor(record, "memory.peak") == 0.006
    assert floor(record, "size.artifact") == 0.0


def test_a_scorer_with_neg_in_its_name_is_found(record):
    workload = replace(record.workload, quality=("neg_log_loss",), batch_sizes=(64, 8))
    odd = replace(record, workload=workload)
    assert primary_quality(odd) == "quality.log_loss"
    assert smallest_batch(odd) == 8


def test_who_fails_a_rule_that_only_warns_stands_with_a_warning(record, verdict):
    check = next(check for check in verdict.of(verdict.ranking[1]) if check.status == "pass" and not check.waived)
    rule = replace(check.rule, severity="warn")
    missed = replace(verdict, checks=(replace(check, rule=rule, status="fail"),))
    row = record.row(check.candidate)
    assert standing(row, missed) == "warn"
    assert standing(row, replace(verdict, checks=(replace(check, rule=rule),))) == "pass"
    assert standing(row, replace(verdict, checks=(replace(check, warned=True),))) == "warn"
