"""Slices' ids: any value gives one line that is read back, and no two values the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.core.slices import LONGEST, MISSING, OTHER, apart, in_words, key_apart, key_of, sliced

HOSTILE = [
    "a]b",
    "[x=y]",
    "a=b",
    "100%",
    "a\nb",
    "\x00",
    "\u202eabc",
    "\ud800",
    "",
    " x ",
    "(other)",
    "é",
    "机票",
    "🙂",
    "x" * 10_000,
]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_give_one_short_line_that_is_read_back(value):
    metric = sliced("quality.f1", key_of(value or "c", value))
    assert apart(metric) == ("quality.f1", key_of(value or "c", value))
    assert len(metric.splitlines()) == 1
    assert len(metric) < 20 + 2 * 9 * LONGEST
    assert all(unicodedata.category(character)[0] != "C" for character in metric)
    assert len(in_words(key_of("c", value)).splitlines()) == 1


def test_plain_values_stand_as_they_are():
    assert sliced("quality.roc_auc", key_of("carrier", "UA")) == "quality.roc_auc[carrier=UA]"
    assert key_of("city", "New York") == "city=New York"
    assert in_words("city=New York") == "city New York"
    assert in_words(key_of("x", "a=b")) == "x a=b"
    assert in_words(key_of("x", "")) == 'x ""'


def test_a_value_is_never_taken_for_the_rows_that_have_none():
    assert key_of("c", "(other)") != key_apart("c", OTHER)
    assert key_of("c", "(missing)") != key_apart("c", MISSING)
    assert in_words(key_apart("c", MISSING)) == "c missing"


def test_a_value_that_is_written_like_a_shortened_one_is_not_taken_for_it():
    long = "y" * 500
    assert key_of("c", key_of("c", long).partition("=")[2]) != key_of("c", long)


@given(st.text(), st.text(), st.text(), st.text())
def test_different_columns_and_values_have_different_keys(column, value, other_column, other_value):
    same = (column, value) == (other_column, other_value)
    assert (key_of(column, value) == key_of(other_column, other_value)) == same


@given(st.text())
def test_what_is_no_slice_is_left_as_it_is(text):
    metric, key = apart(text)
    assert (metric, key) == (text, "") or sliced(metric, key) == text


@pytest.mark.parametrize("metric", ["quality.roc_auc", "latency.batch_1.p50", "a[b", "a]b", "a[b]", "[a=b]", "a[b=c]d", "a[b=[c]]"])
def test_ids_without_a_slice_have_no_key(metric):
    assert apart(metric) == (metric, "")
