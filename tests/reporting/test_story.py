"""What a verdict says, group by group."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit import registry
from effaudit.core.reading import Measurement
from effaudit.reporting.story import bought, buys_sentence, by_rule, larger, resolution, smaller, tied


def test_every_check_of_a_measured_candidate_stands_in_exactly_one_group(record, verdict):
    shades = ("pass", "fail", "inconclusive", "warn")
    found = [check for shade in shades for group in by_rule(record, verdict, shade) for check in group]
    warned = [check for check in verdict.checks if check.warned]
    measured = [check for check in verdict.checks if check.candidate != "scripted"]
    assert len(found) == len(measured) + len(warned)
    assert {id(check) for check in found} == {id(check) for check in measured}


def test_rules_keep_the_policys_order_and_the_nearest_miss_comes_first(record, verdict):
    groups = by_rule(record, verdict, "fail")
    assert [group[0].rule.id for group in groups] == ["quality.floor", "quality.non_inferior", "size.artifact", "energy.no_worse"]
    losses = [check.value for check in groups[1]]
    assert losses == sorted(losses)
    floors = [check.value for check in groups[0]]
    assert floors == sorted(floors, reverse=True)


def test_a_missed_rule_that_only_warns_never_counts_as_failed(record, verdict):
    assert all(check.rule.severity == "error" for group in by_rule(record, verdict, "fail") for check in group)
    assert {check.rule.id for group in by_rule(record, verdict, "warn") for check in group} == {
        "latency.p95",
        "carbon.inference",
    }


def test_only_smaller_candidates_are_explained_as_smaller(record, verdict):
    size = {row.candidate.name: row.readings["size.artifact"].value for row in record.rows if row.readings}
    found = smaller(record, verdict)
    assert found
    assert all(size[told.candidate] < size[verdict.recommended] for told in found)
    assert found[0].candidate == "gbm-distillation"
    assert smaller(record, replace(verdict, recommended=None)) == ()


def test_what_surely_buys_something_comes_before_what_may_not(verdict):
    found = larger(verdict)
    certain = [item.low > 0 for item in found]
    assert certain == sorted(certain, reverse=True)
    assert found[0].candidate == "gbm"


def test_a_loss_and_an_uncertain_gain_are_said_to_be_that(record, verdict):
    told = {item.candidate: buys_sentence(record, verdict, item) for item in verdict.buys}
    assert told["gbm"] == "+0.31 pp [+0.10, +0.52] in ROC AUC (better) for 15.1× the size"
    assert "(no certain difference)" in told["mlp"]
    assert "(worse)" in told["tree"]


def test_less_of_an_error_is_shown_with_a_minus_and_called_better(record, verdict):
    error = replace(verdict.buys[0], difference=0.48, low=0.43, high=0.54, unit="EUR", better="lower")
    assert error.change == (-0.48, -0.54, -0.43)
    assert buys_sentence(record, verdict, error).startswith("−48.0 pp [−54.0, −43.0] in ROC AUC (better)")
    assert "(worse)" in buys_sentence(record, verdict, replace(error, difference=-0.48, low=-0.54, high=-0.43))


def test_a_difference_too_small_to_tell_is_called_none_and_comes_late(record, verdict):
    none = replace(verdict.buys[0], candidate="gbm", difference=2e-8, low=1e-8, high=3e-8, negligible=0.0005)
    changed = replace(verdict, buys=(none, *verdict.buys[1:]))
    assert bought(record, none) == "no difference (under 0.05 pp)"
    assert buys_sentence(record, changed, none).startswith("no difference (under 0.05 pp) in ROC AUC for ")
    assert all(one.low <= 0 for one in larger(changed)[larger(changed).index(none) :][1:])


def test_the_tie_breaks_are_named(verdict):
    assert tied(verdict) == (
        "Equal in size within 2 %: mlp-onnx-static_int8. Decided by the simpler family, then energy per 1,000."
    )
    assert tied(replace(verdict, equals=(verdict.recommended,))) == ""


def test_only_floors_that_matter_here_are_told(record, verdict):
    more = {**record.twins, "latency.batch_999.p99": Measurement(1.0, 0.9, 1.1, "ratio", "lower", "measured")}
    assert "batch 999" not in resolution(replace(record, twins=more), verdict)
    assert "No noise floor" in resolution(replace(record, twins={}, floors={}), verdict)


@pytest.mark.parametrize("output", ["terminal", "markdown", "html"])
@pytest.mark.parametrize("share", [None, 0.0])
def test_of_one_start_no_output_claims_a_floor(record, verdict, output, share):
    floors = {} if share is None else {metric: replace(floor, share=share) for metric, floor in record.floors.items()}
    once = replace(record, twins={}, floors=floors, settings=replace(record.settings, restarts=1))
    told = " ".join(registry.find("outputs", output)().render(once, verdict).split())
    assert "No noise floor: it needs restarts of 2 or more" in told
    assert "resolves differences of" not in told
