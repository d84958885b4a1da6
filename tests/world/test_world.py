"""A seeded tenth of the world (`make world` is all of it), two of it as whole audits, and the reference itself."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cells import cells
from parts import Cell
from reference import Wrong, check
from refusals import REFUSED, allowed
from whole import audited
from world import MOST_REFUSED, WHOLE, on_disk, run, spread

ALL = cells()


@pytest.mark.parametrize("cell", spread(ALL, len(ALL) // 10), ids=lambda cell: cell.name)
def test_every_figure_is_the_librarys_own(cell: Cell) -> None:
    end, words, _ = run(cell)
    assert end in ("right", "refused"), words


@pytest.mark.parametrize("cell", spread(on_disk(ALL), 2), ids=lambda cell: cell.name)
def test_a_whole_audit_records_the_librarys_figures(cell: Cell) -> None:
    end, words, figures = run(cell, audited)
    assert (end, figures > 0) == ("right", True), words


def test_the_world_is_large_and_each_cell_has_a_name_of_its_own() -> None:
    assert len(ALL) >= 300
    assert len({cell.name for cell in ALL}) == len(ALL)
    assert len(on_disk(ALL)) >= WHOLE


def test_refusals_are_few_and_each_is_of_a_cell() -> None:
    refused = [cell for cell in ALL if any(name in cell.name for name, _, _ in REFUSED)]
    assert len(refused) <= MOST_REFUSED * len(ALL)
    assert all(any(name in cell.name for cell in ALL) and why for name, _, why in REFUSED)
    assert not allowed("logistic, alone", "does not open")


def test_a_label_or_a_share_that_is_not_the_librarys_is_wrong(tmp_path: Path) -> None:
    cell = next(cell for cell in ALL if cell.name.startswith("plan says threshold, "))
    made = cell.make(tmp_path)
    labels = made.expected.labels.copy()
    labels[0] = next(name for name in set(labels) if name != labels[0])
    with pytest.raises(Wrong, match="1 of 400 rows"):
        check(dataclasses.replace(made, expected=dataclasses.replace(made.expected, labels=labels)), tmp_path)


def test_a_figure_that_is_not_scikit_learns_is_wrong(tmp_path: Path) -> None:
    cell = next(cell for cell in ALL if cell.name.startswith("regression by lightgbm, numbers"))
    made = cell.make(tmp_path)
    values = made.expected.values + np.where(np.arange(len(made.expected.values)) == 3, 1e-3, 0.0)
    with pytest.raises(Wrong, match="values"):
        check(dataclasses.replace(made, expected=dataclasses.replace(made.expected, values=values)), tmp_path)
