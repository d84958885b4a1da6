"""Models with declared inputs: which of a request's arrays feed which input, in its type and shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit.core import watch
from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.core.store import Array, Inputs
from effaudit.core.text import listed
from effaudit.frameworks.inputs import requests

MISSING_TEXT = "nan"
"""Graphs know no missing text: it is given as this word, which is what skl2onnx makes of an encoder's category NaN."""

Feed = Callable[[Inputs], tuple[Array, ...]]


@dataclass(frozen=True)
class Port:
    """An input: a numpy dtype (`object` for words; None: as it comes), and the sizes of its axes; those not fixed are not int.

    `shape` None: of any shape.
    """

    name: str
    dtype: str | None
    shape: tuple[Any, ...] | None

    @property
    def width(self) -> int | None:
        """How many numbers one row has, where that is fixed."""
        sizes = self.shape[1:] if self.shape is not None else (None,)
        return int(np.prod(sizes)) if all(isinstance(size, int) for size in sizes) else None


def check_batch(ports: Sequence[Port], advice: str) -> None:
    """Raises Refused, with `advice`, when an input takes one number of rows only."""
    for port in ports:
        if port.shape == () or (port.shape and isinstance(port.shape[0], int)):
            rows = f"exactly {port.shape[0]} rows at a time" if port.shape else "a single number"
            raise Refused(f"its input {port.name!r} takes {rows}; {advice}")


def feeding(ports: Sequence[Port], contract: Contract) -> Feed:
    """A function from a request to the inputs' arrays, in order."""

    def build(request: Inputs) -> Feed:
        shares = _shares(ports, contract, request)
        dtypes = _given(contract, len(ports))
        readers = [_reading(*each, request) for each in zip(ports, shares, dtypes, strict=True)]
        if len(readers) == 1:
            only = readers[0]
            return lambda request: (only(request),)
        return lambda request: tuple([read(request) for read in readers])

    return requests.settled(build)


def _given(contract: Contract, count: int) -> list[str | None]:
    """The plan's dtypes, where it names one for all or one for each input; an input's own type goes before."""
    if len(contract.dtypes) not in (1, count):  # they speak of columns, not of inputs
        return [None] * count
    return [dtype.name for dtype in requests.dtypes_of(contract, count) or ()] or [None] * count


def _shares(ports: Sequence[Port], contract: Contract, request: Inputs) -> list[list[str]]:
    """The request's arrays that each input takes: the one of its name, or, by the inputs' widths, the columns in their order."""
    if len(ports) == 1:
        alone = requests.whole(request)
        return [[alone] if alone is not None else requests.sources(request, contract)]
    given = contract.columns or tuple(request)
    if {port.name for port in ports} <= {*given, *(name.replace(" ", "_") for name in given)}:
        return [requests.sources(request, Contract(), [port.name]) for port in ports]
    names = requests.sources(request, contract)
    widths = [port.width if port.width is not None else 1 if len(names) == len(ports) else None for port in ports]
    if None in widths or sum(width or 0 for width in widths) != len(names):
        raise Refused(
            f"its inputs are {listed(port.name for port in ports)}, the data has {listed(names)}; "
            "write its `columns` in the order of its inputs"
        )
    ends = np.cumsum([width or 0 for width in widths]).tolist()
    return [names[end - (width or 0) : end] for end, width in zip(ends, widths, strict=True)]


def _reading(port: Port, names: Sequence[str], given: str | None, request: Inputs) -> requests.Reader:
    """Reads one input's array: words for inputs of text, else numbers of its own type, in its own shape."""
    dtype = port.dtype or given
    words = dtype == "object"
    if any(requests.is_text(request[name]) != words for name in names):
        kind = "words" if words else "numbers"
        raise Refused(
            f"its input {port.name!r} takes {kind}, which {listed(names)} does not hold; write its `columns` or its `preprocess`"
        )
    matrix = requests.matrix(Contract(columns=tuple(names)), width=port.width, dtype=dtype, text=words)
    read = _of(names, matrix) if len(names) < len(request) else matrix
    if words:
        read = _without_missing(read)
    elif dtype and np.dtype(dtype).kind in "iu":
        risky = [name for name in names if not np.can_cast(request[name].dtype, dtype)]
        read = _whole(read, port.name, risky, np.dtype(dtype)) if risky else read
    return _shaped(read, _target(port, request[names[0]] if len(names) == 1 else None))


def _of(names: Sequence[str], read: requests.Reader) -> requests.Reader:
    return lambda request: read({name: request[name] for name in names})


def _target(port: Port, example: Array | None) -> tuple[int, ...] | None:
    """The axes after the first: the input's where they are fixed, else those of the data's own array; None: as one matrix."""
    if port.shape is None:
        return example.shape[1:] if example is not None and example.ndim > 2 else None
    fixed = [size if isinstance(size, int) else -1 for size in port.shape[1:]]
    if fixed.count(-1) > 1 or (-1 in fixed and example is not None and example.ndim == len(fixed) + 1):
        return example.shape[1:] if example is not None else None
    return None if len(fixed) == 1 else tuple(fixed)


def _shaped(read: requests.Reader, target: tuple[int, ...] | None) -> requests.Reader:
    if target is None or len(target) == 1:
        return read
    if target == ():
        return lambda request: read(request).ravel()
    return lambda request: (array := read(request)).reshape(len(array), *target)


def _without_missing(read: requests.Reader) -> requests.Reader:
    def words(request: Inputs) -> Array:
        array = read(request)
        flat = [word if isinstance(word, str) else MISSING_TEXT for word in array.ravel().tolist()]
        return np.array(flat, dtype=object).reshape(array.shape)

    return words


def _whole(read: requests.Reader, port: str, names: Sequence[str], dtype: np.dtype[Any]) -> requests.Reader:
    """Refuses what an integer cannot hold: gaps, fractions, and numbers beyond its range, which a cast would change unsaid.

    It looks while answers are scored, which all certify rows are; looking would be timed as the model's own work.
    """
    limits = np.iinfo(dtype)

    def whole(request: Inputs) -> Array:
        for name in names if watch.current() is not None else ():
            column = request[name]
            if column.dtype.kind == "f" and np.isnan(column).any():
                raise Refused(
                    f"its input {port!r} takes whole numbers, and {listed(names)} has missing values; fill them in `preprocess`"
                )
            if column.dtype.kind == "f" and (column != np.rint(column)).any():
                raise Refused(
                    f"its input {port!r} takes whole numbers ({dtype}), and {listed([name])} has fractions; export it for floats"
                )
            if column.size and (column.min() < limits.min or column.max() > limits.max):
                raise Refused(
                    f"its input {port!r} is {dtype}, and {listed([name])} has numbers beyond {limits.min} to {limits.max}"
                )
        return np.asarray(read(request))

    return whole
