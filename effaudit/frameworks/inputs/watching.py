"""Counts what scikit-learn's encoders and LightGBM's categories do not know, and which columns steps see empty."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from effaudit.core.watch import Tally, replaced


@contextmanager
def watching(tally: Tally) -> Iterator[None]:
    """While it holds, transforming and predicting in this process count into the tally; once, however often it is asked for."""
    if tally in _held:
        yield
        return
    with ExitStack() as stack:
        stack.callback(_held.remove, tally)
        _held.append(tally)
        if "sklearn.preprocessing._encoders" in sys.modules:
            _watch_encoders(stack, tally)
        if "sklearn.utils.validation" in sys.modules:
            _watch_checks(stack, tally)
        if "lightgbm.basic" in sys.modules:
            _watch_boosters(stack, tally)
        yield


_held: list[Tally] = []


def _watch_encoders(stack: ExitStack, tally: Tally) -> None:
    from sklearn.preprocessing import _encoders

    kind = _encoders._BaseEncoder
    transform = kind._transform

    def watched(self: Any, X: Any, *given: Any, **more: Any) -> Any:  # noqa: N803
        columns, _, count = self._check_X(X, ensure_all_finite=False)
        names = _names(self, X, count)
        for name, column, known in zip(names, columns, self.categories_, strict=True):
            unknown = ~_encoders._check_unknown(column, known, return_mask=True)[1]
            tally.count(name, unknown, _missing(column), id(self))
        return transform(self, X, *given, **more)

    stack.enter_context(replaced(kind, "_transform", watched))


def _watch_checks(stack: ExitStack, tally: Tally) -> None:
    from sklearn.utils import validation

    check = validation.check_array

    def watched(array: Any, *given: Any, **more: Any) -> Any:
        made = check(array, *given, **more)
        if isinstance(made, np.ndarray) and made.ndim == 2 and made.dtype.kind == "f":
            owner = more.get("estimator")
            tally.count_gaps(_names(owner, array, made.shape[1]), np.isnan(made).sum(axis=0), len(made), id(owner))
        return made

    stack.enter_context(replaced(validation, "check_array", watched))


def _watch_boosters(stack: ExitStack, tally: Tally) -> None:
    from lightgbm import basic

    convert, predict = basic._data_from_pandas, basic.Booster.predict
    known_codes: dict[int, dict[int, set[float]]] = {}

    def converted(data: Any, feature_name: Any, categorical_feature: Any, pandas_categorical: Any) -> Any:
        columns = [name for name in data.columns if hasattr(data[name], "cat")]
        for name, values in zip(columns, pandas_categorical or (), strict=False):
            column = data[name]
            tally.count(str(name), ~column.isin(values).to_numpy(), column.isna().to_numpy(), 1)
        return convert(data, feature_name, categorical_feature, pandas_categorical)

    def predicted(self: Any, data: Any, *given: Any, **more: Any) -> Any:
        names = self.feature_name()
        if getattr(data, "ndim", 0) == 2 and data.shape[1] == len(names) and not hasattr(data, "tocsr"):
            columns = [_numbers(data, place) for place in range(len(names))]
            gaps = np.array([0 if column is None else np.count_nonzero(np.isnan(column)) for column in columns])
            tally.count_gaps(names, gaps, len(data), id(self))
            if id(self) not in known_codes:
                known_codes[id(self)] = _codes(self)
            for place, known in known_codes[id(self)].items():
                if (column := columns[place]) is not None:
                    tally.count(names[place], ~np.isin(column, list(known)), np.isnan(column), id(self))
        return predict(self, data, *given, **more)

    stack.enter_context(replaced(basic, "_data_from_pandas", converted))
    stack.enter_context(replaced(basic.Booster, "predict", predicted))


def _numbers(data: Any, place: int) -> Any:
    """A column as numbers; None where a DataFrame holds something else there, such as categories."""
    column = data.iloc[:, place].to_numpy() if hasattr(data, "iloc") else np.asarray(data)[:, place]
    return column.astype(np.float64) if getattr(column, "dtype", np.dtype(object)).kind in "biuf" else None


def _codes(booster: Any) -> dict[int, set[float]]:
    """The codes that training saw, by the number of each feature of whole-number categories. What it saw rarely is not listed."""
    for line in booster.model_to_string(num_iteration=1).splitlines():
        if line.startswith("feature_infos="):
            infos = line.partition("=")[2].split(" ")
            return {
                place: {float(code) for code in info.split(":")}
                for place, info in enumerate(infos)
                if info != "none" and not info.startswith("[")
            }
    return {}


def _names(owner: Any, data: Any, count: int) -> list[str]:
    names = [str(name) for name in getattr(data, "columns", getattr(owner, "feature_names_in_", ()))]
    kind = type(owner).__name__ if owner is not None and not isinstance(owner, str) else "a step"
    return names if len(names) == count else [f"column {place + 1} of {kind}" for place in range(count)]


def _missing(column: Any) -> Any:
    import pandas

    return np.asarray(pandas.isna(column))
