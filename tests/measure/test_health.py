"""Every finding of the doctor, good and bad, from facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit.measure.examine import Clock, Facts, Noise, Pools
from effaudit.measure.health import findings, trusted
from effaudit.measure.sensors import READ_ONCE

SOUND = Facts(
    clock=Clock(1e-9, True, 50e-9),
    processors=8,
    usable=8,
    quota=None,
    governor="performance",
    hypervisor="no",
    load=0.2,
    stolen=0.0,
    throttled_s=0.0,
    memory=32 * 10**9,
    available=24 * 10**9,
    memory_limit=None,
    sensors=("package-0", "dram of package-0"),
    no_sensors=(),
    pools=Pools({"torch": ("lib/libgomp-a34b.so.1",)}),
    noise=Noise(0.012, 0.995, 1.006),
    host={},
    packages={"codecarbon": "3.3.2", "scikit-learn": "1.9.1"},
)


def found(topic, **changes):
    return next(one for one in findings(replace(SOUND, **changes)) if one.topic == topic)


def test_a_sound_machine_is_trusted_without_advice():
    assert {(one.level, one.advice) for one in findings(SOUND)} == {("good", "")}
    assert trusted(findings(SOUND))


@pytest.mark.parametrize(
    ("topic", "changes", "advice"),
    [
        ("clock", {"clock": Clock(1e-9, False, 50e-9)}, "Do not measure"),
        ("clock", {"clock": Clock(1e-9, True, 50e-9, backwards=2)}, "Do not measure"),
        ("clock", {"clock": Clock(1e-3, True, 50e-9)}, "clocksource"),
        ("clock", {"clock": Clock(1e-9, True, 5e-6)}, "clocksource"),
        ("processors", {"quota": 0.5}, "control group"),
        ("neighbours", {"stolen": 0.2}, "overbooked"),
        ("memory", {"available": 5 * 10**8}, "free some"),
        ("memory", {"memory_limit": 5 * 10**8}, "free some"),
        ("noise", {"noise": Noise(0.15, 0.9, 1.1)}, "quieter"),
        ("noise", {"noise": Noise(unknown="open: it crashed")}, "words above"),
    ],
)
def test_what_spoils_figures_is_bad_and_says_what_to_do(topic, changes, advice):
    one = found(topic, **changes)
    assert one.level == "bad"
    assert advice in one.advice
    assert not trusted(findings(replace(SOUND, **changes)))


@pytest.mark.parametrize(
    ("topic", "changes", "words"),
    [
        ("clock", {"clock": Clock(1e-9, True, 900e-9)}, "timed in groups"),
        ("processors", {"usable": 1}, "allow two"),
        ("processors", {"throttled_s": 0.3}, "quota"),
        ("neighbours", {"load": 9.0}, "end it"),
        ("neighbours", {"stolen": 0.05}, "budgets"),
        ("frequency", {"governor": "powersave"}, "cpupower"),
        ("frequency", {"governor": "unknown", "hypervisor": "yes"}, "within one run"),
        ("memory", {"available": 3 * 10**9}, "memory_limit"),
        ("power", {"sensors": (), "no_sensors": ("RAPL: no zones",)}, "watts_per_vcpu"),
        ("power", {"sensors": (), "no_sensors": (f"RAPL: closed; run {READ_ONCE}",)}, "run once per start"),
        ("threads", {"pools": Pools({"a": ("x/libgomp.so.1",), "b": ("y/libiomp5.so",)})}, "may hang"),
        ("threads", {"pools": Pools({"a": ("x/libgomp.so.1",), "b": ("y/libgomp-1.so.1",)})}, "threads: 1"),
        ("threads", {"pools": Pools(idle=0.9)}, "OMP_WAIT_POLICY"),
        ("threads", {"pools": Pools(failed=("torch (ImportError)",))}, "Repair"),
        ("threads", {"pools": Pools(unknown="importing the frameworks ended the process (exit code -11)")}, "by hand"),
        ("noise", {"noise": Noise(0.05, 0.97, 1.03)}, "budget"),
        ("packages", {"packages": {}}, "effaudit[audit]"),
    ],
)
def test_what_could_be_better_is_a_note_with_advice_and_does_not_take_the_trust(topic, changes, words):
    one = found(topic, **changes)
    assert one.level == "note"
    assert words in one.advice
    assert trusted(findings(replace(SOUND, **changes)))


def test_the_figures_are_told():
    assert "at most 0.6 %; less than 1.2 %" in found("noise").said
    assert "for 1.5 processors' worth of time" in found("processors", quota=1.5).said
    assert found("power").said == "counted by package-0, dram of package-0"
