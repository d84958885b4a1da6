"""Answers that depend on the rows that are asked with them are found, and quality is read as the workload asks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.plan import Data
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.slices import SAMPLE
from effaudit.core.store import Store
from effaudit.engines.local import Local
from effaudit.measure import company
from effaudit.measure.gather import Gathered, gather
from effaudit.measure.journal import Journal
from effaudit.process import Site
from effaudit.reading.data import build_store

N = 3000
RNG = np.random.default_rng(0)
A = RNG.normal(size=N)
LABELS = (A + RNG.normal(size=N) > 0).astype(int)


@pytest.fixture
def asked(tmp_path):
    """Asks Python code by the body of its function."""

    def ask(body, batch_sizes=(1, 256), output="probabilities", groups=None):
        (tmp_path / "net.py").write_text(f"import numpy as np\n\ndef ask(a):\n    {body}\n")
        columns = {"a": A, "y": LABELS} | ({"g": groups} if groups is not None else {})
        data = Data(
            "classification", {"certify": columns}, ("y",), inputs=("a",), batch_sizes=batch_sizes,
            groups="g" if groups is not None else None, independent=groups is None,
        )  # fmt: skip
        workload, store = build_store(data, tmp_path / "data", False, 0)
        site = Site(Local(), workload, Settings(timeout_s=60), Assumptions(), 0, tmp_path / "logs", "test-company")
        candidate = Candidate(
            "net", Artifact("net:ask", "python", Trust(True), code=str(tmp_path)), Contract(columns=("a",), output=output)
        )
        twice = []
        for _ in range(2):  # the second time from the journal
            journal = Journal(tmp_path / "journal", "k")
            twice.append(gather(candidate, ("certify",), site, journal, tmp_path / "predictions", lambda share: None))
            journal.close()
        found, again = twice
        assert isinstance(found, Gathered)
        assert (again.groups, again.notes, again.doubts) == (found.groups, found.notes, found.doubts)
        return found, site, store

    return ask


SIGMOID = "1 / (1 + np.exp(-a))"
DEPENDENT = {
    "centred by the request": "return 1 / (1 + np.exp(-(a - a.mean())))",
    "one scale for the request": f"p = {SIGMOID}; s = np.abs(p).max() / 127; return np.clip(np.round(p / s) * s, 0, 1)",
    "padding": f"p = {SIGMOID}; return p * (0.9 if len(a) % 8 else 1.0)",
    "ranks in the request": "return a.argsort().argsort() / max(1, len(a) - 1)",
}


@pytest.mark.parametrize("kind", DEPENDENT)
def test_quality_is_read_at_the_workloads_first_batch_size(asked, kind):
    found, _, _ = asked(DEPENDENT[kind])
    scope = {"np": np}
    exec(f"def ask(a):\n    {DEPENDENT[kind]}", scope)
    alone = np.concatenate([np.atleast_1d(scope["ask"](A[at : at + 1])) for at in range(N)])
    np.testing.assert_allclose(found.answers["certify"].scores[:, 1], alone)
    (note,) = found.notes
    assert note.code == "answers_depend_on_batch"
    assert note.text.endswith("; quality is read as the workload asks, 1 row a request")
    assert (found.groups, found.doubts) == (None, ())


def test_a_batch_norm_that_is_asked_in_large_batches_only_is_read_so(asked):
    found, _, _ = asked(DEPENDENT["centred by the request"], batch_sizes=(500,))
    parts = [1 / (1 + np.exp(-(A[at : at + 500] - A[at : at + 500].mean()))) for at in range(0, N, 500)]
    np.testing.assert_allclose(found.answers["certify"].scores[:, 1], np.concatenate(parts))


def test_labels_alone_are_compared_too(asked):
    found, _, _ = asked("return (a > a.mean()).astype(int)", output="labels")
    assert found.notes[0].code == "answers_depend_on_batch"
    assert (found.answers["certify"].labels == 0).all()


def test_a_large_batch_alone_shows_what_padding_does(asked):
    found, _, _ = asked(f"return {SIGMOID} * (0.9 if len(a) == 700 else 1.0)", batch_sizes=(1, 700))
    assert found.notes[0].text.startswith("its answers depend on which rows are asked together (on 7")


INDEPENDENT = {
    "each row for itself": f"return {SIGMOID}",
    "rounding of single precision": f"return ({SIGMOID}).astype(np.float32) * np.float32(1 + 2e-6 * (len(a) > 1))",
    "rounding of half precision": f"return ({SIGMOID} * (1 - 1e-3 * (len(a) > 1))).astype(np.float16)",
}


@pytest.mark.parametrize("kind", INDEPENDENT)
def test_rounding_is_no_difference(asked, kind):
    found, _, _ = asked(INDEPENDENT[kind])
    assert (found.notes, found.doubts, found.groups) == ((), (), None)


def test_a_difference_beyond_the_rounding_of_doubles_is_one(asked):
    found, _, _ = asked(f"return {SIGMOID} * (1 - 1e-3 * (len(a) > 1))")
    assert found.notes[0].code == "answers_depend_on_batch"


def test_where_time_is_short_whole_groups_are_drawn_that_all_candidates_share(asked, monkeypatch):
    monkeypatch.setattr(company, "ALONE_S", 0.02)
    monkeypatch.setattr(company, "LEAST_ROWS", 20)
    monkeypatch.setattr(company, "LEAST_GROUPS", 2)
    groups = np.arange(N) // 10
    found, site, store = asked(DEPENDENT["centred by the request"], groups=groups)
    assert 2 <= found.groups < N // 10
    assert "drawn by the seed" in found.notes[0].text
    order = company.order_of_groups(site)
    inside = order < found.groups
    assert (np.bincount(groups[inside], minlength=N // 10) % 10 == 0).all()
    np.testing.assert_allclose(found.answers["certify"].scores[inside, 1], 0.5)
    workload = company.sample_of(site, Store(site.workload.store), found.groups)
    (one,) = workload.slices
    assert (one.key, one.rows, one.groups) == (SAMPLE, int(inside.sum()), found.groups)
    assert one.class_rows == tuple(np.bincount(LABELS[inside]))
    assert np.array_equal(np.flatnonzero(Store(site.workload.store).slices()[:, 0] == 0), np.flatnonzero(inside))
    del store


def test_too_few_rows_in_the_time_are_a_doubt(asked, monkeypatch):
    monkeypatch.setattr(company, "ALONE_S", 1e-6)
    found, _, _ = asked(DEPENDENT["centred by the request"])
    (doubt,) = found.doubts
    assert doubt.code == "answers_depend_on_batch"
    assert "and asking 1 row a request would take" in doubt.text


def test_at_least_a_thousand_rows_are_asked_again_at_each_size_in_two_orders(asked, monkeypatch):
    counts = []
    ask = company._asked

    def counted(worker, site, rows, size):
        counts.append((size, len(rows)))
        return ask(worker, site, rows, size)

    monkeypatch.setattr(company, "_asked", counted)
    asked(INDEPENDENT["each row for itself"], batch_sizes=(1, 64, 2048))
    assert counts == [(1, 1000), (1, 100), (64, 1000), (64, 1000), (2048, 2048), (2048, 2048)]


def test_a_model_that_is_drawn_anew_for_every_call_is_not_called_dependent(asked):
    found, _, _ = asked("return np.random.default_rng().random(len(a))")
    assert [doubt.code for doubt in found.doubts] == ["drawn_once"]
    assert found.notes == ()


def test_the_site_keeps_its_workload(asked):
    _, site, _ = asked(INDEPENDENT["each row for itself"])
    assert replace(site).workload is site.workload


def test_one_that_fails_when_it_is_asked_alone_keeps_its_answers_in_doubt(asked):
    found, _, _ = asked(f"assert len(a) > 1, 'more than one value is needed'; return {SIGMOID}")
    (doubt,) = found.doubts
    assert doubt.code == "answers_depend_on_batch"
    assert "more than one value is needed" in doubt.text
    np.testing.assert_allclose(found.answers["certify"].scores[:, 1], 1 / (1 + np.exp(-A)))
