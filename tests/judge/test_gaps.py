"""The smallest relaxation that admits a candidate, and how much more measuring decides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.policy import Limit
from effaudit.core.reading import Failure, Measurement
from effaudit.judge.decide import decide

P50 = "latency.batch_1.p50"


def gap(a, model, rule, others=(), **record):
    verdict = decide(a.record(a.model("base"), model, *others, **record), a.policy(rule))
    [explained] = [one for one in verdict.explanations if one.candidate == model.name]
    [found] = explained.gaps
    return found


def test_a_failed_rule_tells_the_limit_that_would_admit_it(a):
    found = gap(a, a.model("x", auc=0.78), a.rule("ni", "quality.roc_auc", max_drop="1 pp"))
    assert (found.rule, found.relaxed, found.unit, found.more) == ("ni", 0.023, "pp", "")


def test_a_counted_figure_is_its_own_limit(a):
    assert gap(a, a.model("x", size=81_404_100.0), a.rule("s", "size.artifact", max="50 MB")).relaxed == 81_500_000.0
    assert gap(a, a.model("x", size=812.0), a.rule("s", "size.artifact", max="1 B")).relaxed == 812.0


def test_a_floor_is_lowered(a):
    found = gap(a, a.model("x", auc=0.7004), a.rule("floor", "quality.roc_auc", min="0.75"))
    assert found.relaxed == 0.698


@settings(deadline=None, max_examples=40)
@given(
    auc=st.floats(0.70, 0.85),
    latency=st.floats(0.005, 0.02),
    crowd=st.integers(0, 3),
    which=st.sampled_from(["ni", "floor", "lat", "rel"]),
)
def test_the_relaxed_limit_admits_the_candidate_among_all_others(a, auc, latency, crowd, which):
    """Holm's levels move with the limit, and the promise holds all the same."""
    rule = {
        "ni": a.rule("r", "quality.roc_auc", max_drop="0.1 pp"),
        "floor": a.rule("r", "quality.roc_auc", min="0.84"),
        "lat": a.rule("r", P50, max="5 ms"),
        "rel": a.rule("r", P50, max_increase="1 %"),
    }[which]
    others = [a.model(f"m{n}", auc=0.795 + 0.002 * n, latency=0.0099 + 0.0004 * n) for n in range(crowd)]
    record = a.record(a.model("base"), a.model("x", auc=auc, latency=latency), *others)
    verdict = decide(record, a.policy(rule))
    gaps = [one.gaps for one in verdict.explanations if one.candidate == "x"]
    if not gaps or not gaps[0]:
        return
    relaxed = replace(rule, limit=Limit(gaps[0][0].relaxed, rule.limit.unit, "relaxed"))
    assert decide(record, a.policy(relaxed)).statuses["x"] == "pass"


def test_no_limit_admits_what_was_not_measured(a):
    found = gap(a, a.model("x", readings={P50: Failure("timed_out", "timing", "hung")}), a.rule("lat", P50, max="1 s"))
    assert (found.relaxed, found.more) == (None, "")


def test_no_limit_admits_a_figure_of_another_machine(a):
    policy = a.policy(a.rule("lat", P50, max="1 s"), valid_on={"arch": "s390x"})
    [explained] = decide(a.record(a.model("base")), policy).explanations
    assert (explained.gaps[0].relaxed, explained.gaps[0].more) == (None, "")


def test_an_interval_without_end_has_no_limit(a):
    endless = Measurement(0.01, 0.009, float("inf"), "s", "lower", "measured", 60)
    found = gap(a, a.model("x", readings={P50: endless}), a.rule("lat", P50, max="20 ms"))
    assert (found.relaxed, found.more) == (None, "not within 10× the budget")


def test_undecided_quality_tells_how_many_more_rows(a):
    rule = a.rule("acc", "quality.accuracy", max_drop="5 pp")
    assert gap(a, a.model("x", wrong=range(40)), rule).more == "about 330 more rows"
    longer = decide(a.record(a.model("base"), a.model("x", wrong=range(53)), rows=1330), a.policy(rule))
    shorter = decide(a.record(a.model("base"), a.model("x", wrong=range(49)), rows=1230), a.policy(rule))
    assert (longer.statuses["x"], shorter.statuses["x"]) == ("pass", "inconclusive")


def test_grouped_rows_are_counted_in_groups(a):
    found = gap(a, a.model("x", auc=0.7921), a.rule("ni", "quality.roc_auc", max_drop="1 pp"), groups=20)
    assert found.more == "about 10 more groups"


def timed(a, between, within):
    """Rounds of a candidate whose incarnations and blocks differ by these standard deviations."""
    numbers, keys = np.repeat(np.arange(3), 20), np.arange(60)
    logs = np.log(0.01) + np.repeat(a.noise("between", 3, between), 20) + np.tile(a.noise("within", 20, within), 3)
    return np.column_stack([numbers, keys, logs])


def undecided_timing(a, between, within):
    base = a.model("base", arrays={P50: timed(a, 0.0, 0.0)})
    record = a.record(base, a.model("x", arrays={P50: timed(a, between, within)}))
    [explained] = [
        one for one in decide(record, a.policy(a.rule("r", P50, max_increase="2 %"))).explanations if one.candidate == "x"
    ]
    return explained.gaps[0].more


def test_undecided_timings_tell_how_many_more_rounds(a):
    assert undecided_timing(a, between=0.0, within=0.06) == "~5 more rounds"


def test_where_incarnations_differ_more_rounds_do_not_help_but_more_restarts_do(a):
    assert undecided_timing(a, between=0.015, within=0.001) == "~3 more restarts"


def test_figures_that_each_start_gives_once_need_restarts(a):
    found = gap(a, a.model("x", memory=215e6), a.rule("mem", "memory.peak.max", max_increase="7.7 %"))
    assert found.more.endswith(("more restart", "more restarts"))


def test_too_close_to_the_limit_is_no_matter_of_more(a):
    found = gap(a, a.model("x", auc=0.79), a.rule("ni", "quality.roc_auc", max_drop="1 pp"))
    assert found.more == "not within 10× the budget"


def test_a_bound_on_rows_that_differ_shrinks_with_their_number(a):
    """No label differs on 1,000 rows: 3 in 1,000 may, each moving weighted F1 by 3 rows' worth; 3,000 rows show 0.3 pp."""

    def model(name):
        metric = "quality.f1_weighted"
        reading = Measurement(0.9, 0.88, 0.92, "score", "higher", "measured", 9, None, f"{name}/{metric}")
        return a.model(name, readings={metric: reading}, arrays={metric: 0.9 + a.noise(name, 400, 0.0)})

    policy = a.policy(a.rule("f1", "quality.f1_weighted", max_drop="0.3 pp"))
    [explained] = [one for one in decide(a.record(model("base"), model("x")), policy).explanations if one.candidate == "x"]
    assert explained.gaps[0].more == "about 2,000 more rows"
