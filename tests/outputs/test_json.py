"""JSON: strict, with keys that stay."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.reading import Measurement
from effaudit.outputs.json import Json


def _strict(text: str):
    def refuse(word: str):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_documented_keys_are_there(record, verdict):
    found = _strict(Json().render(record, verdict))
    assert list(found) == [
        "layout", "version", "audit", "verdict", "candidates", "resolution", "sessions", "assumptions", "intensity", "spent",
    ]  # fmt: skip
    for part, name in (("audit", "audit"), ("verdict", "verdict"), ("candidates", "candidates")):
        kept = found[part][0] if name == "candidates" else found[part]
        missing = [key for key in kept if key not in (Json.__doc__ or "")]
        assert not missing, f"keys of {name} that the help does not name: {missing}"


def test_verdict_and_figures_are_those_of_the_record(record, verdict):
    found = _strict(Json().render(record, verdict))
    assert found["verdict"]["recommended"] == verdict.recommended
    assert found["verdict"]["exit_code"] == 0
    assert len(found["verdict"]["checks"]) == len(verdict.checks)
    by_name = {one["name"]: one for one in found["candidates"]}
    assert by_name["gbm"]["readings"]["quality.roc_auc"]["value"] == 0.6942
    assert by_name["scripted"]["failure"]["stage"] == "load"
    assert by_name["mlp-to_onnx-static_int8"]["recipe"] == ["to_onnx", "static_int8"]


def test_an_unjudged_record_has_no_verdict(record):
    found = _strict(Json().render(record, None))
    assert found["verdict"] is None
    assert {one["standing"] for one in found["candidates"]} == {"not judged", "not measured"}


def test_what_is_not_finite_is_null_and_numpy_numbers_are_numbers(record, verdict):
    odd = Measurement(float("nan"), float("-inf"), np.float32(2.5), "score", "higher", "measured", 3)
    row = replace(record.rows[0], readings={"quality.roc_auc": odd}, notes=(Note("odd", "\ud83d half"),))
    found = _strict(Json().render(replace(record, rows=(row,)), verdict))
    reading = found["candidates"][0]["readings"]["quality.roc_auc"]
    assert (reading["value"], reading["low"], reading["high"]) == (None, None, 2.5)


def test_it_is_ascii_so_that_no_terminal_or_log_is_driven_by_it(record, verdict):
    row = replace(record.rows[0], notes=(Note("odd", "\x1b[31m \u202e \u2028"),))
    text = Json().render(replace(record, rows=(row,)), verdict)
    assert text.isascii()
    assert "\x1b" not in text
