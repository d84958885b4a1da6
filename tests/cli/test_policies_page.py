"""docs/policies.md: every policy in it is read, what it says of them holds, its commands are run."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from effaudit.cli import _reading, run
from effaudit.reading.policy_model import RulePart

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FILES = {text.splitlines()[0].removeprefix("# "): text for text in BLOCKS}
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def there(tmp_path, monkeypatch, audited):
    """A repository with the page's files and two records. The toys stand for its models: full is called gbm there."""
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.replace("#gbm", "#full"), "utf-8")
    for name in ("released", "reports/churn"):
        shutil.copytree(audited.run, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rules(named):
    return {rule.id: rule for rule in _reading.policy(Path(named)).rules}


def test_each_block_is_a_file_of_its_own():
    assert len(FILES) == len(BLOCKS)
    assert all(re.fullmatch(r"policies/[a-z/-]+\.yaml", name) for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_each_policy_of_the_page_is_read(there, name):
    assert rules(name)


def test_the_table_of_keys_has_all_of_them():
    table = PAGE[PAGE.index("| key of a rule") : PAGE.index("**Limits carry units**")]
    told = set(re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))))
    assert told == set(RulePart.model_fields) - {"any"}


def test_the_table_of_policies_has_all_that_come_with_effaudit():
    from effaudit.reading.presets import preset_names

    assert set(re.findall(r"\| \[`([\w-]+)`\]\(\.\./policies/\1\.yaml\)", PAGE)) == set(preset_names(_reading.PRESETS))


def test_what_the_page_says_of_building_on_others_holds(there):
    edge, base = rules("policies/edge.yaml"), rules("policies/org/base.yaml")
    assert edge["memory.peak"].limit.written == "256 MB"
    assert edge["memory.peak"].metric == "memory.peak.max"
    assert "size.transfer" not in edge
    assert edge["latency.p95"].warn_above is None
    assert edge["quality.floor"].limit == base["quality.floor"].limit
    assert not edge["quality.floor"].waivable
    assert edge["quality.floor"].hint != base["quality.floor"].hint == ""
    assert _reading.policy(Path("policies/edge.yaml")).confidence_level == 0.99


def test_what_the_page_says_of_overrides_and_alternatives_holds(there):
    first, second = _reading.policy(Path("policies/fleet.yaml")).overrides
    assert {change.id: change.rule and change.rule.limit.written for change in first.changes} == {
        "latency.p95": None,
        "memory.peak": "128 MB",
    }
    assert [change.id for change in second.changes] == ["start.load"]
    assert len(rules("policies/either.yaml")["fits"].alternatives) == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_page_are_understood(there, capsys, command):
    words = shlex.split(command.replace("#gbm", "#full").replace("forest", "half"))
    assert words[0] == "effaudit"
    assert run(words[1:]) in (0, 1, 3, 4)
    assert capsys.readouterr().out
