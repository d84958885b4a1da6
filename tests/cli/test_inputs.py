"""What a command writes never takes the place of what it reads, and is written beside and renamed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from effaudit.cli import run

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"
NAMES = ("record.json", "evidence.npz", "policy.yaml", "waivers.yaml")


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name in NAMES:
        shutil.copy(SAMPLE / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["record.json", "evidence.npz", "policy.yaml", "./policy.yaml", "link.yaml"])
@pytest.mark.parametrize("verb", ["gate", "report"])
def test_an_output_that_is_an_input_of_the_command_is_refused_and_nothing_is_lost(here, capsys, verb, name):
    (here / "link.yaml").symlink_to("policy.yaml")
    before = {each: (here / each).read_bytes() for each in NAMES}
    assert run([verb, "record.json", "-p", "policy.yaml", "-f", f"json={name}"]) == 2
    assert "reads or writes" in capsys.readouterr().err
    assert {each: (here / each).read_bytes() for each in NAMES} == before


def test_a_comparison_does_not_take_the_place_of_what_it_compares(here, capsys):
    assert run(["diff", ".#gbm", ".#mlp", "-f", "json=record.json"]) == 2
    assert "reads or writes" in capsys.readouterr().err


def test_two_outputs_do_not_go_to_one_file(here, capsys):
    assert run(["gate", ".", "-f", "json=a", "-f", "markdown=./a"]) == 2
    assert "another output goes to" in capsys.readouterr().err
    assert not (here / "a").exists()


def test_an_output_is_renamed_into_its_place_whatever_else_has_its_bytes(here, capsys):
    (here / "own").write_text("the user's own")
    os.link(here / "own", here / "hard.json")
    (here / "soft.json").symlink_to("own")
    assert run(["report", ".", "-p", "policy.yaml", "-f", "json=hard.json"]) == 0
    assert run(["report", ".", "-p", "policy.yaml", "-f", "json=soft.json"]) == 0
    assert (here / "own").read_text() == "the user's own"
    assert (here / "soft.json").read_bytes() == (here / "hard.json").read_bytes()


def test_a_device_is_written_to_and_not_replaced(here):
    assert run(["report", ".", "-p", "policy.yaml", "-f", "json=/dev/null"]) == 0
    assert Path("/dev/null").is_char_device()


def test_an_audit_refuses_outputs_over_its_plan_its_data_and_its_models(tmp_path, monkeypatch, capsys):
    from misbehaving import written_plan

    written_plan(tmp_path, ["good"])
    monkeypatch.chdir(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("plan.yaml", "policy.yaml", "data.npz", "broken.py", "run/record.json", "run/journal.bin"):
        assert run(["audit", "plan.yaml", "--out", "run", "-f", f"markdown={name}"]) == 2
        assert "reads or writes" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
