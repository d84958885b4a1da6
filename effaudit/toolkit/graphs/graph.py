"""An ONNX graph while it is built: operators and stored numbers under names of their own, and what flows between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from effaudit.core.store import Array

ML = "ai.onnx.ml"
ML_OPSET = 4
"""Enough for encoders; from 5 on, tree ensembles are another operator, and those of version 3 are gone."""
IR_VERSION = 10
"""Of opset 20 and later; ONNX Runtime 1.20 reads it."""

MISSING = "nan"
"""How missing text is written in a string tensor, as in graphs by skl2onnx."""

Kind = Literal["float", "int", "text"]


@dataclass(frozen=True)
class Flow:
    """A tensor (rows, width) in a graph, by its name."""

    name: str
    width: int
    kind: Kind = "float"


class Graph:
    """Collects nodes. Numbers are single precision, or double where `double` is asked for."""

    def __init__(self, opset: int, double: bool = False) -> None:
        self.opset = opset
        self.double = double
        self.dtype: Any = np.dtype(np.float64 if double else np.float32)
        self._nodes: list[Any] = []
        self._stored: list[Any] = []
        self._inputs: list[Any] = []
        self._domains: dict[str, int] = {}
        self._count = 0

    @property
    def float_type(self) -> int:
        """ONNX's number for this graph's floats."""
        from onnx import TensorProto

        return int(TensorProto.DOUBLE if self.double else TensorProto.FLOAT)

    def input(self, name: str, kind: Kind, shape: Sequence[int]) -> str:
        """Declares an input of `shape` a row."""
        from onnx import TensorProto, helper

        type_ = {"float": self.float_type, "int": TensorProto.INT64, "text": TensorProto.STRING}[kind]
        self._inputs.append(helper.make_tensor_value_info(name, type_, ["rows", *shape]))
        return name

    def add(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Adds an operator with one output, whose name it returns."""
        from onnx import helper

        self._domains[domain] = max(self._domains.get(domain, 1), {ML: ML_OPSET, "": self.opset}.get(domain, 1))
        output = self._name(op.lower())
        self._nodes.append(helper.make_node(op, list(inputs), [output], name=output, domain=domain, **attributes))
        return output

    def place(self, node: Any, version: int) -> str:
        """Adds a node made elsewhere, of some version of its domain; its inputs are set, its only output is named here."""
        self._domains[node.domain] = max(self._domains.get(node.domain, 1), version)
        node.name = self._name(node.op_type.lower())
        node.output[:] = [node.name]
        self._nodes.append(node)
        return str(node.name)

    def store(self, values: Any, dtype: Any = None) -> str:
        """Stores an array (as this graph's floats unless `dtype` says otherwise) and returns its name."""
        from onnx import numpy_helper

        name = self._name("stored")
        array = np.ascontiguousarray(np.asarray(values, dtype=dtype or self.dtype))
        self._stored.append(numpy_helper.from_array(array, name))
        return name

    def store_words(self, words: Sequence[str], shape: Sequence[int] = ()) -> str:
        """Stores strings."""
        from onnx import TensorProto

        name = self._name("stored")
        stored = TensorProto(name=name, data_type=TensorProto.STRING, dims=shape or (len(words),))
        stored.string_data.extend(word.encode() for word in words)
        self._stored.append(stored)
        return name

    def cast(self, name: str, to: int) -> str:
        """Casts to one of ONNX's types."""
        return self.add("Cast", name, to=to)

    def insert(self, model: Any, feeds: Mapping[str, str]) -> dict[str, str]:
        """Inserts another model's graph, its inputs fed from this one; returns where each of its outputs is found."""
        renamed = dict(feeds)
        for tensor in model.graph.initializer:
            renamed[tensor.name] = self._name("stored")
            copy = type(tensor)()
            copy.CopyFrom(tensor)
            copy.name = renamed[tensor.name]
            self._stored.append(copy)
        for node in model.graph.node:
            for output in node.output:
                renamed[output] = self._name("inner") if output else ""
        for node in model.graph.node:
            copy = type(node)()
            copy.CopyFrom(node)
            copy.input[:] = [renamed.get(name, name) for name in node.input]
            copy.output[:] = [renamed[name] for name in node.output]
            copy.name = self._name(node.op_type.lower())
            for attribute in copy.attribute:
                _rename_inside(attribute, renamed)
            self._nodes.append(copy)
        for opset in model.opset_import:
            domain = "" if opset.domain == "ai.onnx" else opset.domain
            self._domains[domain] = max(self._domains.get(domain, 1), opset.version)
        return {output.name: renamed.get(output.name, output.name) for output in model.graph.output}

    def model(self, name: str, output: str, kind: Kind, shape: Sequence[int | str]) -> Any:
        """The model, with `output` (called `name` outside) as its only output and nothing that it does not need."""
        from onnx import TensorProto, helper

        while name in {value.name for value in self._inputs}:  # a column may be called so
            name += "_"
        self._domains.setdefault("", self.opset)
        nodes = [*_needed(self._nodes, output), helper.make_node("Identity", [output], [name], name="answer")]
        used = {read for node in nodes for read in _reads(node)}
        type_ = {"float": self.float_type, "int": TensorProto.INT64, "text": TensorProto.STRING}[kind]
        graph = helper.make_graph(
            _without_identities(nodes, {value.name for value in self._inputs}),
            "effaudit",
            self._inputs,
            [helper.make_tensor_value_info(name, type_, list(shape))],
            [tensor for tensor in self._stored if tensor.name in used],
        )
        domains = {domain: version for domain, version in self._domains.items() if domain in {node.domain for node in nodes} | {""}}
        opsets = [helper.make_opsetid(domain, version) for domain, version in sorted(domains.items())]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="effaudit")

    def _name(self, stem: str) -> str:
        while True:
            self._count += 1
            name = f"{stem}:{self._count}"
            if name not in {value.name for value in self._inputs}:
                return name


def ints(name: str, values: Array | Sequence[int]) -> Any:
    """A node's attribute of whole numbers, without the checks that make long ones slow."""
    from onnx import AttributeProto

    attribute = AttributeProto(name=name, type=AttributeProto.INTS)
    attribute.ints.extend(np.asarray(values, dtype=np.int64).tolist())
    return attribute


def tensor(name: str, values: Array) -> Any:
    """A node's attribute that holds an array."""
    from onnx import helper, numpy_helper

    return helper.make_attribute(name, numpy_helper.from_array(np.ascontiguousarray(values)))


def _needed(nodes: Sequence[Any], output: str) -> list[Any]:
    wanted, kept = {output}, []
    for node in reversed(nodes):
        if any(name in wanted for name in node.output):
            wanted.update(_reads(node))
            kept.append(node)
    return kept[::-1]


def _reads(node: Any) -> list[str]:
    """What a node reads, inside of its subgraphs too."""
    inner = [graph for attribute in node.attribute for graph in (attribute.g, *attribute.graphs)]
    return [*node.input, *(name for graph in inner for part in graph.node for name in _reads(part))]


def _without_identities(nodes: list[Any], inputs: set[str]) -> list[Any]:
    """Takes out operators that do nothing, except where an input is the output."""
    last = nodes[-1]
    same: dict[str, str] = {}
    for node in nodes[:-1]:
        node.input[:] = [same.get(name, name) for name in node.input]
        for attribute in node.attribute:
            _rename_inside(attribute, same)
        if node.op_type == "Identity" and node.domain in ("", "ai.onnx"):
            same[node.output[0]] = node.input[0]
    kept = [node for node in nodes[:-1] if node.output[0] not in same]
    source = same.get(last.input[0], last.input[0])
    maker = next((node for node in kept if source in node.output), None)
    if maker is None or source in inputs or sum(source in _reads(node) for node in kept):
        last.input[:] = [source]
        return [*kept, last]
    maker.output[:] = [last.output[0] if name == source else name for name in maker.output]
    return kept


def _rename_inside(attribute: Any, renamed: Mapping[str, str]) -> None:
    """Subgraphs read names of the graph around them."""
    for graph in (attribute.g, *attribute.graphs):
        own = {name for node in graph.node for name in node.output} | {value.name for value in graph.input}
        own |= {stored.name for stored in graph.initializer}
        for node in graph.node:
            node.input[:] = [name if name in own else renamed.get(name, name) for name in node.input]
            for inner in node.attribute:
                _rename_inside(inner, renamed)
