"""Rules of which one of several limits is enough: their status, their level, and how often they pass wrongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from effaudit.core.stats.estimate import Exact, Student
from effaudit.judge.alternatives import by_rule, excluded, p_value, telling
from effaudit.judge.checks import Finding, check
from effaudit.judge.decide import decide
from effaudit.judge.evidence import Undecidable

P50, AUC, SIZE, MEMORY = "latency.batch_1.p50", "quality.roc_auc", "size.artifact", "memory.peak.max"


def any_of(*rules, **changes):
    return replace(rules[0], alternatives=rules, **changes)


@pytest.mark.parametrize(
    ("limits", "status", "told"),
    [
        (("2 MB", "1 GB"), "pass", SIZE),
        (("0.5 MB", "1 GB"), "pass", MEMORY),
        (("2 MB", "1 MB"), "pass", SIZE),
        (("0.5 MB", "1 MB"), "fail", SIZE),
        (("0.5 MB", "200 MB"), "inconclusive", MEMORY),
    ],
)
def test_one_alternative_is_enough(a, limits, status, told):
    rule = any_of(a.rule("fits", SIZE, max=limits[0]), a.rule("fits", MEMORY, max=limits[1]))
    [found] = decide(a.record(a.model("m", size=1e6, memory=200e6)), a.policy(rule)).checks
    assert (found.status, found.rule.metric, found.rule.id) == (status, told, "fits")


def test_without_a_pass_an_open_alternative_leaves_the_rule_open(a):
    rule = any_of(a.rule("fits", "energy.per_1000", max="1 J"), a.rule("fits", SIZE, max="0.5 MB"))
    [found] = decide(a.record(a.model("m", size=1e6)), a.policy(rule)).checks
    assert (found.status, found.reason, found.rule.metric) == ("inconclusive", "metric_missing", "energy.per_1000")
    [found] = decide(a.record(a.model("m", size=4e5)), a.policy(rule)).checks
    assert (found.status, found.rule.metric) == ("pass", SIZE)


def test_the_level_is_split_between_alternatives(a):
    one = a.rule("r", AUC, min="0.79")
    lone, split = a.policy(one), a.policy(any_of(one, a.rule("r", P50, max="1 ms")))
    record = a.record(a.model("m", auc=0.8, auc_se=0.01 / 1.8))  # 1.8 standard errors: enough for 95 %, not for 97.5 %
    assert [decide(record, policy).checks[0].status for policy in (lone, split)] == ["pass", "inconclusive"]
    assert decide(record, split).checks[0].level == pytest.approx(0.975)


def test_all_alternatives_of_a_rule_count_in_holm_as_one(a):
    """Two candidates at 5 %: the better one is held against 2.5 %, half of which each alternative has."""
    rule = any_of(a.rule("r", AUC, min="0.79"), a.rule("r", P50, max="1 ms"))
    models = [a.model("base"), a.model("x", auc=0.85), a.model("y", auc=0.70)]
    verdict = decide(a.record(*models), a.policy(rule))
    levels = {one.candidate: one.level for one in verdict.checks}
    assert levels["x"] == pytest.approx(1 - 0.05 / 2 / 2)
    assert levels["base"] == pytest.approx(1 - 0.05 / 2)


def findings(a, *estimates, barriers=()):
    rule = any_of(*(a.rule("r", P50, max="1 s") for _ in estimates))
    own = replace(rule.alternatives[0], alternatives=rule.alternatives)
    held = [Finding("m", own, one, None, "s", looks=len(estimates)) for one in estimates]
    return tuple(replace(one, barrier=why) for one, why in zip(held, [*barriers, *[None] * len(held)], strict=False))


def test_a_counted_alternative_that_is_met_leaves_nothing_to_test(a):
    group = findings(a, Exact(0.5), Student(2.0, 0.1))
    assert (p_value(group), excluded(group)) == (None, False)


def test_the_p_value_is_the_smallest_times_the_number_of_alternatives(a):
    group = findings(a, Student(0.0, 0.5), Student(0.0, 1.0), Exact(5.0))
    assert p_value(group) == pytest.approx(3 * Student(0.0, 0.5).tail_above(1.0))
    assert not excluded(group)


def test_a_rule_is_excluded_when_all_its_alternatives_are(a):
    barred = Undecidable("metric_missing", "no")
    assert excluded(findings(a, Exact(5.0), Student(0.0, 1.0), barriers=[None, barred]))
    assert p_value(findings(a, Exact(5.0), Student(0.0, 1.0), barriers=[None, barred])) is None


def test_findings_are_taken_together_by_rule_only_where_it_has_alternatives(a):
    plain = Finding("m", a.rule("r", P50, max="1 s"), Exact(0.5), None, "s")
    group = findings(a, Exact(0.5), Exact(2.0))
    assert [len(one) for one in by_rule([plain, plain, *group, *(replace(one, candidate="n") for one in group)])] == [1, 1, 2, 2]


def test_what_passes_wrongly_stays_under_five_per_cent_whatever_is_chosen_among(a):
    """Four alternatives, each of them exactly at its limit: the rule passes when any interval is inside."""
    drawn = np.random.default_rng(3)
    passed = 0
    for _ in range(1500):
        group = findings(a, *(Student(float(value), 0.1) for value in 1.0 + 0.1 * drawn.standard_normal(4)))
        passed += check(telling(group, 0.95), 0.95).status == "pass"
    assert passed / 1500 < 0.05 + 2.3 * np.sqrt(0.05 * 0.95 / 1500)


def test_a_rejected_candidate_is_told_the_limit_of_the_alternative_that_is_nearest(a):
    rule = any_of(a.rule("fits", SIZE, max="0.9 MB"), a.rule("fits", MEMORY, max="1 MB"))
    record = a.record(a.model("base", size=5e5), a.model("m", size=1e6))
    verdict = decide(record, a.policy(rule))
    [told] = [one for one in verdict.explanations if one.candidate == "m"]
    assert [(gap.rule, gap.relaxed, gap.unit) for gap in told.gaps] == [("fits", 1e6, "B")]
