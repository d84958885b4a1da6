"""Each candidate's details: lineage, cost, facts."""

from __future__ import annotations

from dataclasses import replace

from effaudit.core.candidate import Artifact, Contract, Step
from effaudit.reporting.details import details, ladder, recipe


def _detail(record, name):
    return next(one for one in details(record, None, 99)[0] if one.line.name == name)


def test_lineage_names_the_parent_and_every_step_with_its_options_and_cost(record):
    row = record.row("mlp-to_onnx-static_int8")
    assert recipe(row) == ("mlp", "to_onnx", "static_int8")
    tuned = replace(row.candidate, recipe=(Step("to_onnx", {"opset": 18}), Step("static_int8")))
    rows = tuple(replace(one, candidate=tuned) if one is row else one for one in record.rows)
    made = _detail(replace(record, rows=rows), row.candidate.name).made
    assert made[0] == "mlp"
    assert made[1].startswith("to_onnx (opset 18) (4.20 s, 412 MB at most, 20.4 J modelled")


def test_a_product_that_failed_midway_keeps_the_steps_it_never_reached(record):
    row = record.row("mlp-to_onnx-static_int8")
    rows = tuple(replace(one, made=one.made[:1]) if one is row else one for one in record.rows)
    assert _detail(replace(record, rows=rows), row.candidate.name).made[-1] == "static_int8"


def test_no_gain_is_labelled_with_its_figures(record):
    found = _detail(record, "gbm-to_onnx")
    assert found.gain == "no gain"
    assert "4 ms faster but 28 % larger than its parent" in found.notes


def test_facts_say_how_it_is_asked(record):
    row = record.row("mlp")
    asked = replace(
        row.candidate,
        contract=Contract(output="logits", threshold=0.31),
        preprocess=Artifact("models/prep.skops", "sklearn"),
        threads=2,
    )
    rows = tuple(replace(one, candidate=asked) if one is row else one for one in record.rows)
    facts = _detail(replace(record, rows=rows), "mlp").facts
    assert "torch on cpu, 2 threads" in facts
    assert "answers with logits" in facts
    assert "threshold 0.310" in facts
    assert "preprocessing models/prep.skops" in facts


def test_only_as_many_as_asked_for_are_detailed_the_best_first(record, verdict):
    found, _ = details(record, verdict, 3)
    assert [one.line.name for one in found] == list(verdict.ranking[:3])


def test_the_ladder_is_what_was_made_from_data_alone_the_simplest_first(record, verdict):
    assert [line.name for line in ladder(record, verdict)] == ["ladder-dummy", "ladder-linear", "ladder-tree", "ladder-lightgbm"]
