"""A product is a gain when it is smaller or faster than its parent by figures that hold."""

from __future__ import annotations

import numpy as np
import pytest

from effaudit.compress.gain import gains
from effaudit.core.candidate import Artifact, Candidate
from effaudit.core.notes import texts
from effaudit.core.reading import Measurement, Spread, counted
from effaudit.core.record import Row

P50 = "latency.batch_1.p50"
SPREADS = {P50: Spread(0.005**2, 20.0)}


def row(name, size, parent=None):
    readings = {"size.artifact": counted(size, "B"), P50: Measurement(1.0, 0.9, 1.1, "s", "lower", "measured")}
    return Row(Candidate(name, Artifact("", ""), parent=parent), readings=readings)


def rounds(seconds, noise=0.01, seed=0):
    rng = np.random.default_rng(seed)
    return np.array([(k, k * 100 + r, np.log(seconds) + rng.normal(0, noise)) for k in range(3) for r in range(20)])


def labelled(size, seconds, noise=0.01, parent_size=1000.0):
    arrays = {f"big/{P50}": rounds(0.010, seed=1), f"small/{P50}": rounds(seconds, noise, seed=2)}
    return gains([row("big", parent_size), row("small", size, "big")], arrays, SPREADS)["small"]


@pytest.mark.parametrize(
    ("size", "seconds", "noise", "label"),
    [
        (500.0, 0.010, 0.01, "gain"),
        (1000.0, 0.005, 0.01, "gain"),
        (1000.0, 0.012, 0.01, "no gain"),
        (995.0, 0.012, 0.01, "no gain"),
        (1000.0, 0.0099, 0.5, "unclear"),
    ],
)
def test_smaller_or_faster_is_a_gain_and_neither_is_none(size, seconds, noise, label):
    assert labelled(size, seconds, noise)["gain"] == label


def test_the_figures_behind_the_label_are_told():
    notes = texts(labelled(500.0, 0.005)["notes"])
    assert notes[0] == "size −50 % against big"
    assert notes[1].startswith(f"{P50} −50 %")


def test_models_that_were_given_get_no_label():
    assert gains([row("big", 1000.0)], {}, {}) == {}
