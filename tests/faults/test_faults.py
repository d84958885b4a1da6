"""Whatever a model does, it becomes a value with a stage and a reason, and the others are measured."""

from __future__ import annotations

import json

import pytest
from misbehaving import BROKEN, begun, no_workers_left, written_plan

from effaudit import registry
from effaudit.core.reading import Failure, Measurement
from effaudit.judge.decide import decide
from effaudit.reading.policy import read_policy
from effaudit.reading.record_file import read_record

POLICY = {
    "apiVersion": "effaudit/v1",
    "kind": "EfficiencyPolicy",
    "metadata": {"name": "memory"},
    "rules": {"peak": {"metric": "memory.peak", "max": "1 GB", "severity": "error"}},
}
EXPECTED = {
    "crashes": ("answer", "SIGSEGV"),
    "hangs": ("answer", "did not answer within 3"),
    "spins": ("answer", "did not answer within 3"),
    "leaks": ("answer", "memory"),
    "greedy": ("answer", "memory"),
    "answers_nan": ("answer", "NaN or infinity"),
    "wrong_shape": ("answer", "shape"),
    "too_short": ("answer", "shape"),
    "wrong_dtype": ("answer", "where numbers were expected"),
    "exits": ("answer", "sys.exit"),
    "leaves": ("answer", "exit code 0"),
    "raises": ("answer", "ValueError: no such luck"),
    "multiplies": ("answer", "processes"),
    "unreadable": ("open", "cannot be imported"),
    "untrusted": ("open", "trust: true"),
}


def test_the_audit_ends_with_a_record_and_leaves_no_process(faulty):
    folder, code, _, err = faulty
    assert "Traceback" not in err, err
    assert code in (0, 4)
    record = read_record(folder / "run")
    assert record.ended == "complete"
    assert {row.candidate.name for row in record.rows} == {"good", "chatty", "unreadable", "untrusted", *BROKEN}
    assert no_workers_left(folder)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_fault_is_a_failure_with_its_stage_and_reason(faulty, name):
    failure = read_record(faulty[0] / "run").row(name).failure
    stage, words = EXPECTED[name]
    assert isinstance(failure, Failure)
    assert failure.stage == stage
    assert words in failure.reason


def test_a_model_that_fails_only_when_it_is_timed_keeps_its_quality_and_loses_its_latency(faulty):
    row = read_record(faulty[0] / "run").row("late_crash")
    assert isinstance(row.readings["quality.root_mean_squared_error"], Measurement)
    lost = row.readings["latency.batch_1.p50"]
    assert isinstance(lost, Failure)
    assert "SIGSEGV" in lost.reason


def test_a_model_that_answers_otherwise_when_it_is_timed_has_no_timings_and_its_quality_is_in_doubt(faulty):
    row = read_record(faulty[0] / "run").row("another_when_timed")
    for metric in ("latency.batch_1.p50", "latency.batch_50.p50", "throughput.batch_1", "start.first.p50", "memory.peak.max"):
        lost = row.readings[metric]
        assert isinstance(lost, Failure)
        assert lost.code == "timed_answers"
    assert "timed_answers" in {note.code for note in row.doubts}


def test_a_model_that_remembers_is_judged_on_rows_that_are_new_to_it(faulty):
    row = read_record(faulty[0] / "run").row("remembers")
    assert "remembers_rows" in {note.code for note in row.notes}
    found = row.readings["latency.batch_1.p50"]
    assert isinstance(found, Failure) or found.value >= 0.003


def test_memory_that_grows_from_request_to_request_is_told_and_no_rule_passes_on_it(faulty):
    record = read_record(faulty[0] / "run")
    row = record.row("grows")
    (note,) = [note for note in row.notes if note.code == "memory_grows"]
    assert "a request over" in note.text
    assert row.readings["memory.peak.max"].value > record.row("good").readings["memory.peak.max"].value + 2e6
    (faulty[0] / "memory.yaml").write_text(json.dumps(POLICY))
    policy = read_policy(faulty[0] / "memory.yaml", registry.meaning, (), faulty[0])
    checks = decide(record, policy).checks
    assert {(check.candidate, check.status, check.reason) for check in checks if check.candidate in ("good", "grows")} == {
        ("good", "pass", None),
        ("grows", "inconclusive", "memory_grows"),
    }


def test_what_is_imported_only_when_it_answers_counts_in_the_runtime(faulty):
    record = read_record(faulty[0] / "run")
    assert "jinja2" in {name.lower() for name in record.row("imports_late").sizes.packages}
    assert "jinja2" not in {name.lower() for name in record.row("good").sizes.packages}


@pytest.mark.parametrize("name", ["good", "chatty"])
def test_well_behaved_models_are_measured_beside_them(faulty, name):
    row = read_record(faulty[0] / "run").row(name)
    assert row.failure is None
    for metric in ("quality.root_mean_squared_error", "latency.batch_1.p50", "memory.peak.max", "size.artifact", "start.load.p50"):
        assert isinstance(row.readings[metric], Measurement), row.readings[metric]


def test_hostile_last_words_reach_no_output_unescaped(faulty):
    folder, _, out, _ = faulty
    assert "\x1b[31m" not in out
    assert "</script></" not in (folder / "run" / "report.html").read_text().replace("</script>\n", "")
    assert "no such luck" in (folder / "run" / "report.html").read_text()


def test_the_baselines_own_failure_is_said_first_and_ends_in_exit_code_4(tmp_path):
    plan = written_plan(tmp_path, ["exits", "good"])
    process = begun(plan)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 4
    assert "exits" in out
