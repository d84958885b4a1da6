"""Overrides: other limits for some candidates, field by field, from any of a policy's files."""

from __future__ import annotations

import pytest
from layers import PRESET, read, refusal

from effaudit.core.policy import Change, Match


def test_overrides_change_rules_for_some_candidates_field_by_field(house):
    text = """\
extends: effaudit:edge
overrides:
  - match: {candidate: "tiny-*", format: onnx}
    rules: {size: {max: 1 MB}, latency: off}
  - {match: {family: network}, rules: {memory: {metric: memory.peak, max: 1 GB}}}
"""
    first, second = read(house, text).overrides
    assert first.match == Match("tiny-*", "onnx", None)
    assert second.match == Match("*", None, "network")
    off, size = first.changes
    assert off == Change("latency", None)
    assert (size.id, size.rule.limit.written, size.rule.hint) == ("size", "1 MB", "compress it")
    assert set(size.changed) == {"limit", "line", "file"}
    assert second.changes[0].rule.metric == "memory.peak.max"
    assert second.changes[0].changed == ()


def test_overrides_of_all_files_are_kept_and_apply_to_the_rules_as_they_are_in_the_end(house):
    base = "extends: effaudit:edge\noverrides: [{match: {format: onnx}, rules: {size: {severity: error}, latency: {max: 30 ms}}}]\n"
    text = "extends: base.yaml\nrules: {size: {max: 1 MB}, latency: off}\n"
    text += "overrides: [{match: {format: sklearn}, rules: {size: off}}]\n"
    first, second = read(house, text, base=base).overrides
    assert [(change.id, change.changed) for change in first.changes] == [("size", ("severity",))]
    assert first.changes[0].rule.limit.written == "1 MB"
    assert second == second.__class__(Match("*", "sklearn", None), (Change("size", None),))


@pytest.mark.parametrize(
    ("override", "keys", "said"),
    [
        ("{match: {}, rules: {size: off}}", "overrides[0].match", "for no candidates in particular"),
        ("{rules: {size: off}}", "overrides[0].match", "`match` is missing"),
        ("{match: {name: x}, rules: {size: off}}", "overrides[0].match.name", "unknown key 'name'"),
        ("{match: {format: onyx}, rules: {size: off}}", "overrides[0].match.format", "Did you mean 'onnx'?"),
        ("{match: {family: forest}, rules: {size: off}}", "overrides[0].match.family", "expected 'constant', 'linear'"),
        ("{match: {candidate: ''}, rules: {size: off}}", "overrides[0].match.candidate", "at least 1 character"),
        ("{match: {format: onnx}, rules: {sise: off}}", "overrides[0].rules.sise", "Did you mean 'size'?"),
        ("{match: {format: onnx}, rules: {sise: {max: 1 MB}}}", "overrides[0].rules.sise", "no rule 'sise' that this could change"),
        ("{match: {format: onnx}, rules: {size: {max: 1}}}", "overrides[0].rules.size.max", "'50 MB'"),
        ("{match: {format: onnx}, rules: {size: {mx: 1 MB}}}", "overrides[0].rules.size.mx", "unknown key 'mx'"),
        ("{match: {format: onnx}, rules: {size: 7}}", "overrides[0].rules.size", "expected a mapping"),
        ("{match: {format: onnx}, rules: {}}", "overrides[0].rules", "changes no rule"),
        ("{match: {format: onnx}}", "overrides[0].rules", "`rules` is missing"),
        ("7", "overrides[0]", "expected a mapping"),
    ],
)
def test_a_wrong_override_is_told_with_its_place(house, override, keys, said):
    error = refusal(house, f"extends: effaudit:edge\noverrides:\n  - {override}\n")
    assert said in error.what
    assert (error.place.line, error.place.keys) == (6, keys)


def test_a_place_in_an_inherited_override_is_that_of_its_own_file(house):
    base = "overrides:\n  - {match: {format: onnx}, rules: {size: {max: 1}}}\n"
    text = "extends: [a.yaml, b.yaml]\nrules: {size: {metric: size.artifact, max: 1 MB}}\n"
    error = refusal(house, text, a=PRESET + base.replace("max: 1}", "max: 1 MB}"), b=PRESET + base)
    assert (error.place.file, error.place.line, error.place.keys) == ("policies/b.yaml", 10, "overrides[0].rules.size.max")
