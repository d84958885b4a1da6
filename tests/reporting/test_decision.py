"""The decision's tables: one cell per rule, ranks to sort by, reasons and gaps."""

from __future__ import annotations

from dataclasses import replace

from effaudit.reporting.decision import anchors, blocked, buys, decision


def test_every_candidate_has_one_cell_per_rule_in_the_policys_order(record, verdict):
    table = decision(record, verdict)
    assert [head.id for head in table.heads] == [rule.id for rule in verdict.policy.rules]
    assert {len(row.cells) for row in table.rows} == {len(table.heads)}
    assert table.rows[0].line.name == verdict.recommended


def test_ranks_order_each_column_by_its_figure(record, verdict):
    table = decision(record, verdict)
    values = {(check.candidate, check.rule.id): check.value for check in verdict.checks}
    for place, head in enumerate(table.heads):
        ranked = sorted((row for row in table.rows if row.cells[place].rank is not None), key=lambda row: row.cells[place].rank)
        figures = [values[row.line.name, head.id] for row in ranked]
        assert figures == sorted(figures)


def test_warnings_are_not_shown_as_failures(record, verdict):
    table = decision(record, verdict)
    forest = next(row for row in table.rows if row.line.name == "forest")
    statuses = dict(zip((head.id for head in table.heads), (cell.status for cell in forest.cells), strict=True))
    assert statuses["latency.p95"] == "warn"
    assert statuses["carbon.inference"] == "warn"
    assert statuses["size.artifact"] == "fail"


def test_what_is_minimised_has_a_column_only_where_no_rule_shows_it(record, verdict):
    assert decision(record, verdict).goal == ""
    rules = tuple(rule for rule in verdict.policy.rules if rule.id != "size.artifact")
    assert decision(record, replace(verdict, policy=replace(verdict.policy, rules=rules))).goal == "size"


def test_a_reason_that_no_interval_shows_is_said_in_the_cell(record, verdict):
    checks = tuple(
        replace(check, reason="environment_mismatch", detail="") if check.status == "inconclusive" else check
        for check in verdict.checks
    )
    table = decision(record, replace(verdict, checks=checks))
    told = {cell.why for row in table.rows for cell in row.cells if cell.why}
    assert told == {"the policy is for another kind of machine"}
    assert not [cell.why for row in decision(record, verdict).rows for cell in row.cells if cell.why]


def test_every_candidate_but_the_recommended_has_its_reason_and_blockers_come_first(record, verdict):
    found = blocked(record, replace(verdict, blocking=("scripted",)))
    assert {one.name for one in found} == {row.candidate.name for row in record.rows} - {verdict.recommended}
    assert found[0].name == "scripted"
    assert found[0].blocks
    assert next(one for one in found if one.name == "gbm-distillation").gaps == (
        "quality.non_inferior: max drop 1.1 pp or about 40,000 more rows",
    )


def test_what_larger_candidates_buy_is_said_in_a_word(record, verdict):
    found = {one.name: one for one in buys(record, verdict)}
    assert (found["gbm"].surely, found["gbm"].text, found["gbm"].times) == ("better", "+0.31 pp", "15.1×")
    assert found["mlp"].surely == "no certain difference"
    assert found["forest"].surely == "worse"


def test_anchors_do_not_depend_on_names(record):
    rows = tuple(replace(row, candidate=replace(row.candidate, name=f'"><{place}')) for place, row in enumerate(record.rows))
    assert set(anchors(replace(record, rows=rows)).values()) == {f"c{place}" for place in range(len(rows))}
