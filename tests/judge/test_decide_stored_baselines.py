"""Other baselines: another candidate of the record, or one of another record where that can be compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from effaudit.core.notes import texts
from effaudit.core.policy import Stored
from effaudit.core.reading import Failure
from effaudit.judge.decide import decide

P50, AUC, SIZE = "latency.batch_1.p50", "quality.roc_auc", "size.artifact"


def of(a, *models, digest="same", **changes):
    record = a.record(*models, **changes)
    return replace(record, workload=replace(record.workload, digests={"certify": digest} if digest else {}))


def stored(a, *models, **changes):
    return Stored(models[0].name, "old/record.json", of(a, *models, **changes))


def statuses(a, record, baseline, *rules):
    verdict = decide(record, a.policy(*rules, baseline=baseline))
    return {(check.candidate, check.rule.id): (check.status, check.reason) for check in verdict.checks}


@pytest.fixture
def rules(a):
    return (
        a.rule("size", SIZE, max_increase="0 %"),
        a.rule("auc", AUC, max_drop="1 pp"),
        a.rule("p50", P50, max_increase="10 %"),
    )


def test_a_stored_baseline_counts_for_counted_figures_and_quality_and_nothing_else(a, rules):
    record = of(a, a.model("base", size=2e6, auc=0.8), a.model("new", size=1e6, auc=0.805))
    old = stored(a, a.model("released", size=1.5e6, auc=0.8))
    found = statuses(a, record, old, *rules)
    assert found["base", "size"] == ("fail", None)
    assert found["new", "size"] == found["new", "auc"] == ("pass", None)
    assert found["new", "p50"] == found["base", "p50"] == ("inconclusive", "not_measured_together")


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": "other"},
        {"digest": ""},
        {"seed": 1},
        {"groups": 50},
    ],
)
def test_quality_on_other_rows_or_resamples_is_not_compared(a, rules, changes):
    record = of(a, a.model("base"))
    old = stored(a, a.model("released", size=2e6), **changes)
    found = statuses(a, record, old, *rules)
    assert found["base", "auc"] == ("inconclusive", "not_measured_together")
    assert found["base", "size"] == ("pass", None)


def test_two_records_without_digests_are_not_taken_for_the_same(a, rules):
    record = of(a, a.model("base"), digest="")
    assert statuses(a, record, stored(a, a.model("old"), digest=""), *rules)["base", "auc"][1] == "not_measured_together"


def test_the_difference_to_a_stored_model_is_the_paired_one(a):
    """The same replicates stored and measured: no difference and no width, where unpaired ones would leave one."""
    base, twin = a.model("base", auc_se=0.02), a.model("base", auc_se=0.02)
    record = of(a, base)
    verdict = decide(record, a.policy(a.rule("auc", AUC, max_drop="0.1 pp"), baseline=stored(a, twin)))
    [found] = verdict.checks
    assert (found.status, found.value) == ("pass", 0.0)
    assert found.high == pytest.approx(0.0, abs=1e-6)


def test_a_stored_baseline_of_the_same_name_is_another_model(a, rules):
    record = of(a, a.model("base", size=1e6))
    old = stored(a, a.model("base", size=5e5))
    assert statuses(a, record, old, *rules)["base", "size"][0] == "fail"
    verdict = decide(record, a.policy(*rules, baseline=old))
    assert verdict.baseline == "base@made-up"


def test_accuracy_is_compared_row_by_row_with_a_stored_model(a):
    rule = a.rule("accuracy", "quality.accuracy", max_drop="1 pp")
    record = of(a, a.model("base", wrong=range(100)))
    better, same = (stored(a, a.model("old", wrong=range(wrong))) for wrong in (0, 100))
    assert statuses(a, record, better, rule)["base", "accuracy"][0] == "fail"
    assert statuses(a, record, same, rule)["base", "accuracy"][0] == "pass"


def test_all_candidates_are_in_holms_family_when_the_baseline_is_stored(a):
    record = of(a, a.model("base"), a.model("new"))
    verdict = decide(record, a.policy(a.rule("auc", AUC, min="0.5"), baseline=stored(a, a.model("old"))))
    assert min(check.level for check in verdict.checks) == pytest.approx(0.975)


def test_a_stored_model_that_failed_is_a_missing_baseline(a, rules):
    old = stored(a, a.model("old", failure=Failure("refused", "load", "no")))
    verdict = decide(of(a, a.model("base")), a.policy(*rules, baseline=old))
    assert (verdict.outcome, verdict.exit_code) == ("incomplete", 4)
    assert {check.reason for check in verdict.checks} == {"baseline_missing"}


def test_any_candidate_may_be_the_baseline(a, rules):
    record = of(a, a.model("base", size=1e6, latency=0.01), a.model("small", size=5e5, latency=0.008))
    verdict = decide(record, a.policy(*rules, baseline="small"))
    assert verdict.statuses == {"base": "fail", "small": "pass"}
    assert verdict.baseline == "small"
    assert decide(record, a.policy(*rules)).statuses == {"base": "pass", "small": "pass"}


def test_a_baseline_that_is_not_there_is_never_a_pass(a, rules):
    verdict = decide(of(a, a.model("base")), a.policy(*rules, baseline="gone"))
    assert {check.reason for check in verdict.checks} == {"baseline_missing"}
    assert verdict.exit_code == 4


def test_the_verdict_says_what_it_compares_with(a, rules):
    old = stored(a, a.model("old"))
    verdict = decide(of(a, a.model("base")), a.policy(*rules, baseline=old))
    assert any("compare with old of the record old/record.json" in note for note in texts(verdict.notes))
    assert any(
        "compare with base" in note
        for note in texts(decide(of(a, a.model("x"), a.model("base")), a.policy(*rules, baseline="base")).notes)
    )


def test_a_verdict_under_a_stored_baseline_is_written_without_the_stored_record(a, rules):
    from effaudit import registry

    record = of(a, a.model("base", arrays={"quality.roc_auc": np.full(400, 0.8)}))
    verdict = decide(record, a.policy(*rules, baseline=stored(a, a.model("old"))))
    text = registry.find("outputs", "json")().render(record, verdict)
    assert '"file": "old/record.json"' in text
    assert len(text) < 20_000
