"""A candidate is opened, counted and asked in a worker of its own; what was won is not asked again."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core import versions
from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.observed import Answers
from effaudit.core.plan import Data
from effaudit.core.reading import Failure
from effaudit.core.settings import Assumptions, Settings
from effaudit.engines.local import Local
from effaudit.measure.gather import LOOKS, Gathered, _own_rule, differing, gather
from effaudit.measure.journal import Journal
from effaudit.process import Site
from effaudit.reading.data import build_store


@pytest.fixture
def bench(tmp_path):
    rows = np.random.default_rng(0).normal(size=(2500, 2))
    data = Data("regression", {"certify": {"a": rows[:, 0], "b": rows[:, 1], "y": rows.sum(axis=1)}}, ("y",), independent=True)
    workload, _ = build_store(data, tmp_path / "data", False, 0)
    site = Site(Local(), workload, Settings(timeout_s=30), Assumptions(), 0, tmp_path / "logs", "test-gather")
    model = tmp_path / "line.toy"
    model.write_text(json.dumps({"columns": ["b", "a"], "weights": [1.0, 3.0]}))
    return rows, site, model, tmp_path


def asked(bench, candidate):
    _, site, _, folder = bench
    journal = Journal(folder / "journal", "k")
    shares = []
    try:
        return gather(candidate, ("certify",), site, journal, folder / "predictions", shares.append), shares
    finally:
        journal.close()


def test_answers_facts_and_sizes_are_those_of_the_file(bench):
    rows, _, model, _ = bench
    found, shares = asked(bench, Candidate("line", Artifact(str(model), "toy")))
    assert isinstance(found, Gathered)
    np.testing.assert_allclose(found.answers["certify"].scores, rows[:, 1] + 3 * rows[:, 0])
    assert found.facts.parameters == 3
    assert found.sizes.model == model.stat().st_size
    assert found.sizes.transfer > 0
    assert "numpy" in found.sizes.packages
    assert found.candidate.contract.columns == ("b", "a")
    assert shares[-1] == 1.0


def test_stored_answers_are_used_again_only_while_file_and_answers_are_unchanged(bench):
    _, _, model, folder = bench
    candidate = Candidate("line", Artifact(str(model), "toy"))
    asked(bench, candidate)
    again, shares = asked(bench, candidate)
    assert isinstance(again, Gathered)
    assert shares == []
    (folder / "predictions" / "line.npz").write_bytes(b"tampered")
    _, shares = asked(bench, candidate)
    assert shares[-1] == 1.0
    model.write_text(json.dumps({"columns": ["a"], "weights": [1.0]}))
    changed, shares = asked(bench, candidate)
    assert shares[-1] == 1.0
    assert changed.facts.parameters == 2


def test_stored_answers_are_asked_anew_when_a_package_that_the_worker_used_has_changed(bench, monkeypatch):
    candidate = Candidate("line", Artifact(str(bench[2]), "toy"))
    found, _ = asked(bench, candidate)
    assert found.identity.versions["numpy"] == np.__version__
    change = versions.change
    monkeypatch.setattr(versions, "change", lambda before, now: change({**before, "numpy": "0.1"}, now))
    _, shares = asked(bench, candidate)
    assert shares[-1] == 1.0


def test_a_column_that_the_data_lacks_is_a_failure_that_says_what_to_write(bench):
    _, _, model, _ = bench
    model.write_text(json.dumps({"columns": ["a", "town"], "weights": [1.0, 2.0]}))
    found, _ = asked(bench, Candidate("line", Artifact(str(model), "toy")))
    assert isinstance(found, Failure)
    assert found.stage == "open"
    assert "columns town" in found.reason


def test_a_file_that_cannot_be_read_is_a_failure_with_the_formats_words(bench):
    _, _, model, _ = bench
    model.write_text("not json")
    found, _ = asked(bench, Candidate("line", Artifact(str(model), "toy")))
    assert found == Failure("refused", "open", "this toy file is not JSON; write it again")


def test_the_plans_contract_goes_before_the_files(bench):
    rows, _, model, _ = bench
    found, _ = asked(bench, Candidate("line", Artifact(str(model), "toy"), Contract(columns=("a", "b"))))
    np.testing.assert_allclose(found.answers["certify"].scores, rows[:, 0] + 3 * rows[:, 1])


@pytest.fixture
def plain_code(bench):
    """A candidate of Python code, by the body of its function."""
    folder = bench[3]

    def made(body):
        (folder / "drawn.py").write_text(f"import numpy as np\nrng = np.random.default_rng()\n\ndef ask(inputs):\n    {body}\n")
        return Candidate("drawn", Artifact("drawn:ask", "python", Trust(True), code=str(folder)), Contract(output="values"))

    return made


def test_a_model_that_answers_otherwise_when_asked_again_is_told_also_from_the_journal(bench, plain_code):
    candidate = plain_code("return inputs['a'] + (rng.random(len(inputs['a'])) < 0.2)")
    first, _ = asked(bench, candidate)
    assert re.fullmatch(
        r"its answers differ from call to call: on \d+ of 1,000 rows asked twice; its quality is that of one draw",
        first.doubts[0].text,
    )
    again, shares = asked(bench, candidate)
    assert shares == []
    assert again.doubts == first.doubts


def test_rounding_from_call_to_call_is_no_difference(bench, plain_code):
    found, _ = asked(bench, plain_code("return inputs['a'] * (1 + 1e-9 * rng.random())"))
    assert isinstance(found, Gathered)
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("first", "again", "words"),
    [
        (Answers(None, np.array([0, 1, 1])), Answers(None, np.array([0, 1, 0])), "1 of 3 rows"),
        (Answers(np.array([[0.3, 0.7], [0.5, 0.5]]), None), Answers(np.array([[0.3, 0.7], [0.6, 0.4]]), None), "1 of 2 rows"),
        (Answers(np.array([1e9, 2.0]), None), Answers(np.array([1e9 + 1, 2.0]), None), ""),
        (
            Answers(np.array([[0.5, 0.5]] * 2), np.array([1, 0])),
            Answers(np.array([[0.5, 0.5]] * 2), np.array([1, 1])),
            "1 of 2 rows",
        ),
    ],
)
def test_labels_and_scores_are_compared_row_by_row(first, again, words):
    assert bool(differing(first, again)) == bool(words)
    assert words in differing(first, again)


class Asked:
    """A worker that tells how long calls of both rules took, look by look."""

    def __init__(self, *looks):
        self.looks, self.allowed = list(looks), []

    def ask(self, word, facts, *, stage, timeout_s):
        self.allowed.append(timeout_s)
        timed, own = self.looks.pop(0)
        return SimpleNamespace(facts={"timed": timed, "own": own})


def site(timeout_s=30.0):
    return SimpleNamespace(workload=SimpleNamespace(batch_sizes=(1,)), settings=SimpleNamespace(timeout_s=timeout_s))


def test_labels_of_a_slower_call_are_told_when_every_look_says_so():
    slow = Asked(*[(2_000.0, 20_000_000.0)] * LOOKS)
    (note,) = _own_rule(slow, site())
    assert note.code == "labels_untimed"
    assert "takes 20 ms a request, and what is timed gives probabilities in 2 µs" in note.text
    assert slow.looks == []


def test_one_look_that_finds_no_difference_is_enough_and_microseconds_of_wrapping_are_none():
    assert _own_rule(Asked((1e6, 9e6), (1e6, 1.4e6)), site()) == ()
    assert _own_rule(Asked((30_000.0, 75_000.0)), site()) == ()


def test_a_slow_model_has_time_for_calls_of_both_rules():
    slow = Asked((20e9, 20e9))
    assert _own_rule(slow, site(timeout_s=30.0)) == ()
    assert slow.allowed == [150.0]
