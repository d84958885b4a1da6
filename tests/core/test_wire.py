"""Frozen types cross the pipe as JSON and come back equal."""

from __future__ import annotations

import json

from effaudit.core.candidate import Artifact, Candidate, Contract, Facts, Step, Trust
from effaudit.core.observed import Sizes
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.wire import pack, unpack
from effaudit.core.workload import Column, Workload


def crossed(value):
    return unpack(type(value), json.loads(json.dumps(pack(value))))


def test_a_whole_candidate_crosses_unchanged():
    candidate = Candidate(
        "mlp",
        Artifact("m.pt2", "torch", Trust(True, ("a.B",)), "module:build", "."),
        Contract(("a", "b"), ("float32",), "prep.skops", "logits", ("no", "yes"), 0.4, "f1"),
        preprocess=Artifact("prep.skops", "sklearn"),
        parent="big",
        recipe=(Step("to_onnx", {"float64": "auto"}), Step("static_int8")),
    )
    assert crossed(candidate) == candidate


def test_settings_sizes_facts_and_workloads_cross_unchanged():
    workload = Workload(
        *("classification", "store", (Column("x", "float64", (3,)),), ("y",), ("0", "1"), {"certify": 3}, "row"),
        *("independent", {"certify": 3}, {}, {"certify": "00"}, ("roc_auc",), (1, 256)),
    )
    for value in (Settings(budget_s=1.5), Assumptions("FRA", price_per_hour=0.1), Sizes(1, 2, 3, 4, {"numpy": 5}), workload):
        assert crossed(value) == value
    assert crossed(Facts("network", "Sequential", 10, files=("m.data",))) == Facts("network", "Sequential", 10, files=("m.data",))


def test_what_is_not_known_is_ignored_and_what_is_missing_takes_its_default():
    assert unpack(Contract, {"columns": ["a"], "of_the_future": 1}) == Contract(("a",))
