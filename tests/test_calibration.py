"""The calibration benchmark and its page: the table has the generator's columns, and a short run judges real records."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def gate(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("gate")


def tables(page: str, name: str) -> list[list[str]]:
    inside = page.partition(f"<!-- {name}: begin -->")[2].partition(f"<!-- {name}: end -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in inside.strip().splitlines()]


@pytest.mark.parametrize("name", ["simulated", "replayed"])
def test_the_page_s_table_has_the_generator_s_columns(gate, name):
    head, rule, *lines = tables(gate.PAGE.read_text("utf-8"), name)
    assert tuple(head) == gate.COLUMNS
    assert lines
    assert {len(line) for line in (rule, *lines)} == {len(gate.COLUMNS)}


def test_the_page_has_every_line_that_is_simulated(gate):
    found = {(line[0], line[1], line[2]) for line in tables(gate.PAGE.read_text("utf-8"), "simulated")[2:]}
    wanted = {(kind.name, kind.size, str(crowd)) for kind in gate.simulated.kinds() for crowd in kind.crowds(gate.CROWDS)}
    assert found == wanted


def test_a_table_is_put_between_its_markers_only(gate):
    page = "above\n<!-- one: begin -->\nold\n<!-- one: end -->\nbelow"
    assert gate.between(page, "one", "new") == "above\n<!-- one: begin -->\nnew\n<!-- one: end -->\nbelow"
    with pytest.raises(ValueError, match="two: begin"):
        gate.between(page, "two", "new")


@pytest.mark.parametrize("name", ["accuracy", "ROC AUC", "latency"])
def test_few_audits_of_each_kind_are_judged(gate, name):
    """Twice the margin is found out, an equal model passes a wide margin more often than not, and the audits stay the same."""
    kind = [kind for kind in gate.simulated.kinds() if kind.name == name][1]
    found = dict(gate.tallies(kind, 8))
    assert list(found) == [1, 5, 15]
    for crowd, tally in found.items():
        assert tally.audits == 8
        assert sum(tally.equal.values()) == 8 * crowd
        assert tally.all_beyond <= 1
        assert tally.all_at_margin <= 4
    assert found[1].equal_3se >= 4
    assert dict(gate.tallies(kind, 8)) == found


def test_a_gate_that_passes_too_much_or_nothing_breaks_its_promise(gate):
    kind = next(iter(gate.simulated.kinds()))
    assert gate.holds(kind, 1, gate.Tally(1000, 50, 50, 0, equal_3se=900))
    assert not gate.holds(kind, 1, gate.Tally(1000, 90, 50, 0, equal_3se=900))
    assert not gate.holds(kind, 1, gate.Tally(1000, 50, 50, 0, equal_3se=700))
    assert gate.holds(kind, 15, gate.Tally(1000, 50, 50, 0, equal_3se=9000))


def test_the_worse_models_are_worse_by_the_margin(gate):
    """The true AUC is a sum over both logits; here it is counted on rows."""
    import numpy as np

    from effaudit.core.stats.ranking import auc

    made, rng = gate.simulated, np.random.default_rng(0)
    answers, logits = made._answered(200_000, rng)
    shown = [auc(made._scored(logits, blur, rng), answers)[0] for blur in (made.BLUR, made._blur(0.01), made._blur(0.02))]
    assert np.diff(shown) == pytest.approx([-0.01, -0.01], abs=0.002)
    assert shown[0] == pytest.approx(made._true_auc(made.BLUR), abs=0.005)


def test_lines_that_are_not_made_again_stay_on_the_page(gate, tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(gate.PAGE.read_text("utf-8"))
    monkeypatch.setattr(gate, "PAGE", page)
    monkeypatch.setattr("sys.argv", ["gate.py", "--only", "latency", "--runs", "2"])
    before = gate.written(page.read_text("utf-8"), "simulated")
    gate.main()
    after = gate.written(page.read_text("utf-8"), "simulated")
    assert list(after) == list(before)
    assert {key for key in after if after[key] != before[key]} == {key for key in after if key[0] == "latency"}
