"""Doubts about policies: each with an example that has it, and one that has not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.core.policy import Change, Match, Override
from effaudit.core.reading import Failure, Meaning, Measurement
from effaudit.core.record import Floor
from effaudit.judge.lint import lint

P50, AUC, SIZE = "latency.batch_1.p50", "quality.roc_auc", "size.artifact"
MEANINGS = {
    "quality.roc_auc": Meaning("score", "higher", "measured", False),
    "quality.accuracy": Meaning("score", "higher", "measured", False),
    "quality.r2": Meaning("score", "higher", "measured", False),
    "quality.matthews_corrcoef": Meaning("score", "higher", "measured", False),
    "quality.log_loss": Meaning("number", "lower", "measured", False),
    "quality.brier_score": Meaning("score", "lower", "measured", False),
    "quality.root_mean_squared_error": Meaning("answer", "lower", "measured", False),
    "behaviour.flips_lost": Meaning("share", "lower", "measured", False),
    "latency.batch_1": Meaning("s", "lower", "measured", True, ("p50", "p95")),
    "throughput.batch_1": Meaning("rows/s", "higher", "measured", True),
    "size.artifact": Meaning("B", "lower", "counted", False),
    "energy.per_1000": Meaning("J", "lower", "modelled", True),
}


def said(policy, record=None):
    return [(one.rule, one.said) for one in lint(policy, MEANINGS.get, record)]


def floored(a, *rules):
    """Rules beside a floor under quality."""
    return a.policy(a.rule("floor", AUC, min="0.55"), *rules)


def test_quality_that_is_only_compared_lacks_a_floor(a):
    drop = a.rule("drop", AUC, max_drop="1 pp")
    [found] = lint(a.policy(replace(drop, file="p.yaml", line=7)), MEANINGS.get)
    assert (found.rule, found.advice, found.file, found.line) == ("drop", "Add a rule with `min` for it.", "p.yaml", 7)
    assert said(floored(a, drop)) == []
    assert [rule for rule, _ in said(floored(a, drop, a.rule("acc", "quality.accuracy", max_drop="1 pp")))] == ["acc"]
    assert [rule for rule, _ in said(a.policy(drop, a.rule("floor", AUC, severity="warn", min="0.55")))] == ["drop"]
    assert said(a.policy(a.rule("drop", AUC, severity="warn", max_drop="1 pp"), a.rule("size", SIZE, max="1 MB"))) == []


def test_errors_that_are_only_compared_lack_a_ceiling(a):
    [found] = lint(a.policy(a.rule("rmse", "quality.root_mean_squared_error", max_increase="1 %")), MEANINGS.get)
    assert found.advice == "Add a rule with `max` for it."


def test_a_rule_that_a_stricter_one_always_decides_is_told(a):
    rules = a.rule("small", SIZE, max="1 MB"), a.rule("large", SIZE, max="2 MB")
    assert said(a.policy(*rules)) == [("large", "it can never decide anything: small asks 1 MB of the same figure")]
    assert said(a.policy(rules[0], replace(rules[1], severity="warn"))) != []
    assert said(a.policy(replace(rules[0], severity="warn"), rules[1])) == []
    assert [rule for rule, _ in said(a.policy(a.rule("low", AUC, min="0.6"), a.rule("high", AUC, min="0.7")))] == ["low"]
    assert said(a.policy(a.rule("p50", P50, max="1 s"), a.rule("p95", "latency.batch_1.p95", max="2 s"))) == []


@pytest.mark.parametrize(
    ("metric", "limit", "word"),
    [
        (AUC, {"min": "0"}, "never fail"),
        (AUC, {"min": "1.2"}, "never pass"),
        (AUC, {"min": "0.9"}, ""),
        ("quality.r2", {"min": "0"}, ""),
        ("quality.r2", {"min": "1.5"}, "never pass"),
        ("behaviour.flips_lost", {"max": "1"}, "never fail"),
        ("behaviour.flips_lost", {"max": "0"}, ""),
        (AUC, {"max_drop": "100 pp"}, "never fail"),
        (AUC, {"max_drop": "100 %"}, "never fail"),
        ("throughput.batch_1", {"max_drop": "100 %"}, "never fail"),
        ("throughput.batch_1", {"max_drop": "50 %"}, ""),
        ("throughput.batch_1", {"min": "0 rows/s"}, "never fail"),
        (SIZE, {"max": "0 B"}, "never pass"),
        (P50, {"max": "0 s"}, "never pass"),
        (P50, {"max_increase": "300 %"}, ""),
        (P50, {"max_increase": "100000 %"}, "never fail"),
        (P50, {"max": "1e300 s"}, "never fail"),
        (P50, {"max": "366 d"}, "never fail"),
        (P50, {"max": "1 h"}, ""),
        (P50, {"max_increase": "1e9 s"}, "never fail"),
        (SIZE, {"max": "1e30 B"}, "never fail"),
        (SIZE, {"max": "5 GB"}, ""),
        ("energy.per_1000", {"max": "1e200 kWh"}, "never fail"),
        ("throughput.batch_1", {"min": "1e-9 rows/s"}, "never fail"),
        ("throughput.batch_1", {"min": "1 rows/s"}, ""),
        ("behaviour.flips_lost", {"max": "100"}, "never fail"),
        ("behaviour.flips_lost", {"max_increase": "100 pp"}, "never fail"),
        ("quality.log_loss", {"max": "40"}, "never fail"),
        ("quality.log_loss", {"max": "1"}, ""),
        ("quality.brier_score", {"max": "2"}, "never fail"),
        ("quality.brier_score", {"max": "-0.1"}, "never pass"),
        ("quality.matthews_corrcoef", {"min": "-1"}, "never fail"),
        ("quality.matthews_corrcoef", {"max_drop": "200 pp"}, "never fail"),
        ("quality.matthews_corrcoef", {"max_drop": "100 %"}, ""),
        ("quality.matthews_corrcoef", {"min": "-0.2"}, "worse than a guess"),
        (AUC, {"min": "0.4"}, "worse than a guess"),
        (AUC, {"min": "0.5"}, ""),
        ("quality.r2", {"min": "-1e9"}, "worse than a guess"),
        ("quality.r2", {"max_drop": "500 pp"}, ""),
    ],
)
def test_limits_that_everything_or_nothing_meets_are_told(a, metric, limit, word):
    rules = [a.rule("floor", metric, min="0.55")] if "max_drop" in limit else []
    found = [text for rule, text in said(a.policy(*rules, a.rule("r", metric, **limit))) if rule == "r"]
    assert (word in found[0]) if word else found == []


def test_limits_far_beyond_the_figures_of_a_record_are_told(a):
    record = a.record(a.model("base", auc=0.8), a.model("slow", latency=0.02))
    rules = {
        "hour": a.rule("hour", P50, max="1 h"),
        "second": a.rule("second", P50, max="1 s"),
        "disk": a.rule("disk", SIZE, max="1 TB"),
        "times": a.rule("times", SIZE, max_increase="99999900 %"),
        "all": a.rule("all", AUC, max_drop="80 pp"),
        "half": a.rule("half", AUC, max_drop="45 %"),
        "much": a.rule("much", "quality.accuracy", min="0.6"),
    }
    found = dict(said(floored(a, *rules.values()), record))
    assert found["hour"] == "it can never fail: its limit is 180,000 times the worst figure that was measured"
    assert found["disk"].startswith("it can never fail: its limit is 1,000,000 times")
    assert found["times"].startswith("it can never fail: its limit is 1,000,000 times")
    assert found["all"] == "it can never fail: nothing can lose 80 pp against 0.800"
    assert found["half"].startswith("it lets through what is worse than a guess: 45 % allows 0.44, and one and the same answer")
    assert found["much"].endswith("its limit is 0.6, and one and the same answer to every row has 0.667")
    assert "second" not in found


def test_limits_of_overrides_and_a_level_like_tossing_a_coin_are_told(a):
    wide = replace(a.rule("size", SIZE, max="1e30 B"), line=9)
    override = Override(Match("edge-*"), (Change("size", wide, ("limit",)),))
    policy = floored(a, a.rule("size", SIZE, max="2 MB"))
    assert said(replace(policy, overrides=(override,))) == [("size", "it can never fail: no size.artifact is beyond 1e30 B")]
    [(rule, text)] = said(replace(policy, confidence_level=0.5000001))
    assert rule == ""
    assert text.startswith(
        "The policy's confidence_level is 0.5000001: a candidate that is just at a limit passes it by chance in up to 50"
    )
    assert said(replace(policy, confidence_level=0.8)) == []


def test_what_the_record_has_not_measured_is_told_with_what_was_perhaps_meant(a):
    record = a.record(a.model("base"), a.model("small", size=5e5))
    found = lint(floored(a, a.rule("p95", "latency.batch_1.p95", max="1 s")), MEANINGS.get, record)
    assert [(one.rule, one.said) for one in found] == [("p95", "no candidate of this record has latency.batch_1.p95")]
    assert found[0].advice == "Did you mean 'latency.batch_1.p50'?"
    energy = Failure("not_stated", "assumptions", "no watts")
    record = a.record(a.model("base", readings={"energy.per_1000": energy}))
    assert said(floored(a, a.rule("e", "energy.per_1000", max="1 J")), record)[0][1].endswith("has energy.per_1000 (no watts)")


def test_an_objective_that_the_record_has_not_is_told(a):
    policy = a.policy(a.rule("size", SIZE, max="2 MB"), minimize="energy.per_1000", tie_break=("simple_first", "size.transfer"))
    assert [text.partition(",")[0] for _, text in said(policy, a.record(a.model("base")))] == [
        "`select` goes by energy.per_1000",
        "`select` goes by size.transfer",
    ]


def test_a_rival_and_an_override_for_nobody_are_told(a):
    override = Override(Match("edge-*"), (Change("size", None),))
    policy = a.policy(a.rule("size", SIZE, max_increase="0 %", versus="gmb"), overrides=(override,))
    found = lint(policy, MEANINGS.get, a.record(a.model("gbm"), a.model("x")))
    assert any("no candidate 'gmb'" in one.said and "Did you mean 'gbm'?" in one.advice for one in found)
    assert any("overrides[0] fits no candidate" in one.said for one in found)


def test_margins_under_what_the_machine_resolves_are_told(a):
    record = a.record(a.model("base"), a.model("x"), floors={P50: Floor(0.08, "A/A")})
    assert said(floored(a, a.rule("p50", P50, max_increase="5 %")), record) == [
        ("p50", "its margin of 5 % is under the 8 % that this machine resolves")
    ]
    assert said(floored(a, a.rule("p50", P50, max_increase="10 %")), record) == []
    assert [rule for rule, _ in said(floored(a, a.rule("p50", P50, max_increase="0.1 ms")), record)] == ["p50"]
    assert said(floored(a, a.rule("p50", P50, max_increase="2 ms")), record) == []


def test_margins_that_need_more_rows_are_told_with_about_how_many(a):
    record = a.record(a.model("base"), *(a.model(name, auc_se=0.01) for name in "xyz"))
    [(rule, text)] = said(floored(a, a.rule("drop", AUC, max_drop="1 pp")), record)
    assert (rule, text.startswith("on 1,000 certify rows half of the candidates are known to no better than ±1.")) == ("drop", True)
    needed = int(text.split("about ")[1].split(" ")[0].replace(",", ""))
    width = float(text.split("±")[1].split(" ")[0])
    assert needed == pytest.approx(1000 * width**2, rel=0.1)
    assert said(floored(a, a.rule("drop", AUC, max_drop="3 pp")), record) == []


def test_too_few_rows_for_anything_are_told(a):
    record = a.record(a.model("base"), a.model("x"), rows=12, class_rows=(6, 6))
    found = dict(said(a.policy(a.rule("floor", AUC, min="0.55")), record))
    assert found["floor"].startswith("there are too few rows or calls")


def test_units_that_the_record_does_not_have_are_told(a):
    cost = Measurement(1.0, 0.9, 1.1, "USD", "lower", "modelled", 10)
    record = a.record(a.model("base", readings={"cost.per_1000": cost}), a.model("x", readings={"cost.per_1000": cost}))
    rule = replace(a.rule("cost", "cost.per_1000", max="1 s"), limit=replace(a.limit("1 s"), unit="EUR", written="1 EUR"))
    [(name, text)] = said(a.policy(rule), record)
    assert (name, text) == (
        "cost",
        "it is inconclusive for every candidate: cost.per_1000 is recorded in USD, its limit is in EUR",
    )


def test_a_method_that_no_figure_has_is_told(a):
    energy = Measurement(4.0, 3.9, 4.1, "J", "lower", "modelled", 60, 8.0)
    record = a.record(a.model("base", readings={"energy.per_1000": energy}), a.model("x", readings={"energy.per_1000": energy}))
    [(_, text)] = said(a.policy(a.rule("e", "energy.per_1000", max="9 J", method="measured")), record)
    assert "modelled" in text


def test_another_machine_is_told(a):
    record = a.record(a.model("base"), a.model("x"))
    policy = a.policy(a.rule("p50", P50, max="1 s"), a.rule("size", SIZE, max="2 MB"), valid_on={"arch": "aarch64"})
    [(name, text)] = said(policy, record)
    assert name == "p50"
    assert "aarch64" in text


def test_a_sound_policy_leaves_nothing_to_say(a):
    record = a.record(a.model("base"), a.model("small", size=5e5))
    policy = floored(a, a.rule("drop", AUC, max_drop="1 pp"), a.rule("size", SIZE, max="2 MB"), a.rule("p50", P50, max="1 s"))
    assert said(policy) == said(policy, record) == []


def test_a_candidate_that_overrides_leave_without_an_error_rule_is_told(a):
    record = a.record(a.model("base"), a.model("small"))
    rules = a.rule("floor", AUC, min="0.55"), a.rule("size", SIZE, severity="warn", max="2 MB")
    spared = a.policy(*rules, overrides=(Override(Match("small"), (Change("floor", None),)),))
    [found] = [one for one in lint(spared, MEANINGS.get, record) if not one.rule]
    assert found.said.startswith("no error rule is left for small")
    assert not [one for one in lint(a.policy(*rules), MEANINGS.get, record) if not one.rule]
