"""The journal keeps every finished piece, whatever end the program comes to."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core import protocol
from effaudit.core.protocol import Message
from effaudit.measure.journal import HEAD, Journal


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


def bytes_of(path):
    """The file, and where each of its frames ends."""
    from effaudit.measure.journal import _frames

    with path.open("rb") as file:
        file.seek(len(HEAD))
        return path.read_bytes(), [end for _, end, _ in _frames(file)]


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_one_bit_that_flips_loses_nothing_before_it_and_nothing_false_is_believed(tmp_path_factory, place, bit):
    path = tmp_path_factory.mktemp("journal") / "journal"
    filled(path)
    whole, ends = bytes_of(path)
    place %= len(whole)
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
    journal = Journal(path, "k")
    kept = journal.of("round")
    assert len(kept) == max(0, sum(end <= place for end in ends) - 1)
    for number, message in enumerate(kept):
        assert message.facts == {"n": number}
        np.testing.assert_array_equal(message.arrays["0"], np.arange(5.0) + number)
    assert [note.code for note in journal.notes] == ["journal_cut" if place >= ends[0] else "journal_anew"]
    journal.close()


@pytest.mark.parametrize("order", [(0, 1, 1, 2, 3), (0, 2, 1, 3), (0, 1, 3), (0, 1, 2, 2)])
def test_frames_in_another_order_twice_or_left_out_end_what_is_believed(tmp_path, order):
    filled(tmp_path / "journal")
    whole, ends = bytes_of(tmp_path / "journal")
    begins = [len(HEAD), *ends]
    frames = [whole[begin:end] for begin, end in zip(begins, ends, strict=False)]
    (tmp_path / "journal").write_bytes(HEAD + b"".join(frames[place] for place in order))
    journal = Journal(tmp_path / "journal", "k")
    right = next((at for at, place in enumerate(order) if at != place), len(order))
    assert [message.facts["n"] for message in journal.of("round")] == list(range(right - 1))
    assert [note.code for note in journal.notes] == ["journal_cut"]
    journal.close()
    assert (tmp_path / "journal").stat().st_size == ends[right - 1]


def test_a_frame_of_another_journal_is_not_believed(tmp_path):
    filled(tmp_path / "one")
    filled(tmp_path / "other", key="x")
    (one, ends), (other, _) = bytes_of(tmp_path / "one"), bytes_of(tmp_path / "other")
    assert len(one) == len(other)
    (tmp_path / "one").write_bytes(one[: ends[1]] + other[ends[1] :])
    journal = Journal(tmp_path / "one", "k")
    assert [message.facts["n"] for message in journal.of("round")] == [0]
    journal.close()


def test_a_journal_of_the_format_before_checksums_is_begun_anew_and_that_is_said(tmp_path):
    (tmp_path / "journal").write_bytes(
        protocol.encode(Message("audit", {"key": "k"})) + protocol.encode(Message("round", {"n": 0}))
    )
    journal = Journal(tmp_path / "journal", "k")
    assert journal.earlier == ()
    assert [note.code for note in journal.notes] == ["journal_anew"]
    assert "earlier version" in journal.notes[0].text
    journal.add(Message("round", {"n": 7}))
    journal.close()
    again = Journal(tmp_path / "journal", "k")
    assert [message.facts["n"] for message in again.of("round")] == [7]
    assert again.notes == ()
    again.close()


def test_a_full_disk_leaves_whole_frames_and_the_next_ones_fit_when_there_is_room(tmp_path, monkeypatch):
    path = tmp_path / "journal"
    journal = Journal(path, "k")
    journal.add(Message("round", {"n": 0}))
    before = path.read_bytes()
    write, room = os.write, [20]

    def full(descriptor, data):
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = min(room[0], len(data))
        room[0] -= taken
        return write(descriptor, data[:taken])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space") as caught:
        journal.add(Message("round", {"n": 1}))
    assert caught.value.filename == str(path)
    assert path.read_bytes() == before
    monkeypatch.setattr(os, "write", write)
    journal.add(Message("round", {"n": 2}))
    journal.close()
    again = Journal(path, "k")
    assert [message.facts["n"] for message in again.of("round")] == [0, 2]
    assert again.notes == ()
    again.close()
