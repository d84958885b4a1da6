"""effaudit policy show, lint and schema, and --baseline, as users type them."""

from __future__ import annotations

import json
import re
import shutil

import pytest

import effaudit
from effaudit.cli import run
from effaudit.core.errors import InputError
from effaudit.reading.policy_model import schema
from effaudit.reading.record_file import read_record

OWN = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: mine}
extends: effaudit:ci-smoke
rules:
  size.no_larger: {max_increase: 1 %}
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(OWN)
    return tmp_path


def test_show_prints_the_policy_whole_with_the_origin_of_each_value(mine, capsys):
    assert run(["policy", "show", "mine.yaml"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "max_increase: 1 % # mine.yaml:6" in lines
    assert any(re.fullmatch(r"confidence_level: 0.95 # effaudit:ci-smoke:\d+", line) for line in lines)


def test_what_is_shown_can_be_linted_and_gives_the_same(mine, capsys):
    run(["policy", "show", "mine.yaml"])
    (mine / "whole.yaml").write_text(capsys.readouterr().out)
    assert run(["policy", "lint", "whole.yaml"]) == run(["policy", "lint", "mine.yaml"]) == 0
    assert capsys.readouterr().out == "mine: nothing to say\nmine: nothing to say\n"


def test_schema_prints_the_json_schema(capsys):
    assert run(["policy", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema()


def test_lint_ends_in_1_with_the_file_and_line_of_each_doubt(mine, capsys):
    (mine / "mine.yaml").write_text(OWN + "  quality.floor: off\n")
    assert run(["policy", "lint", "mine.yaml", "recommended"]) == 1
    out = capsys.readouterr().out
    assert re.match(r"effaudit:ci-smoke:\d+: quality.non_inferior: quality.roc_auc is only compared", out)
    assert "Add a rule with `min` for it." in out
    assert out.splitlines()[-2:] == ["mine: 1 doubt", "recommended: nothing to say"]


def test_an_invalid_policy_ends_in_2_whatever_is_asked(mine, capsys):
    (mine / "mine.yaml").write_text(OWN.replace("1 %", "1"))
    for what in ("show", "lint"):
        assert run(["policy", what, "mine.yaml"]) == 2
        assert "mine.yaml:6 (rules.size.no_larger.max_increase)" in capsys.readouterr().err


def test_lint_with_a_record_says_what_the_record_cannot_show(audited, mine, capsys):
    assert run(["policy", "lint", "mine.yaml", "--record", str(audited.run)]) == 1
    assert "no candidate of this record has quality.roc_auc" in capsys.readouterr().out


GATE = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: gate}
rules:
  size: {metric: size.artifact, max_increase: 0 %}
select: {tie_break: simple_first}
"""


def test_a_gate_compares_with_the_candidate_or_record_that_baseline_names(audited, mine, capsys):
    (mine / "gate.yaml").write_text(GATE)
    shutil.copytree(audited.run, mine / "released")
    gate = ["gate", str(audited.run), "-p", "gate.yaml", "--candidate", "full"]
    assert run([*gate]) == run([*gate, "--baseline", "plan"]) == run([*gate, "--baseline", "full"]) == 0
    assert run([*gate, "--baseline", "full-round_weights"]) == 1
    capsys.readouterr()
    assert run([*gate, "--baseline", "file:released#full-round_weights"]) == 1
    assert "of the record released" in " ".join(capsys.readouterr().out.split())
    assert run([*gate, "--baseline", "file:released#full"]) == 0


def test_python_takes_the_same_baselines(audited, mine):
    record = read_record(audited.run)
    (mine / "gate.yaml").write_text(GATE)
    found = [effaudit.decide(record, "gate.yaml", baseline=name).baseline for name in (None, "plan", "half")]
    assert found == ["full", "full", "half"]
    with pytest.raises(InputError, match="Did you mean 'half'"):
        effaudit.decide(record, "gate.yaml", baseline="hal")


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        ("ful", "--baseline: the record has no candidate 'ful'. Did you mean 'full'?"),
        ("file:released#ful", "has no candidate 'ful'. Did you mean 'full'?"),
        ("file:nothing#full", "there is no such file"),
        ("file:released", "expected `file:RECORD#NAME`"),
        ("\x1b[31m", "the record has no candidate"),
    ],
)
def test_a_baseline_that_is_not_there_ends_in_2(audited, mine, capsys, baseline, said):
    (mine / "gate.yaml").write_text(GATE)
    shutil.copytree(audited.run, mine / "released")
    assert run(["gate", str(audited.run), "-p", "gate.yaml", "--baseline", baseline]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "\x1b" not in err


def test_a_policy_may_name_a_stored_baseline_beside_itself(audited, mine, capsys):
    shutil.copytree(audited.run, mine / "policies" / "released")
    path = mine / "policies" / "gate.yaml"
    path.write_text(GATE + "baseline: file:released#full-round_weights\n")
    gate = ["gate", str(audited.run), "-p", str(path), "--candidate", "full"]
    assert run(gate) == 1
    assert run([*gate, "--baseline", "plan"]) == 0
    path.write_text(GATE + "baseline: file:released#fall\n")
    capsys.readouterr()
    assert run(gate) == 2
    assert "gate.yaml:7 (baseline): the record" in capsys.readouterr().err


def test_policies_are_shown_and_linted_without_frameworks(audited, mine, without_frameworks):
    done = without_frameworks("policy", "lint", "mine.yaml", "--record", str(audited.run), cwd=mine)
    assert done.returncode == 1, done.stderr
    assert without_frameworks("policy", "show", "edge-cpu", cwd=mine).returncode == 0


def test_a_gate_that_compares_with_nobody_known_is_a_usage_error_at_its_line(audited, mine, capsys):
    (mine / "versus.yaml").write_text(OWN.replace("max_increase: 1 %", "max_increase: 1 %, versus: ful"))
    assert run(["gate", str(audited.run), "-p", "versus.yaml"]) == 2
    assert re.search(r"versus\.yaml:6 .*has no candidate 'ful'\. Did you mean 'full'", capsys.readouterr().err)
