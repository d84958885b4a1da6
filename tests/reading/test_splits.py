import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.core.errors import InputError, Place
from effaudit.core.plan import Data
from effaudit.reading.columns import Values
from effaudit.reading.parts import Part
from effaudit.reading.splits import cut, with_search


def part(answers, link=None):
    rows = np.arange(len(answers))
    return Part(
        Place("data.csv"),
        {"row": Values(rows)},
        {"y": Values(np.asarray(answers))},
        None if link is None else Values(np.asarray(link)),
    )


def data(task="classification", **said):
    return Data(task, {}, ("y",), **said)


many = st.integers(4, 60)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=80), st.integers(0, 5))
def test_both_sides_hold_all_rows_once_and_no_side_is_empty(answers, seed):
    search, certify = cut(part(answers), data(independent=True), seed)
    assert sorted([*search, *certify]) == list(range(len(answers)))
    assert len(search) >= 1
    assert len(certify) >= 1
    assert (np.diff(search) > 0).all()


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=10, max_size=200))
def test_every_class_is_cut_in_the_same_share(answers):
    search, _ = cut(part(answers), data(), 0)
    for kind in set(answers):
        rows, taken = answers.count(kind), sum(answers[at] == kind for at in search)
        assert abs(taken - 0.3 * rows) <= 0.5 + 1e-9 or len(search) == 1


def test_text_answers_are_cut_by_class_too():
    answers = Values(np.array([0] * 10 + [1] * 10, dtype=np.int32), ("no", "yes"), text=True)
    search, _ = cut(Part(Place("f"), {}, {"y": answers}, None), data(), 0)
    assert [int((search < 10).sum()), int((search >= 10).sum())] == [3, 3]


def test_regressions_are_cut_at_random():
    search, certify = cut(part(np.random.default_rng(0).random(1000)), data("regression"), 0)
    assert (len(search), len(certify)) == (300, 700)
    assert search.max() > 900


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=4, max_size=80).filter(lambda groups: len(set(groups)) > 1), st.integers(0, 5))
def test_groups_stay_whole(groups, seed):
    search, certify = cut(part([0] * len(groups), groups), data(groups="g"), seed)
    assert {groups[at] for at in search}.isdisjoint({groups[at] for at in certify})
    assert len(search) + len(certify) == len(groups)
    assert min(len(search), len(certify)) >= 1


def test_many_groups_are_cut_near_to_thirty_per_cent():
    groups = np.random.default_rng(0).integers(0, 100, 5000)
    search, _ = cut(part([0] * 5000, groups), data(groups="g"), 0)
    assert len(search) == pytest.approx(1500, abs=50)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-5, 9), min_size=4, max_size=80).filter(lambda times: len(set(times)) > 1))
def test_certify_is_later_than_search(times):
    search, certify = cut(part([0] * len(times), times), data(time="t"), 0)
    assert max(times[at] for at in search) < min(times[at] for at in certify)


def test_the_seed_decides_and_nothing_else():
    answers = np.random.default_rng(0).integers(0, 2, 200)
    one, two, other = (cut(part(answers), data(), seed)[0].tolist() for seed in (1, 1, 2))
    assert one == two != other


@pytest.mark.parametrize(
    ("answers", "link", "said", "message"),
    [
        ([0, 1, 0], None, {}, "3 rows cannot be cut"),
        ([0] * 9, [1] * 9, {"groups": "g"}, "all rows are of one group of 'g'"),
        ([0] * 9, [1] * 9, {"time": "t"}, "all rows have the same 't'"),
    ],
)
def test_too_little_to_cut_is_refused(answers, link, said, message):
    with pytest.raises(InputError) as caught:
        cut(part(answers, link), data(**said), 0)
    assert message in caught.value.what
    assert caught.value.place.file == "data.csv"


TEN = [0, 1] * 5


@pytest.mark.parametrize(
    ("given_splits", "needs", "expected"),
    [
        (("data",), True, {"search": 4, "certify": 6}),
        (("data",), False, {"certify": 10}),
        (("train", "data"), True, {"train": 10, "search": 4, "certify": 6}),
        (("certify",), True, {"search": 4, "certify": 6}),
        (("certify",), False, {"certify": 10}),
        (("search", "certify"), True, {"search": 10, "certify": 10}),
        (("search", "certify"), False, {"search": 10, "certify": 10}),
    ],
)
def test_only_what_is_needed_and_not_given_is_cut(given_splits, needs, expected):
    parts, notes = with_search({split: part(TEN) for split in given_splits}, data(), needs_search=needs, seed=0)
    assert {split: found.rows for split, found in parts.items()} == expected
    assert list(parts) == [split for split in ("train", "search", "certify") if split in expected]
    assert bool(notes) == (expected.get("search") == 4)


def test_a_note_says_how_many_rows_went_where():
    _, (note,) = with_search({"certify": part(TEN, TEN)}, data(groups="g"), needs_search=True, seed=0)
    assert note.text == "certify was cut by whole groups of g: 5 rows search, 5 rows certify"
    _, (note,) = with_search({"data": part(TEN, range(10))}, data(time="t"), needs_search=True, seed=0)
    assert note.text == "data was cut by t, the later rows certifying: 3 rows search, 7 rows certify"
