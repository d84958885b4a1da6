"""Small files that would fill the memory are refused before they do."""

from __future__ import annotations

import io
import os
import time
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from effaudit.core.errors import InputError
from effaudit.core.plan import Data
from effaudit.reading import bounds, tables
from effaudit.reading.data import build_store
from effaudit.reading.tables import read_columns


def refusal(path):
    begun = time.perf_counter()
    with pytest.raises(InputError) as caught:
        read_columns(path, "certify")
    assert time.perf_counter() - begun < 20.0  # a second or two, on a machine that does nothing else
    return caught.value.what


def header(descr, shape):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


def array(values):
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def test_a_file_of_kilobytes_holds_no_gigabytes_of_zeros(tmp_path):
    path = zipped(tmp_path / "x.npz", {"x": array(np.zeros(bounds.LEAST, dtype=np.uint8)), "y": array(np.zeros(3))})
    assert path.stat().st_size < 1_000_000
    assert "unpacks to 256,000,280 bytes, where 256,000,000 are the most" in refusal(path)


@pytest.mark.parametrize("shape", ["(10**12, 0)", "(1000000000000, 0)", "(1000000000000, 0, 3)"])
def test_rows_that_hold_nothing_are_none(tmp_path, shape):
    path = zipped(tmp_path / "x.npz", {"x": header("<f8", shape), "y": header("<f8", shape)})
    assert any(words in refusal(path) for words in ("the 1,000,000,000,000 rows of 'x' hold nothing", "cannot be read"))
    named = tmp_path / "x.npy"
    named.write_bytes(header([("a", "<f8", (0,)), ("b", "<f8", (0,))], "(1000000000000,)"))
    assert "rows of 'a' hold nothing" in refusal(named)


def test_thousands_of_arrays_are_counted_before_any_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "COLUMN_LIMIT", 50)
    path = zipped(tmp_path / "x.npz", {f"c{n}": b"no array" for n in range(51)})
    assert "51 columns, where 50 are the most" in refusal(path)


def test_runs_of_one_value_do_not_fill_the_memory(tmp_path):
    column = pa.chunked_array([pa.array(np.zeros(10_000_000, dtype=np.int8))] * 4)
    pq.write_table(pa.table({"x": column}), tmp_path / "x.parquet", compression="zstd")
    assert (tmp_path / "x.parquet").stat().st_size < 1_000_000
    assert "it holds about 0.3 GB of values and takes" in refusal(tmp_path / "x.parquet")


def test_rows_that_lack_most_of_their_columns_count_as_whole_ones(tmp_path):
    names = ",".join(f"c{n}" for n in range(5000))
    (tmp_path / "x.csv").write_text(f"{names}\n" + "1\n" * 100_000)
    assert "it holds about 4.0 GB of values and takes" in refusal(tmp_path / "x.csv")


def test_a_first_row_of_millions_of_values_is_refused_at_once(tmp_path):
    for cell in ("1,", '"a,b",'):
        (tmp_path / "x.csv").write_text("a,b\n" + cell * 500_000 + "\n")
        assert "the first row has 500,001 values, where 20,000 are the most" in refusal(tmp_path / "x.csv")


@pytest.mark.parametrize("cell", ["x" * 500_000, '"' + "a,b" * 30_000 + '"'])
def test_one_long_text_is_read(tmp_path, cell):
    (tmp_path / "x.csv").write_text(f"a,b\n{cell},1\ny,0\n")
    columns, _ = read_columns(tmp_path / "x.csv", "certify")
    assert columns["a"].tolist() == [cell.strip('"'), "y"]


def test_blank_lines_before_the_header_are_passed_over(tmp_path):
    (tmp_path / "x.csv").write_text("\r\n" * 2_000_000 + "a,b\r\n1,2\r\n")
    columns, _ = read_columns(tmp_path / "x.csv", "certify")
    assert {name: list(values) for name, values in columns.items()} == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("name", "begin", "said"),
    [
        ("x.csv", b"a,b\n1,2\n", "it holds about 20,000.0 GB of values"),
        ("x.npy", header([("a", "<f8"), ("b", "<f8")], "(625000000000,)"), "it is a file of holes"),
    ],
)
def test_a_file_of_holes_is_measured_by_what_is_on_the_disk(tmp_path, name, begin, said):
    (tmp_path / name).write_bytes(begin)
    try:
        os.truncate(tmp_path / name, len(begin) + 10**13)
    except OSError:
        pytest.skip("this file system holds no files of terabytes")
    assert said in refusal(tmp_path / name)


def test_what_real_tables_compress_to_is_read(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"word": rng.choice(["red", "green"], 500_000), "x": rng.integers(0, 50, 500_000), "y": 1})
    frame.to_parquet(tmp_path / "x.parquet")
    assert len(read_columns(tmp_path / "x.parquet", "certify")[0]["x"]) == 500_000


def test_thousands_of_columns_take_time_in_proportion(tmp_path):
    def seconds(width):
        names = [f"c {n}" for n in range(width)]
        path = tmp_path / f"{width}.csv"
        path.write_text(",".join(names) + "\n" + "\n".join(",".join(str((n + r) % 2) for n in range(width)) for r in range(4)))
        begun = time.perf_counter()
        build_store(Data("classification", {"certify": path}, ("c 0",), independent=True), tmp_path / f"s{width}", False, 0)
        return time.perf_counter() - begun

    seconds(100)
    few, many = seconds(1500), seconds(6000)
    assert many < 10 * few  # four times as many: 4 in proportion, 16 in squares


def test_words_of_numbers_that_are_no_characters_are_refused(tmp_path):
    words = np.array(["ab", "cd"])
    words.view(np.uint32)[1] = 0x7FFFFFFF
    np.savez(tmp_path / "words.npz", x=np.ones(2), word=words)
    np.save(tmp_path / "word.npy", words)
    np.save(tmp_path / "x.npy", np.ones(2))
    for source in (tmp_path / "words.npz", {"x": tmp_path / "x.npy", "word": tmp_path / "word.npy"}):
        with pytest.raises(InputError, match="no character"):
            read_columns(source, "certify")


def test_an_array_whose_head_declares_what_no_file_can_hold_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.ones(10))
    whole = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(whole.replace(b"(10,)", b"(-9,)"))
    with pytest.raises(InputError, match=r"x\.npy|certify"):
        read_columns({"x": tmp_path / "x.npy"}, "certify")
