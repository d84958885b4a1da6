"""Waivers move limits for some candidates until a day, and every verdict says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.notes import texts
from effaudit.core.policy import Change, Match, Override
from effaudit.core.reading import Failure
from effaudit.core.waiver import Waiver, days_left, in_force, loosens, standing
from effaudit.judge.decide import decide
from effaudit.judge.exits import gate_one
from effaudit.judge.waivers import unused

TODAY = date(2026, 7, 31)
P50 = "latency.batch_1.p50"


@pytest.fixture
def waiver(a):
    def made(id="W-1", rule="size", match="*", limit="2 MB", days=30, created=date(2026, 7, 1), **changes):
        whole = Waiver(id, rule, match, a.limit(limit), "a reason", "dana", created, TODAY + timedelta(days=days))
        return replace(whole, **changes)

    return made


def verdict_of(a, *waivers, models=(), rules=(), today=TODAY, **policy):
    record = a.record(*(models or (a.model("base", size=500e3), a.model("large", size=1.5e6))))
    return record, decide(
        record, a.policy(*(rules or (a.rule("size", "size.artifact", max="1 MB"),)), **policy), None, waivers, today
    )


def check_of(verdict, candidate, rule="size"):
    return next(check for check in verdict.of(candidate) if check.rule.id == rule)


def test_a_waived_check_passes_under_the_moved_limit_and_tells_what_would_have_been(a, waiver):
    _, verdict = verdict_of(a, waiver())
    check = check_of(verdict, "large")
    assert (check.status, check.rule.limit.written, check.waived.original.written) == ("pass", "2 MB", "1 MB")
    assert (check.waived.id, check.waived.days_left, check.waived.owner, check.waived.reason) == ("W-1", 30, "dana", "a reason")
    assert (check.waived.without, check.waived.expires) == ("fail", "2026-08-30")
    assert verdict.statuses == {"base": "pass", "large": "pass"}
    assert verdict.today == "2026-07-31"
    assert "Waiver W-1 on size (dana) admits large under 2 MB." in texts(verdict.notes)


def test_a_candidate_that_does_not_need_it_shows_no_trace_of_it(a, waiver):
    _, verdict = verdict_of(a, waiver())
    check = check_of(verdict, "base")
    assert (check.waived, check.beyond, check.rule.limit.written) == (None, None, "1 MB")


def test_a_waiver_that_is_not_enough_leaves_the_fail_and_says_which_limit_it_failed(a, waiver):
    _, verdict = verdict_of(a, waiver(limit="1.2 MB"))
    check = check_of(verdict, "large")
    assert (check.status, check.waived, check.beyond.id, check.rule.limit.written) == ("fail", None, "W-1", "1.2 MB")
    assert "Waiver W-1 on size (dana) is not enough for large." in texts(verdict.notes)
    assert "at most 1.2 MB is allowed" in next(e.sentence for e in verdict.explanations if e.candidate == "large")


@pytest.mark.parametrize(
    ("changes", "today", "expected"),
    [
        ({}, TODAY + timedelta(days=30), "pass"),
        ({}, TODAY + timedelta(days=31), "fail"),
        ({}, date(2026, 6, 30), "fail"),
        ({}, date(2026, 7, 1), "pass"),
        ({"expires": None, "fault": "no date"}, TODAY, "fail"),
        ({"created": None, "fault": "no date"}, TODAY, "fail"),
        ({"match": "lar*"}, TODAY, "pass"),
        ({"match": "LARGE"}, TODAY, "fail"),
        ({"match": "base"}, TODAY, "fail"),
        ({"rule": "other"}, TODAY, "fail"),
    ],
)
def test_it_works_on_its_days_its_candidates_and_its_rule_alone(a, waiver, changes, today, expected):
    _, verdict = verdict_of(a, waiver(**changes), today=today)
    assert check_of(verdict, "large").status == expected


@pytest.mark.parametrize(
    ("changes", "today", "words"),
    [
        ({}, TODAY + timedelta(days=31), "Waiver W-1 on size (dana) expired on 2026-08-30: 1 day ago. Remove it, or decide again."),
        ({}, TODAY + timedelta(days=16), "Waiver W-1 on size (dana) admits large under 2 MB, and ends in 14 days, on 2026-08-30."),
        ({}, TODAY + timedelta(days=15), "Waiver W-1 on size (dana) admits large under 2 MB."),
        ({}, TODAY + timedelta(days=30), "Waiver W-1 on size (dana) admits large under 2 MB, and ends today."),
        ({}, date(2026, 6, 30), "Waiver W-1 on size (dana) begins on 2026-07-01 and moves nothing before."),
        ({"match": "gbm"}, TODAY, "Waiver W-1 on size (dana) is not used: no candidate matches 'gbm'. Remove it."),
        ({"match": "base"}, TODAY, "Waiver W-1 on size (dana) is not used: no candidate that it matches needs it. Remove it."),
        ({"expires": None, "fault": "`expires` is not a day"}, TODAY, "counts as expired: `expires` is not a day."),
    ],
)
def test_every_waiver_says_loudly_where_it_stands(a, waiver, changes, today, words):
    _, verdict = verdict_of(a, waiver(**changes), today=today)
    assert words in texts(verdict.notes)[0]


def test_a_rule_that_may_not_be_waived_is_not_moved(a, waiver):
    rule = replace(a.rule("size", "size.artifact", max="1 MB"), waivable=False)
    assert check_of(verdict_of(a, waiver(), rules=(rule,))[1], "large").status == "fail"


@pytest.mark.parametrize("limit", ["900 kB", "1 MB", "1.4 s"])
def test_a_limit_that_tightens_or_is_in_another_unit_moves_nothing(a, waiver, limit):
    _, verdict = verdict_of(a, waiver(limit=limit), models=(a.model("base", size=950e3),))
    check = check_of(verdict, "base")
    assert (check.status, check.rule.limit.written, check.waived) == ("pass", "1 MB", None)


def test_a_lower_limit_is_moved_downwards(a, waiver):
    rule = a.rule("floor", "quality.roc_auc", min="0.9")
    _, verdict = verdict_of(a, waiver(rule="floor", limit="0.7"), rules=(rule,), models=(a.model("base"),))
    assert check_of(verdict, "base", "floor").waived.without == "fail"
    assert loosens(a.limit("0.7"), rule)
    assert not loosens(a.limit("0.95"), rule)


def test_of_two_that_fit_the_looser_works_and_the_other_is_spare(a, waiver):
    both = (waiver(limit="1.2 MB"), waiver("W-2", limit="2 MB"))
    _, verdict = verdict_of(a, *both)
    assert check_of(verdict, "large").waived.id == "W-2"
    assert unused(both, verdict.checks, TODAY) == (both[0],)


def test_the_exit_code_follows_the_moved_limit(a, waiver):
    models = (a.model("base", size=1.2e6), a.model("large", size=1.5e6))
    record, bare = verdict_of(a, models=models)
    _, waived = verdict_of(a, waiver(match="large"), models=models)
    assert (bare.exit_code, waived.exit_code, waived.recommended) == (1, 0, "large")
    assert gate_one(record, waived, "base") == 1
    assert gate_one(record, waived, "large") == 0


def test_the_headline_says_that_the_recommendation_rests_on_a_waiver(a, waiver):
    _, verdict = verdict_of(a, waiver(), models=(a.model("large", size=1.5e6),))
    assert "waiver W-1" in verdict.headline


def test_the_moved_limit_is_what_holm_counts(a, waiver):
    """Under the policy's own limit `slow` is no rival in the family; under the moved one it is certain, and frees the other."""
    rule = a.rule("lat", P50, max="12 ms")
    models = [a.model("base"), a.model("slow", latency=0.03), a.model("close", latency=0.0119)]
    _, bare = verdict_of(a, rules=(rule,), models=models)
    _, moved = verdict_of(a, waiver(rule="lat", match="slow", limit="100 ms"), rules=(rule,), models=models)
    level = {name: (check_of(bare, name, "lat").level, check_of(moved, name, "lat").level) for name in ("slow", "close")}
    assert level["slow"] == pytest.approx((0.975, 0.975))
    assert level["close"] == pytest.approx((0.975, 0.95))
    assert check_of(moved, "slow", "lat").waived is not None


def test_what_was_not_measured_is_neither_waived_nor_calls_its_waiver_unused(a, waiver):
    models = (a.model("base", size=500e3), a.model("gone", failure=Failure("refused", "load", "cannot be read")))
    waivers = (waiver(match="gone"),)
    _, verdict = verdict_of(a, *waivers, models=models)
    check = check_of(verdict, "gone")
    assert (check.status, check.waived, check.beyond) == ("inconclusive", None, None)
    assert unused(waivers, verdict.checks, TODAY) == ()


def test_without_a_day_waivers_are_refused(a, waiver):
    with pytest.raises(ValueError, match="today"):
        verdict_of(a, waiver(), today=None)


def test_the_same_day_gives_the_same_verdict(a, waiver):
    assert verdict_of(a, waiver())[1] == verdict_of(a, waiver())[1]


@given(
    created=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    lasts=st.integers(0, 400),
    ahead=st.integers(-500, 500),
)
def test_it_is_in_force_from_its_first_day_to_its_last_and_on_no_other(a, created, lasts, ahead):
    waiver = Waiver("W", "r", "*", a.limit("1 MB"), "x", "y", created, created + timedelta(days=lasts))
    today = created + timedelta(days=ahead)
    assert in_force(waiver, today) == (0 <= ahead <= lasts)
    assert days_left(waiver, today) == lasts - ahead
    assert (standing(waiver, today) == "expired") == (ahead > lasts)


@given(limit=st.integers(1, 4000), size=st.integers(1, 4000))
def test_a_waiver_never_makes_a_status_worse(a, limit, size):
    waiver = Waiver("W", "size", "*", a.limit(f"{limit} kB"), "x", "y", TODAY, TODAY)
    models = (a.model("base", size=size * 1e3),)
    bare, waived = verdict_of(a, models=models)[1], verdict_of(a, waiver, models=models)[1]
    assert (waived.exit_code, bare.exit_code) in ((0, 0), (1, 1), (0, 1))
    assert (waived.exit_code == 0) == (size <= max(limit, 1000))


def test_a_slice_of_a_rule_is_moved_by_a_waiver_on_the_rule_or_on_itself(a, waiver):
    """Judging makes `size[...]` of `size` where it holds for each slice."""
    rule = replace(a.rule("size[carrier=UA]", "size.artifact", max="1 MB"), of="size")
    for named in ("size", "size[carrier=UA]"):
        check = check_of(verdict_of(a, waiver(rule=named), rules=(rule,))[1], "large", rule.id)
        assert check.waived is not None
    assert check_of(verdict_of(a, waiver(rule="size[carrier=AA]"), rules=(rule,))[1], "large", rule.id).status == "fail"


def test_a_rule_with_alternatives_is_not_moved(a, waiver):
    one, other = a.rule("size", "size.artifact", max="1 MB"), a.rule("size", "size.artifact", max="900 kB")
    rule = replace(one, alternatives=(one, other))
    assert check_of(verdict_of(a, waiver(), rules=(rule,))[1], "large").status == "fail"


def test_a_waiver_moves_no_limit_by_more_than_ten_times_whatever_it_fits(a, waiver):
    tiny = Override(Match("tiny"), (Change("size", a.rule("size", "size.artifact", max="20 kB"), ("limit",)),))
    models = a.model("base", size=1.5e6), a.model("tiny", size=500e3)
    _, verdict = verdict_of(a, waiver(limit="2 MB"), models=models, overrides=(tiny,))
    assert check_of(verdict, "base").waived is not None
    assert (check_of(verdict, "tiny").status, check_of(verdict, "tiny").waived) == ("fail", None)
