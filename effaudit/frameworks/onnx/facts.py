"""What can be counted in an ONNX file: stored numbers, operators, and the nodes of its trees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from effaudit.core.candidate import Facts, Family
from effaudit.core.store import Array
from effaudit.frameworks.onnx import protobuf
from effaudit.frameworks.onnx.file import Node, OnnxFile, Tensor
from effaudit.frameworks.onnx.outputs import CLASSIFIERS, REGRESSORS, integers, values
from effaudit.frameworks.onnx.protobuf import FIXED32, FIXED64, VARINT

_WEIGHT_KINDS = frozenset({1, 2, 3, 4, 5, 6, 10, 11, 12, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26})
"""All but 64-bit integers, booleans and strings, which hold shapes, indices and labels."""

_LEARNT = frozenset({
    "coefficients", "intercepts", "offset", "scale", "support_vectors", "rho", "prob_a", "prob_b", "imputed_value_floats",
})  # fmt: skip
_NETWORK = frozenset({
    "Conv", "ConvTranspose", "QLinearConv", "ConvInteger", "LSTM", "GRU", "RNN", "Attention", "MultiHeadAttention",
    "LayerNormalization", "Einsum",
})  # fmt: skip
_PRODUCTS = frozenset({"Gemm", "MatMul", "QGemm", "QLinearMatMul", "MatMulInteger", "MatMulNBits", "FusedGemm", "FusedMatMul"})
_BENDS = frozenset({"Relu", "LeakyRelu", "Elu", "Selu", "Gelu", "Tanh", "Softplus", "Clip", "HardSwish", "PRelu", "Mish"})


def facts_of(file: OnnxFile) -> Facts:
    """Facts of an opened file. Parameters are weights, thresholds and leaf values; nodes are operators, or those of trees."""
    stored = [tensor for tensor in file.tensors if tensor.kind in _WEIGHT_KINDS]
    in_tensors = sum(tensor.elements for tensor in stored)
    zeros = sum(_zeros(file, tensor) for tensor in stored)
    learnt = list(_attribute_floats(file))
    nodes, in_trees, trees = _trees(file)
    in_attributes = sum(numbers.size for numbers in learnt)
    zeros += sum(numbers.size - int(np.count_nonzero(numbers)) for numbers in learnt)
    parameters = in_tensors + in_attributes + in_trees
    return Facts(
        _family(file, trees), _kind(file), parameters, parameters - zeros, nodes or len(file.nodes),
        files=tuple(str(path) for path in file.external),
    )  # fmt: skip


def _zeros(file: OnnxFile, tensor: Tensor) -> int:
    numbers = _external(file, tensor) if tensor.location is not None else values(file, tensor)
    if numbers is None:  # a kind that numpy does not have: none are taken for zero
        return 0
    return int(numbers.size - np.count_nonzero(numbers))


def _external(file: OnnxFile, tensor: Tensor) -> Array | None:
    dtype = {1: "<f4", 2: "<u1", 3: "<i1", 4: "<u2", 5: "<i2", 6: "<i4", 10: "<f2", 11: "<f8", 12: "<u4"}.get(tensor.kind)
    if dtype is None or not tensor.elements:
        return None
    return np.memmap(file.folder / str(tensor.location), dtype, "r", tensor.offset, (tensor.elements,))


def _attribute_floats(file: OnnxFile) -> Iterator[Array]:
    for node in file.nodes:
        for name, parts in node.attributes.items():
            if name in _LEARNT:
                yield from (protobuf.numbers(file.data, part, "<f4") for part in parts if part.number == 7)


def _trees(file: OnnxFile) -> tuple[int, int, int]:
    """(nodes, thresholds and leaf values, trees) of all tree ensembles."""
    nodes = parameters = trees = 0
    for node in file.nodes:
        if node.op in ("TreeEnsembleClassifier", "TreeEnsembleRegressor"):
            count = _count(file, node, "nodes_nodeids", VARINT)
            leaves = sum(_leaves(file, part.start, part.stop) for part in node.attributes.get("nodes_modes", ()))
            weights = sum(_count(file, node, f"{kind}_weights", FIXED32) for kind in ("class", "target"))
            nodes, parameters = nodes + count, parameters + count - leaves + weights
            trees += len(set(integers(file, node.attributes.get("nodes_treeids", ()))))
        elif node.op == "TreeEnsemble":
            splits = _count(file, node, "nodes_featureids", VARINT)
            leaves = _count(file, node, "leaf_targetids", VARINT)
            nodes += splits + leaves  # its thresholds and weights are tensors, and counted as such
            trees += _count(file, node, "tree_roots", VARINT)
    return nodes, parameters, trees


def _leaves(file: OnnxFile, start: int, stop: int) -> int:
    return bytes(file.data[start:stop]).count(b"\x04LEAF") or int(file.data[start:stop] == b"LEAF")


def _count(file: OnnxFile, node: Node, attribute: str, kind: int) -> int:
    number = {VARINT: 8, FIXED32: 7, FIXED64: 0}[kind]
    return sum(protobuf.count(file.data, part, kind) for part in node.attributes.get(attribute, ()) if part.number == number)


def _family(file: OnnxFile, trees: int) -> Family:
    ops = [node.op for node in file.nodes]
    if trees:
        return "tree" if trees == 1 else "ensemble"
    products = sum(op in _PRODUCTS for op in ops)
    if any(op in _NETWORK for op in ops) or products > 1 or (products and any(op in _BENDS for op in ops)):
        return "network"
    if products or any(op in ("LinearClassifier", "LinearRegressor") for op in ops):
        return "linear"
    return (
        "constant" if ops and all(op in ("Constant", "ConstantOfShape", "Expand", "Identity", "Shape") for op in ops) else "other"
    )


def _kind(file: OnnxFile) -> str:
    named = [node.op for node in file.nodes if node.op in (*CLASSIFIERS, *REGRESSORS, "TreeEnsemble")]
    return named[0] if named else "ONNX graph"
