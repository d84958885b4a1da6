"""scikit-learn's calibrated classifiers in a graph: what their members answer, through sigmoids, steps or a temperature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from effaudit.core.candidate import Output
from effaudit.core.plugin import Refused
from effaudit.core.store import Array
from effaudit.toolkit.graphs.flows import chosen
from effaudit.toolkit.graphs.graph import Flow, Graph
from effaudit.toolkit.graphs.trees import two_columns

Predict = Callable[[Graph, Any, Sequence[Flow], Output], Flow]
"""Adds a model, and gives where its answer of a kind is."""

_TINY = 1e-12
"""What scikit-learn adds to probabilities before it takes their logarithm."""


def calibrated(graph: Graph, model: Any, flows: Sequence[Flow], predict: Predict) -> Flow:
    """The mean of the members' calibrated probabilities (rows, classes). Raises Refused."""
    members = [_member(graph, one, flows, predict) for one in model.calibrated_classifiers_]
    names = [member.name for member in members]
    total = graph.add("Sum", *names) if len(names) > 1 else names[0]
    return Flow(graph.add("Div", total, graph.store([float(len(names))])), members[0].width)


def _member(graph: Graph, member: Any, flows: Sequence[Flow], predict: Predict) -> Flow:
    model, classes = member.estimator, len(member.classes)
    decides = hasattr(model, "decision_function")
    answer = predict(graph, model, flows, "logits" if decides else "probabilities")
    if member.method == "temperature":
        return _tempered(graph, answer, float(member.calibrators[0].beta_), decides)
    if classes == 2 and answer.width == 2:
        (answer,) = chosen(graph, [answer], [1])
    each = _calibrated_columns(graph, answer, member.calibrators)
    if classes == 2:
        return Flow(two_columns(graph, each[0]), 2)
    return _shared_out(graph, each, np.searchsorted(member.classes, model.classes_).tolist(), classes)


def _calibrated_columns(graph: Graph, answer: Flow, calibrators: Sequence[Any]) -> list[str]:
    if answer.width != len(calibrators):
        raise Refused(f"its {len(calibrators)} calibrators do not fit the {answer.width} answers of its model")
    columns = [chosen(graph, [answer], [place])[0].name for place in range(answer.width)]
    return [_calibrated(graph, column, calibrator) for column, calibrator in zip(columns, calibrators, strict=True)]


def _calibrated(graph: Graph, column: str, calibrator: Any) -> str:
    if hasattr(calibrator, "a_"):
        inner = graph.add(
            "Add", graph.add("Mul", column, graph.store([-float(calibrator.a_)])), graph.store([-float(calibrator.b_)])
        )
        return graph.add("Sigmoid", inner)
    if hasattr(calibrator, "X_thresholds_"):
        return _interpolated(graph, column, calibrator.X_thresholds_, calibrator.y_thresholds_)
    raise Refused(f"its calibration by {type(calibrator).__name__} has no form in ONNX")


def _interpolated(graph: Graph, column: str, xs: Array, ys: Array) -> str:
    """Straight lines from point to point, and the ends' values beyond them."""
    if len(xs) == 1:
        return graph.add("Add", graph.add("Mul", column, graph.store([0.0])), graph.store([float(ys[0])]))
    inside = graph.add("Min", graph.add("Max", column, graph.store([float(xs[0])])), graph.store([float(xs[-1])]))
    slopes = np.diff(ys) / np.diff(xs)
    if len(xs) == 2:
        place = None
    else:
        passed = graph.add("GreaterOrEqual", inside, graph.store(np.asarray(xs[1:-1])[None, :]))
        from onnx import TensorProto

        place = graph.add("ReduceSum", graph.cast(passed, TensorProto.INT64), graph.store([1], np.int64), keepdims=1)
    begin, height, slope = (_of_piece(graph, np.asarray(values, dtype=np.float64), place) for values in (xs[:-1], ys[:-1], slopes))
    return graph.add("Add", height, graph.add("Mul", slope, graph.add("Sub", inside, begin)))


def _of_piece(graph: Graph, values: Array, place: str | None) -> str:
    return graph.store([float(values[0])]) if place is None else graph.add("Gather", graph.store(values), place, axis=0)


def _shared_out(graph: Graph, each: Sequence[str], places: Sequence[int], classes: int) -> Flow:
    """Divided by their sum; the same share for all where every class got nothing."""
    nothing = graph.add("Mul", each[0], graph.store([0.0]))
    found = dict(zip(places, each, strict=True))
    whole = graph.add("Concat", *(found.get(place, nothing) for place in range(classes)), axis=1)
    total = graph.add("ReduceSum", whole, graph.store([1], np.int64), keepdims=1)
    empty = graph.add("Equal", total, graph.store([0.0]))
    divided = graph.add("Div", whole, graph.add("Where", empty, graph.store([1.0]), total))
    return Flow(graph.add("Where", empty, graph.store([1.0 / classes]), divided), classes)


def _tempered(graph: Graph, answer: Flow, beta: float, decides: bool) -> Flow:
    if decides and answer.width == 1:
        logits = graph.add("Concat", graph.add("Neg", answer.name), answer.name, axis=1)
    else:
        logits = answer.name if decides else graph.add("Log", graph.add("Add", answer.name, graph.store([_TINY])))
    return Flow(graph.add("Softmax", graph.add("Mul", logits, graph.store([beta])), axis=1), max(2, answer.width))
