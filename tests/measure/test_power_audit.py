"""A whole audit on a machine that counts joules: what sensors say becomes the readings, the audit's cost, and the verdict."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field

import psutil
import pytest
from toy_audits import written

from effaudit import pipeline
from effaudit.cli import _reading
from effaudit.core.notes import texts
from effaudit.measure import sessions
from effaudit.measure.sensors import Found

IDLE_W, BUSY_W = 30.0, 8.0


@dataclass(frozen=True)
class Package:
    """A processor that draws 30 W at rest and 8 W more for each processor that this test's children keep busy.

    Its counter begins again soon after the audit has begun.
    """

    name: str = "package-0 (scripted)"
    range_j: float | None = 50_000.0
    period_s: float = 0.001
    begun_s: float = field(default_factory=time.monotonic)
    seconds: dict = field(default_factory=dict)

    def joules(self) -> float:
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                times = child.cpu_times()
                self.seconds[child.pid] = times.user + times.system
        drawn = IDLE_W * (time.monotonic() - self.begun_s) + BUSY_W * sum(self.seconds.values())
        return (self.range_j - 60.0 + drawn) % self.range_j


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("energy")
    path = written(
        folder,
        workload={"data": "data.npz", "answer": "y", "rows": "independent", "batch_sizes": [50]},
        candidates=[{"name": "full", "path": "full.toy"}, {"name": "slow", "path": "slow.toy"}],
        compress=[],
        assumptions={"country": "FRA"},
    )
    rule = {"metric": "energy.per_1000", "versus": "baseline", "max_increase": "50 %", "severity": "error", "method": "measured"}
    policy = json.loads((folder / "policy.yaml").read_text())
    (folder / "policy.yaml").write_text(
        json.dumps({**policy, "rules": {"energy": rule}, "select": {"minimize": "energy.per_1000"}})
    )
    changed = pytest.MonkeyPatch()
    changed.setattr(sessions, "find", lambda: Found((Package(),)))
    try:
        plan = _reading.plan(path)
        return pipeline.audit(plan, _reading.policy(plan.policy), folder / "run", lambda *_: None)
    finally:
        changed.undo()


def test_energy_is_what_the_sensors_counted_less_what_the_machine_takes_anyway(record):
    readings = record[0].row("full").readings
    found, whole = readings["energy.per_1000"], readings["energy.with_idle"]
    assert found.method == whole.method == "measured"
    busy_s, wall_s = found.value / 1000 / BUSY_W, (whole.value - found.value) / 1000 / IDLE_W
    assert 0.2 * wall_s < busy_s < 1.2 * wall_s  # one thread at work, on a machine that others may use too
    seconds = readings["latency.batch_50.p50"].value / 50
    assert 0.5 * seconds < wall_s < 10 * seconds
    assert "scripted" in texts(found.notes)[0]


def test_carbon_follows(record):
    readings = record[0].row("full").readings
    assert readings["carbon.per_1000"].method == "measured"
    ratio = readings["carbon.per_1000"].value / readings["energy.per_1000"].value
    assert ratio == pytest.approx(56.039 / 3.6e6)


def test_the_audits_own_energy_is_counted_with_the_idle_machine(record):
    spent = record[0].spent
    assert spent.method == "measured"
    assert spent.joules > IDLE_W * spent.seconds
    assert spent.grams == pytest.approx(spent.joules / 3.6e6 * 56.039)


def test_the_session_says_what_counted(record):
    assert record[0].sessions[0].host["power"] == "package-0 (scripted)"


def test_a_rule_that_asks_for_measured_energy_is_judged(record):
    verdict = record[1]
    assert verdict.of("full")[0].status == "pass"
    assert verdict.of("slow")[0].reason != "method_too_weak"
