import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from effaudit.core.errors import InputError
from effaudit.core.policy import Limit, Rule, Select
from effaudit.core.reading import Meaning
from effaudit.reading.policy import read_policy

T = ("p50", "p90", "p95", "p99", "mean")
MEANINGS = {
    "quality.roc_auc": Meaning("score", "higher", "measured", False),
    "quality.root_mean_squared_error": Meaning("answer", "lower", "measured", False),
    "behaviour.flips_lost": Meaning("share", "lower", "measured", False),
    "latency.batch_1": Meaning("s", "lower", "measured", True, T),
    "throughput.batch_256": Meaning("rows/s", "higher", "measured", True),
    "size.artifact": Meaning("B", "lower", "counted", False),
    "memory.peak": Meaning("B", "lower", "measured", True, ("max",)),
    "energy.per_1000": Meaning("J", "lower", "modelled", True),
    "cost.per_1000": Meaning("money", "lower", "modelled", True),
}
HEAD = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: edge}
"""
ONE = "rules:\n  size.artifact: {metric: size.artifact, max: 50 MB}\n"
HOUSE = Path(__file__).parents[2]


def read(write, text, head=HEAD):
    return read_policy(write(head + text, "policy.yaml"), MEANINGS.get, tuple(MEANINGS), Path("none"))


def rule(write, line):
    return read(write, f"rules:\n  r: {line}\n").rules[0]


def refusal(write, text, head=HEAD):
    with pytest.raises(InputError) as caught:
        read(write, text, head)
    return caught.value


def test_the_policy_of_the_design_is_read_whole(write, folder):
    text = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: edge-cpu, title: Edge CPU release gate, owner: ml-platform}
valid_on: {arch: x86_64, cores: 2}
evidence: {confidence_level: 0.9, multiple_comparisons: none, on_inconclusive: warn}
baseline: plan
rules:
  quality.floor:        {metric: quality.roc_auc, min: 0.70, severity: error, waivable: false}
  quality.non_inferior: {metric: quality.roc_auc, versus: baseline, max_drop: 1 pp, severity: error}
  latency.p95:          {metric: latency.batch_1, aggregate: p95, max: 25 ms, warn_above: 20 ms, hint: "try static_int8"}
  energy:               {metric: energy.per_1000, max: 20 J, severity: warn, method: measured}
select:
  minimize: latency.batch_1.p50
  equal_within: 5 %
  tie_break: [simple_first, energy.per_1000, latency.batch_1]
"""
    policy = read(write, text, head="")
    assert (policy.name, policy.title, policy.valid_on) == ("edge-cpu", "Edge CPU release gate", {"arch": "x86_64", "cores": 2})
    assert (policy.confidence_level, policy.multiple_comparisons, policy.on_inconclusive) == (0.9, "none", "warn")
    assert policy.select == Select("latency.batch_1.p50", 0.05, ("simple_first", "energy.per_1000", "latency.batch_1.p50"))
    assert policy.rules == (
        Rule("quality.floor", "quality.roc_auc", "min", Limit(0.7, "", "0.70"), waivable=False, line=8, file="policy.yaml"),
        Rule(
            "quality.non_inferior",
            "quality.roc_auc",
            "max_drop",
            Limit(0.01, "pp", "1 pp"),
            versus="baseline",
            line=9,
            file="policy.yaml",
        ),
        Rule(
            "latency.p95",
            "latency.batch_1.p95",
            "max",
            Limit(0.025, "s", "25 ms"),
            warn_above=Limit(0.02, "s", "20 ms"),
            hint="try static_int8",
            line=10,
            file="policy.yaml",
        ),
        Rule(
            "energy",
            "energy.per_1000",
            "max",
            Limit(20.0, "J", "20 J"),
            severity="warn",
            method="measured",
            line=11,
            file="policy.yaml",
        ),
    )
    assert policy.digest == hashlib.sha256(text.encode()).hexdigest()
    assert policy.file == "policy.yaml"


def test_what_a_policy_leaves_out_takes_the_defaults(write):
    policy = read(write, ONE)
    assert (policy.select, policy.confidence_level, policy.multiple_comparisons, policy.on_inconclusive, policy.valid_on) == (
        Select(),
        0.95,
        "holm",
        "fail",
        {},
    )


def test_an_aggregate_is_the_first_unless_it_is_said(write):
    assert rule(write, "{metric: latency.batch_1, max: 5 ms}").metric == "latency.batch_1.p50"
    assert rule(write, "{metric: latency.batch_1, aggregate: p99, max: 5 ms}").metric == "latency.batch_1.p99"
    assert rule(write, "{metric: latency.batch_1.p99, max: 5 ms}").metric == "latency.batch_1.p99"
    assert rule(write, "{metric: latency.batch_1.p99, aggregate: p99, max: 5 ms}").metric == "latency.batch_1.p99"
    assert rule(write, "{metric: memory.peak, max: 5 MB}").metric == "memory.peak.max"


def test_relative_rules_compare_with_the_baseline_or_a_candidate(write):
    assert rule(write, "{metric: size.artifact, max_increase: 5 %}").versus == "baseline"
    assert rule(write, "{metric: size.artifact, max_increase: 5 %, versus: gbm}").versus == "gbm"
    assert rule(write, "{metric: size.artifact, max: 5 MB}").versus is None


@pytest.mark.parametrize(
    ("line", "keys", "said"),
    [
        ("{metric: quality.rocauc, min: 0.7}", "metric", "Did you mean 'quality.roc_auc'?"),
        ("{metric: latency.batch_1.p96, max: 1 s}", "metric", "Did you mean 'latency.batch_1.p9"),
        ("{metric: latency.batch_1.p95, aggregate: p50, max: 1 s}", "aggregate", "ends with an aggregate already"),
        (
            "{metric: latency.batch_1, aggregate: p96, max: 1 s}",
            "aggregate",
            "has no aggregate 'p96'. It has p50, p90, p95, p99, mean.",
        ),
        ("{metric: size.artifact, aggregate: p50, max: 1 MB}", "aggregate", "leave `aggregate` out"),
        ("{metric: size.artifact}", "", "this rule has no limit"),
        ("{metric: memory.peak, min: 1 MB, max: 2 MB}", "max", "a rule has one limit, and this has min and max"),
        ("{metric: size.artifact, max: 50}", "max", "'50 MB'"),
        ("{metric: size.artifact, max: [50 MB]}", "max", "expected a number with its unit"),
        ("{metric: size.artifact, max: true}", "max", "expected a number with its unit"),
        ("{metric: size.artifact, min: 50 MB}", "min", "min would bound it the wrong way"),
        ("{metric: size.artifact, max_drop: 5 %}", "max_drop", "max_drop would bound it the wrong way"),
        ("{metric: quality.roc_auc, max: 0.7}", "max", "max would bound it the wrong way"),
        ("{metric: quality.roc_auc, max_increase: 1 pp}", "max_increase", "max_increase would bound it the wrong way"),
        ("{metric: quality.roc_auc, max_drop: 1}", "max_drop", "1 pp"),
        ("{metric: size.artifact, max: 5 MB, versus: gbm}", "versus", "`versus` belongs to max_drop and max_increase"),
        ("{metric: size.artifact, max: 5 MB, versus: a b}", "versus", "is not a name"),
        ("{metric: size.artifact, max: 5 MB, warn_above: 5 MB}", "warn_above", "not below the limit '5 MB'"),
        ("{metric: size.artifact, max: 5 MB, warn_above: 5}", "warn_above", "'50 MB'"),
        ("{metric: size.artifact, max_increase: 5 %, warn_above: 1 MB}", "warn_above", "in another unit than the limit"),
        ("{metric: quality.roc_auc, min: 0.7, warn_above: 0.6}", "warn_above", "belongs to an upper limit"),
        ("{metric: size.artifact, max: 5 MB, severity: fatal}", "severity", "expected 'error' or 'warn'"),
        ("{metric: size.artifact, max: 5 MB, method: modelled}", "method", "expected 'measured'"),
        ("{metric: size.artifact, mx: 5 MB}", "mx", "unknown key 'mx'"),
        ("{metric: size.artifact, max: 5 MB, severty: warn}", "severty", "Did you mean 'severity'?"),
        ("{max: 5 MB}", "metric", "`metric` is missing"),
        ("[]", "", "expected a mapping, found an empty list"),
        ("{any: [{metric: size.artifact, max: 1 MB}, b]}", "any[1]", "expected a mapping, found 'b'"),
        ("{metric: size.artifact, max: 1 MB, for_each: x}", "for_each", "expected a mapping"),
        ("off", "", "this policy inherits none"),
    ],
)
def test_a_wrong_rule_is_told_with_its_line(write, line, keys, said):
    error = refusal(write, f"rules:\n  fine: {{metric: size.artifact, max: 1 MB}}\n  r: {line}\n")
    assert said in error.what
    assert (error.place.line, error.place.keys) == (6, f"rules.r.{keys}".rstrip("."))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("baseline: other\n" + ONE, 4, "expected `plan`, or a stored record"),
        ("", 1, "`rules` is missing"),
        ("rules: {}\n", 4, "expected at least 1 of them"),
        ("rules:\n  'a b': {metric: size.artifact, max: 1 MB}\n", 5, "is not a name"),
        (ONE + "select: {minimize: quality.roc_auc}\n", 6, "cannot be minimised"),
        (ONE + "select: {minimize: size.artefact}\n", 6, "Did you mean 'size.artifact'?"),
        (ONE + "select: {tie_break: [simple_frist]}\n", 6, "there is no metric 'simple_frist'"),
        (ONE + "select: {tie_break: throughput.batch_256}\n", 6, "cannot be minimised"),
        (ONE + "select: {equal_within: 2}\n", 6, "'2 %'"),
        (ONE + "select: {equal_within: 2 pp}\n", 6, "'2 %'"),
        (ONE + "evidence: {confidence_level: 95}\n", 6, "less than 1"),
        (ONE + "evidence: {confidence_level: 0.5}\n", 6, "more than 0.5"),
        (ONE + "evidence: {multiple_comparisons: bonferroni}\n", 6, "expected 'holm' or 'none'"),
        (ONE + "evidence: {on_inconclusive: pass}\n", 6, "expected 'fail' or 'warn'"),
        (ONE + "valid_on: {cores: [1]}\n", 6, "expected a word or a whole number"),
        (ONE + "valid_on: {cores: true}\n", 6, "expected a word or a whole number"),
        (ONE + "rule: {}\n", 6, "Did you mean 'rules'?"),
    ],
)
def test_what_a_policy_cannot_say_is_told_with_its_line(write, text, line, said):
    error = refusal(write, text)
    assert said in error.what
    assert error.place.line == line


def test_equal_within_may_be_nothing(write):
    assert read(write, ONE + "select: {equal_within: 0 %}\n").select.equal_within == 0.0


def test_all_problems_are_told_at_once(write):
    error = refusal(write, "rules:\n  a: {metric: x, max: 1}\n  b: {metric: size.artifact, max: 1}\nselect: {minimize: y}\n")
    assert error.what.startswith("3 problems:")


def test_a_policy_of_absurd_size_ends_soon(write):
    started = time.perf_counter()
    refusal(write, "rules:\n" + "".join(f"  r{n}: {{metric: latensy.batch_1, max: 5}}\n" for n in range(3000)))
    assert time.perf_counter() - started < 20  # seconds on an idle machine: under 2


def test_a_ready_made_policy_is_found_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "edge.yaml").write_text(HEAD + ONE)
    monkeypatch.chdir(tmp_path)
    for named in ("effaudit:edge", "edge"):
        assert read_policy(named, MEANINGS.get, (), tmp_path).file == "effaudit:edge"
    with pytest.raises(InputError, match="Did you mean 'effaudit:edge'"):
        read_policy("effaudit:edg", MEANINGS.get, (), tmp_path)
    with pytest.raises(InputError, match="there is no ready-made policy 'cloud'"):
        read_policy("cloud", MEANINGS.get, (), tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_policy("policies/edge.yaml", MEANINGS.get, (), tmp_path)
    with pytest.raises(InputError, match="no ready-made policy"):
        read_policy("effaudit:../../etc/passwd", MEANINGS.get, (), tmp_path)


def test_a_file_goes_before_a_ready_made_policy_of_its_name(tmp_path, monkeypatch):
    presets = tmp_path / "presets"
    presets.mkdir()
    for place in (presets / "edge.yaml", tmp_path / "edge"):
        place.write_text(HEAD + ONE)
    monkeypatch.chdir(tmp_path)
    assert read_policy("edge", MEANINGS.get, (), presets).file == "edge"


def test_a_plan_is_no_policy(write):
    error = refusal(write, ONE, head="apiVersion: effaudit/v1\nkind: AuditPlan\n")
    assert "effaudit audit" in error.advice


@pytest.mark.parametrize("path", sorted((HOUSE / "policies").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_policies_that_come_with_effaudit_are_valid(path):
    from effaudit import registry

    assert read_policy(path, registry.meaning, (), path.parent).rules


def test_policies_and_records_are_read_without_any_framework():
    code = (
        "import sys, effaudit.reading.policy, effaudit.reading.record_file\n"
        "print(sorted({'pandas', 'pyarrow', 'sklearn', 'scipy', 'torch', 'onnx', 'lightgbm'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
