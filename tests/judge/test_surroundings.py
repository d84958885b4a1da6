"""What differed around two records."""

from __future__ import annotations

from dataclasses import replace

from effaudit.core.reading import Failure, Measurement
from effaudit.judge.surroundings import settings


def test_equal_surroundings_are_not_told(a):
    record = a.record(a.model("base"))
    assert settings(record, record) == ()


def test_machine_packages_data_and_options_are_told_by_name_in_that_order(a):
    before = a.record(a.model("base"))
    session = replace(before.sessions[0], host={"arch": "arm64", "cores": "2"}, packages={"numpy": "2.4"})
    after = replace(
        before,
        version="1",
        seed=3,
        sessions=(session,),
        settings=replace(before.settings, threads=2),
        workload=replace(before.workload, splits={"train": 0, "search": 0, "certify": 999}),
        intensity=Measurement(56.0, 56.0, 56.0, "gCO2e/kWh", "lower", "modelled"),
    )
    told = [(one.name, one.before, one.after) for one in settings(before, after)]
    assert told == [
        ("effaudit", "0", "1"),
        ("host.arch", "x86_64", "arm64"),
        ("packages.numpy", "–", "2.4"),
        ("data.certify.rows", "1,000", "999"),
        ("plan.seed", "0", "3"),
        ("measure.threads", "1", "2"),
        ("assumptions.intensity", "–", "56 gCO2e/kWh"),
    ]


def test_an_unknown_intensity_is_a_dash_and_an_interrupted_audit_is_told(a):
    record = a.record(a.model("base"))
    assert isinstance(record.intensity, Failure)
    (told,) = settings(record, replace(record, ended="interrupted"))
    assert (told.name, told.before, told.after) == ("plan.ended", "complete", "interrupted")


def test_sessions_of_several_machines_are_listed(a):
    record = a.record(a.model("base"))
    more = replace(record, sessions=(*record.sessions, replace(record.sessions[0], host={"arch": "arm64", "cores": "2"})))
    (told,) = settings(record, more)
    assert told.after == "x86_64, arm64"
