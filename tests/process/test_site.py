"""A worker has its own allowance for opening a model, however short the time for one answer is."""

from __future__ import annotations

import time

import pytest

from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.plan import Data
from effaudit.core.settings import Assumptions, Settings
from effaudit.engines.local import Local
from effaudit.process import Fault, Site
from effaudit.reading.data import build_store

ANSWER_S = 0.05


@pytest.fixture
def site_of(tmp_path):
    (tmp_path / "tardy.py").write_text("import time\ntime.sleep(1.0)\n\ndef ask(inputs):\n    return inputs['a']\n")
    values = [float(n) for n in range(50)]
    data = Data("regression", {"certify": {"a": values, "y": values}}, ("y",), independent=True)
    workload, _ = build_store(data, tmp_path / "data", False, 0)

    def made(**changes):
        return Site(Local(), workload, Settings(timeout_s=ANSWER_S), Assumptions(), 0, tmp_path / "logs", "test-site", **changes)

    return made


def tardy(folder, trust):
    return Candidate("tardy", Artifact("tardy:ask", "python", Trust(trust), code=str(folder)), Contract(output="values"))


def test_opening_may_take_longer_than_one_answer(site_of, tmp_path):
    worker, opened = site_of().open(tardy(tmp_path, True), "answers")
    worker.end()
    assert opened["load_s"] >= 1.0


def test_what_is_refused_says_so_however_short_an_answer_may_be(site_of, tmp_path):
    with pytest.raises(Fault, match="trust: true"):
        site_of().open(tardy(tmp_path, False), "answers")


def test_a_model_that_hangs_as_it_is_opened_is_killed(site_of, tmp_path):
    begun = time.monotonic()
    with pytest.raises(Fault, match="did not answer within 500 ms; killed") as found:
        site_of(opening_s=0.5).open(tardy(tmp_path, True), "answers")
    assert found.value.failure.stage == "open"
    assert time.monotonic() - begun < 10.0
