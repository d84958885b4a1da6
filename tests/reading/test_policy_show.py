"""The resolved text of a policy: it says where each value comes from, and reads back as the same policy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from effaudit.core.policy import Policy
from effaudit.core.reading import Meaning
from effaudit.reading.policy import open_policy, read_policy
from effaudit.reading.policy_model import EfficiencyPolicy
from effaudit.reading.policy_show import DEFAULTS, resolved_text

MEANINGS = {
    "quality.roc_auc": Meaning("score", "higher", "measured", False),
    "latency.batch_1": Meaning("s", "lower", "measured", True, ("p50", "p95")),
    "size.artifact": Meaning("B", "lower", "counted", False),
    "memory.peak": Meaning("B", "lower", "measured", True, ("max",)),
}
HEAD = "apiVersion: effaudit/v1\nkind: EfficiencyPolicy\nmetadata: {name: edge, title: 'It''s: #1'}\n"
BASE = """\
evidence: {confidence_level: 0.90}
valid_on: {arch: x86_64, cores: 2}
rules:
  size: {metric: size.artifact, max: 50 MB, hint: "a: b # c"}
  fits:
    any: [{metric: size.artifact, max: 1 MB}, {metric: memory.peak, max: 1 GB}]
overrides:
  - {match: {candidate: "edge-*"}, rules: {size: {max: 5 MB}, fits: off}}
"""
OWN = """\
extends: base.yaml
rules:
  floor: {metric: quality.roc_auc, min: 0.70, waivable: false}
  size: {severity: warn}
select: {minimize: latency.batch_1.p50}
waivers: {file: waivers.yaml}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(HEAD + BASE)
    (tmp_path / "mine.yaml").write_text(HEAD + OWN)
    return tmp_path


def shown(path, folder):
    return resolved_text(open_policy(path, folder / "presets")[0])


def read(path, folder) -> Policy:
    return read_policy(path, MEANINGS.get, (), folder / "presets")


def bare(policy):
    """Without what tells where it stands."""
    rules = tuple(_bare(rule) for rule in policy.rules)
    overrides = tuple(
        replace(one, changes=tuple(replace(each, rule=each.rule and _bare(each.rule)) for each in one.changes))
        for one in policy.overrides
    )
    return replace(policy, rules=rules, overrides=overrides, file="", digest="")


def _bare(rule):
    return replace(rule, file="", line=None, alternatives=tuple(_bare(one) for one in rule.alternatives))


def test_each_value_says_the_file_and_line_that_it_comes_from(here):
    lines = [" ".join(line.split()) for line in shown("mine.yaml", here).splitlines()]
    assert lines[0] == "# mine.yaml, with all that it extends: base.yaml"
    for expected in (
        "confidence_level: 0.90 # base.yaml:4",
        "max: 50 MB # base.yaml:7",
        "severity: warn # mine.yaml:7",
        "min: 0.70 # mine.yaml:6",
        "minimize: latency.batch_1.p50 # mine.yaml:8",
        "equal_within: 2 % # default",
        "baseline: plan # default",
        "fits: off # base.yaml:11",
        'title: "It\'s: #1" # mine.yaml:3',
    ):
        assert expected in lines


def test_the_text_reads_back_as_the_same_policy(here):
    (here / "whole.yaml").write_text(shown("mine.yaml", here))
    assert bare(read("whole.yaml", here)) == bare(read("mine.yaml", here))
    assert shown("whole.yaml", here).count("# default") == 0


def test_the_defaults_shown_are_the_defaults(here):
    (here / "short.yaml").write_text(HEAD + "rules: {size: {metric: size.artifact, max: 1 MB}}\n")
    (here / "whole.yaml").write_text(shown("short.yaml", here))
    assert shown("short.yaml", here).count("# default") == len(DEFAULTS)
    assert bare(read("whole.yaml", here)) == bare(read("short.yaml", here))
    fields = EfficiencyPolicy.model_fields
    assert {keys[0] for keys in DEFAULTS} == {"evidence", "baseline", "select"} <= set(fields)


def spelt(text):
    """In quotes, each character escaped."""
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


@given(hint=st.text(max_size=40), title=st.text(max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(hint="%", title="% of rows")
def test_any_text_reads_back_as_itself(tmp_path, hint, title):
    path = tmp_path / "mine.yaml"
    head = HEAD.replace("'It''s: #1'", spelt(title))
    path.write_text(head + f"rules: {{r: {{metric: size.artifact, max: 1 MB, hint: {spelt(hint)}}}}}\n")
    before = read(path, tmp_path)
    assert (before.title, before.rules[0].hint) == (title, hint)
    (tmp_path / "whole.yaml").write_text(shown(path, tmp_path), "utf-8")
    assert bare(read(tmp_path / "whole.yaml", tmp_path)) == bare(before)
