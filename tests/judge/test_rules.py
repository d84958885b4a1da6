"""Overrides: which candidates they are for, and what becomes of the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.core.errors import InputError
from effaudit.core.policy import Change, Match, Override
from effaudit.core.reading import Failure
from effaudit.judge.decide import decide
from effaudit.judge.rules import compared_with, fits, rules_for, single


def change(rule, **fields):
    """A change of some fields of a rule."""
    return Change(rule.id, replace(rule, **fields), tuple(fields))


@pytest.fixture
def size(a):
    return a.rule("size", "size.artifact", max="1 MB")


@pytest.mark.parametrize(
    ("match", "fitting"),
    [
        (Match(), ["edge-a", "edge-b", "large"]),
        (Match("edge-*"), ["edge-a", "edge-b"]),
        (Match("edge-?", family="tree"), ["edge-a"]),
        (Match(family="network"), ["edge-b"]),
        (Match(format="toy"), ["edge-a", "edge-b", "large"]),
        (Match(format="onnx"), []),
        (Match("EDGE-*"), []),
        (Match("[ab]*"), []),
    ],
)
def test_an_override_is_for_those_that_fit_all_that_it_says(a, match, fitting):
    record = a.record(
        a.model("edge-a"),
        a.model("edge-b", family="network"),
        a.model("large", failure=Failure("refused", "load", "no"), family="tree"),
    )
    assert [row.candidate.name for row in record.rows if fits(match, row)] == fitting


def test_what_could_not_be_counted_has_no_family(a):
    [row] = a.record(a.model("x", failure=Failure("refused", "load", "no"))).rows
    assert not fits(Match(family="tree"), row)


def test_later_overrides_win_field_by_field(a, size):
    overrides = (
        Override(Match("edge-*"), (change(size, limit=a.limit("2 MB"), severity="warn"),)),
        Override(Match("edge-a"), (change(size, limit=a.limit("3 MB")),)),
    )
    policy = a.policy(size, overrides=overrides)
    first, second, other = a.record(a.model("edge-a"), a.model("edge-b"), a.model("large")).rows
    assert [(rule.limit.written, rule.severity) for rule in rules_for(policy, first)] == [("3 MB", "warn")]
    assert [(rule.limit.written, rule.severity) for rule in rules_for(policy, second)] == [("2 MB", "warn")]
    assert rules_for(policy, other) == (size,)


def test_an_override_drops_rules_and_brings_some_of_its_own(a, size):
    memory = a.rule("memory", "memory.peak.max", max="1 GB")
    override = Override(Match("a"), (Change("size", None), Change("memory", memory)))
    first, second = a.record(a.model("a"), a.model("b")).rows
    policy = a.policy(size, overrides=(override,))
    assert rules_for(policy, first) == (memory,)
    assert rules_for(policy, second) == (size,)


def test_a_rule_that_one_override_drops_another_brings_back_whole(a, size):
    overrides = (
        Override(Match("a"), (Change("size", None),)),
        Override(Match("*"), (change(size, limit=a.limit("2 MB")),)),
    )
    [row] = a.record(a.model("a")).rows
    [found] = rules_for(a.policy(size, overrides=overrides), row)
    assert (found.limit.written, found.severity) == ("2 MB", "error")


def test_verdicts_hold_each_candidate_against_its_own_rules(a, size):
    override = Override(Match("edge-*"), (change(size, limit=a.limit("100 kB")),))
    record = a.record(a.model("base", size=9e5), a.model("edge-a", size=9e5), a.model("edge-b", size=9e4))
    verdict = decide(record, a.policy(size, overrides=(override,)))
    assert verdict.statuses == {"base": "pass", "edge-a": "fail", "edge-b": "pass"}
    assert [check.rule.limit.written for check in verdict.checks] == ["1 MB", "100 kB", "100 kB"]


def test_the_order_of_records_does_not_change_what_overrides_do(a, size):
    override = Override(Match("b"), (Change("size", None),))
    models = [a.model("base", size=5e5), a.model("a", size=2e6), a.model("b", size=3e6)]
    policy = a.policy(size, overrides=(override,))
    found = {decide(a.record(*order, baseline="base"), policy).recommended for order in (models, models[::-1])}
    assert found == {"base"}
    assert decide(a.record(*models), policy).statuses == {"base": "pass", "a": "fail", "b": "pass"}


def test_alternatives_stand_under_their_rules_own_id(a, size):
    other = a.rule("x", "memory.peak.max", max="1 GB")
    rule = replace(size, id="fits", severity="warn", hint="h", waivable=False, alternatives=(size, other))
    first, second = single([rule])
    assert {(one.id, one.severity, one.hint, one.waivable) for one in (first, second)} == {("fits", "warn", "h", False)}
    assert (first.metric, second.metric) == ("size.artifact", "memory.peak.max")
    assert single([size]) == (size,)


def test_the_headline_counts_no_rules_where_candidates_have_different_ones(a, size):
    override = Override(Match("b"), (Change("size", None), Change("memory", a.rule("memory", "memory.peak.max", max="1 GB"))))
    policy = a.policy(size, overrides=(override,))
    models = a.model("base", size=5e5), a.model("b", size=4e5)
    assert decide(a.record(*models), policy).headline.startswith("b is the smallest of 2 candidates that meet their error rules")
    assert decide(a.record(*models[:1]), policy).headline.startswith("base is the only candidate that meets its error rules")
    large = decide(a.record(a.model("base", size=5e6)), policy)
    assert large.headline.startswith("No candidate meets its error rules. The nearest, base")


def test_a_rule_that_compares_with_nobody_known_is_refused_at_its_line(a):
    rule = replace(a.rule("ni", "quality.roc_auc", max_drop="1 pp", versus="forrest"), file="own.yaml", line=5)
    with pytest.raises(InputError, match="Did you mean 'forest'") as refused:
        compared_with(["forest", "gbm"], "the record", None, a.policy(rule))
    assert str(refused.value.place) == "own.yaml:5 (rules.ni)"
    compared_with(["forrest"], "the record", a.policy(rule))
    compared_with([], "the record", a.policy(a.rule("ni", "quality.roc_auc", max_drop="1 pp")))


def test_overrides_and_alternatives_compare_with_known_candidates_too(a):
    rule = a.rule("ni", "quality.roc_auc", max_drop="1 pp")
    moved = a.policy(rule, overrides=(Override(Match("edge-*"), (change(rule, versus="nobody"),)),))
    either = a.policy(replace(rule, alternatives=(rule, replace(rule, versus="nobody"))))
    for policy in (moved, either):
        with pytest.raises(InputError, match="has no candidate 'nobody'"):
            compared_with(["gbm"], "the plan", policy)
