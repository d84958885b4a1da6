"""The journal keeps every finished piece, whatever end the program comes to."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.protocol import Message
from effaudit.measure.journal import Journal


def filled(path, key="k"):
    journal = Journal(path, key)
    for number in range(3):
        journal.add(Message("round", {"n": number}, {"0": np.arange(5.0) + number}))
    journal.close()


def test_what_was_added_is_found_again(tmp_path):
    filled(tmp_path / "journal")
    again = Journal(tmp_path / "journal", "k")
    assert [message.facts["n"] for message in again.of("round")] == [0, 1, 2]
    np.testing.assert_array_equal(again.of("round")[2].arrays["0"], np.arange(5.0) + 2)
    again.close()


def test_a_journal_of_another_audit_is_begun_anew(tmp_path):
    filled(tmp_path / "journal")
    other = Journal(tmp_path / "journal", "another")
    assert other.earlier == ()
    other.close()


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 2000), junk=st.binary(max_size=50))
def test_a_journal_cut_short_anywhere_keeps_its_whole_frames_and_goes_on(tmp_path_factory, cut, junk):
    path = tmp_path_factory.mktemp("journal") / "journal"
    filled(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole))] + junk)
    journal = Journal(path, "k")
    kept = [message.facts["n"] for message in journal.of("round")]
    assert kept == list(range(len(kept)))
    journal.add(Message("round", {"n": 99}))
    journal.close()
    again = Journal(path, "k")
    assert [message.facts["n"] for message in again.of("round")] == [*kept, 99]
    again.close()
