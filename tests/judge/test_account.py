"""The account of one candidate: every rule, what is missing or to spare, and what would admit it."""

from __future__ import annotations

import re
from datetime import date

from effaudit.core.reading import Failure, Measurement
from effaudit.core.waiver import Waiver
from effaudit.judge.account import account
from effaudit.judge.decide import decide

P50 = "latency.batch_1.p50"


def told(a, model, *rules, others=(), base=None, **policy):
    verdict = decide(a.record(base or a.model("base", size=2e6), model, *others), a.policy(*rules, **policy))
    return account(verdict, model.name)


def test_broken_rules_come_first_with_gap_cure_and_evidence_and_warnings_last(a):
    rules = [
        a.rule("warned", P50, "warn", max="5 ms"),
        a.rule("fits", "size.artifact", max="50 MB"),
        a.rule("open", "quality.accuracy", max_drop="5 pp"),
        a.rule("far", "quality.roc_auc", max_drop="1 pp"),
    ]
    lines = told(a, a.model("x", auc=0.78, wrong=range(40)), *rules)
    assert [re.match(r"  (\w+)  +(\w+)", line).groups() for line in lines if re.match(r"  \w+  ", line)] == [
        ("fail", "far"),
        ("inconclusive", "open"),
        ("pass", "fits"),
        ("fail", "warned"),
    ]
    assert lines[0] == "x: rejected"
    assert re.fullmatch(
        r" +1\.\d pp outside the limit at the upper end of its interval; would pass with max_drop ≥ 2\.3 pp", lines[2]
    )
    assert lines[4].endswith("would pass with max_drop ≥ 5.2 pp; about 330 more rows would decide")
    assert lines[5].endswith("is 1 MB where at most 50 MB is allowed; 49 MB to spare")
    assert "warned (only warns)" in lines[6]
    assert lines[8] == "  would be admitted with max_drop ≥ 5.2 pp (open) and max_drop ≥ 2.3 pp (far)"


def test_one_broken_rule_needs_no_sentence_on_all_of_them(a):
    assert not any("admitted" in line for line in told(a, a.model("x", auc=0.78), a.rule("q", "quality.roc_auc", max_drop="1 pp")))


def test_a_rule_that_would_then_be_decided_at_a_stricter_level_is_named(a):
    rules = [a.rule("size", "size.artifact", max="1 MB"), a.rule("ni", "quality.roc_auc", max_drop="0.5 pp")]
    others = [a.model(f"m{n}", auc=0.7935 + n / 1e4) for n in range(3)]
    lines = told(a, a.model("large", size=2e6, auc=0.7976), *rules, others=others, base=a.model("base"))
    place = lines.index("  would be admitted with max ≥ 2 MB (size) and max_drop ≥ 0.60 pp (ni)")
    assert lines[place + 1].strip() == "ni: met now, but decided at a stricter level once more are compared"


def test_what_was_not_measured_is_admitted_by_nothing(a):
    lines = told(a, a.model("x", readings={P50: Failure("too_few_samples", "time", "9 calls")}), a.rule("lat", P50, max="1 s"))
    assert lines[1:] == (
        "  inconclusive  lat: 9 calls",
        " " * 16 + "no limit admits what is not known",
        "  no limits would admit it",
    )
    dead = told(a, a.model("x", failure=Failure("refused", "load", "signal 11")), a.rule("lat", P50, max="1 s"))
    assert dead == ("x: could not be measured (load): signal 11",)


def test_another_machine_is_no_matter_of_limits(a):
    lines = told(a, a.model("x"), a.rule("lat", P50, max="1 s"), valid_on={"arch": "s390x"})
    assert lines[1] == "  inconclusive  lat: the policy is valid on arch s390x; this was measured on x86_64"
    assert lines[2].strip() == "no limit would admit it"


def test_the_recommended_and_those_that_pass_say_what_is_to_spare_and_what_they_buy(a):
    rule = a.rule("size", "size.artifact", max="8 MB")
    verdict = decide(a.record(a.model("base", size=6e6, auc=0.82), a.model("small")), a.policy(rule))
    assert account(verdict, "small")[0] == "small: recommended"
    larger = account(verdict, "base")
    assert larger[0] == "base: passes too; 6.0× larger"
    assert larger[1].endswith("; 2 MB to spare")
    assert re.fullmatch(
        r"  beside small: \+2\.00 pp \[\+1\.\d+, \+2\.\d+\] in quality\.roc_auc \(better\), at 6\.0× of what is minimised",
        larger[2],
    )


def test_what_loses_next_to_nothing_is_not_told_in_millionths(a):
    same = a.model("x", arrays={"quality.roc_auc": 0.8 + a.noise("baseauc", 400, 0.001) + a.noise("own", 400, 1e-8)})
    lines = told(a, same, a.rule("q", "quality.roc_auc", max_drop="1 pp"))
    assert "loses under 0.05 pp where 1 pp is allowed" in lines[1]


def test_figures_in_the_answer_s_unit_keep_it(a):
    def model(name, error, **more):
        metric = "quality.root_mean_squared_error"
        reading = Measurement(error, error * 0.99, error * 1.01, "minutes", "lower", "measured", 9, None, f"{name}/{metric}")
        return a.model(name, readings={metric: reading}, arrays={metric: error + a.noise(name, 400, 0.01)}, **more)

    record = a.record(model("base", 9.0, size=5e6), model("x", 10.0), task="regression", quality=("root_mean_squared_error",))
    told = account(decide(record, a.policy()), "base")[-1]
    assert "beside x: −1.000 minutes [−" in told
    assert "quality.root_mean_squared_error (better)" in told


def test_waivers_at_work_are_named(a):
    def waiver(written):
        begun, ends = date(2026, 1, 1), date(2026, 12, 31)
        return Waiver("W-1", "size", "x", a.limit(written), "a reason", "dana", begun, ends)

    for written, expected in (
        ("3 MB", "only under waiver W-1 (3 MB); 1 MB to spare"),
        ("1.5 MB", "not even under waiver W-1 (1.5 MB)"),
    ):
        policy = a.policy(a.rule("size", "size.artifact", max="1 MB"))
        record = a.record(a.model("base"), a.model("x", size=2e6))
        verdict = decide(record, policy, waivers=[waiver(written)], today=date(2026, 6, 1))
        assert account(verdict, "x")[1].endswith(expected)


def test_hostile_words_are_one_line_each(a):
    lines = told(
        a,
        a.model("x", readings={P50: Failure("timed_out", "timing\x1b[2J", "\x1b[31mred\nlines\u202e")}),
        a.rule("lat", P50, max="1 s"),
    )
    assert not any(mark in "".join(lines) for mark in "\x1b\n\u202e")
