"""docs/energy.md: what it tells to write can be written, and what it tells to run can be run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from toy_audits import POLICY, written

from effaudit import registry
from effaudit.cli import _parser, _reading
from effaudit.measure.sensors import READ_ONCE

PAGE = (Path(__file__).parents[2] / "docs" / "energy.md").read_text("utf-8")
BLOCKS = {kind: re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("yaml", "console")}


def test_its_assumptions_are_a_plans(tmp_path):
    (said,) = [YAML(typ="safe").load(block) for block in BLOCKS["yaml"] if "assumptions" in block]
    found = _reading.plan(written(tmp_path, **said)).assumptions
    assert (found.watts_per_vcpu, found.idle_watts, found.pue) == (4.0, 20.0, 1.2)


def test_its_rule_is_a_policys(tmp_path):
    (said,) = [YAML(typ="safe").load(block) for block in BLOCKS["yaml"] if "rules" in block]
    path = tmp_path / "policy.yaml"
    path.write_text(json.dumps({**POLICY, **said}))
    (rule,) = _reading.policy(path).rules
    assert (rule.metric, rule.method, rule.bound) == ("energy.per_1000", "measured", "max_increase")


def test_its_commands_exist():
    commands = [line.partition("#")[0].split() for block in BLOCKS["console"] for line in block.splitlines()]
    assert READ_ONCE.split() in commands
    told = [command for command in commands if command[0] == "effaudit"]
    assert len(told) == 3
    for command in told:
        _parser().parse_args(command[1:])


@pytest.mark.parametrize("metric", re.findall(r"^\| `([\w.]+)`", PAGE, re.MULTILINE))
def test_its_ids_exist(metric):
    assert registry.meaning(metric) is not None
