"""Files and things in memory as named columns: parquet, csv, npz, npy, arrays, lists and DataFrames."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from effaudit.core.errors import InputError, Place
from effaudit.core.text import did_you_mean, listed, one_line
from effaudit.reading import bounds
from effaudit.reading.npz import BROKEN, Npz, check_characters

Columns = dict[str, Any]
"""Name → pandas Series or numpy array, all with the same number of rows."""

COLUMN_LIMIT = 20_000
_AS_ARRAY = "Give columns that belong together as one array, in an npz file."
_COLUMNS = "{:,} columns"
_CELL = 8
"""Bytes of a value, or of the reference to a word."""
_CHUNK = 1 << 20
_ENDINGS = ".parquet, .csv, .npz or .npy"
_HEADS = {b"PAR1": "parquet", b"PK\x03\x04": "npz", b"\x93NUMPY": "npy"}


def read_columns(source: Any, split: str, wanted: tuple[str, ...] = ()) -> tuple[Columns, Place]:
    """The columns of a split's source, and how errors name it. Raises InputError.

    A table's named index is a column only where `wanted` names it.
    """
    if isinstance(source, Path):
        place = Place(str(source))
        columns = _file(source, place, wanted)
    else:
        place = Place(f"{split} (in memory)")
        columns = _in_memory(source, place, wanted)
    _check_lengths(columns, place)
    return columns, place


def _file(path: Path, place: Place, wanted: tuple[str, ...]) -> Columns:
    readers: dict[str, Callable[[], Columns]] = {
        ".parquet": lambda: _parquet(path, place, wanted),
        ".pq": lambda: _parquet(path, place, wanted),
        ".csv": lambda: _csv(path, place),
        ".npz": lambda: _npz(Npz(path, place, _limit(path)), place, wanted),
        ".npy": lambda: _npy_table(path, place),
    }
    with _told(place, "this file"):
        if not path.is_file():
            what = "this is a folder, a file was expected" if path.is_dir() else "there is no such file"
            raise InputError(what, place, f"Name a file that ends in {_ENDINGS}.")
        if path.stat().st_size == 0:
            raise InputError("this file is empty", place)
        if path.suffix.lower() not in readers:
            raise InputError(f"files that end in {path.suffix or 'nothing'} are not read as data", place, f"Write {_ENDINGS}.")
        _check_head(path, place)
        return readers[path.suffix.lower()]()


def _check_head(path: Path, place: Place) -> None:
    with path.open("rb") as file:
        head = file.read(8)
    found = next((kind for magic, kind in _HEADS.items() if head.startswith(magic)), "csv")
    expected = "parquet" if path.suffix.lower() == ".pq" else path.suffix.lower().removeprefix(".")
    if found != expected and (found != "csv" or expected == "npy"):
        raise InputError(f"this is not a {expected} file, though it ends in {path.suffix}", place, f"It looks like {found}.")


def _parquet(path: Path, place: Place, wanted: tuple[str, ...]) -> Columns:
    from pyarrow import ArrowException
    from pyarrow import parquet as pq

    try:
        return _parquet_columns(pq.ParquetFile(path), path, place, wanted)
    except ArrowException as error:
        raise ValueError(str(error)) from error


def _parquet_columns(opened: Any, path: Path, place: Place, wanted: tuple[str, ...]) -> Columns:
    import pandas as pd

    with opened as file:
        groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
        cells = file.metadata.num_rows * file.metadata.num_columns
        _check_fits(max(_CELL * cells, sum(group.total_byte_size for group in groups)), path, place)
        names = file.schema_arrow.names
        _check_names(names, place)
    return _frame(pd.read_parquet(path), place, wanted)


def _csv(path: Path, place: Place) -> Columns:
    import pandas as pd

    _check_fits(2 * path.stat().st_size, path, place)
    names, first = _header(path)
    place = Place(place.file, 1)
    _check_names(names, place)
    if first.count(",") >= COLUMN_LIMIT:  # pandas makes a column of each before it counts them
        _check_width(sum(piece.count(",") for piece in first.split('"')[::2]) + 1, "the first row has {:,} values", place)
    _check_fits(_CELL * _lines(path) * len(names), path, place)
    if len(names) == 1 and any(separator in names[0] for separator in ";\t|"):
        raise InputError(f"it has one column only, {one_line(names[0], 80)!r}", place, "Separate the columns by commas.")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header would lose their last cells
        frame = pd.read_csv(path, low_memory=False, index_col=False, encoding="utf-8-sig")
    if len(names) != frame.shape[1]:
        raise ValueError(f"its header has {len(names)} names for {frame.shape[1]} columns")
    return dict(zip(names, (series for _, series in frame.items()), strict=True))


def _header(path: Path) -> tuple[list[str], str]:
    """The names of a csv file's columns, and the line that follows."""
    with path.open("rb") as file:
        begin = 0
        while (chunk := file.read(_CHUNK)) and not chunk.strip(b"\r\n"):
            begin += len(chunk)
        file.seek(begin + len(chunk) - len(chunk.lstrip(b"\r\n")))
        with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            names = next((row for row in csv.reader(text, strict=True) if row), [])
            return names, next(text, "")


def _lines(path: Path) -> int:
    """How many lines a text has: its rows, or more. A row may lack values, and takes the memory of all its columns."""
    feeds = returns = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
    return max(feeds, returns)


def _npz(arrays: Npz, place: Place, wanted: tuple[str, ...]) -> Columns:
    """Arrays with one entry for each row; single values that the plan does not name are left aside."""
    if {"format", "shape", "data"} <= set(arrays):
        what = "this is a sparse matrix (scipy.sparse.save_npz), which has no named columns"
        advice = "Write dense arrays by name: numpy.savez(FILE, x=matrix.toarray(), y=answers)."
        raise InputError(what, place, advice)
    _check_width(len(arrays), _COLUMNS, place)
    columns = dict(arrays)
    single = [name for name, array in columns.items() if array.ndim == 0]
    named = next((name for name in single if name in wanted), None)
    if named is not None:
        what = f"{one_line(named, 80)!r} is a single value, and not one entry for each row"
        raise InputError(what, place, "Name another array, or write one with an entry for each row.")
    return {name: array for name, array in columns.items() if array.ndim > 0}


def singles(source: Any, columns: Columns) -> tuple[str, ...]:
    """The arrays of a source that were left aside, as they are single values."""
    if not isinstance(source, Path) or source.suffix.lower() != ".npz":
        return ()
    return tuple(name for name in Npz(source, Place(str(source)), _limit(source)) if name not in columns)


def _npy(path: Path) -> Any:
    with path.open("rb") as file:
        if file.read(6) != b"\x93NUMPY":
            raise ValueError("it does not begin as an npy file does")
    if path.stat().st_size > bounds.most(path):
        raise ValueError(f"it is a file of holes: {path.stat().st_size:,} bytes, of which {bounds.on_disk(path):,} are on the disk")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OverflowError as error:
        raise ValueError("its head declares an array that no file can hold") from error
    check_characters(array)
    return array


def _npy_table(path: Path, place: Place) -> Columns:
    array = _npy(path)
    if array.dtype.names:
        return {name: np.asarray(array[name]) for name in array.dtype.names}
    advice = "Name its parts, as in `certify: {pixels: x.npy, label: y.npy}`."
    raise InputError("an npy file holds one array without a name, and a split needs inputs and answers", place, advice)


def _in_memory(source: Any, place: Place, wanted: tuple[str, ...]) -> Columns:
    if _is_frame(source):
        return _frame(source, place, wanted)
    if not isinstance(source, Mapping):
        raise InputError(f"expected named columns or arrays, found {type(source).__name__}", place, "Give a DataFrame or a dict.")
    columns: Columns = {}
    for name, value in source.items():
        found = _frame(value, place, wanted) if _is_frame(value) else {str(name): _named(str(name), value, place)}
        twice = [column for column in found if column in columns]
        if twice:
            raise InputError(f"the column {one_line(twice[0], 80)!r} stands twice", place, "Rename one of the two.")
        columns |= found
    return columns


def _is_frame(value: Any) -> bool:
    return hasattr(value, "iloc") and hasattr(value, "columns")


def _frame(frame: Any, place: Place, wanted: tuple[str, ...]) -> Columns:
    names = [str(name) for name in frame.columns]
    columns = dict(zip(names, (series for _, series in frame.items()), strict=True))
    _check_names(names, place)
    levels = {str(name): frame.index.get_level_values(name).to_series() for name in frame.index.names if name is not None}
    return columns | {name: level for name, level in levels.items() if name in wanted and name not in columns}


def _named(name: str, value: Any, place: Place) -> Any:
    """One thing in memory: a Series stays, an array or list becomes an array, a path is an .npy file."""
    with _told(Place(str(value)) if isinstance(value, Path) else place, f"{one_line(name, 80)!r}"):
        if isinstance(value, Path):
            array = _npy(value)
        elif hasattr(value, "iloc"):
            return value
        elif hasattr(value, "toarray"):
            raise ValueError("it is sparse; give its .toarray()")
        elif isinstance(value, (list, tuple)):
            array = _from_list(value)
        elif hasattr(value, "__array__"):
            array = np.asarray(value)
        else:
            raise ValueError(f"it is a {type(value).__name__}; give an array, a list or a DataFrame")
        if array.ndim == 0 or array.dtype.names:
            raise ValueError("it must be an array with one entry for each row")
        return array


def _from_list(value: list[Any] | tuple[Any, ...]) -> Any:
    if value and isinstance(value[0], (list, tuple, np.ndarray)):
        return np.asarray(value)
    objects = np.empty(len(value), dtype=object)
    objects[:] = value
    return objects


def _check_names(names: list[str], place: Place) -> None:
    if not names:
        raise InputError("it has no columns", place)
    _check_width(len(names), _COLUMNS, place)
    seen: set[str] = set()
    for at, name in enumerate(names):
        if not name.strip():
            raise InputError(f"column {at + 1} has no name", place, "Give every column a name, or leave it out.")
        if name in seen:
            raise InputError(f"two columns are called {one_line(name, 80)!r}", place, "Rename one of the two.")
        seen.add(name)


def _check_lengths(columns: Columns, place: Place) -> None:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        told = listed(f"{one_line(name, 40)} {rows:,}" for name, rows in lengths.items())
        raise InputError(f"its parts have different numbers of rows: {told}", place, "Every column needs one entry for each row.")
    if not lengths:
        raise InputError("it has no columns", place)
    _check_width(len(lengths), _COLUMNS, place)
    if next(iter(lengths.values())) == 0:
        raise InputError("it has no rows", place)
    hollow = next((name for name, values in columns.items() if isinstance(values, np.ndarray) and not values.nbytes), None)
    if hollow is not None:  # a header alone can promise any number of rows that take no room
        what = f"the {lengths[hollow]:,} rows of {one_line(hollow, 80)!r} hold nothing"
        raise InputError(what, place, "Leave it out, or give it a value for each row.")


def _check_width(width: int, told: str, place: Place) -> None:
    if width > COLUMN_LIMIT:
        raise InputError(f"{told.format(width)}, where {COLUMN_LIMIT:,} are the most", place, _AS_ARRAY)


def check_has(columns: Columns, names: tuple[str, ...], role: str, place: Place) -> None:
    """Raises InputError where a named column is missing, with a suggestion."""
    for name in names:
        if name not in columns:
            what = f"there is no column {one_line(name, 80)!r}, which is {role}.{did_you_mean(name[:80], list(columns)[:2000])}"
            raise InputError(what, place)


def _free() -> int:
    return bounds.free()


def _limit(path: Path) -> int:
    """The most bytes that a file may unpack to."""
    return min(_free(), bounds.most(path))


def _check_fits(size: int, path: Path, place: Place) -> None:
    if size > bounds.most(path):
        holds = f"it holds about {size / 1e9:,.1f} GB of values and takes {bounds.on_disk(path) / 1e6:,.1f} MB on the disk"
        limit = f"{bounds.most(path) / 1e9:,.2f} GB are the most for a file of its size"
        raise InputError(f"{holds}; {limit}", place, "Give fewer rows or columns, or write it without compression.")
    if size > _free():
        what = f"it needs about {size / 1e9:,.1f} GB of memory, and {_free() / 1e9:,.1f} GB are free"
        raise InputError(what, place, "Give fewer rows or columns.")


@contextmanager
def _told(place: Place, subject: str) -> Iterator[None]:
    """What libraries raise on damaged or hostile data, as one sentence."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(f"{subject} is not UTF-8 text", place, "Save it as UTF-8.") from error
    except ImportError as error:
        advice = "Install what reading data needs: pip install 'effaudit[audit]'."
        raise InputError(f"{subject} cannot be read: {one_line(str(error), 200)}", place, advice) from error
    except (*BROKEN, csv.Error, KeyError, Warning) as error:
        raise InputError(f"{subject} cannot be read: {one_line(str(error), 200)}", place) from error
