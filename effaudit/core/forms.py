"""How pandas held a column of a file, and the same column made again of the values that are stored of it.

A model that was trained on DataFrames answers to what `pandas.read_parquet` or `pandas.read_csv` gives: times with their zone,
nullable types, categories with their order, booleans with gaps. A store keeps plain numbers, times in UTC and words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Converter = Callable[[Array], Any]

TEXT = "str"
"""The form of words, as pandas reads them from files."""


@dataclass(frozen=True)
class Form:
    """One column. `dtype`: pandas' name of it, such as `int64`, `boolean`, `datetime64[us, UTC]`, `category` or `object`.

    `holds`: of objects, what kind of Python values: text, bool, int, float, decimal, date, datetime, or nothing. `missing`: of
    objects, what stands for no value: nan, None, NA or NaT. Categories have their values in order (times as numbers of `of`,
    which is the categories' own dtype).
    """

    dtype: str
    holds: str = ""
    missing: str = "nan"
    categories: tuple[Any, ...] | None = None
    of: str = ""
    ordered: bool = False


def frame(columns: Mapping[str, Array], forms: Mapping[str, Form]) -> Any:
    """A DataFrame of stored columns (rows,) in their forms."""
    import pandas

    converters = {name: converter(values, forms.get(name)) for name, values in columns.items()}
    return pandas.DataFrame(
        {name: values if (convert := converters[name]) is None else convert(values) for name, values in columns.items()}
    )


def converter(example: Array, form: Form | None) -> Converter | None:
    """What makes a stored column one of this form; None where it is that already. Words without a form become pandas' own text."""
    if form is None:
        return _text(TEXT) if example.dtype.kind in "OUS" else None
    if form.categories is not None:
        return _category(form)
    if form.dtype == "object":
        return _objects(form)
    if form.dtype.startswith(("datetime64", "timestamp[", "date32[")):
        return _times(form.dtype) if form.dtype.startswith("datetime64") else _arrow_times(form.dtype)
    if example.dtype.kind in "OUS" and not _is_numpy(form.dtype):
        return _text(form.dtype)
    if _is_numpy(form.dtype):
        wanted = np.dtype(form.dtype)
        return None if example.dtype == wanted else lambda column: column.astype(wanted)
    return _nullable(form.dtype)


def _is_numpy(dtype: str) -> bool:
    try:
        return np.dtype(dtype).kind in "biuf"
    except TypeError:
        return False


def _text(dtype: str) -> Converter | None:
    import pandas

    if isinstance(pandas.Series(["a"]).dtype, np.dtype):  # pandas 2 has objects
        return None
    return lambda column: pandas.array(column, dtype=dtype)


def _times(dtype: str) -> Converter:
    import pandas

    unit, _, zone = dtype.removesuffix("]").partition(", ")
    plain = np.dtype(f"{unit}]")
    if not zone:
        return lambda column: column.astype(plain, copy=False)
    kind: Any = pandas.api.types.pandas_dtype(dtype)
    return lambda column: pandas.DatetimeIndex(column.astype(plain)).tz_localize("UTC").tz_convert(kind.tz)


def _arrow_times(dtype: str) -> Converter:
    import pandas

    zoned = "tz=" in dtype

    def convert(column: Array) -> Any:
        times = pandas.Series(column)
        return (times.dt.tz_localize("UTC") if zoned else times).astype(dtype).array

    return convert


def _nullable(dtype: str) -> Converter:
    """Numbers and booleans with gaps of their own kind; NaN stands for a gap in the store."""
    import pandas

    kind = pandas.api.types.pandas_dtype(dtype)
    masked: Any = {"b": "boolean", "i": "Int64", "u": "UInt64", "f": "Float64"}[kind.kind]

    def convert(column: Array) -> Any:
        gaps = np.isnan(column) if column.dtype.kind == "f" else np.zeros(len(column), dtype=bool)
        whole = np.where(gaps, 0, column).astype({"b": bool, "i": np.int64, "u": np.uint64, "f": np.float64}[kind.kind])
        made = pandas.array(whole, dtype=masked)
        made[gaps] = pandas.NA
        return made if dtype == masked else made.astype(dtype)

    return convert


def _category(form: Form) -> Converter:
    import pandas

    values: Any = pandas.Index(form.categories or ())
    if form.of.startswith("datetime64"):
        unit = form.of.removesuffix("]").partition(", ")[0]
        stored = pandas.Index(np.array(form.categories, dtype=np.int64).view(f"{unit}]"))
        own: Any = pandas.Index(_times(form.of)(stored.to_numpy()))
    else:
        stored = values.astype(np.float64) if form.of == "bool" else values
        own = values.astype(form.of)
    return _coded(pandas.CategoricalDtype(own, form.ordered), stored)


def _coded(kind: Any, stored: Any) -> Converter:
    import pandas

    from_codes, find = pandas.Categorical.from_codes, stored.get_indexer
    return lambda column: from_codes(find(column), dtype=kind)


def _objects(form: Form) -> Converter:
    import pandas

    gap: Any = {"nan": np.nan, "None": None, "NA": pandas.NA, "NaT": pandas.NaT}[form.missing]
    make = _MAKERS[form.holds]

    def convert(column: Array) -> Any:
        present = ~pandas.isna(column)
        made = np.full(len(column), gap, dtype=object)
        made[present] = make(column[present])
        return pandas.Series(made, dtype=object).array

    return convert


def _decimals(column: Array) -> list[Any]:
    from decimal import Decimal

    return [Decimal(repr(value)) for value in column.tolist()]


def _filled(column: Array, values: list[Any]) -> Array:
    made = np.empty(len(column), dtype=object)
    made[:] = values
    return made


_MAKERS: Mapping[str, Callable[[Array], Array]] = {
    "text": lambda column: column,
    "bool": lambda column: _filled(column, (column != 0).tolist()),
    "int": lambda column: _filled(column, [int(value) for value in column.tolist()]),
    "float": lambda column: _filled(column, column.astype(np.float64).tolist()),
    "decimal": lambda column: _filled(column, _decimals(column)),
    "date": lambda column: _filled(column, column.astype("datetime64[D]").tolist()),
    "datetime": lambda column: _filled(column, column.astype("datetime64[us]").tolist()),
    "": lambda column: column,
}
