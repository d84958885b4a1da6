"""The form in which pandas holds a column that was read."""

from __future__ import annotations

from typing import Any

import numpy as np

from effaudit.core.forms import Form

_HOLDS = {
    "string": "text", "boolean": "bool", "integer": "int", "floating": "float", "mixed-integer-float": "float",
    "decimal": "decimal", "date": "date", "datetime": "datetime", "datetime64": "datetime", "empty": "",
}  # fmt: skip


def form_of(series: Any) -> Form | None:
    """The form of a Series; None where the same column cannot be made again of what is stored of it."""
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, pd.SparseDtype):
        return form_of(series.sparse.to_dense())
    if isinstance(dtype, pd.CategoricalDtype):
        return _of_categories(dtype)
    if dtype == np.dtype(object):
        return _of_objects(series)
    if isinstance(dtype, pd.ArrowDtype) and dtype.kind not in "biufUM":
        return None
    return Form(str(dtype))


def _of_categories(dtype: Any) -> Form | None:
    values = dtype.categories
    if values.dtype.kind == "M":
        return Form("category", categories=tuple(values.asi8.tolist()), of=str(values.dtype), ordered=bool(dtype.ordered))
    found = tuple(values.tolist())
    if not all(isinstance(value, (str, int, float, bool)) for value in found):
        return None
    return Form("category", categories=found, of=str(values.dtype), ordered=bool(dtype.ordered))


def _of_objects(series: Any) -> Form | None:
    import pandas as pd

    holds = _HOLDS.get(pd.api.types.infer_dtype(series, skipna=True))
    if holds is None or (holds == "datetime" and any(getattr(value, "tzinfo", None) for value in series)):
        return None
    gaps = np.flatnonzero(series.isna().to_numpy())
    gap = series.iloc[gaps[0]] if len(gaps) else np.nan
    missing = "None" if gap is None else "NA" if gap is pd.NA else "NaT" if gap is pd.NaT else "nan"
    return Form("object", holds, missing)
