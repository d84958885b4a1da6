"""What a policy inherits, what wins, where each value was written, and which files it may name."""

from __future__ import annotations

import hashlib
import os

import pytest
from layers import MEANINGS, PRESET, put, read, refusal, rules

from effaudit.core.policy import Limit, WaiverSource
from effaudit.reading import policy_layers
from effaudit.reading.policy import read_policy


def test_a_policy_that_only_extends_has_all_of_the_other_but_its_name(house):
    policy = read(house, "extends: effaudit:edge\n")
    assert (policy.name, policy.title, policy.confidence_level, policy.on_inconclusive) == ("mine", "of mine", 0.9, "warn")
    assert list(rules(policy)) == ["size", "latency"]
    assert policy.select.minimize == "latency.batch_1.p50"
    assert policy.file == "policies/mine.yaml"


def test_later_values_win_key_by_key_also_inside_a_rule(house):
    text = (
        "extends: [effaudit:edge]\nevidence: {confidence_level: 0.99}\nrules:\n  size: {max: 10 MB}\nselect: {equal_within: 1 %}\n"
    )
    policy = read(house, text)
    size = rules(policy)["size"]
    assert (size.limit, size.severity, size.hint) == (Limit(1e7, "B", "10 MB"), "warn", "compress it")
    assert (policy.confidence_level, policy.on_inconclusive) == (0.99, "warn")
    assert (policy.select.minimize, policy.select.equal_within) == ("latency.batch_1.p50", 0.01)


def test_a_limit_knows_the_file_and_line_in_which_it_was_written(house):
    found = rules(read(house, "extends: [effaudit:edge]\nrules:\n  size:\n    max: 10 MB\n  latency: {severity: warn}\n"))
    assert (found["size"].file, found["size"].line) == ("policies/mine.yaml", 6)
    assert (found["latency"].file, found["latency"].line) == ("effaudit:edge", 7)


def test_the_later_entry_of_a_list_wins_and_the_file_itself_over_all(house):
    others = {
        "a": "rules: {size: {metric: size.artifact, max: 1 MB, hint: a}, memory: {metric: memory.peak, max: 1 GB}}\n",
        "b": "rules: {size: {metric: size.artifact, max: 2 MB}}\n",
    }
    assert rules(read(house, "extends: [./a.yaml, b.yaml]\n", **others))["size"].limit.written == "2 MB"
    assert rules(read(house, "extends: [b.yaml, a.yaml]\n", **others))["size"].limit.written == "1 MB"
    found = rules(read(house, "extends: [b.yaml, a.yaml]\nrules: {size: {max: 3 MB}}\n", **others))
    assert (found["size"].limit.written, found["size"].hint) == ("3 MB", "a")
    assert list(found) == ["size", "memory"]


def test_a_file_that_is_extended_twice_counts_where_it_stands_last(house):
    others = {
        "base": "rules: {size: {metric: size.artifact, max: 1 MB}, memory: {metric: memory.peak, max: 1 GB}}\n",
        "left": "extends: base.yaml\nrules: {size: {max: 2 MB}, memory: off}\n",
        "right": "extends: base.yaml\nrules: {size: {hint: right}}\n",
    }
    found = rules(read(house, "extends: [left.yaml, right.yaml]\n", **others))
    assert (found["size"].limit.written, found["size"].hint, "memory" in found) == ("1 MB", "right", True)
    assert "memory" not in rules(read(house, "extends: [right.yaml, left.yaml]\n", **others))


def test_off_drops_an_inherited_rule_and_only_that(house):
    assert list(rules(read(house, "extends: effaudit:edge\nrules: {size: off}\n"))) == ["latency"]
    wrong = refusal(house, "extends: effaudit:edge\nrules:\n  sise: off\n")
    assert "there is no inherited rule 'sise' to drop. Did you mean 'size'?" in wrong.what
    assert (wrong.place.file, wrong.place.line) == (str(house / "repo/policies/mine.yaml"), 6)


def test_a_limit_of_another_kind_takes_the_place_of_the_earlier_one(house):
    latency = rules(read(house, "extends: effaudit:edge\nrules: {latency: {max_increase: 5 %, versus: gbm}}\n"))["latency"]
    assert (latency.bound, latency.limit.written, latency.versus, latency.warn_above) == ("max_increase", "5 %", "gbm", None)
    assert latency.metric == "latency.batch_1.p95"
    back = {"a": "rules: {size: {metric: size.artifact, max_increase: 0 %, versus: gbm}}\n"}
    assert rules(read(house, "extends: a.yaml\nrules: {size: {max_increase: 1 %}}\n", **back))["size"].versus == "gbm"
    assert rules(read(house, "extends: a.yaml\nrules: {size: {max: 1 MB}}\n", **back))["size"].versus is None


def test_off_unsets_what_a_rule_inherits(house):
    latency = rules(read(house, "extends: effaudit:edge\nrules: {latency: {max: 15 ms, warn_above: off}}\n"))["latency"]
    assert (latency.limit.written, latency.warn_above) == ("15 ms", None)
    error = refusal(house, "extends: effaudit:edge\nrules: {latency: {max: 15 ms}}\n")
    assert "not below the limit '15 ms'" in error.what
    assert "warn_above: off" in error.advice


def test_alternatives_and_plain_limits_replace_each_other(house):
    text = "extends: effaudit:edge\nrules: {size: {any: [{metric: size.artifact, max: 1 MB}, {metric: memory.peak, max: 1 GB}]}}\n"
    size = rules(read(house, text))["size"]
    assert [one.metric for one in size.alternatives] == ["size.artifact", "memory.peak.max"]
    assert (size.severity, size.hint) == ("warn", "compress it")
    one = rules(read(house, "extends: a.yaml\nrules: {size: {metric: memory.peak, max: 2 GB}}\n", a=text))["size"]
    assert (one.alternatives, one.limit.written) == ((), "2 GB")


def test_problems_are_told_in_the_file_in_which_they_stand(house):
    error = refusal(house, "extends: a.yaml\nrules: {size: {hint: x}}\n", a="rules:\n  size: {metric: size.artefact, max: 1 MB}\n")
    assert (error.place.file, error.place.line, error.place.keys) == ("policies/a.yaml", 5, "rules.size.metric")
    assert "Did you mean 'size.artifact'?" in error.what
    error = refusal(house, "extends: a.yaml\nrules: {size: {hint: x}}\n", a="rules:\n  other: {metric: size.artifact, max: 1}\n")
    assert "3 problems" in error.what
    assert "policies/a.yaml:5 (rules.other.max)" in error.what
    assert "mine.yaml:5 (rules.size.metric): `metric` is missing" in error.what


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("../../outside.yaml", "leaves the repository"),
        ("org/../../../outside.yaml", "leaves the repository"),
        ("link.yaml", "leaves the repository"),
        ("links/outside.yaml", "leaves the repository"),
        ("/etc/passwd", "is not relative"),
        ("~/policy.yaml", "is not relative"),
        ("C:\\policy.yaml", "is not relative"),
        ("loop.yaml", "there is no file"),
        ("org", "is a folder"),
        ("nothing.yaml", "there is no file 'nothing.yaml'"),
        ("orgy.yaml", "Did you mean 'org.yaml'?"),
        ('""', "is not a path"),
        ('"a\\0b"', "is not a path"),
        ("x" * 2000, "is not a path"),
        ("x" * 300, "there is no file"),
        ("effaudit:edg", "Did you mean 'effaudit:edge'?"),
        ("effaudit:../outside", "no ready-made policy"),
        ("effaudit:/etc/passwd", "no ready-made policy"),
        ("7", "expected effaudit:NAME or a file"),
        ("{a: b}", "expected effaudit:NAME or a file"),
        ("[a.yaml]", "expected effaudit:NAME or a file"),
        ("binary.yaml", "not UTF-8"),
        ("plan.yaml", "kind 'AuditPlan'"),
    ],
)
def test_what_cannot_be_extended_is_told_at_its_line(house, entry, said):
    folder = house / "repo" / "policies"
    (folder / "link.yaml").symlink_to(house / "outside.yaml")
    (folder / "links").symlink_to(house)
    (folder / "loop.yaml").symlink_to("loop.yaml")
    put(folder / "org.yaml", PRESET)
    (folder / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    (folder / "plan.yaml").write_text("apiVersion: effaudit/v1\nkind: AuditPlan\n")
    error = refusal(house, f"rules: {{size: {{metric: size.artifact, max: 1 MB}}}}\nextends:\n  - effaudit:edge\n  - {entry}\n")
    assert said in str(error)
    if "mine.yaml" in str(error.place):
        assert error.place.line == 7
    assert str(house) not in error.what


def test_without_a_repository_nothing_outside_of_the_policys_folder_is_read(house):
    (house / "repo" / ".git").rmdir()
    put(house / "repo" / "base.yaml", PRESET)
    error = refusal(house, "extends: ../base.yaml\n")
    assert "leaves the folder of the policy" in error.what
    put(house / "repo" / "policies" / "org" / "base.yaml", PRESET)
    assert rules(read(house, "extends: org/base.yaml\n"))


def test_inside_a_repository_a_policy_may_extend_one_of_another_folder(house):
    put(house / "repo" / "base.yaml", PRESET)
    assert list(rules(read(house, "extends: ../base.yaml\n"))) == ["size", "latency"]
    (house / "repo" / ".git").rmdir()
    (house / "repo" / ".git").write_text("gitdir: elsewhere\n")  # as worktrees and submodules have it
    assert list(rules(read(house, "extends: ../base.yaml\n"))) == ["size", "latency"]


@pytest.mark.parametrize(
    "others",
    [
        {"a": "extends: a.yaml\n"},
        {"a": "extends: b.yaml\n", "b": "extends: c.yaml\n", "c": "extends: [effaudit:edge, a.yaml]\n"},
        {"a": "extends: org/../mine.yaml\n"},
    ],
)
def test_cycles_are_told_with_the_files_they_go_through(house, others):
    error = refusal(house, "extends: a.yaml\n", **others)
    assert "extend each other" in error.what
    assert "a.yaml →" in error.what or "→ a.yaml" in error.what


def test_a_ready_made_policy_extends_ready_made_ones_only(house):
    put(house / "presets" / "small.yaml", "extends: effaudit:edge\nrules: {size: {max: 1 MB}}\n")
    put(house / "presets" / "bad.yaml", "extends: ../outside.yaml\n")
    assert rules(read(house, "extends: effaudit:small\n"))["size"].limit.written == "1 MB"
    assert "extends ready-made ones only" in refusal(house, "extends: effaudit:bad\n").what


def test_the_digest_is_of_all_files_and_of_the_file_alone_where_it_extends_none(house):
    own = "extends: a.yaml\n"
    before = read(house, own, a=PRESET).digest
    assert before == read(house, own, a=PRESET).digest != read(house, own, a=PRESET.replace("50 MB", "51 MB")).digest
    text = (house / "repo" / "policies" / "a.yaml").read_bytes()
    alone = read_policy(house / "repo" / "policies" / "a.yaml", MEANINGS.get, (), house / "presets")
    assert alone.digest == hashlib.sha256(text).hexdigest()


def test_too_many_files_and_entries_and_values_are_refused(house, monkeypatch):
    chain = {f"p{n}": f"extends: p{n + 1}.yaml\n" for n in range(20)}
    assert "at most 16 files" in refusal(house, "extends: p0.yaml\n", **chain).what
    many = ", ".join(f"p{n}.yaml" for n in range(9))
    assert "extends at most 8" in refusal(house, f"extends: [{many}]\n", **chain).what
    assert "stands twice" in refusal(house, "extends: [effaudit:edge, effaudit:edge]\n").what
    monkeypatch.setattr(policy_layers, "VALUES_LIMIT", 40)
    assert "more than 40 values in all" in refusal(house, "extends: effaudit:edge\n" + PRESET).what
    monkeypatch.setattr(policy_layers, "SIZE_LIMIT", 400)
    assert "more than 0 KB in all" in refusal(house, "extends: effaudit:edge\n" + PRESET).what


def test_a_lattice_of_policies_is_read_once_each(house):
    chain = {f"p{n}": f"extends: [p{n + 1}.yaml, ./p{n + 1}.yaml]\n" for n in range(12)}
    assert rules(read(house, "extends: p0.yaml\n", **chain, p12=PRESET))["size"]


@pytest.mark.parametrize(
    ("text", "keys", "said"),
    [
        ("extends: [a.yaml]\nrules: 5\n", "rules", "expected a mapping"),
        ("extends: [a.yaml]\nrules: {size: 5}\n", "rules.size", "expected a mapping"),
        ("extends: [a.yaml]\nrules: {size: null}\n", "rules.size", "expected a mapping"),
        ("extends: [a.yaml]\nselect: 5\n", "select", "expected a mapping"),
        ("extends: [a.yaml]\noverrides: 5\n", "overrides", "expected a list"),
        ("extends: [a.yaml]\noverrides: {a: b}\n", "overrides", "expected a list"),
        ("extends: [a.yaml]\nrules: {'a b': {metric: size.artifact, max: 1 MB}}\n", "rules.a b", "is not a name"),
        ("extends: [a.yaml]\nrulez: {}\n", "rulez", "Did you mean 'rules'?"),
    ],
)
def test_what_has_the_wrong_form_replaces_nothing_quietly(house, text, keys, said):
    error = refusal(house, text, a=PRESET + "overrides: [{match: {format: onnx}, rules: {size: off}}]\n")
    assert said in error.what
    assert error.place.keys.removesuffix(".[key]") == keys


def test_what_a_base_has_wrong_is_told_unless_a_later_file_replaces_it(house):
    assert "unknown key 'foo'" in refusal(house, "extends: a.yaml\n", a=PRESET + "foo: 1\n").what
    assert "expected a mapping" in refusal(house, "extends: a.yaml\n", a="rules: 5\n").what
    assert read(house, "extends: a.yaml\nrules: {size: {max: 2 MB}}\n", a="rules: {size: {metric: size.artifact, max: 5}}\n").rules


def test_waivers_stand_beside_the_file_that_names_them_and_never_outside(house):
    put(house / "repo" / "base.yaml", PRESET + "waivers: {file: waivers.yaml}\n")
    assert read(house, "extends: ../base.yaml\n").waivers == WaiverSource("waivers.yaml", 90)
    policy = read(house, "extends: ../base.yaml\nwaivers: {max_days: 30}\n")
    assert policy.waivers == WaiverSource("waivers.yaml", 30)
    policy = read(house, "extends: effaudit:edge\nwaivers: {file: org/w.yaml, max_days: 7}\n")
    assert policy.waivers == WaiverSource(os.path.join("policies", "org", "w.yaml"), 7)
    for file, said in (("../../../w.yaml", "leaves the repository"), ("/w.yaml", "is not relative")):
        assert said in refusal(house, f"extends: effaudit:edge\nwaivers: {{file: {file}}}\n").what
    assert "at least 1" in refusal(house, "extends: effaudit:edge\nwaivers: {file: w.yaml, max_days: 0}\n").what
    assert "`file` is missing" in refusal(house, "extends: effaudit:edge\nwaivers: {max_days: 1}\n").what
