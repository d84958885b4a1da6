"""A parent of any format as an ONNX file: its preprocessing in the same graph, or apart."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from effaudit.core.candidate import Artifact, Contract
from effaudit.core.plugin import Model, Refused, Workbench
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.core.workload import Column
from effaudit.frameworks.lightgbm.ensemble import ensemble_of
from effaudit.frameworks.sklearn.pipelines import kinds_of
from effaudit.toolkit.graphs import pipelines
from effaudit.toolkit.graphs import trees as graphs_trees
from effaudit.toolkit.graphs.flows import as_floats, inputs
from effaudit.toolkit.graphs.graph import Flow, Graph
from effaudit.toolkit.graphs.network import exported
from effaudit.toolkit.parents import columns_of, of_split, transforming

_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Converted:
    """A written graph, and how it is asked."""

    artifact: Artifact
    columns: tuple[str, ...]
    preprocess: Artifact | None
    double: bool
    trees: bool


@dataclass(frozen=True)
class Source:
    """The parent, opened, with all that converting it takes."""

    bench: Workbench
    model: Model
    contract: Contract
    opset: int

    @property
    def divisible(self) -> bool:
        """Is there preprocessing that could stay apart?"""
        return self.bench.given.preprocess is not None or self._is_pipeline

    def converted(self, *, apart: bool, double: bool) -> Converted:
        """Writes the graph. Raises Refused with the name of what has no form in ONNX."""
        path = self.bench.scratch / f"model{'-apart' if apart else ''}{'-double' if double else ''}.onnx"
        if not apart and self.bench.given.preprocess is None and self._format == "torch":
            if double:
                raise Refused("a network computes in its own precision; leave `float64` out")
            return self._written(self._traced, path, None, double=False)
        graph = Graph(self.opset, double)
        if apart:
            flows, preprocess = self._features(graph), self._kept
        else:
            flows, preprocess = inputs(graph, self._inputs), None
            if self._transformer is not None:
                flows = [as_floats(graph, pipelines.transform(graph, self._transformer, flows))]
        answer = self._predict(graph, flows, whole=not apart)
        name = {"probabilities": "probabilities", "logits": "logits", "labels": "labels"}.get(str(self.contract.output), "values")
        shape: list[int | str] = ["rows"] if self.contract.output == "labels" else ["rows", answer.width]
        return self._written(graph.model(name, answer.name, answer.kind, shape), path, preprocess, double)

    @property
    def _format(self) -> str:
        """The artifact's, or LightGBM's of a Booster that was pickled."""
        return "lightgbm" if "Booster" in kinds_of(self.model.native) else self.bench.given.artifact.format

    @property
    def _is_pipeline(self) -> bool:
        kinds = kinds_of(self.model.native)
        return self._format == "sklearn" and "Pipeline" in kinds and len(self.model.native.steps) > 1

    @cached_property
    def _transformer(self) -> Any:
        """The parent's own preprocessing, where it has some beside it."""
        artifact = self.bench.given.preprocess
        return None if artifact is None else self.bench.formats(artifact.format).native_transformer(artifact)

    @cached_property
    def _inputs(self) -> list[Column]:
        """The data's columns that reach the preprocessing, or the model where there is none."""
        if self.bench.given.preprocess is None:
            return columns_of(self.bench, self.model.contract().columns if self._format != "torch" else ())
        with contextlib.suppress(Refused):  # it cannot be taken apart, and takes what the plan names
            return columns_of(self.bench, [str(name) for name in getattr(self._transformer, "feature_names_in_", ())])
        return columns_of(self.bench, ())

    def _features(self, graph: Graph) -> list[Flow]:
        """What preprocessing makes, as one input."""
        width = self._sample.shape[1]
        return [Flow(graph.input("features", "float", [width]), width)]

    @cached_property
    def _kept(self) -> Artifact:
        """Preprocessing that stays apart: the parent's own, or all steps of its pipeline but the last."""
        artifact = self.bench.given.preprocess
        if artifact is not None:
            return artifact
        from sklearn.pipeline import Pipeline

        before = Pipeline(self.model.native.steps[:-1])
        return self.bench.formats("sklearn").write(before, self.bench.scratch / "preprocess", {})

    @cached_property
    def _sample(self) -> Array:
        """Two preprocessed rows."""
        request = self.bench.store.inputs("search", slice(0, 2), self.contract.columns)
        return transforming(self.bench, self._kept, "search")(request)

    def _predict(self, graph: Graph, flows: Sequence[Flow], *, whole: bool) -> Flow:
        output = self.contract.output or "values"
        if self._format == "lightgbm":
            return self._boosted(graph, flows)
        if self._format == "torch":
            return self._network(graph, flows)
        model = self.model.native if whole or not self._is_pipeline else self.model.native.steps[-1][1]
        return pipelines.predict(graph, model, flows, output)

    def _boosted(self, graph: Graph, flows: Sequence[Flow]) -> Flow:
        booster, output = self.model.native, self.contract.output
        ensemble = ensemble_of(booster, raw=output == "logits")
        coded = pipelines.coded(graph, booster, flows)
        answer = graphs_trees.answer(graph, as_floats(graph, coded).name, ensemble)
        if ensemble.targets == 1 and output == "probabilities":
            return Flow(graphs_trees.two_columns(graph, answer), 2)
        return Flow(answer, ensemble.targets)

    def _network(self, graph: Graph, flows: Sequence[Flow]) -> Flow:
        from onnx import helper

        network = self._traced
        if len(network.graph.input) != 1 or len(network.graph.output) != 1:
            raise Refused("the network has several inputs or outputs beside its preprocessing")
        wanted = network.graph.input[0].type.tensor_type.elem_type
        features = as_floats(graph, flows)
        fed = features.name if wanted == graph.float_type else graph.cast(features.name, wanted)
        outputs = graph.insert(network, {network.graph.input[0].name: fed})
        end = network.graph.output[0]
        dims = [size.dim_value for size in end.type.tensor_type.shape.dim]
        answer = outputs[end.name]
        if helper.tensor_dtype_to_np_dtype(end.type.tensor_type.elem_type) != graph.dtype:
            answer = graph.cast(answer, graph.float_type)
        return Flow(answer, dims[1] if len(dims) > 1 else 1)

    @cached_property
    def _traced(self) -> Any:
        """The network's own graph."""
        store, columns = self.bench.store, self.contract.columns
        request = {"": self._sample} if self.bench.given.preprocess is not None else store.inputs("search", slice(0, 2), columns)
        return exported(self.model.native, self.model.feeder(of_split(self.bench, "search"))(request), self.opset)

    def _written(self, model: Any, path: Path, preprocess: Artifact | None, double: bool) -> Converted:
        from onnx import checker

        if model.ByteSize() > _LARGEST:
            raise Refused("its graph would be larger than 2 GB, the most that one ONNX file holds")
        try:
            checker.check_model(model)
        except checker.ValidationError as error:
            raise Refused(f"the graph made of it is not valid ({one_line(str(error), 200)})") from error
        path.write_bytes(model.SerializeToString())
        traced_whole = self._format == "torch" and self.bench.given.preprocess is None
        columns = self.contract.columns if traced_whole else tuple(column.name for column in self._inputs)
        trees = any(node.op_type.startswith("TreeEnsemble") for node in model.graph.node)
        return Converted(Artifact(str(path), "onnx"), columns, preprocess, double, trees)
