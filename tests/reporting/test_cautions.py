"""Warnings of the data stand right under the headline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from effaudit import registry
from effaudit.core.notes import Note
from effaudit.reporting.cautions import cautions, remarks

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


WIDE = "Rule size: it can never fail: no size.artifact is beyond 1e300 B."
GUESS = "its accuracy of 0.01 is worse than a guess"


@pytest.fixture
def doubtful(record, verdict):
    """The recommended candidate is worse than a guess, under a policy with a rule that nothing fails."""
    rows = [
        replace(row, notes=(Note("worse_than_guess", GUESS),)) if row.candidate.name == verdict.recommended else row
        for row in record.rows
    ]
    return replace(record, rows=tuple(rows)), replace(verdict, notes=(Note("never_fails", WIDE), *verdict.notes))


@pytest.mark.parametrize("output", ["terminal", "markdown", "html", "json", "github", "junit", "sarif"])
def test_what_makes_a_pass_worthless_is_told_in_every_output_of_a_verdict(doubtful, output):
    record, verdict = doubtful
    told = " ".join(registry.find("outputs", output)().render(record, verdict).split())
    assert GUESS in told
    assert WIDE in told
    assert output in ("junit", "html") or told.count(WIDE) == 1


def test_a_spreadsheet_tells_of_the_policy_where_it_shows_its_rules(doubtful):
    lines = registry.find("outputs", "csv")().render(*doubtful).splitlines()
    judged = [line for line in lines if ",size.artifact," in line]
    assert judged
    assert all(WIDE in line for line in judged)


def test_programs_find_the_codes_of_warnings(doubtful):
    import json

    record, verdict = doubtful
    whole = json.loads(registry.find("outputs", "json")().render(record, verdict))
    assert {"code": "never_fails", "text": WIDE} in whole["verdict"]["notes"]
    log = json.loads(registry.find("outputs", "sarif")().render(record, verdict))
    told = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    levels = {one["properties"]["code"]: one["level"] for one in told}
    assert (levels["never_fails"], levels["worse_than_guess"]) == ("warning", "warning")


def test_github_shows_no_more_than_ten_cautions(record, verdict):
    rows = [replace(row, notes=tuple(Note("worse_than_guess", f"{GUESS} {n}") for n in range(3))) for row in record.rows]
    told = registry.find("outputs", "github")().render(replace(record, rows=tuple(rows)), verdict)
    cautions = [line for line in told.splitlines() if "title=effaudit%3A caution" in line or "title=effaudit: caution" in line]
    assert len(cautions) == 10
    assert "more cautions, in the report" in cautions[-1]
