"""All readings of a candidate: nothing is lost, notes are written once."""

from __future__ import annotations

from dataclasses import replace

from effaudit.core.notes import Note
from effaudit.core.reading import Failure, Measurement
from effaudit.reporting.readings import groups, shared_notes, timings


def _lines(row, numbers):
    table = timings(row, numbers)
    return [line for _, cells in table.rows for line in cells] + [line for group in groups(row, numbers) for line in group.lines]


def test_every_reading_is_shown_once(record):
    numbers, _ = shared_notes(record.rows)
    for row in record.rows:
        if row.readings:
            asked = [r for r in row.readings.values() if not (isinstance(r, Failure) and r.code == "not_chosen")]
            assert len(_lines(row, numbers)) == len(asked)


def test_timings_have_a_line_per_batch_size_and_a_column_per_aggregate(record):
    table = timings(record.row("gbm"), {})
    assert table.heads == ("p50", "p90", "p95", "p99", "mean", "throughput")
    assert [batch for batch, _ in table.rows] == ["1", "256"]
    assert table.method == "measured"


def test_a_group_says_its_method_and_what_failed_stands_with_its_like(record):
    found = {group.heading: group for group in groups(record.row("logistic"), {})}
    assert list(found) == [
        "Quality, measured",
        "Behaviour, measured",
        "Size, counted",
        "Memory, measured",
        "Start, measured",
        "Per 1,000, modelled",
    ]
    nodes = next(line for line in found["Size, counted"].lines if line.title == "nodes")
    assert nodes.text == "not measured"
    assert nodes.own == ("counting: a linear model has no nodes",)


def test_a_note_of_a_whole_group_stands_below_it(record):
    memory = next(group for group in groups(record.row("gbm"), {}) if group.heading.startswith("Memory"))
    assert memory.notes == ("of which 115 MB interpreter and libraries",)
    assert all(line.own == () for line in memory.lines)


def test_notes_of_all_candidates_are_told_by_metric_and_those_of_some_by_number(record):
    numbers, told = shared_notes(record.rows)
    assert ("energy per 1,000", "processor seconds × 4 W") in told
    assert numbers["energy.per_1000", Note("model", "processor seconds × 4 W")] == 0
    place = numbers["size.nodes", Note("not_counted", "counting: a linear model has no nodes")]
    assert (str(place), "counting: a linear model has no nodes") in told


def test_a_note_of_one_candidate_stays_with_it(record):
    row = record.row("gbm")
    odd = replace(row.readings["latency.batch_1.p99"], notes=(Note("timer_limited", "timer limited"),))
    row = replace(row, readings={**row.readings, "latency.batch_1.p99": odd})
    numbers, told = shared_notes([row])
    assert told == ()
    assert timings(row, numbers).rows[0][1][3].own == ("timer limited",)


def test_a_metric_of_someone_elses_plug_in_is_shown_too():
    from effaudit.core.candidate import Artifact, Candidate
    from effaudit.core.record import Row

    row = Row(Candidate("a", Artifact("a", "toy")), readings={"weird.thing": Measurement(1, 1, 1, "x", "lower", "measured")})
    assert [(group.heading, group.lines[0].title) for group in groups(row, {})] == [("Other, measured", "weird.thing")]
