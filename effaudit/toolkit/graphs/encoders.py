"""scikit-learn's encoders and imputers in a graph.

An encoder of categories is a table: it is asked once for every category, for a missing value and for one that it never saw, and
the graph looks its answers up. So whatever its options are (dropped, infrequent, unknown ones), the graph answers as it does.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit.core.plugin import Refused
from effaudit.core.store import Array
from effaudit.toolkit.graphs.flows import as_floats, chosen
from effaudit.toolkit.graphs.graph import MISSING, ML, Flow, Graph, tensor

_UNSEEN = "\0unseen"


def encode(graph: Graph, encoder: Any, flows: Sequence[Flow]) -> list[Flow]:
    """A OneHotEncoder, OrdinalEncoder or TargetEncoder, each of whose columns is looked up in a table of its own."""
    columns = [flow for place in range(len(encoder.categories_)) for flow in chosen(graph, flows, [place])]
    return [_looked_up(graph, _table(encoder, place), flow) for place, flow in enumerate(columns)]


def impute(graph: Graph, imputer: Any, flows: Sequence[Flow]) -> list[Flow]:
    """A SimpleImputer, with its indicator of missing values where it has one."""
    if any(flow.kind == "text" for flow in flows):
        return _imputed_words(graph, imputer, flows)
    numbers = as_floats(graph, flows)
    wanted = imputer.missing_values
    absent = graph.add("IsNaN", numbers.name) if _is_nan(wanted) else graph.add("Equal", numbers.name, graph.store([wanted]))
    fills = np.asarray(imputer.statistics_, dtype=np.float64)
    kept = np.flatnonzero(~np.isnan(fills))
    filled = Flow(graph.add("Where", absent, graph.store(np.nan_to_num(fills)[None, :]), numbers.name), numbers.width)
    found = chosen(graph, [filled], kept.tolist()) if len(kept) else []
    if imputer.indicator_ is not None:
        flags = Flow(graph.cast(absent, graph.float_type), numbers.width)
        found += chosen(graph, [flags], list(imputer.indicator_.features_))
    return found


def code(graph: Graph, flow: Flow, values: Sequence[Any]) -> Flow:
    """Each value's place among `values`, NaN for what is not among them."""
    nothing = np.array([np.nan])
    return _looked_up(graph, _Table(np.array(values, dtype=object), np.arange(len(values))[:, None], nothing, nothing), flow)


@dataclass(frozen=True)
class _Table:
    """What an encoder makes of each category (categories, width), of a missing value and of one it never saw (width,)."""

    categories: Array
    rows: Array
    missing: Array
    unseen: Array


def _table(encoder: Any, place: int) -> _Table:
    categories = np.asarray(encoder.categories_[place])
    words = categories.dtype.kind in "OUS"
    unseen = _UNSEEN if words else float(np.nanmax(categories.astype(np.float64), initial=0.0)) + 1.0
    rows = _asked(encoder, place, categories)
    if rows is None:
        raise Refused(f"its {type(encoder).__name__} does not know its own categories")
    strange = _asked(encoder, place, [unseen])
    missing = _asked(encoder, place, [np.nan])
    other = np.zeros(rows.shape[1]) if strange is None else strange[0]  # where it would have raised, anything is right
    return _Table(categories, rows, other if missing is None else missing[0], other)


def _asked(encoder: Any, place: int, values: Any) -> Array | None:
    """What the encoder makes of values in one of its columns (values, width); None when it refuses them."""
    every = [np.asarray(categories) for categories in encoder.categories_]
    words = any(categories.dtype.kind in "OUS" for categories in every)
    matrix = np.empty((len(values), len(every)), dtype=object if words else np.float64)
    for column, categories in enumerate(every):
        matrix[:, column] = categories[0]
    matrix[:, place] = values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unknown categories, and of missing names
        try:
            made = encoder.transform(matrix)
        except ValueError:
            return None
    made = np.asarray(made.toarray() if hasattr(made, "toarray") else made, dtype=np.float64)
    widths = getattr(encoder, "_n_features_outs", None) or [made.shape[1] // len(every)] * len(every)
    begin = int(np.sum(widths[:place]))
    return np.asarray(made[:, begin : begin + int(widths[place])])


def _looked_up(graph: Graph, table: _Table, flow: Flow) -> Flow:
    name = flow.name
    if flow.kind == "text":
        words, rows = _by_word(table)
        stored = _word_tensor(words)
    else:
        numbers, rows = _by_number(table)
        stored = tensor("keys_tensor", numbers.astype(graph.dtype))
        name = name if flow.kind == "float" else graph.cast(name, graph.float_type)
    width = rows.shape[1]
    every = np.vstack([rows, table.unseen[None, :]]).astype(graph.dtype)
    if width == 1:
        return Flow(_lookup(graph, name, stored, every[:-1, 0], every[-1:, 0]), 1)
    if np.isin(every, (0, 1)).all() and every.sum(axis=1).max() <= 1:  # which column is one, if any
        columns = np.where(every.any(axis=1), every.argmax(axis=1), -1)
        column = _lookup(graph, name, stored, columns[:-1], columns[-1:])
        return Flow(
            graph.cast(graph.add("Equal", column, graph.store(np.arange(width)[None, :], np.int64)), graph.float_type), width
        )
    place = _lookup(graph, name, stored, np.arange(len(rows)), np.array([len(rows)]))
    gathered = graph.add("Gather", graph.store(every), place, axis=0)
    return Flow(graph.add("Flatten", gathered, axis=1), width)


def _lookup(graph: Graph, name: str, keys: Any, values: Array, default: Array) -> str:
    from onnx import NodeProto

    node = NodeProto(op_type="LabelEncoder", domain=ML, input=[name])
    node.attribute.extend([keys, tensor("values_tensor", values), tensor("default_tensor", default)])
    return graph.place(node, version=4)


def _by_word(table: _Table) -> tuple[list[str], Array]:
    """Keys and rows of a column of words, missing ones among them."""
    words = {str(value): row for value, row in zip(table.categories, table.rows, strict=True) if isinstance(value, str)}
    words.setdefault(MISSING, table.missing)
    return list(words), np.array(list(words.values())).reshape(len(words), table.rows.shape[1])


def _by_number(table: _Table) -> tuple[Array, Array]:
    numbers = [
        (float(value), row)
        for value, row in zip(table.categories, table.rows, strict=True)
        if not isinstance(value, str) and value is not None and not _is_nan(value)
    ]
    keys = np.array([*(number for number, _ in numbers), np.nan])
    return keys, np.array([*(row for _, row in numbers), table.missing])


def _word_tensor(words: Sequence[str]) -> Any:
    from onnx import AttributeProto, TensorProto

    stored = TensorProto(name="keys", data_type=TensorProto.STRING, dims=[len(words)])
    stored.string_data.extend(word.encode() for word in words)
    return AttributeProto(name="keys_tensor", type=AttributeProto.TENSOR, t=stored)


def _imputed_words(graph: Graph, imputer: Any, flows: Sequence[Flow]) -> list[Flow]:
    from onnx import TensorProto

    found, flags = [], []
    wanted = MISSING if imputer.missing_values is None or _is_nan(imputer.missing_values) else str(imputer.missing_values)
    columns = [flow for place in range(len(imputer.statistics_)) for flow in chosen(graph, flows, [place])]
    for flow, fill in zip(columns, imputer.statistics_, strict=True):
        if flow.kind != "text":
            raise Refused("its SimpleImputer fills words and numbers at once; give each kind an imputer of its own")
        absent = graph.add("Equal", flow.name, graph.store_words([wanted], (1, 1)))
        if isinstance(fill, str):
            found.append(Flow(graph.add("Where", absent, graph.store_words([fill], (1, 1)), flow.name), 1, "text"))
        flags.append(Flow(graph.cast(absent, TensorProto.INT64), 1, "int"))
    if imputer.indicator_ is not None:
        found += [flags[place] for place in imputer.indicator_.features_]
    return found


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))
