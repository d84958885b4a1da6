"""The policies that come with effaudit: they read without a complaint, and decide as their comments say."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from effaudit import registry
from effaudit.core.notes import texts
from effaudit.core.reading import Measurement, counted
from effaudit.judge.decide import decide
from effaudit.judge.lint import lint
from effaudit.reading.policy import read_policy
from effaudit.reading.policy_model import schema

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "policies").glob("*.yaml"))


def read(name):
    ids = [example for metric in registry.names("metrics") for example in registry.a_metric(metric).examples()]
    return read_policy(f"effaudit:{name}", registry.meaning, ids, ROOT / "policies")


def test_there_are_four():
    assert NAMES == ["ci-smoke", "edge-cpu", "recommended", "server-cpu"]


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
    assert not any("Add a rule with `min`" in note for note in texts(decide(a.record(a.model("base")), policy).notes))


def deployed(a, name, **more):
    """A candidate with all that the ready-made policies ask for."""
    p95 = Measurement(0.012, 0.0118, 0.0123, "s", "lower", "measured", 60, 8.0)
    energy = Measurement(4.0, 3.9, 4.1, "J", "lower", "modelled", 60, 8.0)
    sizes = {"size.transfer": counted(more.get("size", 1e6) / 2, "B"), "size.runtime": counted(2e8, "B")}
    readings = {"latency.batch_1.p95": p95, "energy.per_1000": energy, **sizes}
    return a.model(name, readings=readings, arrays={"energy.per_1000": rounds(a, name)}, **more)


def rounds(a, name):
    """Twenty rounds in each of three incarnations, of 4 J."""
    incarnations = np.repeat(np.arange(3.0), 20)
    return np.column_stack([incarnations, np.arange(60.0), np.log(4.0) + a.noise(name + "energy", 60, 0.01)])


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


def test_edge_cpu_takes_over_what_recommended_asks_of_quality_and_no_relative_time(a):
    rules = {rule.id: rule for rule in read("edge-cpu").rules}
    inherited = {rule.id: rule for rule in read("recommended").rules}
    assert rules["quality.non_inferior"] == inherited["quality.non_inferior"]
    assert rules["quality.non_inferior"].file == "effaudit:recommended"
    assert not any(rule.relative and rule.metric.startswith(("latency", "memory")) for rule in rules.values())


def test_edge_cpu_refuses_what_a_device_has_no_room_for(a):
    models = [deployed(a, "base"), deployed(a, "heavy", memory=700e6), deployed(a, "large", size=60e6)]
    verdict = decide(a.record(*models), read("edge-cpu"), registry.meaning)
    assert verdict.statuses == {"base": "pass", "heavy": "fail", "large": "fail"}


def test_ci_smoke_has_rules_on_quality_and_counted_figures_only():
    policy = read("ci-smoke")
    for metric in (*(rule.metric for rule in policy.rules), policy.select.minimize):
        meaning = registry.meaning(metric)
        assert not meaning.machine
        assert meaning.method == "counted" or metric.startswith("quality.")
    assert policy.select.tie_break == ("simple_first",)


def test_ci_smoke_decides_alike_on_a_machine_that_is_ten_times_slower(a):
    first = decide(a.record(deployed(a, "base", size=2e6), deployed(a, "new")), read("ci-smoke"))
    slow = decide(a.record(deployed(a, "base", size=2e6, latency=0.1), deployed(a, "new", latency=3.0)), read("ci-smoke"))
    assert (first.recommended, first.checks) == (slow.recommended, slow.checks) == ("new", first.checks)


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_made_policy_is_linted_without_a_doubt_on_a_record_that_suits_it(a, name):
    record = a.record(deployed(a, "base"), deployed(a, "small", size=5e5))
    assert lint(read(name), registry.meaning, record) == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_made_policy_names_its_schema_for_editors(name):
    assert "\n# yaml-language-server: $schema=./policy.schema.json\napiVersion" in (ROOT / "policies" / f"{name}.yaml").read_text()


def test_the_schema_beside_the_policies_is_current():
    written = (ROOT / "policies" / "policy.schema.json").read_text("utf-8")
    assert json.loads(written) == schema(), "run: effaudit policy schema > policies/policy.schema.json"


def test_the_policies_are_installed_with_the_package():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"policies": "effaudit/policies"}
