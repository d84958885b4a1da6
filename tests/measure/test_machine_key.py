"""What a repository brings along as an audit's own is not believed: its keys need a secret of this machine."""

from __future__ import annotations

import stat

import pytest

from effaudit.measure import machine_key


@pytest.fixture(autouse=True)
def forgotten():
    machine_key.machine_key.cache_clear()
    yield
    machine_key.machine_key.cache_clear()


def test_it_is_made_once_and_nobody_else_may_read_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first = machine_key.machine_key()
    machine_key.machine_key.cache_clear()
    assert machine_key.machine_key() == first
    assert len(bytes.fromhex(first)) == 32
    assert stat.S_IMODE((tmp_path / "effaudit" / "machine.key").stat().st_mode) == 0o600


def test_another_user_has_another_one(tmp_path, monkeypatch):
    found = set()
    for name in "ab":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))
        machine_key.machine_key.cache_clear()
        found.add(machine_key.machine_key())
    assert len(found) == 2


@pytest.mark.parametrize("spoil", ["file", "short", "no home"])
def test_where_none_can_be_kept_each_process_has_its_own(tmp_path, monkeypatch, spoil):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    if spoil == "file":
        (tmp_path / "effaudit").write_text("")
    elif spoil == "short":
        (tmp_path / "effaudit").mkdir()
        (tmp_path / "effaudit" / "machine.key").write_text("")
    else:
        monkeypatch.delenv("XDG_STATE_HOME")
        monkeypatch.setenv("HOME", str(tmp_path / "file"))
        (tmp_path / "file").write_text("")
    first = machine_key.machine_key()
    machine_key.machine_key.cache_clear()
    assert machine_key.machine_key() != first
