"""`for_each` in a policy's rules: for quality, by columns of the plan's slices."""

from __future__ import annotations

from pathlib import Path

import pytest

from effaudit import registry
from effaudit.core.errors import InputError
from effaudit.core.policy import Change
from effaudit.reading.policy import read_policy
from effaudit.reading.policy_model import schema

HEAD = "apiVersion: effaudit/v1\nkind: EfficiencyPolicy\nmetadata: {name: fair}\n"


def read(write, rules, more=""):
    text = HEAD + more + "rules:\n" + "".join(f"  {line}\n" for line in rules)
    return read_policy(write(text, "policy.yaml"), registry.meaning, ("quality.f1", "size.artifact"), Path("none"))


def test_a_rule_may_ask_for_every_slice(write):
    rules = ["fair: {metric: quality.roc_auc, versus: baseline, max_drop: 2 pp, for_each: {slice: [carrier, distance]}}"]
    rules += ["floor: {metric: quality.roc_auc, min: 0.6, for_each: {slice: carrier}}", "size: {metric: size.artifact, max: 1 MB}"]
    assert [rule.for_each for rule in read(write, rules).rules] == [("carrier", "distance"), ("carrier",), ()]


def test_alternatives_may_be_asked_for_in_every_slice(write):
    rule = "either: {any: [{metric: quality.f1, min: 0.6}, {metric: quality.roc_auc, min: 0.8}], for_each: {slice: [sex]}}"
    found = read(write, [rule]).rules[0]
    assert (found.for_each, len(found.alternatives)) == (("sex",), 2)


def test_one_slice_may_be_named_by_its_id(write):
    found = read(write, ['ua: {metric: "quality.roc_auc[carrier=UA]", min: 0.6}']).rules[0]
    assert (found.metric, found.limit.amount) == ("quality.roc_auc[carrier=UA]", 0.6)


def test_an_override_may_change_the_slices(write):
    more = "overrides:\n  - {match: {candidate: 'edge-*'}, rules: {fair: {for_each: {slice: [sex]}}}}\n"
    more += "  - {match: {candidate: 'big-*'}, rules: {fair: {for_each: off}}}\n"
    policy = read(write, ["fair: {metric: quality.f1, min: 0.6, for_each: {slice: [carrier]}}"], more)
    changes = [override.changes[0] for override in policy.overrides]
    assert all(isinstance(change, Change) and change.changed == ("for_each",) for change in changes)
    assert [change.rule.for_each for change in changes] == [("sex",), ()]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("r: {metric: size.artifact, max: 1 MB, for_each: {slice: [c]}}", "slices have figures of quality only"),
        ("r: {metric: latency.batch_1, max: 1 ms, for_each: {slice: [c]}}", "this rule is on latency.batch_1.p50"),
        ("r: {metric: quality.f1, min: 0.5, for_each: {slice: [c, d, c]}}", "the column 'c' is named twice"),
        ("r: {metric: quality.f1, min: 0.5, for_each: {slice: []}}", "at least 1 of them"),
        ("r: {metric: quality.f1, min: 0.5, for_each: {slices: [c]}}", "Did you mean 'slice'?"),
        ("r: {metric: quality.f1, min: 0.5, for_each: {}}", "`slice` is missing"),
        ("r: {metric: quality.f1, min: 0.5, for_each: carrier}", "expected a mapping"),
        ("r: {metric: 'quality.f1[c=x]', min: 0.5, for_each: {slice: [c]}}", "is one slice already"),
        ("r: {metric: 'quality.f1[c]', min: 0.5}", "there is no metric 'quality.f1[c]'"),
        ("r: {any: [{metric: size.artifact, max: 1 MB}, {metric: size.nodes, max: 5}], for_each: {slice: [c]}}", "quality only"),
    ],
)
def test_what_has_no_slices_is_told_with_its_line(write, line, said):
    with pytest.raises(InputError) as caught:
        read(write, [line])
    assert said in str(caught.value)
    assert "policy.yaml:5 " in str(caught.value)


def test_the_schema_has_it():
    part = schema()["$defs"]["ForEachPart"]["properties"]["slice"]
    assert "slices" in part["description"]
