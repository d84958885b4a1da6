"""Rules that reject nothing are told beside the verdict that they pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.core.notes import OF_POLICIES
from effaudit.core.policy import Change, Match, Override
from effaudit.core.reading import Failure
from effaudit.judge.decide import decide

P50, AUC, SIZE = "latency.batch_1.p50", "quality.roc_auc", "size.artifact"


def notes(a, *rules, record=None, **changes):
    record = record or a.record(a.model("base"), a.model("small", size=5e5))
    return [(one.code, one.text) for one in decide(record, a.policy(*rules, **changes)).notes if one.code in OF_POLICIES]


@pytest.mark.parametrize(
    ("metric", "limit", "words"),
    [
        (P50, {"max": "1e300 s"}, "no latency.batch_1.p50 is beyond 1e300 s"),
        (P50, {"max": "11 s"}, "its limit is 1,100 times the worst figure that was measured"),
        (SIZE, {"max": "1 TB"}, "its limit is 1,000,000 times the worst figure that was measured"),
        (SIZE, {"max_increase": "1e12 B"}, "its limit is 1,000,001 times"),
        (AUC, {"max_drop": "100 pp"}, "nothing can lose 100 pp against 0.8"),
        (AUC, {"max_drop": "80 pp"}, "nothing can lose 80 pp against 0.8"),
        (AUC, {"min": "0"}, "no quality.roc_auc is beyond 0"),
    ],
)
@pytest.mark.parametrize("severity", ["error", "warn"])
def test_a_rule_that_nothing_fails_is_told(a, metric, limit, words, severity):
    [(code, text)] = notes(a, a.rule("wide", metric, severity, **limit))
    assert code == "never_fails"
    assert text.startswith(f"Rule wide: it can never fail: {words}")


@pytest.mark.parametrize(
    ("metric", "limit"),
    [(P50, {"max": "9 s"}), (SIZE, {"max": "500 MB"}), (AUC, {"max_drop": "1 pp"}), (AUC, {"min": "0.5"}), (P50, {"max": "1 ms"})],
)
def test_a_rule_that_something_like_the_candidates_could_fail_is_not(a, metric, limit):
    assert notes(a, a.rule("r", metric, **limit)) == []


def test_a_floor_under_what_a_guess_scores_is_told(a):
    [(code, text)] = notes(a, a.rule("floor", AUC, min="0.45"))
    assert code == "under_a_guess"
    assert text.startswith("Rule floor: it lets through what is worse than a guess: its limit is 0.45, and one and the same answer")
    assert text.endswith(" has 0.5.")


def test_a_margin_down_to_a_guess_is_a_remark_and_no_warning(a):
    record = a.record(a.model("base"), a.model("x"))
    found = decide(record, a.policy(a.rule("drop", AUC, max_drop="35 pp"))).notes
    [note] = [one for one in found if one.code == "margin_to_a_guess"]
    assert "35 pp allows 0.45" in note.text
    assert not note.warns


def test_a_level_like_tossing_a_coin_is_told(a):
    [(code, text)] = notes(a, a.rule("floor", AUC, min="0.7"), confidence_level=0.5000001)
    assert (code, text.startswith("The policy's confidence_level is 0.5000001: ")) == ("little_confidence", True)


def test_what_overrides_and_alternatives_leave_through_is_told(a):
    wide = a.rule("size", SIZE, max="1e30 B")
    override = Override(Match("small"), (Change("size", wide, ("limit",)),))
    [(_, text)] = notes(a, a.rule("size", SIZE, max="2 MB"), overrides=(override,))
    assert text == "Rule size: it can never fail: no size.artifact is beyond 1e30 B."
    either = replace(a.rule("either", P50, max="1 s"), alternatives=(a.rule("either", P50, max="1 s"), wide))
    [(_, text)] = notes(a, either)
    assert text.startswith("Rule either: it can never fail")


def test_rules_that_are_wide_alike_are_told_in_one_sentence(a):
    rules = [a.rule(name, SIZE, max="1e30 B") for name in "abc"]
    [(_, text)] = notes(a, *rules)
    assert text == "Rules a, b, c: each can never fail: no size.artifact is beyond 1e30 B."


def test_where_nothing_was_measured_only_what_no_figure_can_be_is_told(a):
    record = a.record(a.model("base", failure=Failure("refused", "open", "no"), size=0))
    assert notes(a, a.rule("p50", P50, max="1 h"), record=record) == []
    assert [code for code, _ in notes(a, a.rule("p50", P50, max="1e300 s"), record=record)] == ["never_fails"]
