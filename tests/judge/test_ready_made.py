"""The policies that come with effaudit: they read without a complaint, and decide as their comments say."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from effaudit import registry
from effaudit.core.reading import Measurement
from effaudit.judge.decide import decide
from effaudit.reading.policy import read_policy

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "policies").glob("*.yaml"))


def read(name):
    ids = [example for metric in registry.names("metrics") for example in registry.a_metric(metric).examples()]
    return read_policy(f"effaudit:{name}", registry.meaning, ids, ROOT / "policies")


def test_there_are_two_for_now():
    assert NAMES == ["recommended", "server-cpu"]


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_made_policy_says_when_to_use_it_and_is_called_as_its_file(name):
    assert (ROOT / "policies" / f"{name}.yaml").read_text("utf-8").startswith("# When to use it:")
    assert read(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_made_policy_takes_the_smallest_and_puts_a_floor_under_quality(a, name):
    policy = read(name)
    assert policy.select.minimize == "size.artifact"
    assert policy.select.tie_break[0] == "simple_first"
    assert any(rule.bound == "min" and rule.metric.startswith("quality.") for rule in policy.rules)
    assert not any("Add a rule with `min`" in note for note in decide(a.record(a.model("base")), policy).notes)


def deployed(a, name, **more):
    """A candidate with all that the ready-made policies ask for."""
    p95 = Measurement(0.012, 0.0118, 0.0123, "s", "lower", "measured", 60, 8.0)
    energy = Measurement(4.0, 3.9, 4.1, "J", "lower", "modelled", 60, 8.0)
    return a.model(name, readings={"latency.batch_1.p95": p95, "energy.per_1000": energy}, **more)


@pytest.mark.parametrize("name", NAMES)
def test_a_smaller_model_of_the_same_quality_is_recommended(a, name):
    models = [deployed(a, "base", size=9e6), deployed(a, "small", size=1e5), deployed(a, "worse", size=1e4, auc=0.77)]
    verdict = decide(a.record(*models), read(name), registry.meaning)
    assert (verdict.recommended, verdict.exit_code) == ("small", 0)
    assert verdict.statuses["worse"] == "fail"


def test_recommended_refuses_what_is_slower_larger_or_hungrier_than_the_baseline(a):
    models = [
        deployed(a, "base"),
        deployed(a, "slow", latency=0.012),
        deployed(a, "large", size=1.01e6),
        deployed(a, "hungry", memory=240e6),
    ]
    verdict = decide(a.record(*models), read("recommended"))
    assert verdict.statuses == {"base": "pass", "slow": "fail", "large": "fail", "hungry": "fail"}


def test_server_cpu_warns_above_10_ms(a):
    verdict = decide(a.record(deployed(a, "base")), read("server-cpu"))
    assert [check.rule.id for check in verdict.checks if check.warned] == ["latency.p95"]


def test_the_policies_are_installed_with_the_package():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"policies": "effaudit/policies"}
