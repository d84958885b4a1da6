import hashlib
import os
import time
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from effaudit.core.errors import InputError, Place
from effaudit.reading.document import SIZE_LIMIT, open_document, shown, together
from effaudit.reading.plan_model import AuditPlan

HEAD = "apiVersion: effaudit/v1\nkind: AuditPlan\n"


class Inner(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    colour: Literal["red", "green"] = Field(default="red", description="the colour of the thing")
    count: int = Field(default=1, ge=1, description="how many")


class Thing(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    api_version: str = Field(alias="apiVersion")
    kind: str
    title: str = "none"
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()
    named: dict[str, Inner] = {}
    share: float = 0.0
    yes: bool = False


def refusal(call):
    with pytest.raises(InputError) as caught:
        call()
    return caught.value


def model_of(write, text):
    return open_document(write(HEAD + text), "AuditPlan").model(Thing)


def test_a_document_becomes_a_frozen_model(write):
    thing = model_of(write, "inner: {colour: green, count: 3}\nmany: [{count: 2}]\nnamed: {a.b: {}}\nshare: 1\nyes: true\n")
    assert (thing.inner.colour, thing.many[0].count, thing.named["a.b"].count, thing.share, thing.yes) == ("green", 2, 1, 1.0, True)


@pytest.mark.parametrize(
    ("text", "line", "keys", "said"),
    [
        ("colour: red\n", 3, "colour", "unknown key 'colour'"),
        ("titel: x\n", 3, "titel", "unknown key 'titel'. Did you mean 'title'?"),
        ("inner:\n  colur: red\n", 4, "inner.colur", "Did you mean 'colour'?"),
        ("many:\n  - {}\n  - {cuont: 1}\n", 5, "many[1].cuont", "Did you mean 'count'?"),
        ("named:\n  x:\n    colors: red\n", 5, "named.x.colors", "Did you mean 'colour'?"),
        ("title: 2024\n", 3, "title", "expected text (put numbers and dates in quotes), found 2024"),
        ("title: [a]\n", 3, "title", "found a list of 1"),
        ("title:\n", 3, "title", "found nothing"),
        ("inner: {count: two}\n", 3, "inner.count", "expected a whole number, found 'two'"),
        ("inner: {count: '3'}\n", 3, "inner.count", "expected a whole number, found '3'"),
        ("inner: {count: true}\n", 3, "inner.count", "expected a whole number, found true"),
        ("inner: {count: 2.5}\n", 3, "inner.count", "expected a whole number, found 2.5"),
        ("inner: {count: 0}\n", 3, "inner.count", "expected at least 1, found 0"),
        ("inner: {colour: gren}\n", 3, "inner.colour", "expected 'red' or 'green', found 'gren'. Did you mean 'green'?"),
        ("inner: {colour: {a: b}}\n", 3, "inner.colour", "found a mapping"),
        ("inner: red\n", 3, "inner", "expected a mapping, found 'red'"),
        ("many: {a: b}\n", 3, "many", "expected a list, found a mapping"),
        ("named: [1]\n", 3, "named", "expected a mapping, found a list of 1"),
        ("share: lots\n", 3, "share", "expected a number, found 'lots'"),
        ("yes: yes\n", 3, "yes", "expected true or false, found 'yes'"),
        ("yes: 1\n", 3, "yes", "expected true or false, found 1"),
    ],
)
def test_a_wrong_value_is_told_in_one_sentence_with_its_line_and_keys(write, text, line, keys, said):
    error = refusal(lambda: model_of(write, text))
    assert said in error.what
    assert "\n" not in error.what
    assert (error.place.line, error.place.keys) == (line, keys)


def test_an_error_repeats_what_the_key_means(write):
    assert refusal(lambda: model_of(write, "inner: {count: 0}\n")).advice == "count: how many"


def test_a_missing_key_is_told_at_the_mapping_that_lacks_it(write):
    error = refusal(
        lambda: open_document(write(HEAD + "name: x\ntask: regression\nworkload:\n  certify: a.csv\n"), "AuditPlan").model(
            AuditPlan
        )
    )
    assert error.what == "`answer` is missing"
    assert (error.place.line, error.place.keys) == (5, "workload.answer")


def test_all_problems_are_told_at_once_in_the_order_of_their_lines(write):
    error = refusal(lambda: model_of(write, "yes: 1\ntitle: 3\nshare: x\n"))
    assert error.what.startswith("3 problems:")
    lines = [line for line in error.what.splitlines() if "plan.yaml:" in line]
    assert [line.split("plan.yaml:")[1][0] for line in lines] == ["3", "4", "5"]


def test_of_many_problems_ten_are_shown_and_the_rest_counted(write):
    started = time.perf_counter()
    error = refusal(lambda: model_of(write, "".join(f"k{n}: v\n" for n in range(5000))))
    assert error.what.count("unknown key") == 10
    assert "more problems" in error.what
    assert time.perf_counter() - started < 10


def test_one_problem_stands_alone():
    one = InputError("wrong", Place("f", 3))
    assert together([one]) is one


@pytest.mark.parametrize(
    ("text", "said", "advice"),
    [
        ("name: x\n", "`apiVersion` is missing", "kind: AuditPlan"),
        ("apiVersion: effaudit/v1\nname: x\n", "`kind` is missing", "kind: AuditPlan"),
        ("apiVersion: effaudit/v2\nkind: AuditPlan\n", "written for 'effaudit/v2'", "apiVersion: effaudit/v1"),
        ("apiVersion: 1\nkind: AuditPlan\n", "written for 1", "apiVersion: effaudit/v1"),
        ("apiVersion: effaudit/v1\nkind: EfficiencyPolicy\n", "a file of kind 'EfficiencyPolicy'", "effaudit gate -p"),
        ("apiVersion: effaudit/v1\nkind: Pod\n", "'AuditPlan' was expected", "kind: AuditPlan"),
        ("apiVersion: effaudit/v1\nkind: [a]\n", "a list of 1", "kind: AuditPlan"),
    ],
)
def test_another_version_or_kind_is_told_first(write, text, said, advice):
    error = refusal(lambda: open_document(write(text), "AuditPlan"))
    assert said in error.what
    assert advice in error.advice


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"# only a remark\n", "it is empty"),
        (b"- a\n", "found a list of 1"),
        (b"hello", "found 'hello'"),
        (b"a: 1\nb: \xff\xfe\n", "not UTF-8"),
        (b"\xff\xfea\x00", "not UTF-8"),
        (b"x" * (SIZE_LIMIT + 1), "too much"),
    ],
)
def test_what_is_no_mapping_of_utf8_text_is_refused(write, data, said):
    assert said in refusal(lambda: open_document(write(data), "AuditPlan")).what


def test_bytes_that_are_no_utf8_are_found_by_line(write):
    assert refusal(lambda: open_document(write(b"a: 1\nb: \xff\n"), "AuditPlan")).place.line == 2


def test_a_byte_order_mark_is_no_part_of_the_text(write):
    data = b"\xef\xbb\xbf" + HEAD.encode()
    document = open_document(write(data), "AuditPlan")
    assert document.tree["kind"] == "AuditPlan"
    assert document.digest == hashlib.sha256(data).hexdigest()


def test_a_missing_file_a_folder_and_a_pipe_are_refused_without_reading(folder):
    os.mkfifo(folder / "pipe")
    assert "no such file" in refusal(lambda: open_document(folder / "nothing.yaml", "AuditPlan")).what
    assert "a folder" in refusal(lambda: open_document(folder, "AuditPlan")).what
    assert "no such file" in refusal(lambda: open_document(folder / "pipe", "AuditPlan")).what
    assert refusal(lambda: open_document(folder / "nul\0", "AuditPlan"))
    assert refusal(lambda: open_document(folder / ("x" * 5000), "AuditPlan"))


def test_the_standard_input_is_refused_with_what_to_do():
    fault = refusal(lambda: open_document(Path("-"), "AuditPlan"))
    assert "not read from the standard input" in fault.what
    assert "Write it to a file" in fault.advice


def test_hostile_text_is_harmless_in_errors(write):
    error = refusal(lambda: model_of(write, '"\\e[31mred\\e]8;;http://x\\a": 1\ntitle: ["\\e[0m"]\nshare: "\\e[31m\\u202e"\n'))
    assert all(character not in str(error) for character in "\x1b\x07\u202e")


def test_a_value_of_any_length_is_shown_short():
    assert len(shown("x" * 10**6)) < 100
    assert len(shown(10**60)) < 100
    assert shown({}) == "an empty mapping"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(sorted(AuditPlan.model_json_schema()["properties"])),
    value=anything,
    deeper=st.sampled_from([None, "train", "name", "of", "path", "budget"]),
)
def test_any_value_anywhere_gives_a_model_or_an_input_error(write, key, value, deeper):
    document = open_document(write(HEAD), "AuditPlan")
    part = value if deeper is None else {deeper: value}
    for tree in ({key: part}, {key: [part]}):
        with pytest.raises(InputError):  # name, task and workload are missing at least
            type(document)(document.file, document.tree | tree, document.spots, "").model(AuditPlan)
