"""Controls, conditions and what makes the audit again."""

from __future__ import annotations

from dataclasses import replace

from effaudit.core.effective import Effective
from effaudit.core.notes import texts
from effaudit.core.reading import Measurement
from effaudit.reporting.trust import packages, reproduce, trust


def test_a_twin_whose_interval_misses_one_is_said_not_to_hold(record, verdict):
    off = {"latency.batch_1.p50": Measurement(1.05, 1.02, 1.08, "ratio", "lower", "measured")}
    control = trust(replace(record, twins=off), verdict).controls[0]
    assert (control.holds, control.twin) == ("no", "×1.050 [1.020, 1.080]")
    assert trust(record, verdict).controls[0].holds == "yes"


def test_conditions_are_in_words_and_unknown_ones_stand_for_themselves(record, verdict):
    session = replace(record.sessions[0], environment={"stolen_share": 0.031, "kernel_p90_ratio": 1.08, "odd_thing": 3.0})
    found = trust(replace(record, sessions=(session,)), verdict).sessions[0]
    assert found.conditions == (
        ("processor time taken by the hypervisor", "3.10 %"),
        ("calibration kernel, p90 against its median", "1.08×"),
        ("odd thing", "3"),
    )
    assert ("memory", "25.3 GB") in found.host


def test_splits_groups_and_duplicates_are_told(record, verdict):
    told = dict(trust(record, verdict).data)
    assert told["certify rows"] == "61,302 in 77 groups"
    assert told["certify rows that also occur in search"] == "3"
    assert told["rows depend on each other"] == "groups: date"


def test_the_positive_class_and_the_weights_of_rows_are_told(record, verdict):
    known = replace(record.workload, positive="late", weights="people", effective=Effective(20_000.4, 40.0))
    told = dict(trust(replace(record, workload=known), verdict).data)
    assert told["task"] == "classification, 2 classes, of which late is positive"
    assert told["weights of certify rows"] == "people: quality says as much as that of 20,000 rows of equal weight (Kish)"
    plain = dict(trust(record, verdict).data)
    assert "weights of certify rows" not in plain
    assert plain["task"] == "classification, 2 classes"


def test_the_correction_is_the_policys(record, verdict):
    holm = dict(trust(record, verdict).methods)["correction"]
    assert "at most 5 % false passes" in holm
    assert "Holm" in holm
    none = replace(verdict, policy=replace(verdict.policy, multiple_comparisons="none"))
    assert "nothing is corrected" in dict(trust(record, none).methods)["correction"]
    assert "correction" not in dict(trust(record, None).methods)


def test_a_note_said_twice_is_told_once(record, verdict):
    assert trust(record, replace(verdict, notes=record.notes)).notes == texts(record.notes)


def test_all_hashes_and_the_command_are_there(record, verdict):
    told = dict(reproduce(record, verdict))
    assert told["command"] == record.command
    assert told["policy (SHA-256)"] == verdict.policy.digest
    assert told["certify rows (SHA-256)"] == record.workload.digests["certify"]
    assert told["evidence.npz (SHA-256)"] == record.files["evidence.npz"]
    assert "commit" not in dict(reproduce(replace(record, commit=None), None))


def test_versions_that_changed_between_sessions_are_all_named(record):
    later = replace(record.sessions[0], id=2, packages={**record.sessions[0].packages, "torch": "2.14.0"})
    told = dict(packages(replace(record, sessions=(*record.sessions, later))))
    assert told["torch"] == "2.13.0, 2.14.0"
    assert told["lightgbm"] == "4.7.0"
