"""One column or named array as numbers, times or coded text, whatever held it before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from effaudit.core.errors import InputError, Place
from effaudit.core.forms import Form
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.reading.forms import form_of

LONGEST_TEXT = 1_000_000
_ADVICE = "Convert it to numbers or text, or name it under `ignore`."

Kind = Literal["number", "time", "text"]


@dataclass(frozen=True)
class Values:
    """A column of some rows: numbers and booleans, datetime64 in UTC, or int32 codes into `words` (−1 is missing).

    `data` is (rows,), or (rows, …) for numeric arrays. `words` are sorted and distinct; empty unless it is text. `form`: how
    pandas holds it, where it was a DataFrame's column.
    """

    data: Array
    words: tuple[str, ...] = ()
    text: bool = False
    form: Form | None = None

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return "text" if self.text else "time" if self.data.dtype.kind == "M" else "number"

    @property
    def dtype(self) -> str:
        """As readers call it."""
        return "text" if self.text else str(self.data.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row."""
        return tuple(self.data.shape[1:])

    def take(self, rows: Array) -> Values:
        """Some of the rows, by position."""
        return replace(self, data=self.data[rows])

    def missing(self) -> Array:
        """Which rows have no value, or an array with a missing one; booleans (rows,)."""
        if self.text:
            return np.asarray(self.data < 0)
        if self.data.dtype.kind not in "fM":
            return np.zeros(len(self.data), dtype=bool)
        absent = np.isnan(self.data) if self.data.dtype.kind == "f" else np.isnat(self.data)
        return np.asarray(absent.any(axis=tuple(range(1, absent.ndim))))


def values_of(name: str, raw: Any, place: Place) -> Values:
    """A column's values from a pandas Series or a numpy array.

    Integers and booleans with missing values become float64, categories what they stand for, decimals float64. Raises
    InputError, naming the column, for complex numbers, durations, bytes, mixtures and other objects.
    """
    try:
        if isinstance(raw, np.ndarray):
            return _array(raw) if raw.ndim > 1 else _series(raw)
        return replace(_series(raw), form=form_of(raw))
    except _Unfit as unfit:
        raise InputError(f"the column {one_line(name, 80)!r} holds {unfit}", place, _ADVICE) from unfit
    except (ValueError, OverflowError, TypeError) as error:
        raise InputError(
            f"the column {one_line(name, 80)!r} cannot be read: {one_line(str(error), 160)}", place, _ADVICE
        ) from error


def in_common(parts: Mapping[str, Values], name: str, places: Mapping[str, Place]) -> dict[str, Values]:
    """The same column of several splits with one dtype, shape and vocabulary.

    A column without any value takes the form that it has elsewhere. Raises InputError where forms do not go together.
    """
    told = {split: values for split, values in parts.items() if values.shape or not values.missing().all()} or dict(parts)
    first_split, first = next(iter(told.items()))
    for split, values in told.items():
        if values.kind != first.kind or values.shape != first.shape:
            what = f"{one_line(name, 80)!r} is {_described(first)} in {first_split} and {_described(values)} in {split}"
            raise InputError(what, places[split], "Write the column in the same form in all files.")
    if first.text:
        return _one_vocabulary(parts)
    dtype = np.result_type(*(values.data.dtype for values in told.values()))
    if dtype.kind in "biu" and any(split not in told and len(values.data) for split, values in parts.items()):
        dtype = np.dtype(np.float64)
    return {
        split: values if values.data.dtype == dtype else replace(values, data=_cast(values, dtype, first.shape))
        for split, values in parts.items()
    }


class _Unfit(Exception):
    """Values that no model can be given; the text says what they are."""


def _array(raw: Array) -> Values:
    if raw.dtype.kind not in "biuf":
        raise _Unfit(f"an array of {raw.dtype} with several values a row; only numbers are read there")
    return Values(_native(raw))


def _series(raw: Any) -> Values:
    import pandas as pd

    series = pd.Series(raw, copy=False) if not isinstance(raw, pd.Series) else raw
    dtype = series.dtype
    if isinstance(dtype, pd.SparseDtype):
        return _series(series.sparse.to_dense())
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return Values(_native(series.to_numpy()))
    if isinstance(dtype, np.dtype) and dtype.kind == "M":
        return Values(series.to_numpy())
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _series(series.dt.tz_convert("UTC").dt.tz_localize(None))
    if isinstance(dtype, pd.StringDtype):
        return _text(series)
    if _is_nullable_number(dtype):
        gaps = series.isna().any()
        if gaps:
            _check_digits(series.dropna())
        return Values(series.to_numpy(dtype="float64", na_value=np.nan) if gaps else _native(series.to_numpy()))
    return _objects(series.astype(object))


def _is_nullable_number(dtype: Any) -> bool:
    from pandas.api import types

    extension = not isinstance(dtype, np.dtype)
    return extension and (types.is_bool_dtype(dtype) or types.is_integer_dtype(dtype) or types.is_float_dtype(dtype))


def _check_digits(present: Any) -> None:
    """Numbers that are kept as doubles, as there are gaps, keep their digits. Raises _Unfit where they would not."""
    from pandas.api import types

    if types.is_integer_dtype(present.dtype):
        whole = present.to_numpy(dtype="uint64" if present.dtype.kind == "u" else "int64")
        if whole.size and max(int(whole.max()), -int(whole.min())) <= _EXACT:
            return
        values = whole.tolist()
    elif present.dtype == object:
        values = [value for value in present if isinstance(value, int | Decimal)]
    else:
        return
    if any(_EXACT < abs(value) < 2**64 and int(float(value)) != value for value in values if not isinstance(value, Decimal)):
        raise _Unfit("whole numbers beyond 2⁵³ with gaps between them, which would lose digits; as text they keep them")
    if any(value.is_finite() and Decimal(repr(float(value))) != value for value in values if isinstance(value, Decimal)):
        raise _Unfit("decimals of more digits than a double keeps")


_EXACT = 2**53


def _objects(series: Any) -> Values:
    """Python objects, by what all of them are."""
    import pandas as pd

    kind = pd.api.types.infer_dtype(series, skipna=True)
    present = series.notna().to_numpy()
    if kind == "string":
        return _text(series)
    if kind == "empty":
        return Values(np.full(len(series), np.nan))
    if kind in ("boolean", "integer") and present.all():
        return Values(_whole(series))
    if kind in ("boolean", "integer", "floating", "mixed-integer-float", "decimal"):
        numbers = np.full(len(series), np.nan)
        _check_digits(series[present])
        numbers[present] = series[present].astype("float64").to_numpy()
        return Values(numbers)
    if kind in ("date", "datetime", "datetime64"):
        return _series(pd.to_datetime(series))
    raise _Unfit(_mixture(series[present]) if kind.startswith("mixed") else f"values of the kind {kind}")


def _whole(series: Any) -> Array:
    """Integers or booleans; those beyond 64 bits as float64."""
    array = np.asarray(series.to_list())
    return array.astype(np.float64) if array.dtype.hasobject else array


def _mixture(present: Any) -> str:
    kinds: dict[str, int] = {}
    for row, value in enumerate(present.to_list(), 1):
        kinds.setdefault(type(value).__name__, row)
    listed = ", ".join(f"{one_line(kind, 40)} (first as value {row})" for kind, row in list(kinds.items())[:3])
    return f"a mixture: {listed}" if len(kinds) > 1 else f"objects of the type {one_line(next(iter(kinds)), 40)}"


def _text(series: Any) -> Values:
    import pandas as pd

    codes, uniques = pd.factorize(series, sort=True)
    words = tuple(str(word) for word in uniques)
    longest = max(words, key=len, default="")
    if len(longest) > LONGEST_TEXT:
        row = int(np.flatnonzero(codes == words.index(longest))[0]) + 1
        raise _Unfit(f"a text of {len(longest):,} characters in row {row:,}, where {LONGEST_TEXT:,} are the most")
    return Values(codes.astype(np.int32), words, text=True)


def _native(array: Array) -> Array:
    """Numbers that every library reads: native byte order, at most 64 bits."""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _described(values: Values) -> str:
    return values.dtype if not values.shape else f"{values.dtype} of shape {values.shape}"


def _one_vocabulary(parts: Mapping[str, Values]) -> dict[str, Values]:
    words = tuple(sorted({word for values in parts.values() for word in values.words}))
    places = {word: code for code, word in enumerate(words)}
    common = {}
    for split, values in parts.items():
        new = np.array([*(places[word] for word in values.words), -1], dtype=np.int32)  # the last one is for code −1
        codes = new[values.data] if values.text else np.full(len(values.data), -1, dtype=np.int32)
        common[split] = replace(values, data=codes, words=words, text=True)
    return common


def _cast(values: Values, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    if values.shape == shape and (values.kind == "time") == (dtype.kind == "M") and not values.text:
        return values.data.astype(dtype)
    return np.full((len(values.data), *shape), np.datetime64("NaT") if dtype.kind == "M" else np.nan, dtype=dtype)
