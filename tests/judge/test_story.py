"""The headline and the notes."""

from __future__ import annotations

import pytest

from effaudit.core.notes import texts
from effaudit.core.policy import Change, Match, Override
from effaudit.core.reading import Failure
from effaudit.core.record import Floor
from effaudit.judge.decide import decide

P50 = "latency.batch_1.p50"


def headline(a, *models, rules=(), **policy):
    return decide(a.record(*models), a.policy(*rules, **policy)).headline


def test_a_recommendation_names_the_objective_and_its_change(a):
    rules = [a.rule("lat", P50, max="25 ms"), a.rule("ni", "quality.roc_auc", max_drop="1 pp")]
    assert headline(a, a.model("base", size=1e6), a.model("small", size=4.1e4), rules=rules) == (
        "small is the smallest of 2 candidates that meet both error rules (41 kB, −96 % against base)."
    )


def test_the_only_one_that_passes_is_called_so(a):
    rules = [a.rule("lat", P50, max="25 ms")]
    assert headline(a, a.model("base"), a.model("slow", latency=1.0), rules=rules) == (
        "base is the only candidate that meets the error rule (1 MB)."
    )


def test_equals_are_among_the_smallest(a):
    found = headline(a, a.model("base", family="linear"), a.model("x"), rules=[a.rule("lat", P50, max="25 ms")])
    assert found.startswith("base is preferred among the smallest of 2 candidates that meet the error rule")


def test_without_error_rules_nothing_is_met(a):
    found = headline(a, a.model("base"), a.model("fast", latency=0.005), minimize=P50)
    only = "No error rule was asked; this only ranks."
    assert found == f"{only} fast is the fastest of 2 candidates (5 ms, −50 % against base)."


def test_a_policy_that_can_reject_nobody_says_so(a):
    rule = a.rule("auc", "quality.roc_auc", "warn", min="0.9")
    found = decide(a.record(a.model("base"), a.model("large", size=9e6)), a.policy(rule))
    assert (found.exit_code, found.recommended, found.only_ranks) == (0, "base", True)
    assert found.headline.startswith("No error rule was asked; this only ranks. base is the smallest of 2 candidates")
    assert found.headline.endswith(", and does not meet auc.")
    assert any(note.startswith("No rule of the policy can reject a candidate") for note in texts(found.notes))
    strict = decide(a.record(a.model("base")), a.policy(a.rule("auc", "quality.roc_auc", min="0.7")))
    assert not strict.only_ranks
    assert not any("can reject" in note for note in texts(strict.notes))


def test_a_miss_names_the_nearest_and_the_rule_that_binds(a):
    rules = [
        a.rule("lat", P50, max="25 ms"),
        a.rule("size", "size.artifact", max="0.8 MB"),
        a.rule("tiny", "size.artifact", max="0.9 MB"),
    ]
    assert headline(a, a.model("base"), a.model("large", size=9e6), rules=rules) == (
        "No candidate meets all 3 error rules. The nearest, base, fails size: is 1 MB where at most 800 kB is allowed; "
        "would pass with max ≥ 1 MB; 1 more rule is not met.".replace("800 kB", "0.8 MB")
    )


def test_an_undecided_miss_says_that_nothing_is_shown(a):
    found = headline(a, a.model("base", latency=0.0251), rules=[a.rule("lat", P50, max="25 ms")])
    assert found.startswith("No candidate is shown to meet the error rule. The nearest, base, is undecided on lat: is 25.1")


def test_nothing_measured_is_said(a):
    found = headline(a, a.model("base", failure=Failure("refused", "load", "no")), rules=[a.rule("lat", P50, max="25 ms")])
    assert found == "The baseline base could not be measured. No candidate could be measured."


def test_what_blocks_comes_first(a):
    dead = [a.model(f"dead{n}", size=None, failure=Failure("refused", "load", "no")) for n in range(4)]
    found = headline(a, a.model("base"), *dead, rules=[a.rule("lat", P50, max="25 ms")])
    assert found.startswith("dead0, dead1, dead2 and 1 more could not be measured and might have been recommended. base is")


def notes(a, *models, rules=(), record=None, **policy):
    return texts(decide(a.record(*models, **(record or {})), a.policy(*rules, **policy)).notes)


FLOORLESS = "Quality is only compared with the baseline: half a point per release adds up. Add a rule with `min`."


@pytest.mark.parametrize(
    ("limits", "severity", "noted"),
    [
        ([{"max_drop": "1 pp"}], "error", True),
        ([{"max_drop": "1 pp"}, {"min": "0.5"}], "error", False),
        ([{"min": "0.5"}], "error", False),
        ([{"max_drop": "1 pp"}], "warn", False),
        ([], "error", False),
    ],
)
def test_quality_without_a_floor_is_noted(a, limits, severity, noted):
    rules = [a.rule(f"r{n}", "quality.roc_auc", severity, **one) for n, one in enumerate(limits)]
    assert (FLOORLESS in notes(a, a.model("base"), rules=rules)) == noted


def test_a_margin_under_the_noise_of_the_machine_is_noted(a):
    floors = {P50: Floor(0.014, "incarnations")}
    rules = [a.rule("lat", P50, max_increase="1 %"), a.rule("lat2", P50, max_increase="2 %"), a.rule("lat3", P50, max="1 s")]
    found = notes(a, a.model("base"), rules=rules, record={"floors": floors})
    assert found == ("lat: its margin of 1 % is under the 1.4 % that this machine resolves.",)


def test_the_best_candidate_s_gap_to_the_baseline_is_noted(a):
    found = notes(a, a.model("base"), a.model("good", auc=0.82), a.model("bad", auc=0.7))
    assert found[1].startswith("The best of the others in quality.roc_auc, good, is 2.00 pp [1.7")
    assert found[1].endswith("better than the baseline base.")


def test_the_best_may_still_be_worse_than_the_baseline(a):
    assert "bad, is 10.00 pp [9.7" in notes(a, a.model("base"), a.model("bad", auc=0.7))[1]


def test_a_best_that_is_no_different_is_called_so(a):
    alike = a.model("alike", arrays={"quality.roc_auc": 0.8 + a.noise("baseauc", 400, 0.001)})
    found = notes(a, a.model("base"), alike)
    assert found[1] == "The best of the others in quality.roc_auc, alike, is no different from the baseline base (under 0.05 pp)."


def test_a_difference_of_nothing_is_not_called_better(a):
    alike = a.model("alike", arrays={"quality.roc_auc": 0.8 + a.noise("other", 400, 0.01)})
    note = notes(a, a.model("base"), alike)[1]
    assert note.startswith(
        "The best of the others in quality.roc_auc, alike, shows no difference from the baseline base: 0.0 pp [−"
    )
    assert "better" not in note


def test_a_band_that_the_machine_widens_is_noted(a):
    found = notes(a, a.model("base"), minimize=P50, record={"floors": {P50: Floor(0.05, "A/A")}})
    assert f"Candidates within 5 % in {P50} count as equal: this machine resolves no less." in found


def test_smaller_candidates_that_are_only_undecided_are_noted(a):
    models = [
        a.model("base"),
        a.model("open", size=1e5, auc=0.79),
        a.model("larger", size=9e6, auc=0.79),
        a.model("bad", size=1.0, auc=0.7),
    ]
    found = notes(a, *models, rules=[a.rule("ni", "quality.roc_auc", max_drop="1 pp")])
    assert "Undecided and smaller: open. More measuring may change the recommendation." in found


def test_an_interrupted_audit_is_noted(a):
    found = notes(a, a.model("base"), record={"ended": "interrupted"})
    assert found[0].startswith("The audit was interrupted")


def test_who_is_recommended_though_overrides_ask_nothing_of_it_is_only_ranked(a):
    rules = a.rule("auc", "quality.roc_auc", min="0.7"), a.rule("lat", P50, "warn", max="25 ms")
    spared = Override(Match("small"), (Change("auc", None),))
    record = a.record(a.model("base"), a.model("small", size=1e5, auc=0.6), a.model("large", size=1e7))
    found = decide(record, a.policy(*rules, overrides=(spared,)))
    assert (found.recommended, found.only_ranks) == ("small", True)
    assert found.headline.startswith("No error rule was asked of small; this only ranks. small is")
    [note] = [note for note in texts(found.notes) if "nothing measured can reject" in note]
    assert "no error rule is asked of small:" in note
    strict = decide(record, a.policy(*rules))
    assert strict.recommended == "base"
    assert not strict.only_ranks
    assert not any("can reject" in note for note in texts(strict.notes))
