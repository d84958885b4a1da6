"""Verbs as users type them: what they print, where they write, and how they end."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from effaudit.cli import VERBS, run
from effaudit.core.reading import Failure, Measurement
from effaudit.reading.record_file import read_record


def test_an_audit_ends_with_a_recommendation_a_record_and_a_report(audited):
    assert audited.code == 0, audited.err
    assert "RECOMMENDED" in audited.out
    assert "report: run/report.html" in audited.out
    for name in ("record.json", "evidence.npz", "samples.npz", "report.html"):
        assert (audited.run / name).is_file()
    assert "Traceback" not in audited.err


def test_workers_run_on_the_engine_that_is_named_and_the_record_says_which(audited):
    record = read_record(audited.run)
    assert {row.candidate.engine for row in record.rows} == {"here"}
    assert record.row("full-round_weights").candidate.parent == "full"


def test_an_engine_that_is_not_there_is_an_error_with_a_suggestion(audited, capsys):
    assert run(["audit", str(audited.folder / "plan.yaml"), "--engine", "locale"]) == 2
    assert "--engine: there is no engine 'locale'. Did you mean 'local'?" in " ".join(capsys.readouterr().err.split())


def test_progress_is_told_in_lines_when_asked_for(audited):
    stages = [line.split()[-1] for line in audited.err.splitlines()]
    assert stages == ["data", "candidates", "compress", "timing", "metrics"]
    assert all("left" in line for line in audited.err.splitlines())


def test_plug_ins_of_another_package_take_part_in_the_audit(audited):
    record = read_record(audited.run)
    weight = record.row("full").readings["weight.per_parameter"]
    assert isinstance(weight, Measurement)
    assert (audited.folder / "names.txt").read_text().split() == ["full", "half", "slow", "full-round_weights"]


def test_a_product_is_a_candidate_with_its_lineage_and_label(audited):
    row = read_record(audited.run).row("full-round_weights")
    assert row.candidate.parent == "full"
    assert row.candidate.recipe[0].options == {"digits": 0}
    assert row.made[0].technique == "round_weights"
    assert row.gain in ("gain", "no gain", "unclear")
    assert row.notes


def test_the_record_holds_no_folder_of_this_machine(audited):
    record = (audited.run / "record.json").read_text()
    for text in (record, (audited.run / "report.html").read_text()):
        assert str(audited.folder) not in text
        assert str(Path.home()) not in text
    assert not re.search(rf"\b{re.escape(platform.node())}\b", record)


def test_every_metric_is_filled_or_says_why_not(audited):
    record = read_record(audited.run)
    for row in record.rows:
        families = {metric.partition(".")[0] for metric in row.readings}
        assert {"quality", "behaviour", "latency", "throughput", "size", "memory", "start", "energy", "carbon", "cost"} <= families
        for reading in row.readings.values():
            assert isinstance(reading, Measurement) or (isinstance(reading, Failure) and reading.reason)


def test_the_recommended_one_is_not_the_slow_one_nor_larger_than_needed(audited):
    verdict = json.loads(json_of(audited))["verdict"]
    assert verdict["recommended"] in ("half", "full-round_weights")


def json_of(audited):
    path = audited.folder / "verdict.json"
    assert run(["report", str(audited.run), "-p", str(audited.folder / "policy.yaml"), "-f", f"json={path}"]) == 0
    return path.read_text()


def test_gate_judges_and_reports_with_no_framework_installed(audited, without_frameworks, tmp_path):
    policy = str(audited.folder / "policy.yaml")
    gated = without_frameworks("gate", str(audited.run), "-p", policy)
    assert gated.returncode == 0, gated.stderr
    assert "RECOMMENDED" in gated.stdout
    for output in ("html", "json", "csv", "markdown", "terminal"):
        reported = without_frameworks("report", str(audited.run), "-p", policy, "-f", f"{output}={tmp_path / output}")
        assert reported.returncode == 0, reported.stderr
        assert (tmp_path / output).stat().st_size > 100
    explained = without_frameworks("explain", str(audited.run), "slow", "-p", policy)
    assert "slow" in explained.stdout


@pytest.mark.parametrize(("candidate", "code"), [("half", 0), ("slow", 1), ("recommended", 0), ("all", 1)])
def test_gating_one_candidate_ends_by_its_own_rules(audited, candidate, code, capsys):
    assert run(["gate", str(audited.run), "-p", str(audited.folder / "policy.yaml"), "--candidate", candidate]) == code


def test_gating_an_unknown_candidate_is_an_error_with_a_suggestion(audited, capsys):
    assert run(["gate", str(audited.run), "-p", str(audited.folder / "policy.yaml"), "--candidate", "hafl"]) == 2
    assert "Did you mean 'half'" in capsys.readouterr().err


def test_explain_says_what_would_admit_a_rejected_candidate(audited, capsys):
    assert run(["explain", str(audited.run), "slow", "-p", str(audited.folder / "policy.yaml")]) == 0
    told = capsys.readouterr().out
    assert "slow: rejected" in told
    assert "would pass with max" in told
    assert "full:" not in told


def test_explain_tells_of_a_rule_that_nothing_fails(audited, capsys, tmp_path):
    rules = "rules: {wide: {metric: latency.batch_1.p50, max: 1e300 s}}"
    (tmp_path / "wide.yaml").write_text(f"apiVersion: effaudit/v1\nkind: EfficiencyPolicy\nmetadata: {{name: wide}}\n{rules}\n")
    assert run(["explain", str(audited.run), "slow", "-p", str(tmp_path / "wide.yaml")]) == 0
    assert "! Rule wide: it can never fail: no latency.batch_1.p50 is beyond 1e300 s." in capsys.readouterr().out
    assert run(["policy", "lint", str(tmp_path / "wide.yaml")]) == 1


def test_explain_and_report_say_first_which_policy_judged(audited, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    explain, report = ["explain", str(audited.run)], ["report", str(audited.run), "-f", f"json={tmp_path / 'r.json'}"]
    own = str(audited.folder / "policy.yaml")
    for command in (explain, report):
        assert run(command) == run([*command, "-p", own]) == 0
        told = capsys.readouterr().out.splitlines()
        first = [line for line in told if line.startswith("judged under ")]
        assert told[0] == first[0]
        assert "effaudit:recommended, for no policy was named" in first[0]
        assert "name it with -p" in first[0]
        assert "policy.yaml" in first[1]
        assert "no policy was named" not in first[1]


def test_they_judge_under_the_audits_own_policy_where_it_is_still_there(audited, capsys, tmp_path, monkeypatch):
    own = read_record(audited.run).policy
    assert own
    assert not Path(own).is_absolute()
    monkeypatch.chdir(tmp_path)
    Path(own).parent.mkdir(parents=True, exist_ok=True)
    text = (audited.folder / "policy.yaml").read_text()
    told = []
    for written in (text, text + "\n"):
        Path(own).write_text(written)
        assert run(["explain", str(audited.run)]) == 0
        told.append(capsys.readouterr().out.splitlines()[0])
    assert told[0] == f"judged under {own}, the audit's own policy"
    assert told[1].startswith("judged under effaudit:recommended, for no policy was named and the audit's own, ")
    assert told[1].endswith(" is not here as it was: name it with -p")


def test_explain_gives_an_account_of_every_candidate(audited, capsys):
    assert run(["explain", str(audited.run), "-p", str(audited.folder / "policy.yaml")]) == 0
    told = capsys.readouterr().out
    assert all(f"\n{name}: " in told for name in ("full", "half", "slow"))
    assert ": recommended\n" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["audit", "no-such-plan.yaml"], "no-such-plan.yaml"),
        (["gate", "no-such-record"], "no-such-record"),
        (["report", "."], "record.json"),
        (["describe", "latncy"], "Did you mean 'latency'"),
        (["audit", "plan.yaml", "-f", "pdf=x"], "there is no output 'pdf'"),
        (["audit", "plan.yaml", "-f", "html"], "OUTPUT=PATH"),
    ],
)
def test_wrong_input_is_one_message_and_exit_code_2(arguments, words, audited, capsys, monkeypatch):
    monkeypatch.chdir(audited.folder)
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err


def test_a_misspelt_plan_is_refused_before_anything_is_measured(audited, tmp_path, capsys):
    plan = tmp_path / "plan.yaml"
    plan.write_text((audited.folder / "plan.yaml").read_text().replace('"baseline"', '"basline"'))
    assert run(["audit", str(plan), "--out", str(tmp_path / "run")]) == 2
    assert "Did you mean 'baseline'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_an_unknown_verb_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as left:
        run(["adit"])
    assert left.value.code == 2


def test_an_internal_error_is_exit_code_70(monkeypatch, capsys):
    monkeypatch.setattr("effaudit.registry.names", lambda kind: 1 / 0)
    assert run(["list"]) == 70
    assert "internal error" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m effaudit describe quality | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_help_imports_no_framework_and_lists_every_verb_and_exit_code():
    code = (
        "import sys\nfrom effaudit.cli import run\n"
        "try: run(['--help'])\nexcept SystemExit: pass\n"
        "named = 'numpy pandas sklearn torch lightgbm onnx onnxruntime codecarbon'\n"
        "bad = set(named.split()) & set(sys.modules)\nassert not bad, bad\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for verb in VERBS:
        assert verb in done.stdout
    for number in ("0 ", "1 ", "2 ", "3 ", "4 ", "70 ", "130 "):
        assert f"\n    {number}" in done.stdout or f"\n  {number}" in done.stdout


def test_the_schema_of_plans_is_printed_and_fits_a_real_plan(audited, capsys):
    assert run(["plan", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    plan = json.loads((audited.folder / "plan.yaml").read_text())
    assert set(plan) <= set(schema["properties"])
    assert schema["properties"]["candidates"]


def test_plan_check_reads_without_running(audited, capsys):
    assert run(["plan", "check", str(audited.folder / "plan.yaml")]) == 0
    assert "3 candidates, 1 to be made, baseline full" in capsys.readouterr().out


def test_plan_check_refuses_a_plan_with_a_candidate_that_cannot_be_opened(audited, tmp_path, capsys):
    plan = json.loads((audited.folder / "plan.yaml").read_text())
    plan["candidates"].append({"name": "lost", "path": "lost.toy"})
    (audited.folder / "lost.yaml").write_text(json.dumps(plan))
    assert run(["plan", "check", str(audited.folder / "lost.yaml")]) == 2
    told = capsys.readouterr().err
    assert "1 candidate of 4 cannot be opened" in told
    assert "lost: lost.yaml:1 (candidates[3].path): 'lost.toy' is not there" in told


def test_list_and_describe_tell_of_every_plug_in(capsys):
    assert run(["list"]) == 0
    listed = capsys.readouterr().out
    for name in ("sklearn", "onnx", "to_onnx", "latency", "html", "local", "toy"):
        assert name in listed
    assert run(["describe", "to_onnx"]) == 0
    assert "float64" in capsys.readouterr().out
    assert run(["describe", "metrics/latency"]) == 0
    assert "latency.batch_1" in capsys.readouterr().out
