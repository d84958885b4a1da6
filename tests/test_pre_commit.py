"""The pre-commit hooks: each entry is run as pre-commit runs it, and on the files that it would be given."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from effaudit.cli import run

ROOT = Path(__file__).resolve().parents[1]
HOOKS = {hook["id"]: hook for hook in YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
POLICY = """\
apiVersion: effaudit/v1
kind: EfficiencyPolicy
metadata: {name: gate}
rules:
  size: {metric: size.artifact, max: 50 MB}
  quality.floor: {metric: quality.roc_auc, min: 0.7}
waivers: {file: waivers.yaml, max_days: 90}
"""
WAIVERS = """\
apiVersion: effaudit/v1
kind: EfficiencyWaivers
waivers:
  - id: W-1
    rule: size
    match: gbm*
    limit: 60 MB
    reason: the new encoder
    owner: dana
    created: 2026-07-01
    expires: 2026-09-23
"""


@pytest.fixture
def there(tmp_path, monkeypatch):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "gate.yaml").write_text(POLICY)
    (tmp_path / "policies" / "waivers.yaml").write_text(WAIVERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hooked(id: str, *arguments: str) -> int:
    """Runs a hook's entry with arguments and file names behind it, in this process."""
    words = shlex.split(HOOKS[id]["entry"])
    assert words[0] == "effaudit"
    return run([*words[1:], *arguments])


def given(id: str, path: str) -> bool:
    """Would pre-commit give the hook this file?"""
    hook = HOOKS[id]
    return bool(re.search(hook.get("files", ""), path)) and not re.search(hook.get("exclude", "^$"), path)


def test_a_hook_has_what_pre_commit_needs():
    for hook in HOOKS.values():
        assert {"id", "name", "entry", "language"} <= set(hook)
        assert hook["language"] == "python"


def test_policies_are_linted_and_nothing_else():
    for path in ("policy.yaml", "policies/gate.yaml", "ml/policies/eu/gate.yml", "policy-edge.yml"):
        assert given("effaudit-policy-lint", path)
    for path in ("policies/waivers.yaml", "plan.yaml", "policies/README.md", "my_policy/x.txt", "docs/policyholders.md"):
        assert not given("effaudit-policy-lint", path)


def test_good_policies_pass_and_several_are_read_at_once(there, capsys):
    shutil.copy(there / "policies" / "gate.yaml", there / "policies" / "second.yaml")
    assert hooked("effaudit-policy-lint", "policies/gate.yaml", "policies/second.yaml") == 0


def test_a_policy_that_drifts_stops_the_commit(there, capsys):
    doubtful = POLICY.replace("min: 0.7", "max_drop: 1 pp")
    (there / "policies" / "gate.yaml").write_text(doubtful)
    assert hooked("effaudit-policy-lint", "policies/gate.yaml") == 1
    assert "min" in capsys.readouterr().out


def test_a_wrong_policy_stops_the_commit_with_its_line(there, capsys):
    (there / "policies" / "gate.yaml").write_text(POLICY.replace("max: 50 MB", "max: 50 ms"))
    assert hooked("effaudit-policy-lint", "policies/gate.yaml") == 2
    assert "policies/gate.yaml:5" in capsys.readouterr().err


def test_waivers_in_order_pass_and_expired_ones_stop_the_commit(there, capsys):
    assert hooked("effaudit-waiver-check", "policies/gate.yaml", "--today", "2026-08-01") == 0
    assert hooked("effaudit-waiver-check", "policies/gate.yaml", "--today", "2026-09-24") == 1
    assert "W-1" in capsys.readouterr().out
