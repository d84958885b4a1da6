"""Whatever a model does, it becomes a value with a stage and a reason, and the others are measured."""

from __future__ import annotations

import pytest
from misbehaving import BROKEN, begun, no_workers_left, written_plan

from effaudit.core.reading import Failure, Measurement
from effaudit.reading.record_file import read_record

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
