"""Exit codes, one by one: what selecting and gating say to the shell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.core.errors import InputError
from effaudit.core.observed import Sizes
from effaudit.core.reading import Failure, Measurement
from effaudit.judge.decide import decide
from effaudit.judge.exits import gate_one

P50 = "latency.batch_1.p50"
DEAD = Failure("refused", "load", "signal 11")


def judged(a, *models, on_inconclusive="fail", rules=None, baseline=None):
    record = a.record(*models, baseline=baseline)
    rules = rules or [a.rule("ni", "quality.roc_auc", max_drop="1 pp"), a.rule("lat", P50, max="25 ms")]
    return record, decide(record, a.policy(*rules, on_inconclusive=on_inconclusive))


def selecting(a, *models, **options):
    _, verdict = judged(a, *models, **options)
    return verdict.exit_code, verdict.outcome


def fast(a, **more):
    return a.model("base", **more)


def test_0_a_recommendation_stands(a):
    assert selecting(a, fast(a)) == (0, "recommended")


def test_0_whatever_is_rejected_besides(a):
    assert selecting(a, fast(a), a.model("slow", latency=0.1), a.model("open", auc=0.79)) == (0, "recommended")


def test_1_none_is_feasible(a):
    assert selecting(a, fast(a, latency=0.1)) == (1, "infeasible")


def test_3_none_passes_but_one_is_only_undecided(a):
    assert selecting(a, fast(a, latency=0.1), a.model("open", auc=0.79)) == (3, "inconclusive")


def test_0_where_the_policy_only_warns_of_what_is_undecided(a):
    models = [fast(a, latency=0.1), a.model("open", auc=0.79)]
    assert selecting(a, *models, on_inconclusive="warn") == (0, "inconclusive")
    assert judged(a, *models, on_inconclusive="warn")[1].recommended is None


def test_4_the_baseline_could_not_be_measured(a):
    _, verdict = judged(a, a.model("base", failure=DEAD), a.model("other"))
    assert (verdict.exit_code, verdict.outcome, verdict.blocking[0]) == (4, "incomplete", "base")
    assert verdict.headline.startswith("The baseline base could not be measured.")


def test_4_even_where_the_policy_compares_with_nothing(a):
    models = [a.model("base", failure=DEAD), a.model("other")]
    found = judged(a, *models, rules=[a.rule("lat", P50, max="25 ms")])[1]
    assert (found.exit_code, found.recommended) == (4, "other")


def test_4_a_figure_of_the_baseline_is_missing_that_error_rules_compare_with(a):
    base = a.model("base", readings={"quality.roc_auc": Failure("undefined", "quality", "no scores")})
    found = judged(a, base, a.model("other"))[1]
    assert (found.exit_code, found.blocking[0]) == (4, "base")
    assert found.headline.startswith("Figures of the baseline base that error rules compare with")


def test_4_the_baseline_is_not_in_the_record(a):
    assert selecting(a, a.model("other"), baseline="gone") == (4, "incomplete")


def dead(a, size=None, planned=True, **options):
    return a.model("dead", size=size, failure=DEAD, planned=planned, **options)


def test_4_a_planned_candidate_failed_that_could_have_been_smaller(a):
    _, verdict = judged(a, fast(a), dead(a))
    assert (verdict.exit_code, verdict.outcome, verdict.recommended) == (4, "incomplete", "base")
    assert verdict.blocking == ("dead",)


def test_4_before_1(a):
    assert selecting(a, fast(a, latency=0.1), dead(a)) == (4, "incomplete")


def test_4_before_3(a):
    assert selecting(a, fast(a, latency=0.1), a.model("open", auc=0.79), dead(a)) == (4, "incomplete")


@pytest.mark.parametrize(("size", "code"), [(1.01e6, 4), (0.5e6, 4), (1.03e6, 0), (None, 4)])
def test_a_failed_candidate_counts_where_its_bytes_could_have_been_preferred(a, size, code):
    assert selecting(a, fast(a), dead(a, size=size))[0] == code


def test_a_failed_candidate_that_is_known_to_be_too_large_does_not_count(a):
    rules = [a.rule("size", "size.artifact", max="2 MB"), a.rule("lat", P50, max="1 ms")]
    assert selecting(a, fast(a), dead(a, size=3e6), rules=rules) == (1, "infeasible")
    assert selecting(a, fast(a), dead(a, size=1.5e6), rules=rules) == (4, "incomplete")


def test_failed_ladder_members_and_products_never_count(a):
    assert selecting(a, fast(a), dead(a, planned=False)) == (0, "recommended")
    assert selecting(a, fast(a, latency=0.1), dead(a, planned=False)) == (1, "infeasible")


def test_4_a_reading_that_an_error_rule_needs_failed(a):
    half = a.model("half", size=1e3, planned=False, readings={P50: Failure("timed_out", "timing", "hung")})
    assert selecting(a, fast(a), half) == (4, "incomplete")


def test_a_failed_reading_of_a_larger_candidate_does_not_count(a):
    half = a.model("half", size=9e6, readings={P50: Failure("timed_out", "timing", "hung")})
    assert selecting(a, fast(a), half) == (0, "recommended")


def test_a_failed_reading_of_a_rejected_candidate_does_not_count(a):
    half = a.model("half", size=1e3, auc=0.7, readings={P50: Failure("timed_out", "timing", "hung")})
    assert selecting(a, fast(a), half) == (0, "recommended")


def test_a_failed_reading_that_only_a_warning_needs_does_not_count(a):
    half = a.model("half", size=1e3, readings={"energy.per_1000": Failure("not_stated", "energy", "no watts")})
    rules = [a.rule("lat", P50, max="25 ms"), a.rule("e", "energy.per_1000", "warn", max="1 J")]
    assert selecting(a, fast(a), half, rules=rules) == (0, "recommended")


def test_too_few_samples_are_undecided_and_not_a_failed_reading(a):
    few = a.model("few", size=1e3, readings={P50: Failure("too_few_samples", "time", "200 calls")})
    assert selecting(a, fast(a), few) == (0, "recommended")
    assert selecting(a, a.model("base", readings={P50: Failure("too_few_samples", "time", "200 calls")})) == (3, "inconclusive")


def test_a_metric_that_nobody_measured_leaves_the_audit_incomplete(a):
    assert selecting(a, fast(a), rules=[a.rule("c", "cost.per_1000", max="1 EUR")]) == (4, "incomplete")


def frugal(a, *models, rules=()):
    return decide(a.record(*models), a.policy(*rules, minimize="energy.per_1000"))


def joules(a, value):
    return {"energy.per_1000": Measurement(value, value, value, "J", "lower", "modelled", 60)}


def test_4_nobody_that_passes_has_the_figure_that_the_policy_minimises(a):
    lacks = {"energy.per_1000": Failure("not_stated", "assume", "write `assumptions: {watts_per_vcpu: 4.0}`")}
    found = frugal(a, a.model("base", readings=lacks), a.model("other", readings=lacks))
    assert (found.exit_code, found.outcome, found.recommended) == (4, "incomplete", None)
    assert found.blocking == ("base", "other")
    for words in ("energy.per_1000, which the policy minimises, is not known of any", "watts_per_vcpu: 4.0", "select: {minimize: "):
        assert words in found.headline


def test_4_also_where_only_products_pass_and_lack_it(a):
    found = frugal(a, a.model("base", auc=0.5), a.model("made", planned=False), rules=[a.rule("q", "quality.roc_auc", min="0.7")])
    assert (found.exit_code, found.blocking) == (4, ("made",))


def test_4_a_planned_candidate_passes_and_lacks_the_figure_that_the_policy_minimises(a):
    found = frugal(a, a.model("base", readings=joules(a, 1.0)), a.model("lacks"))
    assert (found.exit_code, found.recommended, found.blocking) == (4, "base", ("lacks",))
    assert found.headline.startswith(
        "energy.per_1000, which the policy minimises, is not known of lacks, which might be recommended."
    )
    assert found.ranking == ("base", "lacks")


def test_who_fails_or_was_not_planned_may_lack_the_figure_that_the_policy_minimises(a):
    rules = [a.rule("q", "quality.roc_auc", min="0.7")]
    models = [a.model("base", readings=joules(a, 1.0)), a.model("fails", auc=0.5), a.model("made", planned=False)]
    assert frugal(a, *models, rules=rules).exit_code == 0
    assert frugal(a, a.model("fails", auc=0.5), rules=rules).exit_code == 1


def gate(a, name, *models, **options):
    record, verdict = judged(a, *models, **options)
    return gate_one(record, verdict, name)


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ({}, 0),
        ({"latency": 0.1}, 1),
        ({"auc": 0.79}, 3),
        ({"readings": {P50: Failure("timed_out", "timing", "hung")}}, 4),
        ({"readings": {P50: Failure("too_few_samples", "time", "200 calls")}}, 3),
        ({"failure": DEAD}, 4),
        ({"latency": 0.1, "auc": 0.79}, 1),
        ({"latency": 0.1, "readings": {"quality.roc_auc": Failure("undefined", "quality", "no scores")}}, 1),
        ({"auc": 0.79, "readings": {P50: Failure("timed_out", "timing", "hung")}}, 4),
    ],
)
def test_gating_one_looks_at_its_error_rules(a, model, code):
    assert gate(a, "one", a.model("base"), a.model("one", **model)) == code


def test_gating_one_where_undecided_only_warns(a):
    assert gate(a, "one", a.model("base"), a.model("one", auc=0.79), on_inconclusive="warn") == 0


def test_gating_one_without_its_baseline_is_4(a):
    assert gate(a, "one", a.model("base", failure=DEAD), a.model("one")) == 4


def test_gating_one_is_not_moved_by_others(a):
    assert gate(a, "one", a.model("base"), a.model("one"), dead(a)) == 0


def test_gating_one_with_another_machine_is_3(a):
    record = a.record(a.model("base"))
    verdict = decide(record, a.policy(a.rule("lat", P50, max="25 ms"), valid_on={"arch": "s390x"}))
    assert gate_one(record, verdict, "base") == 3


def test_gating_the_recommended(a):
    assert gate(a, "recommended", fast(a), a.model("slow", latency=0.1)) == 0
    assert gate(a, "recommended", fast(a), dead(a)) == 0
    assert gate(a, "recommended", fast(a, latency=0.1)) == 1
    assert gate(a, "recommended", fast(a, latency=0.1), a.model("open", auc=0.79)) == 3
    assert gate(a, "recommended", fast(a, latency=0.1), dead(a)) == 4


def test_gating_all(a):
    slow, undecided = a.model("slow", latency=0.1), a.model("open", auc=0.79)
    assert gate(a, "all", fast(a), a.model("other")) == 0
    assert gate(a, "all", fast(a), slow, undecided, dead(a)) == 1
    assert gate(a, "all", fast(a), undecided, dead(a)) == 4
    assert gate(a, "all", fast(a), undecided, dead(a, planned=False)) == 3
    assert gate(a, "all", fast(a), dead(a, planned=False)) == 0


def test_a_candidate_called_all_or_recommended_is_itself(a):
    for name in ("all", "recommended"):
        assert gate(a, name, fast(a), a.model(name, latency=0.1), a.model("open", auc=0.79)) == 1


def test_an_unknown_name_is_an_error_with_a_suggestion(a):
    with pytest.raises(InputError, match=r"the record has no candidate 'bsae'\. Did you mean 'base'"):
        gate(a, "bsae", fast(a))
    with pytest.raises(InputError, match="no candidate"):
        gate(a, "\x1b[31m" + "x" * 500, fast(a))


def test_the_bytes_of_a_failed_candidate_include_its_preprocessing(a):
    record = a.record(fast(a), dead(a, size=0.9e6))
    row = replace(record.rows[1], sizes=Sizes(900_000, 200_000, 0, 0))
    record = replace(record, rows=(record.rows[0], row))
    assert decide(record, a.policy(a.rule("lat", P50, max="25 ms"))).exit_code == 0
