"""Which operators of an ONNX graph are the network: its layers of weights, and what follows them up to the answer."""

from __future__ import annotations

from typing import Any

_LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_FOLLOWING = frozenset(
    (
        *("Relu", "LeakyRelu", "Clip", "Add", "Mul", "Sub", "Concat", "MaxPool", "AveragePool", "GlobalAveragePool", "Pad"),
        *("Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "Resize", "HardSigmoid", "HardSwish"),
    )
)
"""What ONNX Runtime keeps in eight bits between two layers."""


def layers_of(graph: Any) -> list[str]:
    """The names of dense and convolutional layers: products with stored weights of two dimensions or more."""
    stored = {tensor.name for tensor in graph.initializer if len(tensor.dims) >= 2}
    return [node.name for node in graph.node if node.op_type in _LAYERS and stored.intersection(node.input)]


def network_part(graph: Any) -> list[str]:
    """The names of the layers, and of what lies between them: what follows the last layer answers in float."""
    layers = set(layers_of(graph))
    fed_by_layers = _reached(list(graph.node), layers, forwards=True)
    feeding_layers = _reached([*reversed(graph.node)], layers, forwards=False)
    between = {
        node.name
        for node in graph.node
        if node.name in fed_by_layers and node.name in feeding_layers and node.op_type in _FOLLOWING
    }
    return [node.name for node in graph.node if node.name in layers | between]


def tell_types(graph: Any) -> None:
    """Says of the layers' inputs that they are of their weights' type: it is lost behind operators of preprocessing."""
    from onnx import helper

    stored = {tensor.name: tensor.data_type for tensor in graph.initializer}
    known = {value.name for value in (*graph.value_info, *graph.input, *graph.output)} | set(stored)
    layers = set(layers_of(graph))
    for node in graph.node:
        if node.name in layers and node.input[0] not in known:
            kind = next(stored[name] for name in node.input[1:] if name in stored)
            graph.value_info.append(helper.make_tensor_value_info(node.input[0], kind, None))
            known.add(node.input[0])


def _reached(nodes: list[Any], layers: set[str], *, forwards: bool) -> set[str]:
    """Operators that some layer leads to, or that lead to some layer; nodes come in the order of the walk."""
    tensors: set[str] = set()
    found = set()
    for node in nodes:
        near, far = (node.input, node.output) if forwards else (node.output, node.input)
        if node.name in layers or tensors.intersection(near):
            if tensors.intersection(near):
                found.add(node.name)
            tensors.update(far)
    return found
