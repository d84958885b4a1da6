"""From a request, which is named arrays, to what a model takes: one matrix, a DataFrame, or named arrays in order.

Every reader here settles its layout on the first request (all requests of a candidate look alike) and then only converts.
Errors about the layout are Refused, with the names that are missing and what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.core.store import Array, Inputs
from effaudit.core.text import listed

Reader = Callable[[Inputs], Any]
TEXT = "text"
"""The dtype of words, in plans."""


def settled(build: Callable[[Inputs], Reader]) -> Reader:
    """A reader that `build` makes when it sees the first request."""
    reader: Reader | None = None

    def read(request: Inputs) -> Any:
        nonlocal reader
        if reader is None:
            reader = build(request)
        return reader(request)

    return read


def whole(request: Inputs) -> str | None:
    """The name of the one array that holds all features: a preprocessed request, or a single array of two or more dimensions."""
    if len(request) != 1:
        return None
    name = next(iter(request))
    return name if name == "" or request[name].ndim > 1 else None


def sources(request: Inputs, contract: Contract, features: Sequence[str] = ()) -> list[str]:
    """Which of the request's arrays become which of the model's features, in the model's order.

    By the model's own names where the plan or the request knows them; else the plan's columns stand for them in order; else,
    for a model without names, all arrays as they come. Raises Refused with the names that are missing.
    """
    if "" in request:  # preprocessed: the columns are behind us
        return [""]
    if not features:
        return _present(contract.columns or tuple(request), request)
    if contract.columns and not set(features) <= set(contract.columns):
        if len(contract.columns) != len(features):
            raise Refused(
                f"the model takes {len(features)} columns ({listed(features)}), the plan names {len(contract.columns)}; "
                "write its `columns` in the model's order"
            )
        return _present(contract.columns, request)
    return _present(features, request)


def matrix(
    contract: Contract, features: Sequence[str] = (), *, width: int | None = None, dtype: str | None = None, text: bool = False
) -> Reader:
    """Reads a C-ordered array (rows, features) of `dtype` (None: the common one; the contract's single dtype comes first).

    `width` is how many features the model takes, when it knows. `text` allows words, in an object array.
    """

    def build(request: Inputs) -> Reader:
        alone = whole(request)
        if alone is not None:
            return _from_one(alone, request[alone], width, _single(contract) or dtype)
        names = sources(request, contract, features)
        _check_words(request, names, text)
        wanted = np.dtype(_single(contract) or dtype or _common(request, names, contract))
        count = sum(int(np.prod(request[name].shape[1:])) for name in names)
        _check_width(count, width, names)
        if all(request[name].ndim == 1 for name in names):
            return _stacked(names, wanted)
        return _joined(names, wanted)

    return settled(build)


def named(contract: Contract) -> Reader:
    """Reads a dict of the contract's columns (or all), converted to the contract's dtypes where it names some."""

    def build(request: Inputs) -> Reader:
        names = sources(request, contract)
        dtypes = dtypes_of(contract, len(names))
        if dtypes is None:
            return lambda request: {name: request[name] for name in names}
        pairs = list(zip(names, dtypes, strict=True))
        return lambda request: {name: request[name].astype(dtype, copy=False) for name, dtype in pairs}

    return settled(build)


def dtypes_of(contract: Contract, count: int) -> list[Any] | None:
    """The contract's dtypes, one for each of `count` columns; None when it names none. Raises Refused."""
    if not contract.dtypes:
        return None
    try:
        dtypes = [np.dtype(object if name == TEXT else name) for name in contract.dtypes]
    except TypeError as error:
        raise Refused(f"{listed(contract.dtypes)}: {error}; write numpy dtypes, such as float32") from error
    if len(dtypes) not in (1, count):
        raise Refused(f"the plan names {len(dtypes)} dtypes for {count} columns; write one for all, or one for each")
    return dtypes * count if len(dtypes) == 1 else dtypes


def is_text(column: Array) -> bool:
    """Does this array hold words?"""
    return column.dtype.kind in "OUS"


def _present(names: Sequence[str], request: Inputs) -> list[str]:
    """`names` as the request spells them (LightGBM and ONNX files may have `_` where the data has a space)."""
    spelt = {name.replace(" ", "_"): name for name in request}
    missing = [name for name in names if name not in request and name not in spelt]
    if missing:
        raise Refused(
            f"the model needs the columns {listed(missing)}, which the data does not have (it has {listed(request)}); "
            "write its `columns` in the model's order"
        )
    return [name if name in request else spelt[name] for name in names]


def _check_words(request: Inputs, names: Sequence[str], text: bool) -> None:
    words = [name for name in names if is_text(request[name])]
    if words and not text:
        raise Refused(f"the model takes numbers, and {listed(words)} hold words; write its `preprocess`, or its `columns`")
    dates = [name for name in names if request[name].dtype.kind in "Mm"]
    if dates:
        raise Refused(f"the model takes numbers, and {listed(dates)} hold times; write its `preprocess`, or its `columns`")


def _check_width(count: int, width: int | None, names: Sequence[str]) -> None:
    if width is not None and count != width:
        raise Refused(f"the model takes {width} features, the data gives {count} ({listed(names)}); write the model's `columns`")


def _single(contract: Contract) -> np.dtype[Any] | None:
    return (dtypes_of(contract, 1) or [None])[0] if len(contract.dtypes) == 1 else None


def _common(request: Inputs, names: Sequence[str], contract: Contract) -> Any:
    given = dtypes_of(contract, len(names))
    if given is None:
        given = [request[name].dtype for name in names]
    return np.dtype(object) if any(dtype.kind in "OUS" for dtype in given) else np.result_type(*given)


def _from_one(name: str, example: Array, width: int | None, dtype: np.dtype[Any] | str | None) -> Reader:
    count = int(np.prod(example.shape[1:]))
    _check_width(count, width, [name or "its preprocessing"])
    wanted = example.dtype if dtype is None else np.dtype(dtype)
    if example.ndim == 2 and example.dtype == wanted and example.flags.c_contiguous:
        return lambda request: request[name]
    return lambda request: np.ascontiguousarray(request[name], wanted).reshape(len(request[name]), count)


def _stacked(names: Sequence[str], dtype: np.dtype[Any]) -> Reader:
    def read(request: Inputs) -> Array:
        return np.ascontiguousarray(np.array([request[name] for name in names], dtype).T)

    return read


def _joined(names: Sequence[str], dtype: np.dtype[Any]) -> Reader:
    def read(request: Inputs) -> Array:
        rows = len(request[names[0]])
        return np.ascontiguousarray(np.concatenate([request[name].reshape(rows, -1) for name in names], axis=1), dtype)

    return read
