"""From a request to a pandas DataFrame, as reading the file gives it to a model that was trained on one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from effaudit.core import forms
from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.core.store import Array, Inputs
from effaudit.frameworks.inputs.categories import finder
from effaudit.frameworks.inputs.requests import Reader, dtypes_of, is_text, matrix, settled, sources, whole
from effaudit.frameworks.opening import library


def frame(contract: Contract, features: Sequence[str] = (), categories: Mapping[str, Sequence[Any]] | None = None) -> Reader:
    """Reads a DataFrame with the model's `features` as columns (all of the request's, when they are not known).

    Columns are in the form that pandas held them in, unless the contract has dtypes for them. Those named in `categories` become
    categories with these values, where the data does not hold categories of its own.
    """
    pandas = library("pandas", "audit")

    def build(request: Inputs) -> Reader:
        alone = whole(request)
        if alone is not None:
            return _from_one(pandas, matrix(contract, width=len(features) or None, text=True), features)
        names = sources(request, contract, features)
        if any(request[name].ndim > 1 for name in names):
            raise Refused(f"the model was trained on a table; the data gives arrays of several axes ({', '.join(names)})")
        labels = list(features) if features else names
        if len(set(labels)) != len(labels):
            raise Refused(f"two columns have the same name among {', '.join(labels)}; rename one")
        converters = _converters(request, names, labels, contract, categories or {})
        plain = all(convert is None for convert in converters)
        if plain and len({request[name].dtype for name in names}) == 1 and not is_text(request[names[0]]):
            return _of_one_kind(pandas, names, labels)
        return _mixed(pandas, names, labels, converters)

    return settled(build)


def _from_one(pandas: Any, read: Reader, features: Sequence[str]) -> Reader:
    columns = pandas.Index(features) if features else None
    return lambda request: pandas.DataFrame(read(request), columns=columns, copy=False)


def _of_one_kind(pandas: Any, names: Sequence[str], labels: Sequence[str]) -> Reader:
    """One block instead of many columns: the same DataFrame, made several times faster."""
    columns = pandas.Index(labels)
    return lambda request: pandas.DataFrame(np.array([request[name] for name in names]).T, columns=columns, copy=False)


def _mixed(pandas: Any, names: Sequence[str], labels: Sequence[str], converters: Sequence[Callable[[Array], Any] | None]) -> Reader:
    parts = list(zip(labels, names, converters, strict=True))

    def read(request: Inputs) -> Any:
        return pandas.DataFrame(
            {label: request[name] if convert is None else convert(request[name]) for label, name, convert in parts}
        )

    return read


def _converters(
    request: Inputs, names: Sequence[str], labels: Sequence[str], contract: Contract, categories: Mapping[str, Sequence[Any]]
) -> list[forms.Converter | None]:
    dtypes = dtypes_of(contract, len(names)) or [None] * len(names)
    known = {} if contract.input == "plain" else contract.forms
    found: list[forms.Converter | None] = []
    for name, label, dtype in zip(names, labels, dtypes, strict=True):
        form = known.get(name) if dtype is None else None
        if label in categories and (form is None or form.categories is None):
            found.append(_category(label, request[name], categories[label]))
        elif dtype is not None and dtype.kind != "O":
            found.append(None if request[name].dtype == dtype else _number(dtype))
        else:
            found.append(forms.converter(request[name], form))
    return found


def _number(dtype: np.dtype[Any]) -> forms.Converter:
    return lambda column: column.astype(dtype, copy=False)


def _category(name: str, example: Array, values: Sequence[Any]) -> forms.Converter:
    import pandas

    kind, find, from_codes = (
        pandas.CategoricalDtype(list(values)),
        finder(values, example, name),
        pandas.Categorical.from_codes,
    )
    return lambda column: from_codes(find(column), dtype=kind)
