"""The smallest limits that admit a candidate together: judged again under them, it passes; under less, it does not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.policy import Limit
from effaudit.core.reading import Failure, Measurement
from effaudit.core.verdict import Relaxed
from effaudit.judge.decide import decide

P50 = "latency.batch_1.p50"
RULES = {
    "floor": ("quality.roc_auc", {"min": "0.795"}),
    "ni": ("quality.roc_auc", {"max_drop": "0.5 pp"}),
    "share": ("quality.roc_auc", {"max_drop": "0.5 %"}),
    "acc": ("quality.accuracy", {"max_drop": "2 pp"}),
    "lat": (P50, {"max": "9.8 ms"}),
    "rel": (P50, {"max_increase": "1 %"}),
    "mem": ("memory.peak.max", {"max": "201 MB"}),
    "size": ("size.artifact", {"max": "1 MB"}),
    "growth": ("size.artifact", {"max_increase": "0 %"}),
}
figures = st.fixed_dictionaries(
    {
        "auc": st.floats(0.78, 0.81),
        "latency": st.floats(0.0092, 0.0105),
        "memory": st.floats(198e6, 204e6),
        "size": st.sampled_from([1e5, 1e6, 1.234e6, 2e6]),
        "wrong": st.integers(0, 60).map(range),
    }
)


def the_rules(a, names):
    return [a.rule(name, RULES[name][0], **RULES[name][1]) for name in names]


def under(policy, limits):
    """The policy with some limits moved."""
    wanted = {one.rule: one for one in limits}
    return replace(policy, rules=tuple(moved(rule, wanted[rule.id]) if rule.id in wanted else rule for rule in policy.rules))


def moved(rule, to):
    if rule.alternatives:
        return replace(rule, alternatives=tuple(moved(one, to) if one.metric == to.metric else one for one in rule.alternatives))
    return replace(rule, limit=Limit(to.limit, rule.limit.unit, "moved"))


def told(verdict, name):
    [found] = [one for one in verdict.explanations if one.candidate == name]
    return found


@settings(deadline=None, max_examples=150)
@given(
    st.lists(figures, min_size=1, max_size=7),
    st.lists(st.sampled_from(list(RULES)), min_size=1, max_size=6, unique=True),
    st.sampled_from(["holm", "none"]),
)
def test_judged_again_under_them_every_rejected_candidate_passes(a, crowd, names, comparisons):
    record = a.record(a.model("base"), *(a.model(f"m{n}", **one) for n, one in enumerate(crowd)))
    policy = a.policy(*the_rules(a, names), multiple_comparisons=comparisons)
    verdict = decide(record, policy)
    for one in verdict.explanations:
        if verdict.statuses[one.candidate] == "pass":
            assert one.together == ()
            continue
        assert one.together
        assert decide(record, under(policy, one.together)).statuses[one.candidate] == "pass"
        for gap in one.gaps:
            again = decide(record, under(policy, [Relaxed(gap.rule, "max", gap.relaxed, gap.unit)]))
            [check] = [check for check in again.of(one.candidate) if check.rule.id == gap.rule]
            assert check.status == "pass"


@settings(deadline=None, max_examples=60)
@given(figures, st.lists(st.sampled_from(list(RULES)), min_size=1, max_size=5, unique=True))
def test_one_step_less_in_the_last_digit_of_any_of_them_does_not_admit_it(a, figures, names):
    """Nobody else is compared, so the level stays."""
    record, policy = a.record(a.model("base"), a.model("x", **figures)), a.policy(*the_rules(a, names))
    verdict = decide(record, policy)
    for limit in told(verdict, "x").together if verdict.recommended != "x" else ():
        digits = 2 if limit.unit in ("pp", "%") else 3
        step = 10.0 ** (math.floor(math.log10(abs(limit.limit))) - digits + 1) * (1 if limit.bound == "min" else -1)
        tighter = replace(limit, limit=limit.limit + step)
        less = [tighter if one.rule == limit.rule else one for one in told(verdict, "x").together]
        assert decide(record, under(policy, less)).statuses["x"] != "pass"


def test_one_broken_rule_is_relaxed_alone(a):
    verdict = decide(a.record(a.model("base"), a.model("x", auc=0.78)), a.policy(*the_rules(a, ["ni", "size"])))
    assert told(verdict, "x").together == (Relaxed("ni", "max_drop", 0.023, "pp"),)


def test_all_broken_rules_are_relaxed_in_the_policy_s_order(a):
    model = a.model("x", auc=0.78, size=2e6, latency=0.0098)
    found = told(decide(a.record(a.model("base"), model), a.policy(*the_rules(a, ["size", "ni", "acc"]))), "x")
    assert [one.rule for one in found.together] == ["size", "ni"]


def test_what_size_excluded_is_then_compared_with_more_and_may_need_more(a):
    """On its own it would pass the quality rule at 95 %; beside three others it is decided at a stricter level."""
    others = [a.model(f"m{n}", auc=0.7935 + n / 1e4) for n in range(3)]
    large = a.model("large", size=2e6, auc=0.7976)
    verdict = decide(a.record(a.model("base"), *others, large), a.policy(*the_rules(a, ["size", "ni"])))
    found = told(verdict, "large")
    assert [gap.rule for gap in found.gaps] == ["size"]
    assert [one.rule for one in found.together] == ["size", "ni"]
    assert found.sentence.endswith("beside more candidates it would then need max_drop ≥ 0.60 pp (ni) too")


def either(a, name, *names):
    """A rule of which one of several limits is enough."""
    first, *others = the_rules(a, names)
    return replace(first, id=name, alternatives=(first, *others))


@settings(deadline=None, max_examples=80)
@given(
    st.lists(figures, min_size=1, max_size=6),
    st.lists(st.sampled_from(list(RULES)), max_size=3, unique=True),
    st.sampled_from([("lat", "size"), ("size", "mem", "floor"), ("acc", "mem"), ("growth", "size")]),
)
def test_one_alternative_is_enough(a, crowd, names, alternatives):
    record = a.record(a.model("base"), *(a.model(f"m{n}", **one) for n, one in enumerate(crowd)))
    policy = a.policy(*the_rules(a, names), either(a, "either", *alternatives))
    verdict = decide(record, policy)
    for one in verdict.explanations:
        if verdict.statuses[one.candidate] != "pass":
            assert one.together
            assert decide(record, under(policy, one.together)).statuses[one.candidate] == "pass"


@pytest.mark.parametrize("looks", [1, 5])
def test_looks_split_the_level(a, looks):
    """An audit that stops on decisions has looked at timings more than once."""
    record = a.record(a.model("base"), a.model("x", latency=0.0101, auc=0.79), looks=looks)
    policy = a.policy(*the_rules(a, ["lat", "ni"]))
    found = told(decide(record, policy), "x").together
    assert decide(record, under(policy, found)).statuses["x"] == "pass"


@pytest.mark.parametrize(
    "broken",
    [
        {"readings": {P50: Failure("timed_out", "timing", "hung")}},
        {"readings": {P50: Measurement(0.01, 0.009, float("inf"), "s", "lower", "measured", 60)}},
        {"failure": Failure("refused", "load", "no")},
    ],
)
def test_no_limits_admit_what_is_not_known(a, broken):
    policy = a.policy(*the_rules(a, ["size", "lat"]))
    assert told(decide(a.record(a.model("base"), a.model("x", size=2e6, **broken)), policy), "x").together == ()


def test_no_limits_admit_a_figure_of_another_machine(a):
    policy = a.policy(*the_rules(a, ["size", "lat"]), valid_on={"arch": "s390x"})
    assert told(decide(a.record(a.model("base")), policy), "base").together == ()


def test_rules_that_only_warn_are_left_alone(a):
    rules = [a.rule("lat", P50, "warn", max="1 ms"), *the_rules(a, ["size"])]
    found = told(decide(a.record(a.model("base"), a.model("x", size=2e6)), a.policy(*rules)), "x")
    assert [one.rule for one in found.together] == ["size"]
