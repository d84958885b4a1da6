"""What holds for every recommendation: it is feasible, nothing feasible is much smaller, and the excluded change nothing."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.reading import Measurement
from effaudit.judge.decide import decide

P50 = "latency.batch_1.p50"
figures = st.fixed_dictionaries(
    {
        "auc": st.floats(0.785, 0.81),
        "latency": st.sampled_from([0.0095, 0.0098, 0.010, 0.0105]),
        "memory": st.floats(198e6, 204e6),
        "size": st.sampled_from([1e5, 1.01e5, 1.03e5, 9e5, 1e6, 2e6]),
        "wrong": st.integers(0, 60).map(range),
        "family": st.sampled_from(["constant", "linear", "tree", "network"]),
    }
)
crowds = st.lists(figures, min_size=1, max_size=6)
bands = st.sampled_from([0.0, 0.02, 0.5])
objectives = st.sampled_from(["size.artifact", P50, "memory.peak.max"])
tie_breaks = st.sampled_from([(), ("simple_first",), (P50, "simple_first"), ("simple_first", "memory.peak.max")])


def rules(a):
    return [
        a.rule("ni", "quality.roc_auc", max_drop="0.5 pp"),
        a.rule("acc", "quality.accuracy", max_drop="3 pp"),
        a.rule("lat", P50, max_increase="2 %"),
        a.rule("size", "size.artifact", max="1 MB"),
    ]


def models(a, crowd):
    return [a.model("base"), *(a.model(f"m{n}", **one) for n, one in enumerate(crowd))]


@settings(deadline=None, max_examples=80)
@given(crowds, bands, objectives, tie_breaks)
def test_it_is_feasible_and_no_feasible_one_outside_the_band_is_smaller(a, crowd, band, objective, breaks):
    record = a.record(*models(a, crowd))
    verdict = decide(record, a.policy(*rules(a), minimize=objective, equal_within=band, tie_break=breaks))
    feasible = {name for name, status in verdict.statuses.items() if status == "pass"}
    assert set(verdict.ranking) == feasible
    if verdict.recommended is None:
        assert not feasible
        return
    value = {name: found.value for name in feasible if isinstance(found := record.row(name).readings[objective], Measurement)}
    least = min(value.values())
    assert verdict.recommended in feasible
    assert value[verdict.recommended] <= least * (1 + band) * (1 + 1e-12)
    outside = [value[name] for name in verdict.ranking if value[name] > least * (1 + band)]
    assert outside == sorted(outside)
    simplest = ["constant", "linear", "tree", "ensemble", "network"]
    if breaks[:1] == ("simple_first",) and verdict.equals:
        family = {name: simplest.index(record.row(name).facts.family) for name in verdict.equals}
        assert family[verdict.recommended] == min(family.values())


@settings(deadline=None, max_examples=60)
@given(crowds, bands, tie_breaks, st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing_that_is_said(a, crowd, band, breaks, rng: random.Random):
    record = a.record(*models(a, crowd))
    policy = a.policy(*rules(a), equal_within=band, tie_break=breaks)
    rows = list(record.rows)
    rng.shuffle(rows)
    one, other = decide(record, policy), decide(replace(record, rows=tuple(rows)), policy)
    assert (one.recommended, one.ranking, one.equals, one.nearest, one.headline) == (
        other.recommended,
        other.ranking,
        other.equals,
        other.nearest,
        other.headline,
    )
    assert {each.candidate: each for each in one.explanations} == {each.candidate: each for each in other.explanations}


@settings(deadline=None, max_examples=60)
@given(crowds, figures, bands, st.integers(0, 6))
def test_one_that_counted_figures_exclude_changes_nothing_for_the_others(a, crowd, extra, band, place):
    """It would have been compared with the others, had its size not excluded it: it may cost them no confidence."""
    those = models(a, crowd)
    policy = a.policy(*rules(a), equal_within=band)
    without = decide(a.record(*those), policy)
    those.insert(min(place + 1, len(those)), a.model("huge", **(extra | {"size": 5e6})))
    beside = decide(a.record(*those, baseline="base"), policy)
    assert (beside.recommended, beside.ranking, beside.equals) == (without.recommended, without.ranking, without.equals)
    assert {repr(each) for each in without.checks} == {repr(each) for each in beside.checks if each.candidate != "huge"}
    assert beside.statuses["huge"] == "fail"


@settings(deadline=None, max_examples=60)
@given(st.lists(figures.map(lambda one: one | {"size": one["size"] + 1e6}), min_size=1, max_size=5))
def test_where_nothing_passes_the_nearest_breaks_the_fewest_rules_and_one_that_binds_is_named(a, crowd):
    those = [a.model("base", size=3e6), *(a.model(f"m{n}", **one) for n, one in enumerate(crowd))]
    verdict = decide(a.record(*those), a.policy(*rules(a)))
    assert verdict.recommended is None
    failed = {one.name: sum(check.status == "fail" for check in verdict.of(one.name)) for one in those}
    assert failed[verdict.nearest] == min(failed.values())
    broken = [check.rule.id for check in verdict.of(verdict.nearest) if check.status != "pass"]
    assert any(f"The nearest, {verdict.nearest}, fails {rule}: " in verdict.headline for rule in broken)
    assert ("not met." in verdict.headline) == (len(broken) > 1)
