from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effaudit.reading import duplicates
from effaudit.reading.columns import Values
from effaudit.reading.duplicates import also_in, repeats

NAN = float("nan")


def table(rows, width=2):
    columns = np.array(rows, dtype=float).reshape(len(rows), width)
    return {str(at): Values(columns[:, at]) for at in range(width)}


cells = st.sampled_from([0.0, -0.0, 1.0, 2.5, NAN, float("inf")])
tables = st.lists(st.tuples(cells, cells), min_size=1, max_size=25)


def key(row):
    return tuple("nan" if cell != cell else cell + 0.0 for cell in row)


@settings(max_examples=150, deadline=None)
@given(tables, tables)
def test_counts_are_those_of_comparing_every_row(rows, others):
    known = {key(row) for row in others}
    assert also_in(table(rows), table(others)) == sum(key(row) in known for row in rows)
    counts = Counter(map(key, rows))
    assert repeats(table(rows)).sum() == sum(counts.values()) - len(counts)
    keys = [key(row) for row in rows]
    assert repeats(table(rows)).tolist() == [own in keys[:place] for place, own in enumerate(keys)]


@settings(max_examples=50, deadline=None)
@given(tables, tables)
def test_counts_are_exact_even_where_all_hashes_meet(rows, others):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_hashes", lambda columns: np.zeros(len(columns["0"].data), dtype=np.uint64))
        known = {key(row) for row in others}
        assert also_in(table(rows), table(others)) == sum(key(row) in known for row in rows)


def test_rows_of_arrays_text_and_times_are_compared_whole():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 2, (200, 3, 3)).astype("uint8")
    codes = rng.integers(-1, 2, 200).astype("int32")
    times = rng.integers(0, 2, 200).astype("datetime64[ns]")

    def part(rows):
        words = Values(codes[rows], ("a", "b"), text=True)
        return {"images": Values(images[rows]), "codes": words, "times": Values(times[rows])}

    first, second = part(slice(0, 100)), part(slice(100, 200))
    row = lambda at: (images[at].tobytes(), int(codes[at]), int(times[at].astype("int64")))  # noqa: E731
    known = {row(at) for at in range(100, 200)}
    assert also_in(first, second) == sum(row(at) in known for at in range(100))
    assert also_in(first, first) == 100


def test_columns_that_change_places_are_not_the_same_row():
    assert also_in(table([(1.0, 2.0)]), table([(2.0, 1.0)])) == 0


def test_the_chunks_of_large_arrays_change_nothing(monkeypatch):
    values = {"x": Values(np.random.default_rng(0).integers(0, 2, (500, 4)).astype("float32"))}
    whole = repeats(values).tolist()
    monkeypatch.setattr(duplicates, "_CHUNK_CELLS", 7)
    assert repeats(values).tolist() == whole
    assert any(whole)


def test_random_rows_do_not_meet():
    rows = table(np.random.default_rng(0).random((20_000, 2)))
    assert not repeats(rows).any()
    assert len(np.unique(duplicates._hashes(rows))) == 20_000
