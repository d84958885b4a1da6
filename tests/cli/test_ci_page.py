"""docs/ci.md: its commands are run, its workflows name what there is."""

from __future__ import annotations

import itertools
import re
import shlex
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from effaudit.cli import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
FILES = {name: YAML(typ="safe").load(text) for name, text in re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)}
ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder with the sample."""
    shutil.copytree(ROOT / "reports" / "sample", tmp_path / "reports" / "sample")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_end_well_and_write_what_they_name(there, capsys, command):
    words = shlex.split(command)
    assert words[0] == "effaudit"
    assert run(words[1:]) == 0
    written = [word.split("=", 1)[1] for before, word in itertools.pairwise(words) if before == "-f"]
    for path in written:
        assert path == "-" or (there / path).stat().st_size > 200
    if "github=-" in words:
        assert all(line.startswith("::") for line in capsys.readouterr().out.splitlines())


def test_the_page_shows_two_workflows_and_two_other_files():
    assert len([name for name in FILES if name.startswith(".github/")]) == 2
    assert {".gitlab-ci.yml", ".pre-commit-config.yaml"} < set(FILES)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(".github/")])
def test_workflows_give_the_action_inputs_that_it_has_and_read_outputs_that_it_has(name):
    steps = [step for job in FILES[name]["jobs"].values() for step in job["steps"]]
    (own,) = [step for step in steps if step.get("uses", "").startswith("effaudit/")]
    assert set(own["with"]) <= set(ACTION["inputs"])
    assert set(re.findall(r"steps\.effaudit\.outputs\.([\w-]+)", str(steps))) <= set(ACTION["outputs"])


def test_the_table_of_inputs_has_them_all():
    table = PAGE[PAGE.index("| input |") : PAGE.index("Outputs: ")]
    assert set(re.findall(r"`([a-z-]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if "|" in line))) == set(
        ACTION["inputs"]
    )


def test_the_gitlab_job_gates(there):
    commands = [shlex.split(line) for line in FILES[".gitlab-ci.yml"]["efficiency"]["script"]]
    (gate,) = [words for words in commands if words[0] == "effaudit"]
    assert run(gate[1:]) == 0
    assert (there / "junit.xml").is_file()
    assert (there / "report.html").is_file()


def test_the_pre_commit_configuration_names_hooks_that_there_are():
    hooks = {hook["id"] for hook in YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    (repository,) = FILES[".pre-commit-config.yaml"]["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == hooks
