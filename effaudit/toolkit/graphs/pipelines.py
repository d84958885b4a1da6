"""Fitted scikit-learn models and pipelines in a graph: columns in, an answer out.

Pipelines, column transformers, encoders, imputers, words and trees are written here; any other step that takes numbers is left to
skl2onnx, whose graph is inserted. Whether the whole answers as its parent is checked row by row afterwards, by _parity.py.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from effaudit.core.candidate import Output
from effaudit.core.plugin import Refused
from effaudit.core.text import one_line
from effaudit.frameworks.lightgbm import ensemble as lightgbm_ensemble
from effaudit.frameworks.sklearn import ensemble as sklearn_ensemble
from effaudit.frameworks.sklearn.pipelines import kinds_of, unwrapped
from effaudit.frameworks.trees.ensemble import Ensemble
from effaudit.toolkit.graphs import trees
from effaudit.toolkit.graphs.calibrated import calibrated
from effaudit.toolkit.graphs.encoders import code, encode, impute
from effaudit.toolkit.graphs.flows import as_floats, chosen
from effaudit.toolkit.graphs.graph import Flow, Graph
from effaudit.toolkit.graphs.text import vectorise

_ENCODERS = ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder")
_VECTORISERS = ("CountVectorizer", "TfidfVectorizer")


def transform(graph: Graph, step: Any, flows: Sequence[Flow]) -> list[Flow]:
    """Adds a fitted transformer. Raises Refused with the name of a step that has no form in ONNX."""
    kinds = kinds_of(step)
    if step is None or step in ("passthrough", "drop"):
        return [] if isinstance(step, str) and step == "drop" else list(flows)
    if "Pipeline" in kinds:
        for name, inner in step.steps:
            with _naming(name, inner):
                flows = transform(graph, inner, flows)
        return list(flows)
    if "ColumnTransformer" in kinds:
        return _by_columns(graph, step, flows)
    if "FeatureUnion" in kinds:
        return _side_by_side(graph, step, flows)
    if kinds & {*_ENCODERS}:
        return encode(graph, step, flows)
    if "SimpleImputer" in kinds:
        return impute(graph, step, flows)
    if kinds & {*_VECTORISERS}:
        (words,) = flows if len(flows) == 1 else [Flow("", 0)]
        return [vectorise(graph, step, words)]
    if "FunctionTransformer" in kinds:
        return _function(graph, step, flows)
    return [_by_skl2onnx(graph, step, flows, "variable")]


def predict(graph: Graph, model: Any, flows: Sequence[Flow], output: Output) -> Flow:
    """Adds a fitted model, and returns where its probabilities, scores, labels or values are. Raises Refused."""
    model = unwrapped(model)
    if "Pipeline" in kinds_of(model):
        for name, step in model.steps[:-1]:
            with _naming(name, step):
                flows = transform(graph, step, flows)
        with _naming(*model.steps[-1]):
            return predict(graph, model.steps[-1][1], flows, output)
    if getattr(model, "_preprocessor", None) is not None:  # histogram boosting with categories
        flows = transform(graph, model._preprocessor, flows)
    if kinds_of(model) & {"VotingRegressor", "VotingClassifier", "BaseBagging"} and output in ("probabilities", "values"):
        return _averaged(graph, model, flows, output)
    if "TransformedTargetRegressor" in kinds_of(model):
        return _back_transformed(graph, model, flows)
    if "CalibratedClassifierCV" in kinds_of(model) and output in ("probabilities", "labels"):
        shares = calibrated(graph, model, flows, predict)
        return _labelled(graph, model, shares) if output == "labels" else shares
    ensemble = _raw(model) if output == "logits" else ensemble_of(model)
    if ensemble is not None and output == "logits":
        flows = coded(graph, model.booster_, flows) if "LGBMModel" in kinds_of(model) else flows
        return Flow(trees.answer(graph, as_floats(graph, flows).name, ensemble), ensemble.targets)
    if ensemble is not None:
        answer = _trees(graph, model, ensemble, flows)
        return _labelled(graph, model, answer) if output == "labels" else answer
    names = {"labels": "label", "values": "variable"}
    return _by_skl2onnx(graph, model, flows, names.get(output, "probabilities"), raw=output == "logits")


def ensemble_of(model: Any) -> Ensemble | None:
    """The trees of a scikit-learn model or LightGBM wrapper; None for other models."""
    if "LGBMModel" in kinds_of(model):
        return lightgbm_ensemble.ensemble_of(model.booster_)
    return sklearn_ensemble.ensemble_of(model)


def _raw(model: Any) -> Ensemble | None:
    """The trees behind a decision function: boosted ones before their last step. None for other models."""
    if "LGBMModel" in kinds_of(model):
        return lightgbm_ensemble.ensemble_of(model.booster_, raw=True)
    if not kinds_of(model) & {"BaseGradientBoosting", "BaseHistGradientBoosting"}:
        return None
    found = sklearn_ensemble.ensemble_of(model)
    doubled = getattr(model, "loss", "") == "exponential"
    return None if found is None else replace(found, link="none", divisor=2.0 if doubled else 1.0)


@contextmanager
def _naming(name: str, step: Any) -> Iterator[None]:
    """What is refused inside says in which step."""
    try:
        yield
    except Refused as refused:
        words = str(refused)
        raise Refused(
            words if words.startswith("in its step ") else f"in its step {name} ({type(step).__name__}): {words}"
        ) from refused


def coded(graph: Graph, booster: Any, flows: Sequence[Flow]) -> list[Flow]:
    """A DataFrame's categories as LightGBM's codes; values that are in none become missing."""
    categories = lightgbm_ensemble.categories_of(booster)
    if not categories:
        return list(flows)
    found = []
    for place in range(sum(flow.width for flow in flows)):
        (flow,) = chosen(graph, flows, [place])
        found.append(code(graph, flow, categories[place]) if place in categories else flow)
    return found


def _by_columns(graph: Graph, step: Any, flows: Sequence[Flow]) -> list[Flow]:
    found: list[Flow] = []
    for name, inner, _ in step.transformers_:
        columns = list(step._transformer_to_input_indices.get(name, []))
        if not columns or (isinstance(inner, str) and inner == "drop"):
            continue
        with _naming(name, inner):
            made = transform(graph, inner, chosen(graph, flows, columns))
        found += _weighted(graph, made, (step.transformer_weights or {}).get(name))
    return found


def _side_by_side(graph: Graph, step: Any, flows: Sequence[Flow]) -> list[Flow]:
    found: list[Flow] = []
    for name, inner in step.transformer_list:
        with _naming(name, inner):
            made = transform(graph, inner, flows)
        found += _weighted(graph, made, (step.transformer_weights or {}).get(name))
    return found


def _weighted(graph: Graph, flows: list[Flow], weight: float | None) -> list[Flow]:
    if weight is None or not flows:
        return flows
    numbers = as_floats(graph, flows)
    return [Flow(graph.add("Mul", numbers.name, graph.store([weight])), numbers.width)]


def _function(graph: Graph, step: Any, flows: Sequence[Flow]) -> list[Flow]:
    """A FunctionTransformer of nothing, or of a function of numpy that ONNX has too."""
    function = step.func
    if function is None or getattr(getattr(function, "func", None), "__name__", "") == "check_array":  # changes no value
        return list(flows)
    name = getattr(function, "__name__", "") if isinstance(function, np.ufunc) and not step.kw_args else ""
    operator = {"log": "Log", "sqrt": "Sqrt", "exp": "Exp", "absolute": "Abs", "log1p": "Log", "sin": "Sin", "cos": "Cos"}.get(name)
    if operator is None:
        raise Refused(f"FunctionTransformer({getattr(function, '__name__', function)!s}) has no form in ONNX")
    numbers = as_floats(graph, flows)
    shifted = graph.add("Add", numbers.name, graph.store([1.0])) if name == "log1p" else numbers.name
    return [Flow(graph.add(operator, shifted), numbers.width)]


def _trees(graph: Graph, model: Any, ensemble: Ensemble, flows: Sequence[Flow]) -> Flow:
    if "LGBMModel" in kinds_of(model):
        flows = coded(graph, model.booster_, flows)
    answer = trees.answer(graph, as_floats(graph, flows).name, ensemble)
    if ensemble.targets == 1 and hasattr(model, "classes_"):
        return Flow(trees.two_columns(graph, answer), 2)
    return Flow(answer, ensemble.targets)


def _labelled(graph: Graph, model: Any, shares: Flow) -> Flow:
    """The most probable class's name (rows,)."""
    place = graph.add("ArgMax", shares.name, axis=1, keepdims=0)
    if model.classes_.dtype.kind in "OUS":
        return Flow(graph.add("Gather", graph.store_words([str(name) for name in model.classes_]), place), 1, "text")
    return Flow(graph.add("Gather", graph.store(model.classes_, np.int64), place), 1, "int")


def _averaged(graph: Graph, model: Any, flows: Sequence[Flow], output: Output) -> Flow:
    """Members that vote with their probabilities or values, each with its weight and, in a bagging, with columns of its own."""
    members = [member for member in model.estimators_ if not isinstance(member, str)]
    if output == "probabilities" and not all(len(getattr(member, "classes_", ())) == len(model.classes_) for member in members):
        raise Refused(f"the members of its {type(model).__name__} do not know the same classes")
    if getattr(model, "voting", "soft") != "soft":
        raise Refused("its VotingClassifier counts labels; take voting='soft'")
    weights = np.asarray(getattr(model, "_weights_not_none", None) or np.ones(len(members)), dtype=np.float64)
    columns = getattr(model, "estimators_features_", [None] * len(members))
    parts = []
    for member, own, weight in zip(members, columns, weights, strict=True):
        answer = predict(graph, member, flows if own is None else chosen(graph, flows, list(own)), output)
        parts.append(answer.name if weight == 1.0 else graph.add("Mul", answer.name, graph.store([weight])))
    total = graph.add("Sum", *parts) if len(parts) > 1 else parts[0]
    return Flow(graph.add("Div", total, graph.store([float(weights.sum())])), answer.width)


def _back_transformed(graph: Graph, model: Any, flows: Sequence[Flow]) -> Flow:
    """Values that were learnt as logarithms or scaled."""
    answer = predict(graph, model.regressor_, flows, "values")
    inverse, scaler = getattr(model.transformer_, "inverse_func", None), kinds_of(model.transformer_)
    if inverse in (np.exp, np.expm1):
        raised = graph.add("Exp", answer.name)
        return Flow(raised if inverse is np.exp else graph.add("Sub", raised, graph.store([1.0])), answer.width)
    if "StandardScaler" in scaler:
        scale = 1.0 if model.transformer_.scale_ is None else model.transformer_.scale_
        mean = 0.0 if model.transformer_.mean_ is None else model.transformer_.mean_
        wide = graph.add("Mul", answer.name, graph.store(np.atleast_1d(scale)[None, :]))
        return Flow(graph.add("Add", wide, graph.store(np.atleast_1d(mean)[None, :])), answer.width)
    raise Refused(f"its TransformedTargetRegressor undoes a {type(model.transformer_).__name__} that has no form in ONNX")


def _by_skl2onnx(graph: Graph, step: Any, flows: Sequence[Flow], output: str, raw: bool = False) -> Flow:
    numbers = as_floats(graph, flows)
    made = _converted(step, numbers.width, graph, raw)
    found = graph.insert(made, {"features": numbers.name})
    if output not in found and len(found) > 1:
        raise Refused(f"the converter of {type(step).__name__} gives {', '.join(found)} instead of {output}")
    name = output if output in found else next(iter(found))
    (declared,) = (value for value in made.graph.output if value.name == name)
    if raw and len(step.classes_) == 2:  # the score, and before it the same with the other sign
        return Flow(graph.add("Gather", found[name], graph.store([1], np.int64), axis=1), 1)
    dims = [size.dim_value for size in declared.type.tensor_type.shape.dim]
    return Flow(found[name], dims[1] if len(dims) > 1 else 1, _kind_of(declared))


def _converted(step: Any, width: int, graph: Graph, raw: bool) -> Any:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    types = [("features", (DoubleTensorType if graph.double else FloatTensorType)([None, width]))]
    options = [{"zipmap": False, "raw_scores": True}, {"raw_scores": True}] if raw else [{"zipmap": False}, {}]
    words = ""
    for tried in options:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                chosen_options = {id(step): tried} if tried and hasattr(step, "classes_") else None
                return convert_sklearn(
                    step, initial_types=types, options=chosen_options, target_opset={"": graph.opset, "ai.onnx.ml": 3}
                )
        except Exception as error:  # its converters raise anything over what they do not know, such as an option
            if "raw_scores" not in str(error):  # that it knows no such option says nothing of the model
                words = words or f"{type(error).__name__}: {one_line(str(error), 160)}"
    raise Refused(f"{type(step).__name__} has no converter to ONNX ({words or 'it gives no decision function there'})")


def _kind_of(declared: Any) -> Any:
    from onnx import TensorProto

    kinds = {TensorProto.INT64: "int", TensorProto.STRING: "text"}
    return kinds.get(declared.type.tensor_type.elem_type, "float")
