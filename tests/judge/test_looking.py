"""What several looks cost, and what more timing could still decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.judge.checks import check, examine
from effaudit.judge.decide import decide
from effaudit.judge.evidence import Evidence
from effaudit.judge.looking import still_open

P50 = "latency.batch_1.p50"


def checked(a, rule, looks, level=0.95):
    record = replace(a.record(a.model("base")), looks=looks)
    finding = examine(Evidence.of(record), a.policy(rule), None)[0]
    return finding, check(finding, level)


def test_a_rule_on_the_machine_is_decided_at_its_share_of_the_error(a):
    rule = a.rule("lat", P50, max="12 ms")
    once, five = checked(a, rule, 1), checked(a, rule, 5)
    assert (once[1].level, five[1].level) == (0.95, pytest.approx(0.99))
    assert five[1].high - five[1].low > once[1].high - once[1].low
    assert five[0].p_value == pytest.approx(min(1.0, 5 * once[0].p_value))


def test_interval_and_p_value_decide_alike_at_several_looks(a):
    for limit in ("9.9 ms", "10.03 ms", "10.06 ms", "10.1 ms", "10.3 ms"):
        finding, found = checked(a, a.rule("lat", P50, max=limit), 5)
        assert (found.status == "pass") == (finding.p_value < 0.05)


@pytest.mark.parametrize("rule", [("q", "quality.roc_auc", {"max_drop": "1 pp"}), ("s", "size.artifact", {"max": "9 MB"})])
def test_what_timing_has_no_part_in_is_decided_as_ever(a, rule):
    name, metric, limit = rule
    assert checked(a, a.rule(name, metric, **limit), 5)[1].level == 0.95


def open_after(a, *rules, models):
    return still_open(decide(a.record(*models), a.policy(*rules)))


def test_who_has_an_undecided_timing_is_open(a):
    models = [a.model("base"), a.model("near", latency=0.01202), a.model("fast", latency=0.005), a.model("slow", latency=0.05)]
    assert open_after(a, a.rule("lat", P50, max="12 ms"), models=models) == {"near"}


def test_who_fails_an_error_rule_is_settled_whatever_its_timing(a):
    rules = (a.rule("lat", P50, max="12 ms"), a.rule("size", "size.artifact", max="2 MB"))
    models = [a.model("base"), a.model("near", latency=0.01202), a.model("big", latency=0.01202, size=3e6)]
    assert open_after(a, *rules, models=models) == {"near"}


def test_undecided_quality_is_no_reason_to_go_on_timing(a):
    models = [a.model("base"), a.model("near", auc=0.790)]
    assert open_after(a, a.rule("q", "quality.roc_auc", max_drop="1 pp"), models=models) == frozenset()
