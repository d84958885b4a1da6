"""CSV: one line per candidate and metric, exact figures, no formulas."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sampled.record import small_record

from effaudit.core.notes import Note
from effaudit.core.reading import Measurement
from effaudit.outputs.csv import COLUMNS, Csv

GOLDEN = """\
candidate,standing,format,metric,value,low,high,unit,better,method,samples,baseline_value,rules,notes,failure
gbm,pass,lightgbm,quality.roc_auc,0.6942,0.6911,0.6973,score,higher,measured,61302,0.6942,"quality.floor pass: 0.6942 [0.6911, 0.6973] (min 0.65); quality.non_inferior pass: 0 pp (max drop 1 pp)",77 groups,
gbm,pass,lightgbm,size.artifact,1184000.0,1184000.0,1184000.0,B,lower,counted,1,1184000.0,size.artifact pass: 1.18 MB (max 50 MB),,
logistic,fail,sklearn,size.nodes,,,,,,,,12600.0,,,counting: a linear model has no nodes
"""  # noqa: E501 - as it is rendered


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_text_on_a_small_record(small):
    text = Csv().render(*small)
    for line in GOLDEN.splitlines():
        assert line in text.splitlines()


def test_every_reading_has_its_line_and_its_exact_figures(record, verdict):
    lines = {(line["candidate"], line["metric"]): line for line in _read(Csv().render(record, verdict))}
    for row in record.rows:
        for metric, reading in row.readings.items():
            line = lines[row.candidate.name, metric]
            if isinstance(reading, Measurement):
                assert float(line["value"]) == reading.value
                assert (float(line["low"]), float(line["high"])) == (reading.low, reading.high)
            else:
                assert line["value"] == ""
                assert reading.reason[:20] in line["failure"]
    assert ("scripted", "") in lines


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", "＠", "  ="])
def test_words_that_a_spreadsheet_would_run_are_put_behind_an_apostrophe(start):
    record = small_record()
    rows = tuple(replace(row, candidate=replace(row.candidate, name=start + "cmd()")) for row in record.rows[:1])
    found = _read(Csv().render(replace(record, rows=rows), None))
    assert found
    assert all(line["candidate"].startswith("'") for line in found)


def test_negative_figures_stay_figures():
    record = small_record()
    row = record.rows[0]
    readings = {"quality.r2": Measurement(-0.25, -0.5, 0.1, "score", "higher", "measured")}
    line = _read(Csv().render(replace(record, rows=(replace(row, readings=readings),)), None))[0]
    assert float(line["value"]) == -0.25


@given(st.text(max_size=40))
def test_any_name_leaves_the_table_whole(name):
    record = small_record()
    rows = tuple(replace(row, candidate=replace(row.candidate, name=name), notes=(Note("odd", name),)) for row in record.rows[:2])
    rows_read = list(csv.reader(io.StringIO(Csv().render(replace(record, rows=rows), None))))
    assert {len(line) for line in rows_read} == {len(COLUMNS)}
