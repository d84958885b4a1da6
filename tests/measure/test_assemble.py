"""Every metric reads every candidate; noise is summed up over all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.candidate import Artifact, Candidate, Facts
from effaudit.core.observed import Answers, Seen, Sizes
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning, Measurement, counted
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.slices import CODES, SAMPLE, sliced
from effaudit.measure.assemble import _noise, _of_sample, assemble, in_order, read_again

LABELS = np.array([0, 1, 1, 0, 1])


def seen(name, speed=1.0, seed=0):
    return Seen(
        candidate=Candidate(name, Artifact("m", "toy")),
        facts=Facts("linear", "Toy"),
        sizes=Sizes(1, 0, 1, 1),
        workload=None,
        store=SimpleNamespace(answers=lambda split: LABELS),
        settings=Settings(),
        assumptions=Assumptions(),
        resamples=None,
        answers=Answers(None, np.array([0, 1, 0, 0, 1])),
        probes={"speed": ({"value": speed, "seed": seed},)},
    )


@dataclass(frozen=True)
class Speed(Metric):
    """One timing, with rounds."""

    def meaning(self, metric):
        return Meaning("s", "lower", "measured", True)

    def examples(self):
        return ("speed",)

    def read(self, seen):
        value, seed = seen.probes["speed"][0]["value"], seen.probes["speed"][0]["seed"]
        rng = np.random.default_rng(seed)
        rounds = np.array([(k, k * 100 + r, np.log(value) + rng.normal(0, 0.01)) for k in range(3) for r in range(20)])
        width = seen.spreads["speed"].variance if "speed" in seen.spreads else 0.0
        return {"speed": Result(Measurement(value, value - width, value + width, "s", "lower", "measured"), rounds)}


@dataclass(frozen=True)
class After(Speed):
    """Builds on speed."""

    needs = ("speed",)

    def examples(self):
        return ("after",)

    def read(self, seen):
        return {"after": Result(counted(seen.readings["speed"].value * 2, "s"))}


@dataclass(frozen=True)
class Raises(Speed):
    """Somebody's mistake."""

    def examples(self):
        return ("raises.one",)

    def read(self, seen):
        raise ZeroDivisionError("by \x1b[31mzero")


def assembled(metrics, twin=None):
    both = {"other": seen("other", 2.0, 1), "base": seen("base", 1.0, 2)}
    return assemble(both, twin, metrics, "base", {}, frozenset({"base"}), lambda share, text: None)


def test_rows_keep_their_order_and_say_which_the_plan_named():
    rows = assembled({"speed": Speed()}).rows
    assert [(row.candidate.name, row.planned) for row in rows] == [("other", False), ("base", True)]


def test_a_metric_finds_the_readings_that_it_needs():
    assert assembled({"after": After(), "speed": Speed()}).rows[0].readings["after"].value == 4.0
    assert in_order({"after": After(), "speed": Speed()}) == ["speed", "after"]


def test_metrics_that_need_each_other_are_an_error():
    both = {"a": SimpleNamespace(needs=("b",)), "b": SimpleNamespace(needs=("a",))}
    with pytest.raises(ValueError, match="need each other"):
        in_order(both)


def test_evidence_is_kept_by_candidate_and_metric_with_the_rows_that_were_right():
    found = assembled({"speed": Speed()})
    assert found.rows[0].readings["speed"].evidence == "other/speed"
    assert found.arrays["other/speed"].shape == (60, 3)
    np.testing.assert_array_equal(np.unpackbits(found.arrays["base/correct"])[:5], [1, 1, 0, 1, 1])


def test_a_metric_that_raises_loses_its_own_readings_only():
    found = assembled({"speed": Speed(), "raises": Raises()})
    lost = found.rows[0].readings["raises.one"]
    assert lost == Failure("raised", "metric", "the metric raises raised ZeroDivisionError: by zero")
    assert isinstance(found.rows[0].readings["speed"], Measurement)


def test_the_twin_shows_what_the_machine_resolves():
    found = assembled({"speed": Speed()}, twin=seen("~twin", 1.0, 3))
    assert found.twins["speed"].value == pytest.approx(1.0, abs=0.02)
    assert found.twins["speed"].low < 1.0 < found.twins["speed"].high
    assert 0 < found.floors["speed"].share < 0.1
    assert found.spreads["speed"].dof > 0


def test_one_start_sets_no_floor():
    rounds = np.column_stack([np.ones(20), np.arange(20), np.random.default_rng(1).normal(0, 0.1, 20)])
    other = rounds + np.array([0, 0, 0.1])
    copy = rounds + np.array([100, 0, 0.01])
    spreads, floors, twins = _noise({"speed": {"base": rounds, "other": other}}, {"speed": copy}, "base")
    assert (spreads["speed"].dof, floors, twins) == (0.0, {}, {})


def test_timings_are_read_again_with_what_all_candidates_show_of_the_noise():
    found = assembled({"speed": Speed()}, twin=seen("~twin", 1.0, 3))
    reading = found.rows[0].readings["speed"]
    assert reading.high - reading.value == pytest.approx(found.spreads["speed"].variance)


def test_what_is_read_again_replaces_what_was_read():
    first = assembled({"speed": Speed()})
    again = read_again(first, {"other": seen("other", 5.0)}, {"speed": Speed()})
    assert again.rows[0].readings["speed"].value == 5.0
    assert again.rows[1].readings["speed"].value == 1.0


def test_which_slices_each_row_is_in_is_kept_once_for_all():
    codes = np.array([[0], [1], [65535], [0], [1]], dtype=np.uint16)
    workload = SimpleNamespace(slices=("a", "b"), weights="", splits={"certify": 5})
    store = SimpleNamespace(answers=lambda split: LABELS, slices=lambda: codes)
    both = {name: replace(seen(name), workload=workload, store=store) for name in ("base", "other")}
    found = assemble(both, None, {"speed": Speed()}, "base", {}, frozenset(), lambda share, text: None)
    np.testing.assert_array_equal(found.arrays[CODES], [[0], [1], [255], [0], [1]])
    assert found.arrays[CODES].dtype == np.uint8
    assert CODES not in assembled({"speed": Speed()}).arrays


def test_what_was_asked_on_a_sample_has_the_samples_quality_and_no_behaviour():
    whole, part = counted(0.9, "score", "higher"), counted(0.7, "score", "higher")
    readings = {
        "quality.roc_auc": whole,
        sliced("quality.roc_auc", SAMPLE): part,
        "quality.f1": whole,
        "behaviour.ece": whole,
        "size.artifact": whole,
    }
    evidence = {"quality.roc_auc": LABELS, sliced("quality.roc_auc", SAMPLE): LABELS, "behaviour.ece": LABELS}
    asked = replace(seen("net"), sampled=True)
    found, kept = _of_sample(asked, dict(readings), dict(evidence))
    assert (found["quality.roc_auc"], found["size.artifact"]) == (part, whole)
    assert found["quality.f1"].code == found["behaviour.ece"].code == "answers_depend_on_batch"
    assert set(kept) == {sliced("quality.roc_auc", SAMPLE)}
    assert _of_sample(seen("net"), dict(readings), dict(evidence)) == (readings, evidence)
