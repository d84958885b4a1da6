"""The whole decision: levels across candidates, and a verdict that says everything."""

from __future__ import annotations

import pytest

from effaudit.core.reading import Failure
from effaudit.core.stats.estimate import Exact, Student
from effaudit.judge.checks import Finding
from effaudit.judge.decide import decide, levels_of
from effaudit.judge.evidence import Evidence, Undecidable

P50 = "latency.batch_1.p50"


def z_for(p):
    """The loss in standard errors under a limit of 1 whose p-value is p."""
    from scipy import stats

    return 1.0 - stats.norm.isf(p)


def findings(a, **p_values):
    """One finding per candidate, with just this p-value under the rule `max: 1 s`."""
    rule = a.rule("r", P50, max="1 s")
    return [Finding(name, rule, Student(z_for(p), 1.0), None, "s") for name, p in p_values.items()]


def levels(a, found, baseline="base", **policy):
    record = a.record(
        a.model("base"),
        *(a.model(name) for name in dict.fromkeys(one.candidate for one in found) if name != "base"),
        baseline=baseline,
    )
    return levels_of(Evidence.of(record), a.policy(found[0].rule, **policy), [(one,) for one in found])


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ({"x": 0.01, "y": 0.02, "z": 0.04}, {"x": 1 - 0.05 / 3, "y": 1 - 0.05 / 2, "z": 0.95}),
        ({"x": 0.01, "y": 0.03, "z": 0.04}, {"x": 1 - 0.05 / 3, "y": 1 - 0.05 / 2, "z": 1 - 0.05 / 2}),
        ({"x": 0.02, "y": 0.03, "z": 0.04}, {"x": 1 - 0.05 / 3, "y": 1 - 0.05 / 3, "z": 1 - 0.05 / 3}),
        ({"x": 0.04}, {"x": 0.95}),
    ],
)
def test_holm_gives_each_candidate_the_level_that_decided_it(a, p_values, expected):
    """The worked example: at 5 %, three candidates are held against 1.67 %, then 2.5 %, then 5 %."""
    found = levels(a, findings(a, **p_values))
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_the_baseline_stands_outside_holm(a):
    found = levels(a, findings(a, base=0.04, x=0.01, y=0.02))
    assert found == pytest.approx({"base": 0.95, "x": 0.975, "y": 0.95})


def test_within_a_candidate_the_worst_rule_counts_and_nothing_is_corrected(a):
    found = levels(a, findings(a, x=0.001) + findings(a, x=0.04) + findings(a, y=0.9))
    assert found["x"] == pytest.approx(0.975)
    assert found["y"] == pytest.approx(0.975)


def test_warnings_do_not_enter_the_correction(a):
    rule = a.rule("w", P50, "warn", max="1 s")
    found = levels(a, [*findings(a, x=0.01, y=0.04), Finding("x", rule, Student(5.0, 1.0), None, "s")])
    assert found == pytest.approx({"base": 0.95, "x": 0.975, "y": 0.95})


def test_those_that_counted_figures_exclude_take_nothing_from_the_others(a):
    size = a.rule("size", "size.artifact", max="1 MB")
    excluded = Finding("y", size, Exact(2e6), None, "B")
    assert levels(a, [*findings(a, x=0.04, y=0.001), excluded])["x"] == 0.95
    kept = Finding("y", size, Exact(1e6), None, "B")
    assert levels(a, [*findings(a, x=0.04, y=0.001), kept])["x"] == pytest.approx(0.95)
    assert levels(a, [*findings(a, x=0.001, y=0.04), kept])["x"] == pytest.approx(0.975)


def test_those_that_cannot_be_judged_take_nothing_from_the_others(a):
    rule = a.rule("r", P50, max="1 s")
    barred = Finding("y", rule, None, Undecidable("metric_missing", ""), "s")
    elsewhere = Finding("z", rule, Student(0.0, 1.0), Undecidable("environment_mismatch", ""), "s")
    assert levels(a, [*findings(a, x=0.001), barred, elsewhere])["x"] == 0.95


def test_counted_rules_alone_need_no_correction(a):
    size = a.rule("size", "size.artifact", max="1 MB")
    found = levels(a, [Finding(name, size, Exact(1.0), None, "B") for name in ("x", "y", "z")])
    assert set(found.values()) == {0.95}


def test_correction_can_be_switched_off(a):
    assert set(levels(a, findings(a, x=0.01, y=0.04), multiple_comparisons="none").values()) == {0.95}


def test_a_candidate_that_passes_alone_may_be_undecided_among_many(a):
    rule = a.rule("ni", "quality.roc_auc", max_drop="1 pp")
    close = a.model("close", auc=0.7927)
    others = [a.model(f"m{n}", auc=0.7905) for n in range(12)]
    alone = decide(a.record(a.model("base"), close), a.policy(rule))
    among = decide(a.record(a.model("base"), close, *others), a.policy(rule))
    assert alone.statuses["close"] == "pass"
    assert among.statuses["close"] == "inconclusive"
    assert among.of("close")[0].level > alone.of("close")[0].level == 0.95


def test_a_verdict_says_everything(a):
    record = a.record(
        a.model("base", size=5e6),
        a.model("small", size=1e5),
        a.model("worse", size=5e4, auc=0.77),
        a.model("dead", size=9e6, failure=Failure("refused", "load", "signal 11")),
    )
    policy = a.policy(a.rule("ni", "quality.roc_auc", max_drop="1 pp"), a.rule("lat", P50, "warn", max="1 ms"))
    verdict = decide(record, policy)
    assert (verdict.outcome, verdict.exit_code, verdict.recommended) == ("recommended", 0, "small")
    assert verdict.ranking == ("small", "base")
    assert verdict.statuses == {"base": "pass", "small": "pass", "worse": "fail", "dead": "inconclusive"}
    assert [(one.candidate, one.rule.id) for one in verdict.checks][:3] == [("base", "ni"), ("base", "lat"), ("small", "ni")]
    assert len(verdict.checks) == 8
    assert [one.candidate for one in verdict.explanations] == ["base", "worse", "dead"]
    assert [one.candidate for one in verdict.buys] == ["base"]
    assert (verdict.policy, verdict.baseline, verdict.blocking, verdict.nearest) == (policy, "base", (), None)


def test_a_failed_warning_rejects_nobody(a):
    verdict = decide(a.record(a.model("base")), a.policy(a.rule("lat", P50, "warn", max="1 ms")))
    assert verdict.of("base")[0].status == "fail"
    assert (verdict.recommended, verdict.exit_code) == ("base", 0)


def test_a_policy_without_rules_takes_the_smallest_that_was_measured(a):
    verdict = decide(a.record(a.model("base"), quality=()), a.policy())
    assert verdict.recommended == "base"
    empty = decide(a.record(a.model("base", failure=Failure("refused", "load", "no"))), a.policy())
    assert (empty.outcome, empty.exit_code, empty.recommended) == ("incomplete", 4, None)
