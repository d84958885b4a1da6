"""Columns on their way through a graph: chosen, cast, and put side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from effaudit.core.plugin import Refused
from effaudit.core.text import listed
from effaudit.core.workload import Column
from effaudit.toolkit.graphs.graph import Flow, Graph, Kind


def inputs(graph: Graph, columns: Sequence[Column]) -> list[Flow]:
    """The data's columns as a graph's inputs: one each where words are among them, else one for all. Raises Refused."""
    times = [column.name for column in columns if column.dtype != "text" and np.dtype(column.dtype).kind in "mM"]
    if times:
        raise Refused(f"{listed(times)} hold times, which ONNX does not know; make numbers of them in the data")
    if any(column.dtype == "text" for column in columns):
        return [Flow(graph.input(column.name, kind, [1]), 1, kind) for column in columns if (kind := _kind(column))]
    width = sum(int(np.prod(column.shape, dtype=np.int64)) for column in columns)
    return [Flow(graph.input("features", "float", [width]), width)]


def as_floats(graph: Graph, flows: Sequence[Flow]) -> Flow:
    """One tensor of the graph's floats (rows, all columns). Raises Refused where words are among them."""
    if any(flow.kind == "text" for flow in flows):
        raise Refused("words reach a step that takes numbers")
    parts = [_joined(graph, list(group)) for _, group in groupby(flows, key=lambda flow: flow.kind)]
    numbers = [
        flow if flow.kind == "float" else Flow(graph.cast(flow.name, graph.float_type), flow.width, "float") for flow in parts
    ]
    return _joined(graph, numbers)


def chosen(graph: Graph, flows: Sequence[Flow], columns: Sequence[int]) -> list[Flow]:
    """Some columns, counted over all flows, in the order asked for."""
    places = [(number, column) for number, flow in enumerate(flows) for column in range(flow.width)]
    found = []
    for number, group in groupby((places[column] for column in columns), key=lambda place: place[0]):
        inner = [column for _, column in group]
        flow = flows[number]
        if inner == list(range(flow.width)):
            found.append(flow)
        else:
            name = graph.add("Gather", flow.name, graph.store(inner, np.int64), axis=1)
            found.append(Flow(name, len(inner), flow.kind))
    return found


def _kind(column: Column) -> Kind:
    if column.dtype == "text":
        return "text"
    return "int" if np.dtype(column.dtype).kind in "iub" else "float"


def _joined(graph: Graph, flows: Sequence[Flow]) -> Flow:
    if len(flows) == 1:
        return flows[0]
    return Flow(graph.add("Concat", *(flow.name for flow in flows), axis=1), sum(flow.width for flow in flows), flows[0].kind)
