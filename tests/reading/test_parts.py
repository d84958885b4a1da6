import numpy as np
import pandas as pd
import pytest

from effaudit.core.errors import InputError
from effaudit.core.plan import Data
from effaudit.reading.columns import Values
from effaudit.reading.parts import digest, read_parts, reconciled

TRAIN = {"a": [1, 2, 3], "b": ["x", "y", "z"], "y": [0, 1, 0]}
CERTIFY = {"a": [4, 5], "b": ["x", None], "y": [1, 0]}


def data(sources=None, answer=("y",), **said):
    return Data("classification", sources or {"train": TRAIN, "certify": CERTIFY}, answer, **said)


def refusal(*args, **said):
    with pytest.raises(InputError) as caught:
        read_parts(data(*args, **said))
    return caught.value


def test_inputs_are_all_columns_but_answers_groups_time_and_ignored_ones():
    assert list(read_parts(data())["certify"].inputs) == ["a", "b"]
    assert list(read_parts(data(groups="a"))["certify"].inputs) == ["b"]
    assert list(read_parts(data(time="a"))["certify"].inputs) == ["b"]
    assert list(read_parts(data(ignore=("a",)))["certify"].inputs) == ["b"]


def test_inputs_may_be_named_in_an_order_of_their_own_and_with_the_groups():
    assert list(read_parts(data(inputs=("b", "a"), groups="a"))["train"].inputs) == ["b", "a"]


def test_splits_keep_their_order_and_their_rows():
    parts = read_parts(data())
    assert [(split, part.rows) for split, part in parts.items()] == [("train", 3), ("certify", 2)]


@pytest.mark.parametrize(
    ("sources", "said", "message", "place"),
    [
        ({"train": TRAIN, "certify": {"a": [1, 2], "y": [0, 1]}}, {}, "not those of train: certify lacks b", "certify"),
        ({"train": TRAIN, "certify": {**CERTIFY, "c": [1, 2]}}, {}, "certify has c in addition", "certify"),
        (
            {"train": TRAIN, "certify": {"a": [1, 2], "c": [1, 2], "y": [0, 1]}},
            {},
            "certify lacks b and certify has c in addition",
            "certify",
        ),
        ({"certify": CERTIFY}, {"answer": ("z",)}, "there is no column 'z', which is the answer", "certify"),
        (
            {"certify": CERTIFY},
            {"inputs": ("a", "bb")},
            "there is no column 'bb', which is among `inputs`. Did you mean 'b'?",
            "certify",
        ),
        ({"certify": CERTIFY}, {"ignore": ("c",)}, "which is among `ignore`", "certify"),
        ({"certify": CERTIFY}, {"groups": "day"}, "there is no column 'day', which is the plan's `groups`", "certify"),
        ({"train": TRAIN, "certify": {**CERTIFY, "t": [1, 2]}}, {"time": "t"}, "which is the plan's `time`", "train"),
        ({"certify": {"y": [0, 1]}}, {}, "no column is left that a model could see", "certify"),
        ({"certify": CERTIFY}, {"groups": "b"}, "1 row without a value of 'b', the first being row 2", "certify"),
        ({"certify": {**CERTIFY, "g": [[1, 2], [3, 4]]}}, {"groups": "g"}, "'g' holds several values a row", "certify"),
        ({"certify": {**CERTIFY, "t": ["early", "late"]}}, {"time": "t"}, "text that is no date", "certify"),
        ({"certify": {**CERTIFY, "c": [{}, 1]}}, {}, "the column 'c' holds", "certify"),
        ({"certify": {**CERTIFY, "user_id": [1, 1]}}, {}, "looks like an id", "certify"),
    ],
)
def test_what_does_not_go_together_is_refused(sources, said, message, place):
    error = refusal(sources, **said)
    assert message in error.what
    assert error.place.file.startswith(place)


def test_a_date_that_is_no_input_still_tells_that_rows_depend():
    assert "'day_date' looks like a date" in refusal({"certify": {**CERTIFY, "day_date": [1, 2]}}, inputs=("a",)).what
    assert "'day_date' looks like a date" in refusal({"certify": {**CERTIFY, "day_date": [1, 2]}}, ignore=("day_date",)).what


def test_there_must_be_rows_to_certify_on():
    assert "no rows to certify on" in refusal({"train": TRAIN}).what


def test_what_is_ignored_need_not_be_readable_or_in_train():
    sources = {"train": TRAIN, "certify": {**CERTIFY, "c": [{}, 1]}}
    assert list(read_parts(data(sources, ignore=("c",)))["certify"].inputs) == ["a", "b"]


def test_columns_are_reconciled_over_all_splits():
    parts = reconciled(read_parts(data({"train": TRAIN, "certify": {**CERTIFY, "a": [0.5, 1]}}, groups="y", answer=("a",))), "y")
    assert parts["train"].inputs["b"].words == parts["certify"].inputs["b"].words == ("x", "y", "z")
    assert parts["certify"].inputs["b"].data.tolist() == [0, -1]
    assert parts["train"].link.data.dtype == parts["certify"].link.data.dtype


def test_a_column_of_another_form_is_refused_with_both_forms():
    with pytest.raises(InputError, match="'b' is text in train and int64 in certify"):
        reconciled(read_parts(data({"train": TRAIN, "certify": {**CERTIFY, "b": [1, 2]}})), "")


def digest_of(columns, order=None, **said):
    return digest(read_parts(data({"certify": columns}, **said))["certify"])


def test_a_digest_depends_on_the_rows_of_its_split_only():
    assert digest_of(CERTIFY) == digest(read_parts(data())["certify"])
    frame = pd.DataFrame({"y": [1, 0], "b": ["x", None], "a": [4, 5]})
    assert digest_of(frame) == digest_of(CERTIFY)


def test_a_digest_of_some_rows_is_that_of_a_file_with_these_rows():
    parts = read_parts(data())["train"].take(np.array([0, 2]))
    assert digest(parts) == digest_of({"a": [1, 3], "b": ["x", "z"], "y": [0, 0]})


@pytest.mark.parametrize(
    "change",
    [
        {"a": [4, 6]},
        {"a": [5, 4]},
        {"a": [4.0, 5.0]},
        {"b": ["x", "y"]},
        {"b": [None, "x"]},
        {"b": ["y", None]},
        {"y": [0, 1]},
        {"c": [1, 1]},
    ],
)
def test_any_change_changes_the_digest(change):
    assert digest_of({**CERTIFY, **change}) != digest_of(CERTIFY)


def test_nan_and_zero_have_one_digest_each():
    other_nan = np.array([0x7FF8000000000001], dtype="uint64").view("float64")[0]
    one = {"a": np.array([np.nan, 0.0]), "y": [0, 1]}
    two = {"a": np.array([other_nan, -0.0]), "y": [0, 1]}
    assert digest_of(one) == digest_of(two)


def test_large_arrays_are_hashed_in_chunks_to_the_same_digest(monkeypatch):
    from effaudit.reading import parts

    images = {"a": np.random.default_rng(0).random((50, 8, 8)), "y": np.arange(50) % 2}
    whole = digest_of(images)
    monkeypatch.setattr(parts, "_CHUNK_BYTES", 1000)
    assert digest_of(images) == whole


def test_rows_of_a_part_can_be_taken():
    part = read_parts(data(groups="b", sources={"train": TRAIN, "data": TRAIN}))["data"].take(np.array([2, 0]))
    assert (part.rows, part.inputs["a"].data.tolist(), part.link.data.tolist()) == (2, [3, 1], [2, 0])
    assert isinstance(part.inputs["a"], Values)
