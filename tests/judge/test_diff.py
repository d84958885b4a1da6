"""Two records compared: exactly where counted, by shared rows or rounds where measured, and said where neither is possible."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from effaudit.core.reading import Failure, Measurement
from effaudit.judge.diff import diff, timed_together
from effaudit.outputs.json import Json
from effaudit.outputs.terminal import Terminal

AUC, P50, SIZE = "quality.roc_auc", "latency.batch_1.p50", "size.artifact"


@pytest.fixture
def made(a):
    """A record of models, whose certify rows have a digest and whose session a beginning."""

    def record(*models, rows="aa", started="monday", **changes):
        whole = a.record(*models, **changes)
        session = replace(whole.sessions[0], started=started)
        return replace(whole, workload=replace(whole.workload, digests={"certify": rows}), sessions=(session,))

    return record


def change_of(found, metric, name=None):
    (change,) = [one for one in found.changes if one.metric == metric and name in (None, one.pair.name)]
    return change


def reasons(found):
    return {one.metric: one.reason for one in found.apart}


def test_a_record_beside_itself_shows_no_change_and_nothing_apart(made, a):
    record = made(a.model("base"), a.model("other", auc=0.7))
    found = diff(record, record)
    assert not found.real
    assert not found.apart
    assert not found.settings
    assert len(found.changes) == 10
    assert {one.way for one in found.changes} == {"not shown"}


def test_counted_figures_are_compared_exactly_between_sessions(made, a):
    found = diff(made(a.model("base", size=1e6)), made(a.model("base", size=1e6 + 1), started="tuesday"))
    change = change_of(found, SIZE)
    assert change.real
    assert (change.low, change.change, change.high) == pytest.approx((1e-6, 1e-6, 1e-6))
    assert (change.way, change.how, change.level, change.share) == ("worse", "counted", None, True)


def test_quality_is_compared_by_shared_rows_between_sessions(made, a):
    base = a.model("base", auc=0.80, auc_se=0.02)
    shared = a.noise("baseauc", 400, 0.02)
    worse = a.model("base", auc=0.79, auc_se=0.02, arrays={AUC: 0.79 + shared})
    found = diff(made(base), made(worse, started="tuesday"))
    change = change_of(found, AUC)
    assert change.how == "same rows"
    assert change.real
    assert change.way == "worse"
    assert (change.low, change.high) == pytest.approx((-0.01, -0.01), abs=1e-9)
    assert not change.share


def test_quality_that_moves_within_its_noise_is_no_change(made, a):
    found = diff(made(a.model("base", auc=0.80, auc_se=0.01)), made(a.model("base", auc=0.801, auc_se=0.01, arrays={
        AUC: 0.801 + a.noise("elsewhere", 400, 0.01)}), started="tuesday"))  # fmt: skip
    assert not change_of(found, AUC).real


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"rows": "bb"}, "certified on other rows"), ({"rows": ""}, "certified on other rows"), ({"seed": 7}, "another seed")],
)
def test_quality_of_other_rows_or_resamples_is_not_compared(made, a, changes, words):
    found = diff(made(a.model("base")), made(a.model("base"), started="tuesday", **changes))
    assert words in reasons(found)[AUC]
    assert words in reasons(found)["quality.accuracy"]


def test_timings_of_different_sessions_are_not_compared(made, a):
    found = diff(made(a.model("base")), made(a.model("base"), started="tuesday"))
    assert "different sessions" in reasons(found)[P50]
    assert "different sessions" in reasons(found)["memory.peak.max"]
    assert {one.metric for one in found.changes} == {AUC, "quality.accuracy", SIZE}


def test_two_candidates_of_one_record_are_compared_by_their_rounds(made, a):
    record = made(a.model("base", latency=0.010), a.model("fast", latency=0.005, latency_sd=0.001))
    found = diff(record, record, ("base", "fast"))
    change = change_of(found, P50)
    assert (change.how, change.way, change.share) == ("same rounds", "better", True)
    assert change.change == pytest.approx(-0.5, abs=0.02)
    assert found.pairs[0].name == "base → fast"


def test_an_audit_that_was_gone_on_with_is_timed_together_with_its_own_beginning(made, a):
    first = made(a.model("base"))
    later = replace(first, sessions=(*first.sessions, replace(first.sessions[0], id=2, started="tuesday")))
    assert timed_together(first, later)
    assert not timed_together(later, replace(first, sessions=(replace(first.sessions[0], id=2, started="wednesday"),)))
    assert not timed_together(first, replace(first, plan_digest="another"))
    assert not timed_together(replace(first, sessions=()), replace(first, sessions=()))


def test_labels_that_all_agree_are_no_change_and_many_that_differ_are_one(made, a):
    right, wrong = a.model("base", wrong=range(200)), a.model("base", wrong=range(100, 400))
    accuracy = "quality.accuracy"
    assert not change_of(diff(made(right), made(right, started="tuesday")), accuracy).real
    change = change_of(diff(made(right), made(wrong, started="tuesday")), accuracy)
    assert change.real
    assert change.change == pytest.approx(-0.1)
    assert change.low < -0.1 < change.high < 0.0


def test_what_one_side_lacks_is_told_with_its_reason(made, a):
    failing = a.model("base", readings={P50: Failure("timed_out", "timing", "it fell"), SIZE: None})
    found = diff(made(a.model("base")), made(failing))
    assert reasons(found)[P50] == "not measured after: timing: it fell"
    assert reasons(found)[SIZE] == "not measured after"
    back = diff(made(failing), made(a.model("base")))
    assert reasons(back)[P50] == "not measured before: timing: it fell"


def test_a_candidate_that_failed_is_told_once(made, a):
    found = diff(made(a.model("base")), made(a.model("base", failure=Failure("refused", "load", "no such file"))))
    assert found.pairs[0].failed == "after: load: no such file"
    assert not found.apart
    assert not found.changes


def test_candidates_of_one_side_are_gone_or_new(made, a):
    found = diff(made(a.model("base"), a.model("old")), made(a.model("base"), a.model("young")))
    assert (found.gone, found.new) == (("old",), ("young",))


def test_artifacts_are_told_apart_by_their_hash(made, a):
    def with_digest(record, digest):
        return replace(record, rows=tuple(replace(row, sizes=replace(row.sizes, digest=digest)) for row in record.rows))

    plain = made(a.model("base"))
    assert diff(plain, plain).pairs[0].artifact == "unknown"
    assert diff(with_digest(plain, "a"), with_digest(plain, "a")).pairs[0].artifact == "same"
    assert diff(with_digest(plain, "a"), with_digest(plain, "b")).pairs[0].artifact == "changed"


def test_shares_told_against_another_baseline_are_not_compared(made, a):
    flips = Measurement(0.01, 0.01, 0.02, "share", "lower", "measured", 100, evidence="base/behaviour.flips_lost")
    model = a.model("base", readings={"behaviour.flips_lost": flips})
    other = a.model("another", readings={})
    found = diff(made(model), made(other, model, started="tuesday"))
    assert reasons(found)["behaviour.flips_lost"] == "told against another baseline"


def test_other_units_are_not_compared(made, a):
    def cost(unit):
        return a.model("base", readings={"cost.per_1000": Measurement(1.0, 1.0, 1.0, unit, "lower", "modelled", 3)})

    found = diff(made(cost("EUR")), made(cost("USD")))
    assert reasons(found)["cost.per_1000"] == "in EUR before, in USD after"


def test_a_change_too_small_to_read_is_none(made, a):
    shared = a.noise("baseauc", 400, 0.001)
    found = diff(made(a.model("base")), made(a.model("base", auc=0.80 + 1e-8, arrays={AUC: 0.80 + 1e-8 + shared})))
    change = change_of(found, AUC)
    assert change.low > 0.0
    assert not change.real


def test_a_zero_before_is_compared_by_amount(made, a):
    nodes = [Measurement(value, value, value, "count", "lower", "counted") for value in (0.0, 5.0)]
    before, after = (made(a.model("base", readings={"size.nodes": one})) for one in nodes)
    change = change_of(diff(before, after), "size.nodes")
    assert (change.share, change.change, change.way) == (False, 5.0, "worse")


def test_two_equal_models_seldom_show_any_change(made, a):
    """Twenty candidates whose replicates differ by noise alone, forty times: a change is shown in about one of twenty."""
    rng = np.random.default_rng(5)
    shown = 0
    for _ in range(40):
        before, after = [], []
        for place in range(20):
            noise = rng.normal(size=400) * 0.002
            moved = 0.8 + rng.normal() * 0.002
            before.append(a.model(f"m{place}", auc=0.8, arrays={AUC: np.full(400, 0.8)}))
            after.append(a.model(f"m{place}", auc=moved, arrays={AUC: moved + noise}))
        found = diff(made(*before), made(*after, started="tuesday"))
        shown += any(one.metric == AUC for one in found.real)
    assert shown <= 6


def test_an_unknown_candidate_is_an_error(made, a):
    record = made(a.model("base"))
    with pytest.raises(KeyError):
        diff(record, record, ("base", "nobody"))


def test_damaged_evidence_is_told_and_not_compared(made, a):
    found = diff(made(a.model("base")), made(a.model("base", arrays={P50: np.zeros((3, 2)), AUC: np.zeros((2, 2))})))
    assert P50 in reasons(found)
    assert AUC in reasons(found)


ODD = (0.0, -1.0, 1e-320, 1e308, float("nan"), float("inf"), -float("inf"), 0.5)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.sampled_from(ODD),
    low=st.sampled_from(ODD),
    high=st.sampled_from(ODD),
    method=st.sampled_from(("counted", "measured", "modelled")),
    metric=st.sampled_from((AUC, "quality.accuracy", P50, SIZE, "behaviour.ece", "energy.per_1000", "made.up")),
    shape=st.sampled_from(((), (0,), (2,), (400,), (400, 3), (3, 2))),
    fill=st.sampled_from(ODD),
)
def test_odd_figures_and_arrays_of_a_damaged_record_are_never_a_crash(made, a, value, low, high, method, metric, shape, fill):
    odd = Measurement(value, low, high, "s", "lower", method, 9, evidence=f"base/{metric}")
    broken = a.model("base", readings={metric: odd}, arrays={metric: np.full(shape, fill)})
    for before, after in ((broken, a.model("base")), (a.model("base"), broken), (broken, broken)):
        found = diff(made(before), made(after))
        assert all(np.isfinite([one.before, one.after]).all() for one in found.changes)
        Terminal().render_diff(found, everything=True)
        json.loads(Json().render_diff(found, everything=True))
