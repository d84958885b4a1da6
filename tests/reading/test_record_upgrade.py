"""Records of schema 1 are told in codes: what their sentences and stages meant stays what it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from effaudit.core.notes import WARNINGS, WAVERING
from effaudit.reading.record_file import RECORD, read_record
from effaudit.reading.record_upgrade import upgraded

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


def noted(text):
    return upgraded({"notes": [text]})["notes"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("WARNING: 619 of the 623 groups of customer in certify are in train too", "groups_shared"),
        ("WARNING: 12 rows of certify are not later than all of train by day", "not_later"),
        ("WARNING: in no slice: 1 value of c with 4 certify rows in all, where a slice has at least 100 rows", "rows_in_no_slice"),
        ("WARNING: slices of c with less than 30 rows of a class, in which rules on scores stay undecided: b", "slices_undecided"),
    ],
)
def test_loud_sentences_stay_warnings_without_their_shouted_word(text, code):
    assert noted(text) == [{"code": code, "text": text.removeprefix("WARNING: ")}]
    assert code in WARNINGS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("28 rows (0.99 %) of certify occur in train too, with all inputs equal", "rows_shared"),
        ("28 rows (0.99 %) of certify repeat an earlier row of certify", "rows_repeated"),
        ("rows_repeat", "rows_repeat"),
        ("127 groups", "groups"),
        ("its answers differ from call to call: 14 % of 64 rows asked twice", "drawn_once"),
        ("something that somebody's plug-in said", "remark"),
    ],
)
def test_other_sentences_keep_their_words(text, code):
    assert noted(text) == [{"code": code, "text": text}]


@pytest.mark.parametrize("word", sorted(WAVERING - {"warm_up"}))
def test_what_a_timing_did_is_known_by_its_first_word(word):
    assert noted(f"{word}: after 25 rounds")[0]["code"] == word


@pytest.mark.parametrize(
    ("stage", "code"),
    [("too_few_samples", "too_few_samples"), ("not_chosen", "not_chosen"), ("interrupted", "interrupted"), ("timing", "failed")],
)
def test_a_stage_becomes_a_code_and_stays_the_stage(stage, code):
    found = upgraded({"rows": [{"failure": {"stage": stage, "reason": "so"}}]})
    assert found["rows"][0]["failure"] == {"code": code, "stage": stage, "reason": "so"}


def test_the_committed_sample_reads_with_a_code_for_every_note_and_failure():
    written = json.loads((SAMPLE / RECORD).read_text("utf-8"))
    record = read_record(SAMPLE)
    assert record.schema == 2
    assert written["schema"] in (1, 2)
    readings = [reading for row in record.rows for reading in row.readings.values()]
    notes = [note for reading in readings for note in getattr(reading, "notes", ())]
    assert notes
    assert all(note.code and note.text and " " not in note.code for note in notes)
