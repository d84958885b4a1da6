"""docs/waivers.md: its files are read, its commands are run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from effaudit.cli import run

PAGE = (Path(__file__).parents[2] / "docs" / "waivers.md").read_text()
FILES = re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
RECORD = "reports/flight-delays"


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder with the page's files."""
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_has_both_files():
    assert [name for name, _ in FILES] == ["policies/edge.yaml", "policies/waivers.yaml"]


@pytest.mark.parametrize("command", [command for command in COMMANDS if RECORD not in command])
def test_commands_do_what_the_page_says(there, capsys, command):
    words = shlex.split(command)
    assert words[0] == "effaudit"
    assert run([*words[1:], "--today", "2026-07-31"]) == 0
    assert "W-1" in capsys.readouterr().out


@pytest.mark.parametrize("command", [command for command in COMMANDS if RECORD in command])
def test_commands_on_a_record_end_in_a_verdict(there, audited, capsys, command):
    """The toys' record has no memory under 512 MB to speak of and no ROC AUC: what counts is that the command is understood."""
    words = [word.replace(RECORD, str(audited.run)) for word in shlex.split(command)]
    assert run([*words[1:], *([] if "--today" in words else ["--today", "2026-07-31"])]) in (0, 1, 3, 4)
    assert "W-14" in capsys.readouterr().out
