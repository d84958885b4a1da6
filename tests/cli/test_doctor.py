"""`effaudit doctor`: what it prints, its JSON, its exit codes, and the planted models."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from effaudit.cli import _planted, doctor
from effaudit.measure import examine
from effaudit.measure.examine import Clock, Facts, Noise, Pools

HOST = {"cpu": "A processor", "os": "Linux 6", "python": "CPython 3.11"}
FACTS = Facts(
    Clock(1e-9, True, 5e-8), 4, 4, None, "performance", "no", 0.1, 0.0, 0.0, 10**10, 9 * 10**9, None,
    (), ("RAPL: none",), Pools(), Noise(0.01, 0.99, 1.01), HOST, {"numpy": "2"},
)  # fmt: skip
CAUGHT = _planted.Planted("slower", "takes a tenth more work", "latency fail +10 %", True)


@pytest.fixture
def look(monkeypatch, capsys):
    """Runs the verb on facts that are given."""

    def run(facts=FACTS, planted=(), **options):
        monkeypatch.setattr(examine, "examine", lambda *_: facts)
        monkeypatch.setattr(_planted, "selftest", lambda: tuple(planted))
        code = doctor.run(SimpleNamespace(**{"selftest": bool(planted), "json": False, **options}))
        return code, capsys.readouterr().out

    return run


def test_a_machine_with_notes_only_is_trusted(look):
    code, out = look()
    assert code == 0
    assert "note  power       RAPL: none\n" in out
    assert "→ Energy is modelled" in out
    assert out.splitlines()[0] == "A processor, Linux 6, CPython 3.11"
    assert "--selftest" in out.splitlines()[-1]


def test_a_bad_finding_takes_the_trust(look):
    code, out = look(replace(FACTS, noise=Noise(0.2, 0.8, 1.2)))
    assert code == 1
    assert "\nBAD   noise " in out
    assert "cannot be trusted" in out.splitlines()[-1]


def test_a_planted_difference_that_was_not_found_takes_the_trust(look):
    code, out = look(planted=[CAUGHT])
    assert (code, "ok    slower " in out) == (0, True)
    code, out = look(planted=[CAUGHT, replace(CAUGHT, name="worse", right=False)])
    assert (code, "BAD   worse " in out) == (1, True)


def test_the_same_as_json(look):
    code, out = look(planted=[CAUGHT], json=True)
    told = json.loads(out)
    assert (code, told["trusted"]) == (0, True)
    assert {"topic", "level", "said", "advice"} == set(told["findings"][0])
    assert told["selftest"][0]["name"] == "slower"
    assert told["facts"]["clock"]["resolution_s"] == 1e-9


def test_planted_models_are_what_they_are_said_to_be(tmp_path):
    import numpy as np

    _planted._written(tmp_path, ("steady",), 1)
    planted: dict = {}
    exec((tmp_path / "planted.py").read_text(), planted)
    done = []
    planted["_work"] = done.append
    with np.load(tmp_path / "rows.npz") as rows:
        right = planted["steady"](rows)
        np.testing.assert_array_equal(right, rows["y"])
        np.testing.assert_array_equal(planted["equal"](rows), right)
        np.testing.assert_array_equal(planted["slower"](rows), right)
        assert (planted["worse"](rows) != right).mean() == pytest.approx(_planted.WORSE, abs=0.01)
    assert done[:1] == done[1:2] == [500]
    assert sum(done[2:4]) == 550


def test_on_this_machine_the_planted_differences_are_judged(monkeypatch):
    """How sure the machine is depends on who else is at work here; that quality is lost does not."""
    monkeypatch.setattr(_planted, "TEST_S", 2)
    found = {one.name: one for one in _planted.selftest()}
    assert set(found) == {"slower", "worse", "equal"}
    assert found["worse"].right
    assert "quality fail" in found["worse"].said
    assert "quality pass" in found["slower"].said
    assert "fail" not in found["equal"].said.partition("latency")[0]
