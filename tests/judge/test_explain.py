"""Sentences for those that are not recommended, and what the larger ones buy."""

from __future__ import annotations

import re

import pytest

from effaudit.core.reading import Failure, Measurement
from effaudit.judge.decide import decide

P50 = "latency.batch_1.p50"


def sentence(a, model, *rules, base=None, **policy):
    verdict = decide(a.record(base or a.model("base", size=2e6), model), a.policy(*rules, **policy))
    [found] = [one.sentence for one in verdict.explanations if one.candidate == model.name]
    return found


def test_a_failed_rule_is_told_with_its_figures_and_its_cure(a):
    found = sentence(a, a.model("x", auc=0.781), a.rule("quality.non_inferior", "quality.roc_auc", max_drop="1 pp"))
    figures = r"loses 1\.90 pp \[1\.6\d, 2\.1\d\] where 1 pp is allowed"
    assert re.fullmatch(rf"fails quality\.non_inferior: {figures}; would pass with max_drop ≥ 2\.2 pp", found)


def test_an_undecided_rule_is_told_with_what_would_decide_it(a):
    found = sentence(a, a.model("x", wrong=range(40)), a.rule("acc", "quality.accuracy", max_drop="5 pp"))
    assert found == ("is undecided on acc: loses 4.0 pp [3.1, 5.1] where 5 pp is allowed; about 330 more rows would decide")


def test_an_undecided_rule_that_no_measuring_settles_says_so(a):
    found = sentence(a, a.model("x", auc=0.79), a.rule("ni", "quality.roc_auc", max_drop="1 pp"))
    assert found.endswith("where 1 pp is allowed; not within 10× the budget")


def test_what_was_not_measured_is_told_in_the_failure_s_words(a):
    rule = a.rule("lat", P50, max="1 s")
    assert sentence(a, a.model("x", readings={P50: Failure("timed_out", "timing", "hung\nfor 60 s")}), rule) == (
        "cannot be judged on lat: timing: hung for 60 s"
    )
    dead = a.model("x", failure=Failure("refused", "load", "signal 11\x1b[31m\nSegmentation fault"))
    assert sentence(a, dead, rule) == "could not be measured (load): signal 11 Segmentation fault"


def test_another_machine_is_told(a):
    found = sentence(a, a.model("x"), a.rule("lat", P50, max="1 s"), valid_on={"arch": "s390x"})
    assert found == "cannot be judged on lat: the policy is valid on arch s390x; this was measured on x86_64"


def test_failed_rules_come_before_undecided_ones_and_the_worst_first(a):
    rules = [
        a.rule("open", "quality.accuracy", max_drop="5 pp"),
        a.rule("near", P50, max="9.5 ms"),
        a.rule("far", "size.artifact", max="10 kB"),
    ]
    found = sentence(a, a.model("x", wrong=range(40)), *rules)
    assert found.index("fails far") < found.index("fails near") < found.index("is undecided on open")


def test_a_long_list_of_rules_is_cut_but_its_gaps_are_whole(a):
    rules = [a.rule(f"r{n}", "size.artifact", max=f"{n + 1} kB") for n in range(5)]
    verdict = decide(a.record(a.model("base")), a.policy(*rules))
    assert verdict.explanations[0].sentence.endswith("; and 2 more")
    assert [one.rule for one in verdict.explanations[0].gaps] == [f"r{n}" for n in range(5)]


def test_what_passes_and_is_larger_says_by_how_much(a):
    assert sentence(a, a.model("x", size=6.2e6)) == "passes too; 3.1× larger"


def test_equals_say_which_tie_break_they_lost(a):
    base = a.model("base", family="linear")
    assert sentence(a, a.model("x", family="network"), base=base) == (
        "passes too; equal to base within 2 %; less simple (network, not linear)"
    )


def test_equals_that_lost_by_a_figure_say_by_how_much(a):
    def joules(value):
        return {"energy.per_1000": Measurement(value, value, value, "J", "lower", "modelled", 60)}

    base = a.model("base", readings=joules(1.0))
    found = sentence(a, a.model("x", readings=joules(3.0)), base=base, tie_break=("energy.per_1000",))
    assert found == "passes too; equal to base within 2 %; energy.per_1000 is 3.0× the energy"
    found = sentence(a, a.model("x"), base=base, tie_break=("energy.per_1000",))
    assert found == "passes too; equal to base within 2 %; its energy.per_1000 is not known"


def test_equals_in_everything_say_so(a):
    found = sentence(a, a.model("x"), base=a.model("base"))
    assert found.endswith("the tie-breaks cannot tell them apart, and its size.artifact or its name comes later")


def test_what_lacks_the_objective_says_so(a):
    base = a.model("base", readings={"energy.per_1000": Measurement(1.0, 1.0, 1.0, "J", "lower", "modelled", 60)})
    assert sentence(a, a.model("x"), base=base, minimize="energy.per_1000") == "passes too; its energy.per_1000 is not known"


def test_larger_candidates_say_what_they_buy(a):
    record = a.record(a.model("base", size=5e6, auc=0.805), a.model("small", size=1e6), a.model("huge", size=9e6, auc=0.82))
    verdict = decide(record, a.policy(a.rule("size", "size.artifact", max="6 MB")))
    base, huge = verdict.buys
    assert (base.candidate, base.metric, base.objective_ratio) == ("base", "quality.roc_auc", 5.0)
    assert base.difference == pytest.approx(0.005)
    assert base.low < 0.005 < base.high
    assert huge.objective_ratio == 9.0
    assert huge.difference == pytest.approx(0.02)


def test_what_buys_nothing_says_so_too(a):
    [found] = decide(a.record(a.model("base", size=5e6, auc=0.79), a.model("small")), a.policy()).buys
    assert found.difference == pytest.approx(-0.01)


def test_a_lower_error_is_a_gain(a):
    def model(name, error, **more):
        metric = "quality.root_mean_squared_error"
        reading = Measurement(error, error * 0.99, error * 1.01, "minutes", "lower", "measured", 9, None, f"{name}/{metric}")
        return a.model(name, readings={metric: reading}, arrays={metric: error + a.noise(name, 400, 0.01)}, **more)

    models = [model("base", 9.0, size=5e6), model("small", 10.0)]
    [found] = decide(a.record(*models, task="regression", quality=("root_mean_squared_error",)), a.policy()).buys
    assert found.difference == pytest.approx(1.0)
    assert (found.better, found.surely, found.change[0]) == ("lower", "better", pytest.approx(-1.0))


def test_nothing_is_bought_where_nothing_is_recommended_or_compared(a):
    models = [a.model("base", size=5e6), a.model("small")]
    assert decide(a.record(*models), a.policy(a.rule("lat", P50, max="1 ms"))).buys == ()
    assert decide(a.record(*models, quality=()), a.policy()).buys == ()
    unread = a.model("base", size=5e6, arrays={"quality.roc_auc": None})
    assert decide(a.record(unread, a.model("small")), a.policy()).buys == ()


@pytest.mark.parametrize(
    ("apart", "limits", "under"),
    [
        (0.0, {"max_drop": "1 pp"}, 0.0005),
        (0.0002, {"min": "0.5"}, 0.0005),
        (0.0004, {"max_drop": "1 pp"}, None),
        (0.0009, {"max_drop": "3 pp"}, 0.0015),
        (0.0009, {"max_drop": "4 %"}, 0.04 * 0.8 / 20),
        (0.004, {"max_drop": "4 pp"}, None),
    ],
)
def test_a_difference_that_is_surely_under_a_twentieth_of_the_margin_is_none(a, apart, limits, under):
    shared = 0.8 + a.noise("shared", 400, 0.01)
    larger = a.model("base", size=5e6, auc=0.8 + apart, arrays={"quality.roc_auc": shared + apart + a.noise("own", 400, 1e-4)})
    record = a.record(larger, a.model("small", auc=0.8, arrays={"quality.roc_auc": shared}))
    [found] = decide(record, a.policy(a.rule("q", "quality.roc_auc", **limits))).buys
    assert found.negligible == (None if under is None else pytest.approx(under))
    if under is not None:
        assert max(-found.low, found.high) <= under


def test_a_difference_in_minutes_is_none_under_a_thousandth(a):
    def model(name, error, **more):
        metric = "quality.root_mean_squared_error"
        reading = Measurement(error, error * 0.99, error * 1.01, "minutes", "lower", "measured", 9, None, f"{name}/{metric}")
        return a.model(name, readings={metric: reading}, arrays={metric: error + a.noise("shared", 400, 0.1)}, **more)

    for error, under in ((9.995, 0.01), (9.98, None)):
        models = [model("base", error, size=5e6), model("small", 10.0)]
        [found] = decide(a.record(*models, task="regression", quality=("root_mean_squared_error",)), a.policy()).buys
        assert found.negligible == (None if under is None else pytest.approx(under))
