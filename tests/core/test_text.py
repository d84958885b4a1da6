"""Words for readers."""

from __future__ import annotations

import re
import traceback

from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.text import counted, did_you_mean, last_words, listed, one_line


def test_a_near_name_is_suggested():
    assert did_you_mean("latncy", ["latency", "size"]) == " Did you mean 'latency'?"


def test_without_a_near_name_a_short_list_is_given():
    assert did_you_mean("xyz", ["latency", "size"]) == " Known: latency, size."
    assert did_you_mean("xyz", [f"name{n}" for n in range(40)]) == ""


def test_terminal_escapes_are_taken_out_of_foreign_text():
    assert one_line("a\x1b[31mred\x1b[0m\x1b]0;title\x07 b\r\n\u202ec") == "ared b c"


@given(st.text())
def test_one_line_is_one_harmless_line_whatever_it_is_given(text):
    line = one_line(text, 40)
    assert len(line) <= 40
    assert not any(ord(c) < 32 or c in "\x7f\u202e\u2066" for c in line)


def test_last_words_keep_the_end():
    assert last_words("\n".join(f"line {n}" for n in range(100)), lines=2) == "line 98\nline 99"


def test_a_traceback_is_told_by_its_innermost_calls_and_repeats_nothing():
    def deepest(values):
        return values["missing"] + values["also missing"]

    def outer(values):
        return deepest(values)

    try:
        try:
            raise KeyError("an earlier one")
        except KeyError:
            outer({})
    except KeyError:
        printed = traceback.format_exc()
    words = last_words("a warning of the model's own\n" + printed, "raised KeyError: 'missing'")
    first, frames = words.splitlines()[0], words.splitlines()[-1]
    assert first == "a warning of the model's own"
    assert re.fullmatch(r"at test_text\.py:\d+ in test_a_\w+, test_text\.py:\d+ in outer, test_text\.py:\d+ in deepest", frames)
    assert "^" not in words
    assert "~" not in words
    assert "KeyError: 'missing'" not in words


def test_a_crash_is_told_by_its_innermost_calls_too():
    dump = """Fatal Python error: Segmentation fault

Current thread 0x00007f0 (most recent call first):
  File "/srv/x/broken.py", line 35 in crashes
  File "/srv/y/python.py", line 84 in <lambda>
  File "/srv/y/asking.py", line 44 in answers
  File "/srv/y/desk.py", line 9 in _answers
"""
    assert (
        last_words(dump)
        == "Fatal Python error: Segmentation fault\nat asking.py:44 in answers, python.py:84 in <lambda>, broken.py:35 in crashes"
    )


def test_marks_alone_are_no_words():
    assert last_words("  ^^^^^\nwhat matters\n  ~~~^^~~") == "what matters"


def test_counts_and_lists_read_like_english():
    assert counted(1, "row") == "1 row"
    assert counted(1200, "row") == "1,200 rows"
    assert listed("abcdefghij", 3) == "a, b, c and 7 more"


def test_names_that_are_listed_or_suggested_are_harmless():
    for said in (did_you_mean("lates", ["late\x7f\x1b[31m"]), did_you_mean("zzz", ["a\x1b[2J"]), listed(["a\x1b[2J", "b\x7f"])):
        assert said.isprintable()
        assert len(listed(["x" * 10_000])) < 100
