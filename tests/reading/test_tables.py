import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from effaudit.core.errors import InputError
from effaudit.reading import tables
from effaudit.reading.tables import read_columns, singles

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [0.5, np.nan, 1.5]})


def read(source, wanted=()):
    return read_columns(source, "certify", wanted)[0]


def refusal(source):
    with pytest.raises(InputError) as caught:
        read(source)
    return caught.value


@pytest.fixture
def table(tmp_path):
    FRAME.to_parquet(tmp_path / "t.parquet")
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    np.savez(tmp_path / "t.npz", a=np.array([1, 2, 3]), c=FRAME["c"].to_numpy())
    np.save(tmp_path / "t.npy", np.array([(1, 0.5), (2, np.nan), (3, 1.5)], dtype=[("a", "i8"), ("c", "f8")]))
    return tmp_path


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.npz", "t.npy"])
def test_files_become_named_columns(table, name):
    columns = read(table / name)
    assert np.asarray(columns["a"]).tolist() == [1, 2, 3]
    np.testing.assert_array_equal(np.asarray(columns["c"]), FRAME["c"])
    if "b" in columns:
        assert columns["b"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["t.PARQUET", "t.pq", "t.CSV"])
def test_endings_are_read_in_capitals_and_in_short(table, name):
    shutil.copy(table / ("t.csv" if name == "t.CSV" else "t.parquet"), table / name)
    assert list(read(table / name)) == ["a", "b", "c"]


def test_a_csv_is_read_as_pandas_reads_it(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('\ufeffa,"b, c",d\n1,"x\ny",True\n,NA,False\n', "utf-8")
    columns = read(path)
    assert list(columns) == ["a", "b, c", "d"]
    assert columns["b, c"].tolist()[0] == "x\ny"
    assert columns["a"].isna().tolist() == [False, True]
    assert columns["d"].dtype == bool


def test_an_index_is_no_column_unless_it_is_named(tmp_path):
    frame = FRAME.set_index(pd.Index([7, 9, 8], name="id"))
    frame.to_parquet(tmp_path / "named.parquet")
    frame.rename_axis(None).to_parquet(tmp_path / "bare.parquet")
    for source in (tmp_path / "named.parquet", frame):
        assert list(read(source)) == ["a", "b", "c"]
        assert list(read(source, ("id",))["id"]) == [7, 9, 8]
    assert list(read(tmp_path / "bare.parquet", ("id",))) == ["a", "b", "c"]


def test_things_in_memory_become_named_columns(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2, 2)))
    columns = read(
        {
            "x": tmp_path / "x.npy",
            "list": [1, 2, 3],
            "rows": [[1, 2], [3, 4], [5, 6]],
            "frame": FRAME,
            "s": FRAME["a"],
            5: (1, 2, 3),
        }
    )
    assert list(columns) == ["x", "list", "rows", "a", "b", "c", "s", "5"]
    assert (columns["x"].shape, columns["rows"].shape) == ((3, 2, 2), (3, 2))
    assert columns["list"].dtype == object  # [1, "a"] must not become text


def test_a_large_npy_file_stays_on_the_disk(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2)))
    assert isinstance(read({"x": tmp_path / "x.npy"})["x"], np.memmap)


def raw(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.csv", b"", "this file is empty"),
        ("t.csv", b"\n\n", "it has no columns"),
        ("t.csv", b"a,b\n", "it has no rows"),
        ("t.csv", b"a,a\n1,2\n", "two columns are called 'a'"),
        ("t.csv", b"a,,c\n1,2,3\n", "column 2 has no name"),
        ("t.csv", b"a, ,c\n1,2,3\n", "column 2 has no name"),
        ("t.csv", b"a;b;c\n1;2;3\n", "it has one column only, 'a;b;c'"),
        ("t.csv", b"a\tb\n1\t2\n", "it has one column only"),
        ("t.csv", b"a,b\n1,2,3\n4,5,6\n", "Length of header or names does not match"),
        ("t.csv", b"a,b\n1,2\n3,4,5\n", "Expected 2 fields in line 3, saw 3"),
        ("t.csv", b'a,b\n1,"x\n', "EOF inside string"),
        ("t.csv", b"a,b\n1,\xff\n", "not UTF-8 text"),
        ("t.csv", b"\xff\xfea\x00", "not UTF-8 text"),
        ("t.csv", b"x" * 200_000 + b"\n1\n", "field larger than field limit"),
        ("t.csv", ",".join(f"c{n}" for n in range(20_001)).encode() + b"\n", "20,001 columns, where 20,000 are the most"),
        ("t.csv", b"PAR1" + b"\0" * 100, "not a csv file, though it ends in .csv"),
        ("t.csv", b"PK\x03\x04" + b"\0" * 100, "not a csv file"),
        ("t.parquet", b"a,b\n1,2\n", "cannot be read"),
        ("t.parquet", b"PAR1" + b"\xff" * 100 + b"PAR1", "cannot be read"),
        ("t.parquet", b"PAR1", "cannot be read"),
        ("t.parquet", b"PK\x03\x04", "not a parquet file"),
        ("t.npz", b"PAR1", "not a npz file"),
        ("t.npz", b"PK\x03\x04", "not an npz file, or only a part"),
        ("t.npz", b"\x93NUMPY", "not a npz file"),
        ("t.npy", b"a,b\n1,2\n", "not a npy file"),
        ("t.npy", b"\x93NUMPY", "cannot be read"),
        ("t.npy", b"\x93NUMPY\x01\x00\x10\x00" + b"{" * 16, "cannot be read"),
        ("t.npy", b"\x93NUMPY\x01\x00\x76\x00"
         + b"{'descr': '<f8', 'fortran_order': False, 'shape': (10**9,), }".ljust(118), "cannot be read"),
        ("t.txt", b"a,b\n", "files that end in .txt are not read as data"),
        ("t", b"a,b\n", "files that end in nothing are not read"),
        ("t.xlsx", b"PK\x03\x04", "files that end in .xlsx are not read"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0), "files that end in .gz are not read"),
    ],
)  # fmt: skip
def test_a_wrong_or_damaged_file_is_refused_with_its_place(tmp_path, name, data, said):
    error = refusal(raw(tmp_path / name, data))
    assert said in error.what
    assert error.place.file == str(tmp_path / name)


@pytest.mark.parametrize("name", ["t.parquet", "t.npz", "t.npy"])
def test_a_truncated_file_is_refused_at_any_length(table, name):
    whole = (table / name).read_bytes()
    for length in range(1, len(whole), max(1, len(whole) // 25)):
        assert refusal(raw(table / name, whole[:length]))


def test_a_changed_parquet_file_is_read_or_refused(table):
    whole = (table / "t.parquet").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        data = bytearray(whole)
        data[int(rng.integers(len(whole)))] = int(rng.integers(256))
        try:
            read(raw(table / "t.parquet", bytes(data)))
        except InputError:
            refused += 1
    assert refused


def test_a_folder_a_pipe_and_a_missing_file_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert "a folder" in refusal(tmp_path).what
    assert "no such file" in refusal(tmp_path / "pipe.csv").what
    assert "no such file" in refusal(tmp_path / "none.csv").what


def test_pickled_objects_are_never_read(tmp_path, capsys):
    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    np.save(tmp_path / "t.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "t.npz", a=np.array([Evil()], dtype=object))
    for source in (tmp_path / "t.npy", tmp_path / "t.npz", {"x": tmp_path / "t.npy"}):
        assert refusal(source)
    assert capsys.readouterr().out == ""


def test_a_file_larger_than_memory_is_refused_before_it_is_read(table, monkeypatch):
    monkeypatch.setattr(tables, "_free", lambda: 20)
    for name in ("t.parquet", "t.csv"):
        assert "of memory, and" in refusal(table / name).what
    assert "it unpacks to" in refusal(table / "t.npz").what


def test_a_parquet_file_that_promises_a_billion_rows_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10**6, dtype=np.int8)), pa.array([0]))
    pq.write_table(pa.table({"a": column}), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_free", lambda: 1_000_000)
        assert path.stat().st_size < 10_000
        assert "of memory" in refusal(path).what


def test_duplicate_columns_of_a_parquet_file_are_refused(tmp_path):
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "t.parquet")
    assert "two columns are called 'a'" in refusal(tmp_path / "t.parquet").what


def test_an_npy_file_alone_has_no_names(tmp_path):
    np.save(tmp_path / "t.npy", np.zeros((3, 2)))
    error = refusal(tmp_path / "t.npy")
    assert "one array without a name" in error.what
    assert "certify: {pixels: x.npy, label: y.npy}" in error.advice


class Sparse:
    def toarray(self):
        raise AssertionError("must not be unpacked")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ([1, 2], "expected named columns or arrays, found list"),
        (np.zeros(3), "expected named columns or arrays, found ndarray"),
        ({}, "it has no columns"),
        ({"x": []}, "it has no rows"),
        ({"x": [1, 2], "y": [1, 2, 3]}, "different numbers of rows: x 2, y 3"),
        ({"x": 5}, "'x' cannot be read: it is a int"),
        ({"x": None}, "'x' cannot be read"),
        ({"x": "abc"}, "'x' cannot be read"),
        ({"x": np.float64(3)}, "one entry for each row"),
        ({"x": [[1, 2], [3]]}, "'x' cannot be read"),
        ({"x": Sparse()}, "it is sparse; give its .toarray()"),
        ({"x": FRAME, "a": [1, 2, 3]}, "the column 'a' stands twice"),
        ({"x": pd.DataFrame([[1, 2]], columns=["a", "a"])}, "two columns are called 'a'"),
        (pd.DataFrame([[1, 2]], columns=["a", ""]), "column 2 has no name"),
        (pd.DataFrame(), "it has no columns"),
        (pd.DataFrame({"a": []}), "it has no rows"),
        ({"x": Path("nowhere.npy")}, "'x' cannot be read"),
    ],
)
def test_what_is_no_table_in_memory_is_refused(source, said):
    error = refusal(source)
    assert said in error.what
    assert "in memory" in error.place.file or "nowhere" in error.place.file


def test_missing_pandas_says_what_to_install(table, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'effaudit[audit]'" in refusal(table / "t.parquet").advice


def test_tensors_are_arrays():
    torch = pytest.importorskip("torch")
    assert read({"x": torch.zeros(3, 2)})["x"].shape == (3, 2)
    assert "'x' cannot be read" in refusal({"x": torch.zeros(3, requires_grad=True)}).what


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr"])
def test_a_sparse_matrix_is_told_as_one_with_what_to_write(tmp_path, kind):
    from scipy import sparse

    sparse.save_npz(tmp_path / "t.npz", getattr(sparse, f"{kind}_matrix")(np.eye(4)))
    error = refusal(tmp_path / "t.npz")
    assert "sparse matrix" in error.what
    assert "toarray()" in error.advice


def test_single_values_in_an_npz_file_are_left_aside_unless_they_are_asked_for(tmp_path):
    np.savez(tmp_path / "t.npz", a=np.arange(3), version=np.array(3), name=np.array("x"))
    columns = read(tmp_path / "t.npz")
    assert list(columns) == ["a"]
    assert singles(tmp_path / "t.npz", columns) == ("version", "name")
    with pytest.raises(InputError) as caught:
        read_columns(tmp_path / "t.npz", "certify", ("version",))
    assert "'version' is a single value, and not one entry for each row" in caught.value.what


def test_an_npz_file_of_single_values_only_has_no_columns(tmp_path):
    np.savez(tmp_path / "t.npz", version=np.array(3))
    assert "no columns" in refusal(tmp_path / "t.npz").what
