"""Notes on steadiness are found where timings stand, and told to whoever asks for more."""

from __future__ import annotations

from dataclasses import replace

from effaudit.core.notes import Note, coded
from effaudit.core.reading import Measurement
from effaudit.outputs.terminal import Terminal
from effaudit.reporting.steady import disturbed, wavering
from effaudit.reporting.trust import trust

WARM = "warm-up: its first 6 rounds after each start took +12 % time beside the baseline's, and are left out"


def warmed(record):
    first = record.rows[0]
    reading = first.readings["latency.batch_1.p50"]
    assert isinstance(reading, Measurement)
    readings = {
        **first.readings,
        "latency.batch_1.p50": replace(reading, notes=(Note("rows_repeat", "rows repeat"), Note("warm_up", WARM))),
    }
    return replace(record, rows=(replace(first, readings=readings), *record.rows[1:]))


def test_only_notes_on_steadiness_are_told(record):
    assert wavering(record) == []
    assert wavering(warmed(record)) == [(record.rows[0].candidate.name, f"latency p50, batch 1: {WARM}")]


def test_the_terminal_tells_them_to_whoever_asks_for_more(record, verdict):
    session = replace(record.sessions[0], notes=(Note("disturbed", "The machine ran at two speeds: \x1b[31mred"),))
    whole = replace(warmed(record), sessions=(session,))
    told = " ".join(Terminal(verbose=True).render(whole, verdict).split())
    assert "Not steady while it was timed" in told
    assert "took +12 % time" in told
    assert "two speeds" in told
    assert "\x1b" not in told
    assert "Not steady" not in Terminal().render(whole, verdict)


def test_what_several_sessions_say_is_told_once(record):
    session = replace(record.sessions[0], notes=coded("disturbed", "a", "b"))
    assert disturbed(replace(record, sessions=(session, session), notes=coded("disturbed", "b"))) == ["b", "a"]


def test_the_report_says_how_the_level_was_split_between_looks(record, verdict):
    assert "looks" not in dict(trust(record, verdict).methods)
    told = dict(trust(replace(record, looks=5), verdict).methods)["looks"]
    assert "5 planned looks" in told
    assert "decided at 99 % instead of 95 %" in told
