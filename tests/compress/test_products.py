"""Products are made in processes of their own, step by step, kept by content, and their parents stay as they are."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from effaudit.compress.products import PRODUCT, Kitchen
from effaudit.core.candidate import Artifact, Candidate, Step
from effaudit.core.identity import Identity, read_file
from effaudit.core.notes import Note
from effaudit.core.plan import Data
from effaudit.core.reading import Failure
from effaudit.core.settings import Assumptions, Settings
from effaudit.engines.local import Local
from effaudit.process import Site
from effaudit.reading.data import build_store


@pytest.fixture
def kitchen(tmp_path):
    rows = np.random.default_rng(0).normal(size=(200, 2))
    unseen = {"a": rows[:, 0], "b": rows[:, 1], "y": rows.sum(axis=1)}
    workload, _ = build_store(Data("regression", {"data": unseen}, ("y",), independent=True), tmp_path / "data", True, 0)
    site = Site(Local(), workload, Settings(timeout_s=20), Assumptions(watts_per_vcpu=4.0), 3, tmp_path / "logs", "test-kitchen")
    return Kitchen(site, tmp_path / "artifacts", lambda name: ("search",))


@pytest.fixture
def parent(tmp_path):
    path = tmp_path / "line.toy"
    path.write_text(json.dumps({"columns": ["a", "b"], "weights": [1.23456, 2.34567]}))
    return Candidate("line", Artifact(str(path), "toy"))


def steps(**options):
    return (Step("round_weights", options),)


def identity(candidate):
    return Identity((read_file(candidate.artifact.path),))


def made(kitchen, parent, chain, name="small"):
    heard = []
    return kitchen.make(name, parent, identity(parent), chain, lambda share, text: heard.append((share, text))), heard


def test_a_product_is_a_candidate_with_lineage_cost_and_figures(kitchen, parent):
    (candidate, how), heard = made(kitchen, parent, steps(digits=1))
    assert json.loads(Path(candidate.artifact.path).read_text())["weights"] == [1.2, 2.3]
    assert (candidate.name, candidate.parent, candidate.recipe) == ("small", "line", steps(digits=1))
    (step,) = how
    assert step.figures == {"asked": 5.0}
    assert step.seed == 3
    assert step.seconds > 0
    assert step.joules == pytest.approx(4.0 * step.cpu_seconds)
    assert step.peak_memory > 10**7
    assert step.parent_digest == identity(parent).digest
    assert (0.5, "rounding") in heard


def test_a_chain_makes_each_step_from_the_one_before(kitchen, parent):
    (candidate, how), heard = made(kitchen, parent, steps(digits=2) + steps(digits=0))
    assert json.loads(Path(candidate.artifact.path).read_text())["weights"] == [1.0, 2.0]
    assert [step.technique for step in how] == ["round_weights", "round_weights"]
    assert candidate.parent == "line"
    assert [share for share, text in heard if text == "rounding"] == [0.25, 0.75]


def test_a_product_says_that_its_technique_took_rows_as_worth_the_same(kitchen, parent):
    weighed = replace(kitchen.site, workload=replace(kitchen.site.workload, weights="people"))
    (_, (step,)), _ = made(replace(kitchen, site=weighed), parent, steps(digits=1))
    assert step.notes[-1] == Note(
        "unweighted", "round_weights took rows as worth the same; `weights` count where its product is measured"
    )
    (_, (plain,)), _ = made(kitchen, parent, steps(digits=2))
    assert plain.notes == ()


def test_what_was_made_once_is_made_no_more(kitchen, parent):
    made(kitchen, parent, steps(digits=1))
    (again, how), heard = made(kitchen, parent, steps(digits=1))
    assert how[0].cached
    assert heard == []
    assert Path(again.artifact.path).is_file()


def test_a_product_that_was_changed_or_belongs_to_other_inputs_is_made_anew(kitchen, parent):
    (first, _), _ = made(kitchen, parent, steps(digits=1))
    Path(first.artifact.path).write_text("tampered")
    (second, how), _ = made(kitchen, parent, steps(digits=1))
    assert not how[0].cached
    assert json.loads(Path(second.artifact.path).read_text())["weights"] == [1.2, 2.3]
    (_, how), _ = made(kitchen, parent, steps(digits=2))
    assert not how[0].cached
    Path(parent.artifact.path).write_text(json.dumps({"columns": ["a", "b"], "weights": [9.99, 2.34567]}))
    (third, how), _ = made(kitchen, parent, steps(digits=1))
    assert not how[0].cached
    assert json.loads(Path(third.artifact.path).read_text())["weights"] == [10.0, 2.3]


@pytest.mark.parametrize(
    ("misdeed", "words"),
    [
        ("refuses", "too small already"),
        ("crashes", "SIGABRT"),
        ("writes to its parent", "must never be written to"),
        ("leaves its folder", "outside of its folder"),
    ],
)
def test_a_technique_that_cannot_or_must_not_is_a_failure_of_its_step(kitchen, parent, misdeed, words):
    failure, _ = made(kitchen, parent, steps(misdeed=misdeed))
    assert isinstance(failure, Failure)
    assert failure.stage == "make round_weights"
    assert words in failure.reason


def test_a_technique_that_has_no_room_ends_the_audit_and_is_not_blamed(kitchen, parent, monkeypatch):
    with pytest.raises(OSError, match="File too large"):
        made(kitchen, parent, steps(misdeed="writes too much"))

    def full(folder):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))

    monkeypatch.setattr("effaudit.compress.products.check_room", full)
    with pytest.raises(OSError, match="No space"):
        made(kitchen, parent, steps(misdeed="refuses"))


def test_a_product_that_was_made_with_another_version_of_a_package_is_made_anew(kitchen, parent):
    (first, _), _ = made(kitchen, parent, steps(digits=1))
    kept = Path(first.artifact.path).parent / PRODUCT
    facts = json.loads(kept.read_text())
    assert "numpy" in facts["versions"]  # whatever its worker imported, and not a list of ours
    kept.write_text(json.dumps(facts | {"versions": facts["versions"] | {"numpy": "0.1"}}))
    (_, (step,)), _ = made(kitchen, parent, steps(digits=1))
    assert not step.cached
    (_, (step,)), _ = made(kitchen, parent, steps(digits=1))
    assert step.cached


def test_a_kept_product_with_a_link_in_it_is_made_again(kitchen, parent, tmp_path):
    (candidate, _), _ = made(kitchen, parent, steps(digits=1))
    model = Path(candidate.artifact.path)
    (tmp_path / "elsewhere").write_bytes(model.read_bytes())
    model.unlink()
    model.symlink_to(tmp_path / "elsewhere")
    (again, (step,)), _ = made(kitchen, parent, steps(digits=1))
    assert not step.cached
    assert not Path(again.artifact.path).is_symlink()
    assert (tmp_path / "elsewhere").exists()


def test_a_failed_product_leaves_nothing_that_looks_like_one(kitchen, parent):
    made(kitchen, parent, steps(misdeed="crashes"))
    assert [path.name for path in kitchen.folder.iterdir() if not path.name.startswith(".")] == []


def test_a_product_that_another_machine_kept_is_made_anew(kitchen, parent):
    made(kitchen, parent, steps(digits=1))
    (_, how), _ = made(replace(kitchen, secret="another"), parent, steps(digits=1))
    assert not how[0].cached


def test_the_parent_is_unchanged(kitchen, parent):
    before = identity(parent).digest
    made(kitchen, parent, steps(digits=1) + steps(digits=0))
    assert identity(parent).digest == before
