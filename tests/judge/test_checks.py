"""One candidate against one rule: every status and every reason by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.core.notes import coded, texts
from effaudit.core.policy import Limit
from effaudit.core.reading import Failure, Meaning, Measurement
from effaudit.core.record import Session
from effaudit.judge.checks import check, depends_on_machine, examine
from effaudit.judge.decide import decide
from effaudit.judge.evidence import Evidence

P50 = "latency.batch_1.p50"


def one(a, rule, record=None, candidate="base", level=0.95, meaning=None, **policy):
    record = record or a.record(a.model("base"))
    findings = examine(Evidence.of(record), a.policy(rule, **policy), meaning)
    return next(check(finding, level) for finding in findings if finding.candidate == candidate)


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ({"max": "12 ms"}, "pass"),
        ({"max": "8 ms"}, "fail"),
        ({"max": "10.05 ms"}, "inconclusive"),
        ({"max": "9.95 ms"}, "inconclusive"),
        ({"min": "8 ms"}, "pass"),
        ({"min": "12 ms"}, "fail"),
        ({"min": "10 ms"}, "inconclusive"),
    ],
)
def test_an_interval_passes_inside_its_limit_and_fails_outside(a, limits, status):
    found = one(a, a.rule("lat", P50, **limits))
    assert found.status == status
    assert found.reason == ("interval_straddles" if status == "inconclusive" else None)
    assert (found.unit, found.level) == ("s", 0.95)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(("limits", "status"), [({"max": "1 MB"}, "pass"), ({"max": "999 kB"}, "fail"), ({"min": "1 MB"}, "pass")])
def test_a_counted_figure_on_its_limit_passes(a, limits, status):
    found = one(a, a.rule("size", "size.artifact", **limits))
    assert found.status == status
    assert found.low == found.high == found.value == 1e6
    assert found.p_value is None


@pytest.mark.parametrize(
    ("auc", "status"), [(0.800, "pass"), (0.795, "pass"), (0.790, "inconclusive"), (0.780, "fail"), (0.82, "pass")]
)
def test_a_loss_is_judged_in_points(a, auc, status):
    record = a.record(a.model("base"), a.model("other", auc=auc))
    found = one(a, a.rule("ni", "quality.roc_auc", max_drop="1 pp"), record, "other")
    assert found.status == status
    assert found.unit == "pp"
    assert found.value == pytest.approx(0.80 - auc)


@pytest.mark.parametrize(("latency", "status"), [(0.010, "pass"), (0.0105, "inconclusive"), (0.012, "fail")])
def test_an_increase_is_judged_as_a_share_of_the_baseline(a, latency, status):
    record = a.record(a.model("base"), a.model("other", latency=latency))
    found = one(a, a.rule("lat", P50, max_increase="5 %"), record, "other")
    assert (found.status, found.unit) == (status, "%")


def test_a_higher_level_asks_for_more(a):
    record = a.record(a.model("base"), a.model("other", auc=0.7924))
    rule = a.rule("ni", "quality.roc_auc", max_drop="1 pp")
    assert one(a, rule, record, "other", level=0.95).status == "pass"
    assert one(a, rule, record, "other", level=0.99).status == "inconclusive"


def test_the_baseline_passes_its_own_relative_rules(a):
    for rule in (a.rule("ni", "quality.roc_auc", max_drop="0 pp"), a.rule("lat", P50, max_increase="0 %")):
        found = one(a, rule)
        assert (found.status, found.value, found.p_value) == ("pass", 0.0, None)


def test_a_rule_may_compare_with_a_named_candidate(a):
    record = a.record(a.model("base"), a.model("other", auc=0.78), a.model("third", auc=0.78))
    rule = a.rule("ni", "quality.roc_auc", max_drop="1 pp", versus="third")
    assert one(a, rule, record, "other").status == "pass"
    assert one(a, rule, record, "base").value == pytest.approx(-0.02)


@pytest.mark.parametrize(
    ("limits", "latency", "warned"),
    [({"max": "25 ms", "warn_above": "20 ms"}, 0.021, True), ({"max": "25 ms", "warn_above": "20 ms"}, 0.019, False)],
)
def test_a_figure_above_its_warning_passes_and_is_warned_of(a, limits, latency, warned):
    found = one(a, a.rule("lat", P50, **limits), a.record(a.model("base", latency=latency)))
    assert (found.status, found.warned) == ("pass", warned)


def test_a_failed_check_is_not_warned_of_besides(a):
    assert not one(a, a.rule("lat", P50, max="5 ms", warn_above="4 ms")).warned


def test_a_floor_warns_below(a):
    rule = replace(a.rule("floor", "quality.roc_auc", min="0.7"), warn_above=Limit(0.85, "", "0.85"))
    assert one(a, rule).warned


@pytest.mark.parametrize(
    ("rule", "record", "reason", "detail"),
    [
        (("cost", "cost.per_1000", {"max": "1 EUR"}), {}, "metric_missing", "cost.per_1000 was not measured in this audit"),
        (("p", P50, {"max": "1 s"}), {P50: Failure("timed_out", "timing", "hung")}, "metric_missing", "timing: hung"),
        (
            ("p", P50, {"max": "1 s"}),
            {P50: Failure("too_few_samples", "time", "200 calls")},
            "too_few_samples",
            "200 calls",
        ),
    ],
)
def test_what_is_not_measured_is_never_a_pass(a, rule, record, reason, detail):
    found = one(a, a.rule(rule[0], rule[1], **rule[2]), a.record(a.model("base", readings=record)))
    assert (found.status, found.reason, found.detail) == ("inconclusive", reason, detail)
    assert found.value is found.low is found.high is found.p_value is None


def test_a_candidate_that_crashed_misses_every_metric(a):
    record = a.record(a.model("base"), a.model("dead", failure=Failure("refused", "load", "signal 11")))
    found = one(a, a.rule("lat", P50, max="1 s"), record, "dead")
    assert (found.status, found.reason, found.detail) == ("inconclusive", "metric_missing", "load: signal 11")


def test_a_baseline_that_crashed_leaves_relative_rules_open(a):
    record = a.record(a.model("base", failure=Failure("refused", "load", "signal 11")), a.model("other"))
    found = one(a, a.rule("ni", "quality.roc_auc", max_drop="1 pp"), record, "other")
    assert (found.reason, found.detail) == ("baseline_missing", "base: load: signal 11")


def test_figures_of_different_rounds_are_not_measured_together(a):
    record = a.record(a.model("base"), a.model("other", panel=1), a.model("third", panel=2))
    found = one(a, a.rule("lat", P50, max_increase="5 %", versus="third"), record, "other")
    assert found.reason == "not_measured_together"


def test_a_modelled_figure_is_too_weak_where_measuring_is_asked_for(a):
    energy = Measurement(5.0, 4.9, 5.1, "J", "lower", "modelled", 60)
    record = a.record(a.model("base", readings={"energy.per_1000": energy}))
    assert one(a, a.rule("e", "energy.per_1000", max="9 J"), record).status == "pass"
    found = one(a, a.rule("e", "energy.per_1000", max="9 J", method="measured"), record)
    assert (found.status, found.reason) == ("inconclusive", "method_too_weak")
    assert (found.value, found.low < 5.0 < found.high) == (5.0, True)


def test_a_limit_in_another_currency_says_nothing(a):
    cost = Measurement(0.01, 0.009, 0.011, "USD", "lower", "modelled", 60)
    record = a.record(a.model("base", readings={"cost.per_1000": cost}))
    found = one(a, a.rule("c", "cost.per_1000", max="1 EUR"), record)
    assert (found.reason, found.detail) == ("metric_missing", "cost.per_1000 is recorded in USD, its limit is in EUR")


@pytest.mark.parametrize("valid_on", [{"arch": "x86_64"}, {"arch": "X86_64", "cores": 2}, {}])
def test_a_policy_is_valid_on_the_machine_it_names(a, valid_on):
    assert one(a, a.rule("lat", P50, max="1 s"), valid_on=valid_on).status == "pass"


@pytest.mark.parametrize("valid_on", [{"arch": "aarch64"}, {"cores": 4}, {"gpu": "H100"}])
def test_machine_bound_figures_of_another_machine_are_left_open(a, valid_on):
    found = one(a, a.rule("lat", P50, max="1 s"), valid_on=valid_on)
    assert (found.status, found.reason) == ("inconclusive", "environment_mismatch")
    assert found.value == 0.010
    assert "the policy is valid on" in found.detail


@pytest.mark.parametrize(("metric", "limits"), [("quality.roc_auc", {"min": "0.7"}), ("size.artifact", {"max": "2 MB"})])
def test_bytes_and_quality_are_judged_anywhere(a, metric, limits):
    assert one(a, a.rule("r", metric, **limits), valid_on={"arch": "aarch64"}).status == "pass"


def test_a_session_on_another_machine_is_enough_to_doubt(a):
    sessions = tuple(Session(n, "", 1.0, {"arch": arch}, {}, {}) for n, arch in enumerate(["x86_64", "aarch64"]))
    found = one(a, a.rule("lat", P50, max="1 s"), a.record(a.model("base"), sessions=sessions), valid_on={"arch": "x86_64"})
    assert found.detail == "the policy is valid on arch x86_64; this was measured on aarch64, x86_64"


def test_a_record_without_sessions_was_measured_nobody_knows_where(a):
    found = one(a, a.rule("lat", P50, max="1 s"), a.record(a.model("base"), sessions=()), valid_on={"arch": "x86_64"})
    assert found.reason == "environment_mismatch"


def test_what_depends_on_the_machine_is_asked_of_the_metric(a):
    def meaning(metric):
        known = {"latency.batch_1": Meaning("s", "lower", "measured", False, ("p50",))}
        return known.get(metric)

    assert not depends_on_machine(P50, meaning)
    assert depends_on_machine(P50, None)
    assert depends_on_machine("memory.peak.max", meaning)
    assert depends_on_machine("size.runtime", None)
    assert not depends_on_machine("size.artifact", None)


@pytest.mark.parametrize("drawn", ["base", "other"])
def test_quality_of_answers_that_differ_from_call_to_call_certifies_nothing(a, drawn):
    record = a.record(a.model("base"), a.model("other"))
    words = "its answers differ from call to call: on 212 of 1,000 rows asked twice; its quality is that of one draw"
    rows = tuple(replace(row, doubts=coded("drawn_once", words) if row.candidate.name == drawn else ()) for row in record.rows)
    record = replace(record, rows=rows)
    alone = a.rule("own", "quality.accuracy", min="0.5")
    found = one(a, alone, record, drawn)
    assert (found.status, found.reason, found.detail) == ("inconclusive", "method_too_weak", words)
    assert found.value is not None
    assert one(a, alone, record, "other" if drawn == "base" else "base").status == "pass"
    assert one(a, a.rule("speed", P50, max="12 ms"), record, drawn).status == "pass"
    loss = one(a, a.rule("loss", "quality.accuracy", versus="baseline", max_drop="50 pp"), record, "other")
    assert loss.reason == "method_too_weak"
    assert f"{drawn}: {words}." in texts(decide(record, a.policy(alone)).notes)


@pytest.mark.parametrize(
    ("metric", "scorer", "reason"),
    [
        (P50, "quality.accuracy", "labels_untimed"),
        (P50, "quality.recall[country=FR]", "labels_untimed"),
        (P50, "quality.roc_auc", None),
        ("size.artifact", "quality.accuracy", None),
    ],
)
def test_times_say_nothing_where_the_labels_that_are_scored_come_from_a_slower_call(a, metric, scorer, reason):
    record = a.record(a.model("base"))
    row = record.row("base")
    kept = {name: reading for name, reading in row.readings.items() if not name.startswith("quality.")}
    readings = {**kept, scorer: row.readings["quality.roc_auc"]}
    noted = replace(row, readings=readings, notes=coded("labels_untimed", "its labels come from its own predict"))
    limit = {"max": "20 ms"} if metric == P50 else {"max": "9 MB"}
    found = one(a, a.rule("rule", metric, **limit), replace(record, rows=(noted,)))
    assert found.reason == reason
    assert found.status == ("inconclusive" if reason else "pass")


def test_times_of_a_batch_whose_quality_nobody_read_are_inconclusive(a):
    record = a.record(a.model("base"))
    row = record.row("base")
    noted = replace(row.readings[P50], notes=coded("batch_unscored", "its answers depend on which rows are asked together"))
    found = one(a, a.rule("lat", P50, max="20 ms"), replace(record, rows=(replace(row, readings={**row.readings, P50: noted}),)))
    assert (found.status, found.reason) == ("inconclusive", "answers_depend_on_batch")
