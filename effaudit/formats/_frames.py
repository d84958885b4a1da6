"""From a request to a pandas DataFrame, as reading a file would have given it to a model that was trained on one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.core.store import Array, Inputs
from effaudit.formats import _opening, _requests


def frame(
    contract: Contract, features: Sequence[str] = (), categories: Mapping[str, Sequence[Any]] | None = None
) -> _requests.Reader:
    """Reads a DataFrame with the model's `features` as columns (all of the request's, when they are not known).

    Words become pandas' text type, missing ones NaN. Columns named in `categories` become categories with these values.
    """
    pandas = _opening.library("pandas", "audit")

    def build(request: Inputs) -> _requests.Reader:
        alone = _requests.whole(request)
        if alone is not None:
            return _from_one(pandas, _requests.matrix(contract, width=len(features) or None, text=True), features)
        names = _requests.sources(request, contract, features)
        if any(request[name].ndim > 1 for name in names):
            raise Refused(f"the model was trained on a table; the data gives arrays of several axes ({', '.join(names)})")
        labels = list(features) if features else names
        if len(set(labels)) != len(labels):
            raise Refused(f"two columns have the same name among {', '.join(labels)}; rename one")
        if not categories and len({request[name].dtype for name in names}) == 1 and not _requests.is_text(request[names[0]]):
            return _of_one_kind(pandas, names, labels, contract)
        return _mixed(pandas, names, labels, _converters(pandas, request, names, labels, contract, categories or {}))

    return _requests.settled(build)


def _from_one(pandas: Any, read: _requests.Reader, features: Sequence[str]) -> _requests.Reader:
    columns = pandas.Index(features) if features else None
    return lambda request: pandas.DataFrame(read(request), columns=columns, copy=False)


def _of_one_kind(pandas: Any, names: Sequence[str], labels: Sequence[str], contract: Contract) -> _requests.Reader:
    """One block instead of many columns: the same DataFrame, made several times faster."""
    columns = pandas.Index(labels)
    dtype = np.dtype(contract.dtypes[0]) if len(contract.dtypes) == 1 else None
    return lambda request: pandas.DataFrame(np.array([request[name] for name in names], dtype).T, columns=columns, copy=False)


def _mixed(
    pandas: Any, names: Sequence[str], labels: Sequence[str], converters: Sequence[Callable[[Array], Any] | None]
) -> _requests.Reader:
    parts = list(zip(labels, names, converters, strict=True))

    def read(request: Inputs) -> Any:
        return pandas.DataFrame(
            {label: request[name] if convert is None else convert(request[name]) for label, name, convert in parts}
        )

    return read


def _converters(
    pandas: Any,
    request: Inputs,
    names: Sequence[str],
    labels: Sequence[str],
    contract: Contract,
    categories: Mapping[str, Sequence[Any]],
) -> list[Callable[[Array], Any] | None]:
    dtypes = _requests.dtypes_of(contract, len(names)) or [None] * len(names)
    text = pandas.Series(["a"]).dtype
    found: list[Callable[[Array], Any] | None] = []
    for name, label, dtype in zip(names, labels, dtypes, strict=True):
        if label in categories:
            found.append(_category(pandas, categories[label]))
        elif dtype is not None and dtype.kind != "O":
            found.append(_number(dtype))
        elif _requests.is_text(request[name]) and not isinstance(text, np.dtype):  # pandas 2 has objects
            found.append(lambda column: pandas.array(column, dtype=text))
        else:
            found.append(None)
    return found


def _number(dtype: np.dtype[Any]) -> Callable[[Array], Array]:
    return lambda column: column.astype(dtype, copy=False)


def _category(pandas: Any, values: Sequence[Any]) -> Callable[[Array], Any]:
    kind = pandas.CategoricalDtype(list(values))
    code = {value: place for place, value in enumerate(values)}.get
    from_codes = pandas.Categorical.from_codes
    return lambda column: from_codes([code(value, -1) for value in column.tolist()], dtype=kind)
