import datetime
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from effaudit.core.errors import InputError
from effaudit.reading.yaml_text import DEPTH_LIMIT, VALUE_LIMIT, parse, path_of


def outcome(text):
    try:
        return parse(text, "f.yaml")
    except InputError as error:
        return error


def refusal(text):
    with pytest.raises(InputError) as caught:
        parse(text, "f.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("", None),
        ("none", "none"),
        ("2013-01-01", "2013-01-01"),
        ("12:30:45", "12:30:45"),
        ("2013-01-01T00:00:00Z", "2013-01-01T00:00:00Z"),
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("0o17", 15),
        ("0xff", 255),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1e", "1e"),
        ("1.2.3", "1.2.3"),
        ("3 min", "3 min"),
        ("2 %", "2 %"),
        ("'12'", "12"),
        ('"true"', "true"),
        ('""', ""),
        ("0.1", 0.1),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_plain_words_are_what_yaml_1_2_says(written, value):
    tree, _ = parse(f"key: {written}\n", "f.yaml")
    assert tree == {"key": value}
    assert type(tree["key"]) is type(value)


def test_every_value_knows_its_line_and_how_it_is_written():
    tree, spots = parse("a: 0.70\nb:\n  - x\n  - {c: 1e3,\n     d: 'q'}\ne: |\n  text\n", "f.yaml")
    assert tree == {"a": 0.7, "b": ["x", {"c": 1000.0, "d": "q"}], "e": "text\n"}
    assert (spots[("a",)].line, spots[("a",)].written) == (1, "0.70")
    assert spots[("b",)].line == 2
    assert spots[("b", 0)].line == 3
    assert spots[("b", 1, "c")].written == "1e3"
    assert spots[("b", 1, "d")].line == 5
    assert spots[("e",)].line == 6


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice, first in line 1"),
        ("a: {b: 1, b: 2}\n", 1, "'b' stands twice"),
        ("a: &x 1\n", 1, "anchors"),
        ("a: 1\nb: *x\n", 2, "aliases"),
        ("a: !!python/object/apply:os.system ['id']\n", 1, "tags"),
        ("a: !!str 1\n", 1, "tags"),
        ("a: ! b\n", 1, "tags"),
        ("!x {a: 1}\n", 1, "tags"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("%YAML 1.1\n---\na: 1\n", 2, "directives"),
        ("%TAG ! tag:x\n---\na: 1\n", 2, "directives"),
        ("? [a, b]\n: 1\n", 1, "a list stands where a key"),
        ("? {a: b}\n: 1\n", 1, "a mapping stands where a key"),
        (": 1\n", 1, "a key is empty"),
        ("' ': 1\n", 1, "a key is empty"),
        ("a: .inf\n", 1, "not a figure"),
        ("a: -.INF\n", 1, "not a figure"),
        ("a: .nan\n", 1, "not a figure"),
        ("a: 1e400\n", 1, "too large"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "not YAML"),
        ("a: b: c\n", 1, "not YAML"),
        ("a:\n\t- x\n", 2, "not YAML"),
        ('a: "\\ud800"\n', 1, "half a character"),
        ('"\\udfff": 1\n', 1, "half a character"),
        ('a: "\\U00110000"\n', None, "not YAML"),
        ("a: \x00\n", None, "not YAML"),
    ],
)
def test_what_is_not_taken_is_refused_with_its_line(text, line, said):
    error = refusal(text)
    assert said in error.what
    assert error.place.line == line


def test_depth_is_bounded_where_it_is_still_cheap():
    deepest = "[" * DEPTH_LIMIT + "]" * DEPTH_LIMIT
    parse(deepest, "f.yaml")
    assert "levels deep" in refusal(f"[{deepest}]").what


def test_numbers_of_absurd_length_are_refused_and_texts_are_not():
    assert "a number of 5,000 characters" in refusal("a: " + "9" * 5000).what
    assert parse("a: " + "x" * 5000, "f.yaml")[0] == {"a": "x" * 5000}


LARGE = 250_000
HOSTILE = {
    "many keys": "".join(f"k{n}: v\n" for n in range(LARGE // 10)),
    "ten thousand keys": "".join(f"k{n}: v{n}\n" for n in range(VALUE_LIMIT // 2 - 1)),
    "a long flow list": "[" + "1," * (LARGE // 2) + "]",
    "short items": "- 1\n" * (LARGE // 4),
    "deep brackets": "[" * LARGE,
    "deep braces": "{a: " * (LARGE // 4),
    "deep dashes": "- " * (LARGE // 2),
    "question marks": "? " * (LARGE // 2),
    "one long word": "a" * LARGE,
    "many words": "a: " + "a " * (LARGE // 2),
    "folded lines": "a: " + "a\n " * (LARGE // 3),
    "a long quoted text": 'a: "' + "x\n " * (LARGE // 3) + '"',
    "escapes": 'a: "' + "\\x41" * (LARGE // 4) + '"',
    "an open quote": 'a: "' + "\\\\" * (LARGE // 2),
    "a block of text": "a: |\n" + " x\n" * (LARGE // 3),
    "comments": "#\n" * (LARGE // 2),
    "colons": "a:" * (LARGE // 2),
    "directives": "%FOO a\n" * (LARGE // 7) + "--- 1",
    "digits": "a: " + "9" * LARGE,
    "growing indentation": "".join(" " * n + "a:\n" for n in range(600)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_ends_soon_in_a_value_or_one_error(name):
    started = time.perf_counter()
    found = outcome(HOSTILE[name])
    assert isinstance(found, tuple) or len(str(found)) < 2000
    assert time.perf_counter() - started < 10  # seconds on an idle machine: under 1


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab01{}[]:,-?&*!|>'\"%@`#\n\t \\\x85\u2028\ufeff~.+e", max_size=60))
def test_any_text_gives_a_value_or_an_input_error(text):
    found = outcome(text)
    if isinstance(found, InputError):
        assert found.place.file == "f.yaml"
    else:
        json.dumps(found[0], allow_nan=False)
        assert all(spot.line >= 1 for spot in found[1].values())


plain = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | st.text("abc xyz", max_size=8)
keys = st.text("abcdef", min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        keys,
        st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8),
    )
)
def test_what_json_says_is_read_as_json_reads_it(tree):
    assert parse(json.dumps(tree), "f.yaml")[0] == tree


def test_agrees_with_ruamel_on_an_ordinary_plan():
    text = "a: {b: [1, 2.5, x y], c: true}\nd:\n- e: 'f'\n  g: |\n    h\n    i\n- j\nk: ~\n"
    assert parse(text, "f.yaml")[0] == YAML(typ="safe", pure=True).load(text)
    assert YAML(typ="safe", pure=True).load("a: 2013-01-01")["a"] == datetime.date(2013, 1, 1)  # which is why we have our own


def test_a_path_of_keys_reads_as_a_reader_writes_it():
    assert path_of(("candidates", 2, "path")) == "candidates[2].path"
    assert path_of(()) == ""
    assert "\x1b" not in path_of(("\x1b[31mred",))
