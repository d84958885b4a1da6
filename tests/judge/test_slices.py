"""Rules over slices: real answers of two models, read by the quality metric and judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.candidate import Artifact, Candidate, Facts
from effaudit.core.observed import Answers, Seen, Sizes
from effaudit.core.policy import Change, Match, Override, Stored
from effaudit.core.reading import Failure
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.slices import CODES, SAMPLE
from effaudit.core.stats.resample import Resamples
from effaudit.core.waiver import Waiver
from effaudit.judge.compare import loss
from effaudit.judge.decide import decide
from effaudit.judge.diff import diff
from effaudit.judge.evidence import Evidence, Undecidable
from effaudit.judge.exits import gate_one
from effaudit.judge.gaps import _measured
from effaudit.judge.slices import over_slices
from effaudit.metrics.quality import Quality
from effaudit.reading.columns import Values
from effaudit.reading.slices import slices_of

N = 6000
RNG = np.random.default_rng(3)
TRUTH = RNG.integers(0, 2, N)
CARRIER = RNG.choice(3, N, p=[0.55, 0.33, 0.12])
WORDS = ("AA", "DL", "UA")
BASE = 0.55 * TRUTH + RNG.uniform(0, 1, N)
SAME = BASE + RNG.normal(0, 0.02, N)
WORSE_IN_UA = np.where(CARRIER == 2, RNG.uniform(0, 1.55, N), SAME)


@pytest.fixture(scope="module")
def sliced(a):
    """A record of `base`, `same`, and `unfair`, which guesses in the slice UA; `change` what the slices are made of."""

    def make(quality=("roc_auc", "accuracy"), carrier=CARRIER, groups=None, **models):
        scores = models or {"base": BASE, "same": SAME, "unfair": WORSE_IN_UA}
        numbers = np.arange(N) if groups is None else groups
        found = slices_of({"carrier": Values(carrier.astype(np.int32), WORDS, text=True)}, 100, numbers, TRUTH, 2)
        plain = a.record(*(a.model(name, wrong=None) for name in scores), rows=N, groups=len(np.unique(numbers)), quality=quality)
        workload = replace(plain.workload, class_rows=tuple(np.bincount(TRUTH).tolist()), slices=found.slices)
        rows, arrays = [], dict(plain.arrays) | {CODES: found.codes}
        for row in plain.rows:
            name = row.candidate.name
            seen = _seen(scores[name], workload, numbers, found.codes)
            results = Quality().read(seen)
            arrays |= {f"{name}/{metric}": result.evidence for metric, result in results.items() if result.evidence is not None}
            arrays[f"{name}/correct"] = np.packbits(seen.answers.labels == TRUTH)
            rows.append(replace(row, readings={**row.readings, **{m: _named(name, m, result) for m, result in results.items()}}))
        return replace(plain, workload=workload, rows=tuple(rows), arrays=arrays)

    return make


@pytest.fixture(scope="module")
def record(sliced):
    """The three models, sliced by carrier."""
    return sliced()


def _seen(scores, workload, numbers, codes):
    positive = np.clip(scores / 1.55, 0, 1)
    return Seen(
        candidate=Candidate("model", Artifact("model.toy", "toy")),
        facts=Facts("linear", "Toy"),
        sizes=Sizes(1, 0, 1, 1),
        workload=workload,
        store=SimpleNamespace(answers=lambda split: TRUTH, slices=lambda: codes, weights=lambda: None),
        settings=Settings(),
        assumptions=Assumptions(),
        resamples=Resamples(numbers, 1000, 0),
        answers=Answers(np.column_stack([1 - positive, positive]), (positive > 0.5).astype(int)),
    )


def _named(name, metric, result):
    return result.reading if isinstance(result.reading, Failure) else replace(result.reading, evidence=f"{name}/{metric}")


def each(rule, *columns):
    return replace(rule, for_each=columns or ("carrier",))


def statuses(verdict, name):
    return {check.rule.id: check.status for check in verdict.of(name)}


def test_a_candidate_that_passes_on_the_whole_and_fails_in_one_slice_is_not_feasible(a, record):
    whole = a.rule("whole", "quality.roc_auc", max_drop="6 pp")
    assert decide(record, a.policy(whole)).statuses["unfair"] == "pass"
    verdict = decide(record, a.policy(whole, each(a.rule("fair", "quality.roc_auc", max_drop="6 pp"))))
    assert statuses(verdict, "unfair") == {
        "whole": "pass",
        "fair[carrier=AA]": "pass",
        "fair[carrier=DL]": "pass",
        "fair[carrier=UA]": "fail",
    }
    assert verdict.statuses == {"base": "pass", "same": "pass", "unfair": "fail"}
    told = next(one.sentence for one in verdict.explanations if one.candidate == "unfair")
    assert "fails fair[carrier=UA]" in told
    assert gate_one(record, verdict, "unfair") == 1


def test_a_slices_loss_is_that_of_its_rows_alone(a, record):
    rule = each(a.rule("fair", "quality.accuracy", max_drop="1 pp"))
    check = next(one for one in decide(record, a.policy(rule, multiple_comparisons="none")).of("unfair") if "UA" in one.rule.id)
    rows = CARRIER == 2
    right = {name: (np.clip(s / 1.55, 0, 1) > 0.5).astype(int) == TRUTH for name, s in (("base", BASE), ("unfair", WORSE_IN_UA))}
    assert check.value == pytest.approx(right["base"][rows].mean() - right["unfair"][rows].mean())
    only = a.record(
        a.model("base", wrong=np.flatnonzero(~right["base"][rows])),
        a.model("unfair", wrong=np.flatnonzero(~right["unfair"][rows])),
        rows=int(rows.sum()),
        quality=("accuracy",),
    )
    alone = decide(only, a.policy(a.rule("r", "quality.accuracy", max_drop="1 pp"), multiple_comparisons="none")).of("unfair")[0]
    assert (check.low, check.high, check.p_value) == pytest.approx((alone.low, alone.high, alone.p_value))


def test_absolute_limits_are_judged_in_each_slice(a, record):
    verdict = decide(record, a.policy(each(a.rule("floor", "quality.roc_auc", min="0.6"))))
    assert statuses(verdict, "unfair")["floor[carrier=UA]"] == "fail"
    assert set(statuses(verdict, "same").values()) == {"pass"}
    assert all(check.rule.of == "floor" for check in verdict.checks)


def test_the_baseline_passes_its_own_relative_rules_in_every_slice(a, record):
    assert set(statuses(decide(record, a.policy(each(a.rule("r", "quality.roc_auc", max_drop="0.1 pp")))), "base").values()) == {
        "pass"
    }


def test_a_column_that_was_not_sliced_is_missing_and_never_a_pass(a, record):
    verdict = decide(record, a.policy(each(a.rule("fair", "quality.roc_auc", min="0.1"), "sex")))
    check = verdict.of("same")[0]
    assert (check.status, check.reason) == ("inconclusive", "metric_missing")
    assert check.detail == "this audit tells no slices of sex apart: name it under `slices` in the plan"
    assert verdict.exit_code == 4


def test_a_slice_that_is_not_there_is_missing(a, record):
    verdict = decide(record, a.policy(a.rule("r", "quality.roc_auc[carrier=HA]", min="0.1")))
    assert verdict.of("same")[0].reason == "metric_missing"
    assert "no slice carrier HA" in verdict.of("same")[0].detail


def test_a_scorer_that_has_no_figure_in_one_slice_is_missing_there(a, record):
    rows = [
        replace(row, readings=row.readings | {"quality.roc_auc[carrier=UA]": Failure("undefined", "score", "one class")})
        for row in record.rows
    ]
    verdict = decide(replace(record, rows=tuple(rows)), a.policy(each(a.rule("r", "quality.roc_auc", min="0.1"))))
    assert {check.rule.id: check.reason for check in verdict.of("same")} == {
        "r[carrier=AA]": None,
        "r[carrier=DL]": None,
        "r[carrier=UA]": "metric_missing",
    }


def test_one_slice_may_be_named_in_a_rule_of_its_own(a, record):
    verdict = decide(record, a.policy(a.rule("ua", "quality.roc_auc[carrier=UA]", max_drop="6 pp")))
    assert (verdict.statuses["same"], verdict.statuses["unfair"]) == ("pass", "fail")


def test_a_small_slice_needs_as_many_rows_of_each_class_as_any_comparison(a, sliced):
    few = np.where((CARRIER == 2) & (np.cumsum(CARRIER == 2) > 250), 0, CARRIER)
    rare = np.where((few == 2) & (TRUTH == 1) & (np.cumsum((few == 2) & (TRUTH == 1)) > 10), 1, few)
    record = sliced(carrier=rare)
    check = decide(record, a.policy(a.rule("r", "quality.roc_auc[carrier=UA]", max_drop="50 pp"))).of("same")[0]
    assert (check.reason, check.detail) == ("too_few_samples", "10 certify rows of class class_1; at least 30 of each are needed")


def test_groups_are_counted_in_the_slice(a, sliced):
    groups = np.where(CARRIER == 2, RNG.integers(0, 8, N), RNG.integers(8, 300, N))
    checks = decide(sliced(groups=groups), a.policy(each(a.rule("r", "quality.roc_auc", max_drop="5 pp")))).of("same")
    assert {check.rule.metric[-3:-1]: check.reason for check in checks} == {"AA": None, "DL": None, "UA": "too_few_samples"}
    assert "8 groups" in checks[2].detail


def test_more_rows_of_the_slice_would_decide(a, record):
    verdict = decide(record, a.policy(each(a.rule("r", "quality.roc_auc", max_drop="0.02 pp"))))
    undecided = [check.rule.id for check in verdict.of("same") if check.status == "inconclusive"]
    told = next(one for one in verdict.explanations if one.candidate == "same")
    assert "r[carrier=UA]" in undecided
    assert [gap.rule for gap in told.gaps] == undecided
    view, plain = Evidence.of(record).at("quality.roc_auc[carrier=UA]")
    assert (plain, view.certify_rows) == ("quality.roc_auc", int((CARRIER == 2).sum()))
    assert next(_measured(Evidence.of(record), "same", "quality.roc_auc[carrier=UA]")) == (view.certify_rows, "row")


@pytest.mark.parametrize(("rule", "passing"), [("floor", 3), ("floor[carrier=UA]", 3), ("floor[carrier=DL]", 2)])
def test_a_waiver_moves_the_limit_in_all_slices_or_in_one(a, record, rule, passing):
    waiver = Waiver("W-1", rule, "unfair", a.limit("0.4"), "new routes", "dana", date(2026, 1, 1), date(2026, 3, 1))
    policy = a.policy(each(a.rule("floor", "quality.roc_auc", min="0.6")))
    checks = decide(record, policy, waivers=(waiver,), today=date(2026, 2, 1)).of("unfair")
    assert sum(check.status == "pass" for check in checks) == passing
    assert [check.rule.id for check in checks if check.waived] == (["floor[carrier=UA]"] if passing == 3 else [])


def test_overrides_of_a_rule_over_slices_are_overrides_of_each(a):
    slices = slices_of({"c": Values(np.array([0, 1], dtype=np.int32), ("x", "y"), text=True)}, 1, np.arange(2), None, 0).slices
    rule = each(a.rule("r", "quality.f1", min="0.5"), "c")
    strict, off = replace(rule, limit=a.limit("0.9")), Change("r", None)
    policy = a.policy(rule, overrides=(Override(Match("edge-*"), (Change("r", strict, ("limit",)),)), Override(Match("x"), (off,))))
    found = over_slices(policy, slices)
    assert [one.id for one in found.rules] == ["r[c=x]", "r[c=y]"]
    assert [(one.id, one.rule and one.rule.limit.amount, one.changed) for one in found.overrides[0].changes] == [
        ("r[c=x]", 0.9, ("limit",)),
        ("r[c=y]", 0.9, ("limit",)),
    ]
    assert [(one.id, one.rule) for one in found.overrides[1].changes] == [("r[c=x]", None), ("r[c=y]", None)]


def test_an_override_may_slice_a_rule_that_was_whole_or_put_it_together(a):
    slices = slices_of({"c": Values(np.array([0, 1], dtype=np.int32), ("x", "y"), text=True)}, 1, np.arange(2), None, 0).slices
    whole = a.rule("r", "quality.f1", min="0.5")
    sliced_now = Override(Match(), (Change("r", each(whole, "c"), ("for_each",)),))
    found = over_slices(a.policy(whole, overrides=(sliced_now,)), slices).overrides[0].changes
    assert [(one.id, one.rule is None, one.changed) for one in found] == [
        ("r", True, ()),
        ("r[c=x]", False, ()),
        ("r[c=y]", False, ()),
    ]
    together = Override(Match(), (Change("r", whole, ("for_each",)),))
    found = over_slices(a.policy(each(whole, "c"), overrides=(together,)), slices).overrides[0].changes
    assert [(one.id, one.rule is None) for one in found] == [("r[c=x]", True), ("r[c=y]", True), ("r", False)]


def test_alternatives_are_judged_in_the_same_slice(a):
    slices = slices_of({"c": Values(np.array([0], dtype=np.int32), ("x",), text=True)}, 1, np.arange(1), None, 0).slices
    either = a.rule("f1", "quality.f1", min="0.5"), a.rule("small", "size.artifact", max="1 kB")
    found = over_slices(a.policy(replace(each(either[0], "c"), id="r", alternatives=either)), slices).rules[0]
    assert [one.metric for one in found.alternatives] == ["quality.f1[c=x]", "size.artifact"]


def test_a_policy_without_such_rules_is_left_as_it_is(a, record):
    policy = a.policy(a.rule("r", "quality.roc_auc", min="0.5"))
    assert over_slices(policy, record.workload.slices) is policy


@pytest.mark.parametrize(
    "codes", [None, np.zeros((3, 1), np.uint8), np.zeros(N, np.uint8), np.full((N, 1), 7, np.uint8), np.zeros((N, 1), np.uint8)]
)
def test_a_damaged_record_of_slices_is_never_a_pass(a, record, codes):
    arrays = {key: value for key, value in record.arrays.items() if key != CODES} | ({} if codes is None else {CODES: codes})
    verdict = decide(replace(record, arrays=arrays), a.policy(each(a.rule("r", "quality.accuracy", max_drop="50 pp"))))
    by_slice = {check.rule.id: check for check in verdict.of("same")}
    assert by_slice["r[carrier=UA]"].status == "inconclusive"


def test_the_evidence_of_the_whole_is_not_taken_for_a_slices(a, record):
    arrays = {key: value for key, value in record.arrays.items() if "[carrier=UA]" not in key}
    found = decide(replace(record, arrays=arrays), a.policy(a.rule("r", "quality.roc_auc[carrier=UA]", max_drop="50 pp"))).of(
        "same"
    )
    assert found[0].reason == "not_measured_together"
    view, _ = Evidence.of(record).at("quality.roc_auc[carrier=UA]")
    assert isinstance(view.reading("same", "quality.f1"), Undecidable)


def _dated(record, started):
    session = replace(record.sessions[0], started=started)
    return replace(record, workload=replace(record.workload, digests={"certify": "aa"}), sessions=(session,))


def test_two_records_are_compared_slice_by_slice(record, sliced):
    before, after = _dated(record, "monday"), _dated(sliced(base=BASE, same=SAME, unfair=SAME), "tuesday")
    found = diff(before, after)
    real = {(one.pair.before, one.metric) for one in found.changes if one.real}
    assert ("unfair", "quality.roc_auc[carrier=UA]") in real
    assert ("unfair", "quality.roc_auc") in real
    assert {name for name, _ in real} == {"unfair"}


def test_slices_of_other_rows_are_not_compared(record, sliced):
    other = sliced(carrier=np.where(np.arange(N) < 200, 1, CARRIER))
    reasons = {one.metric: one.reason for one in diff(_dated(record, "monday"), _dated(other, "tuesday")).apart}
    assert reasons["quality.roc_auc[carrier=DL]"] == "the slice has other rows"
    assert "quality.roc_auc" not in reasons


def test_a_stored_baseline_is_compared_in_the_same_slices_only(a, record, sliced):
    rule = each(a.rule("fair", "quality.roc_auc", max_drop="6 pp"))
    now, before = (_dated(one, day) for one, day in ((record, "tuesday"), (record, "monday")))
    against = Stored("base", "released", before)
    assert statuses(decide(now, a.policy(rule, baseline=against)), "unfair")["fair[carrier=UA]"] == "fail"
    other = replace(against, record=_dated(sliced(carrier=np.where(np.arange(N) < 200, 1, CARRIER)), "monday"))
    checks = decide(now, a.policy(rule, baseline=other)).of("same")
    assert {check.reason for check in checks} == {"not_measured_together"}


def test_a_candidate_read_on_a_sample_is_compared_on_that_sample(sliced):
    inside = np.arange(N) % 3 == 0
    plain = sliced(carrier=np.where(inside, 0, 1))
    workload = replace(
        plain.workload, slices=tuple(replace(one, key=SAMPLE) if one.key == "carrier=AA" else one for one in plain.workload.slices)
    )

    def named(words):
        return words.replace("carrier=AA", SAMPLE)

    def renamed(found):
        return {named(key): value for key, value in found.items()}

    def read(row):
        return {
            named(key): replace(reading, evidence=named(reading.evidence)) if getattr(reading, "evidence", None) else reading
            for key, reading in row.readings.items()
        }

    rows = tuple(replace(row, readings=read(row), sampled=row.candidate.name == "unfair") for row in plain.rows)
    record = replace(plain, workload=workload, rows=rows, arrays=renamed(plain.arrays))
    evidence, sample = Evidence.of(record), f"quality.roc_auc[{SAMPLE}]"

    def value(name, metric):
        return next(row for row in rows if row.candidate.name == name).readings[metric].value

    asked = loss(evidence, "unfair", "base", "quality.roc_auc", False)
    assert asked.value == pytest.approx(value("base", sample) - value("unfair", sample))
    whole = loss(evidence, "same", "base", "quality.roc_auc", False)
    assert whole.value == pytest.approx(value("base", "quality.roc_auc") - value("same", "quality.roc_auc"))
    assert evidence.at("size.artifact", "unfair") == (evidence, "size.artifact")
