"""Records that are sealed and odd: refused in one sentence, or judged with that figure left aside, and never a traceback."""

from __future__ import annotations

import copy
import os
import random
import sys
import time
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from effaudit import registry
from effaudit.cli import _reading, run
from effaudit.core.errors import InputError
from effaudit.judge.account import account
from effaudit.judge.decide import decide
from effaudit.judge.diff import diff
from effaudit.judge.exits import gate_one
from effaudit.judge.lint import lint

sys.path.insert(0, str(Path(__file__).parents[1] / "reading"))
from mutants import Mutator, archived, save

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"
TODAY = date(2026, 11, 15)
SECONDS = float(os.environ.get("EFFAUDIT_MUTANTS_S", "10"))
"""So long random mutants are tried in the suite; by hand, 7200 are some thousands."""


@pytest.fixture(scope="module")
def mutator():
    return Mutator(SAMPLE)


@pytest.fixture(scope="module")
def policy():
    return _reading.policy(str(SAMPLE / "policy.yaml"))


@pytest.fixture(scope="module")
def sound():
    return _reading.record(SAMPLE)


def told(record, policy, sound):
    """Everything that commands do with a record."""
    verdict = decide(record, policy, None, _reading.waivers(policy), TODAY)
    gate_one(record, verdict, "all")
    for row in record.rows:
        account(verdict, row.candidate.name)
    lint(policy, registry.meaning, record)
    for name in registry.names("outputs"):
        registry.find("outputs", name)().render(record, verdict)
    for before, after in ((record, sound), (sound, record)):
        found = diff(before, after, None)
        for name in ("terminal", "markdown", "json"):
            registry.find("outputs", name)().render_diff(found, True)
    return verdict


def test_random_changes_of_a_record_that_is_sealed_again_raise_nothing_but_a_sentence(tmp_path, mutator, policy, sound):
    until, first = time.monotonic() + SECONDS, random.SystemRandom().randrange(10**9)
    seed = first
    while time.monotonic() < until:
        words = mutator.write(seed, tmp_path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                told(_reading.record(tmp_path), policy, sound)
        except InputError:
            pass
        except Exception as error:
            raise AssertionError(f"seed {seed}: {words}") from error
        seed += 1
    assert seed > first


def figure(facts, metric="latency.batch_1.p95"):
    return next(row for row in facts["rows"] if row["candidate"]["name"] == "mlp")["readings"][metric]


ODD = {
    "memory in words": lambda f: f["sessions"][0]["host"].update(memory_bytes="lots"),
    "hardly any freedom": lambda f: figure(f).update(dof=1e-300),
    "freedom below nothing": lambda f: figure(f).update(dof=-1.0),
    "better the other way": lambda f: figure(f).update(better="higher"),
    "a time that was counted": lambda f: figure(f).update(method="counted"),
    "another unit": lambda f: figure(f).update(unit="B"),
    "evidence of another": lambda f: figure(f).update(evidence="gbm/latency.batch_1.p95"),
    "an interval that ends before it begins": lambda f: figure(f).update(low=2.0, high=1.0),
    "rows without number": lambda f: f["workload"]["splits"].update(certify=10**15),
    "rows below nothing": lambda f: f["workload"]["splits"].update(certify=-1),
    "more groups than rows": lambda f: f["workload"]["groups"].update(certify=10**9),
    "no resamples": lambda f: f["settings"].update(resamples=0),
    "a budget without end": lambda f: f["settings"].update(budget_s="Infinity"),
    "no precision": lambda f: f["settings"].update(precision="NaN"),
    "a floor below nothing": lambda f: f["floors"]["memory.peak.max"].update(share=-0.5),
    "a spread below nothing": lambda f: next(iter(f["spreads"].values())).update(variance=-1.0),
    "a day that is none": lambda f: f.update(created="2026-02-30"),
    "a session's day that is none": lambda f: f["sessions"][0].update(started="soon"),
    "two sessions of one number": lambda f: f["sessions"].append(copy.deepcopy(f["sessions"][0])),
    "figures beyond all squares": lambda f: f["settings"].update(budget_s=1e308),
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_what_no_audit_writes_is_told_by_its_keys(tmp_path, mutator, change, capsys):
    facts = copy.deepcopy(mutator.facts)
    change(facts)
    save(facts, tmp_path, mutator.evidence)
    for command in (["gate"], ["explain"], ["report", "-f", f"html={tmp_path / 'o.html'}"], ["diff", str(SAMPLE)]):
        assert run([command[0], str(tmp_path), *command[1:]]) == 2
        said = capsys.readouterr().err
        assert "this record is damaged" in said
        assert "Traceback" not in said
    assert run(["policy", "lint", "recommended", "--record", str(tmp_path)]) == 2
    assert not (tmp_path / "o.html").exists()


ARRAYS = {
    "dates": lambda scores: scores.astype("i8").astype("M8[s]"),
    "words": lambda scores: np.array(["x"] * len(scores)),
    "complex": lambda scores: scores.astype("c16"),
    "yes and no": lambda scores: scores > 0,
    "whole numbers": lambda scores: scores.astype("i8"),
    "halves of numbers": lambda scores: scores.astype("f2"),
    "rounds": lambda scores: np.stack([scores, scores], axis=1),
    "one number": lambda scores: scores[0],
    "without end": lambda scores: np.where(scores > 0, np.inf, scores),
}


@pytest.mark.parametrize("change", ARRAYS.values(), ids=ARRAYS)
def test_scores_that_are_none_are_refused_when_they_are_asked_for(tmp_path, mutator, policy, sound, change):
    name = "mlp/quality.roc_auc"
    save(copy.deepcopy(mutator.facts), tmp_path, archived({**mutator.arrays, name: change(mutator.arrays[name])}))
    with pytest.raises(InputError, match=r"its array 'mlp/quality\.roc_auc'"):
        told(_reading.record(tmp_path), policy, sound)


TIMED = "mlp/latency.batch_1.p50"
ROUNDS = {
    "no rounds": lambda rounds: np.add(rounds, [0.5, 0.0, 0.0]),
    "rounds without number": lambda rounds: rounds * [np.nan, 1.0, 1.0],
    "beyond all figures": lambda rounds: np.add(rounds, [0.0, 0.0, 1e6]),
    "two columns": lambda rounds: rounds[:, :2],
    "one too deep": lambda rounds: rounds[..., None],
}


@pytest.mark.parametrize("change", ROUNDS.values(), ids=ROUNDS)
def test_rounds_that_are_none_are_refused_when_they_are_asked_for(tmp_path, mutator, change):
    save(copy.deepcopy(mutator.facts), tmp_path, archived({**mutator.arrays, TIMED: change(mutator.arrays[TIMED])}))
    record = _reading.record(tmp_path)
    with pytest.raises(InputError, match="its array"):
        _ = record.arrays[TIMED]


def test_a_sound_record_is_read_as_before(sound):
    assert all(len(sound.arrays[name]) for name in sound.arrays)
    assert "no/such" not in sound.arrays
