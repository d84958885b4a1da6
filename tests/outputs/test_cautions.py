"""Warnings of the data stand right under the headline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit import registry
from effaudit.core.notes import Note
from effaudit.outputs._cautions import cautions, remarks

LEAK = "619 of the 623 groups of customer in certify are in train too"
SHARED = "28 rows (0.99 %) of certify occur in train too, with all inputs equal"
REST = "data was cut by whole groups of customer"
OF_RECORD = "its answers differ from call to call"


@pytest.fixture
def leaking(record):
    return replace(
        record,
        workload=replace(record.workload, notes=(Note("cut", REST), Note("rows_shared", SHARED), Note("groups_shared", LEAK))),
        notes=(Note("drawn_once", OF_RECORD), Note("disturbed", "quiet")),
    )


def test_warnings_come_before_what_is_shared_and_the_rest_is_kept_apart(leaking):
    assert cautions(leaking) == (LEAK, OF_RECORD, SHARED)
    assert remarks(leaking) == (REST,)


def test_like_rows_of_groups_that_are_kept_apart_are_no_caution(leaking):
    apart = replace(
        leaking, workload=replace(leaking.workload, sampling="groups: date", notes=(Note("rows_shared", SHARED),)), notes=()
    )
    assert (cautions(apart), remarks(apart)) == ((), (SHARED,))
    independent = replace(apart, workload=replace(apart.workload, sampling="independent"))
    assert (cautions(independent), remarks(independent)) == ((SHARED,), ())


@pytest.mark.parametrize("output", ["terminal", "markdown", "html"])
@pytest.mark.parametrize("judged", [True, False])
def test_they_stand_before_the_first_table_of_rules(leaking, verdict, output, judged):
    told = " ".join(registry.find("outputs", output)().render(leaking, verdict if judged else None).split())
    places = [told.index(note) for note in (LEAK, OF_RECORD, SHARED)]
    assert places == sorted(places)
    after = {"terminal": "✓" if judged else "resolves", "markdown": "| candidate", "html": '<section id="recommendation"'}[output]
    assert after not in told or places[-1] < told.index(after)


def test_the_terminal_tells_the_rest_among_its_notes(leaking, verdict):
    assert f"Note: {REST}" in registry.find("outputs", "terminal")().render(leaking, verdict)


def test_a_warning_of_a_candidate_is_told_with_its_name_and_its_other_notes_are_not(record):
    row = replace(record.rows[0], notes=(Note("worse_than_guess", "guesses better"), Note("other_version", "old")))
    assert cautions(replace(record, rows=(row, *record.rows[1:]))) == (f"{row.candidate.name}: guesses better",)
