"""What the outputs of an ONNX graph mean, as far as its operators and names tell: labels, probabilities, scores or values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from effaudit.core.candidate import Output
from effaudit.core.classes import class_text
from effaudit.core.store import Array
from effaudit.frameworks.onnx import protobuf
from effaudit.frameworks.onnx.file import Node, OnnxFile, Tensor
from effaudit.frameworks.onnx.protobuf import Field

CLASSIFIERS = ("TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier")
REGRESSORS = ("TreeEnsembleRegressor", "LinearRegressor", "SVMRegressor")

_PASSING = frozenset({
    "Identity", "Cast", "CastLike", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Dropout", "QuantizeLinear",
    "DequantizeLinear",
})  # fmt: skip
_NAMED: tuple[tuple[str, Output], ...] = ((r"proba|probs?$", "probabilities"), (r"logits?$", "logits"), (r"labels?$", "labels"))
_SCALES = ("LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT")


@dataclass(frozen=True)
class Outputs:
    """What is known of a graph's outputs. `zipped`: the keys of outputs that are maps by label, in the classes' order.

    `scaled`: the operator that made probabilities of scores, by output.
    """

    meanings: Mapping[str, Output | None]
    classes: tuple[str, ...]
    zipped: Mapping[str, tuple[int | str, ...]]
    scaled: Mapping[str, str] = field(default_factory=dict)

    @property
    def default(self) -> Output | None:
        """What the model is asked for unless the plan says otherwise; None when only the plan can know."""
        known = [meaning for meaning in self.meanings.values() if meaning]
        for meaning in ("probabilities", "logits"):
            if meaning in known:
                return meaning
        return known[0] if len(known) == len(self.meanings) == 1 else None


def outputs_of(file: OnnxFile, names: Sequence[str]) -> Outputs:
    """Reads the graph behind the outputs called `names`."""
    producers = {name: node for node in file.nodes if not node.inner for name in node.outputs}
    meanings = {name: _meaning(file, producers, name) for name in names}
    zipped = {
        name: tuple(_labels(file, node)) for name in names if (node := producers.get(name)) is not None and node.op == "ZipMap"
    }
    scaled = {name: op for name in names if (op := _scale(file, producers, name))}
    return Outputs(meanings, _classes(file, producers, names), zipped, scaled)


def strings(file: OnnxFile, parts: Sequence[Field]) -> list[str]:
    """The strings of an attribute's fields."""
    found: list[str] = []
    for part in parts:
        if part.number == 9 and part.tag:
            found.extend(protobuf.text(file.data, item) for item in protobuf.fields(file.data, part.start, part.stop))
        elif part.number in (4, 9):
            found.append(protobuf.text(file.data, part))
    return found


def integers(file: OnnxFile, parts: Sequence[Field]) -> list[int]:
    """The whole numbers of an attribute's fields."""
    return [number for part in parts if part.number in (3, 8) for number in protobuf.integers(file.data, part).tolist()]


def values(file: OnnxFile, tensor: Tensor) -> Array | None:
    """A stored tensor's numbers, flat; None for kinds that numpy does not have and for external data."""
    dtype = _DTYPES.get(tensor.kind)
    if dtype is None or tensor.location is not None:
        return None
    if tensor.raw is not None:
        return np.frombuffer(file.data, dtype, tensor.elements, tensor.raw[0])
    parts = [_typed(file, part) for part in tensor.typed]
    return np.concatenate(parts)[: tensor.elements].astype(dtype) if parts else np.empty(0, dtype)


_DTYPES = {
    1: "<f4", 2: "<u1", 3: "<i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "<u1", 10: "<f2", 11: "<f8", 12: "<u4", 13: "<u8",
}  # fmt: skip


def _typed(file: OnnxFile, part: Field) -> Array:
    if part.number == 4:
        return protobuf.numbers(file.data, part, "<f4")
    if part.number == 10:
        return protobuf.numbers(file.data, part, "<f8")
    return protobuf.integers(file.data, part)


def behind(producers: Mapping[str, Node], name: str) -> tuple[Node | None, str]:
    """The operator that makes an output, seen through those that only change its form; and its name there."""
    for _ in range(len(producers) + 1):
        node = producers.get(name)
        if node is None or node.op not in _PASSING or not node.inputs:
            return node, name
        name = node.inputs[0]
    return None, name


def _meaning(file: OnnxFile, producers: Mapping[str, Node], name: str) -> Output | None:
    node, inner = behind(producers, name)
    if node is not None and node.op == "ZipMap":
        return "logits" if _scores(file, producers, node.inputs[0]) == "logits" else "probabilities"
    by_operator = _scores(file, producers, inner)
    if by_operator:
        return by_operator
    return next((meaning for pattern, meaning in _NAMED if re.search(pattern, name.lower())), None)


def _scores(file: OnnxFile, producers: Mapping[str, Node], name: str) -> Output | None:
    node, name = behind(producers, name)
    if node is None:
        return None
    if node.op in ("Softmax", "Sigmoid"):
        return "probabilities"
    if node.op == "LogSoftmax":  # a softmax gives the probabilities back
        return "logits"
    if node.op == "ArrayFeatureExtractor" and node.inputs[0] in producers:  # a column of scores
        return _scores(file, producers, node.inputs[0])
    if node.op in ("ArgMax", "ArrayFeatureExtractor", "LabelEncoder"):
        return "labels"
    if node.op == "Normalizer":
        return "probabilities" if _scores(file, producers, node.inputs[0]) == "probabilities" else None
    if node.op in REGRESSORS:
        return "values"
    return _classifier(file, node, name) if node.op in CLASSIFIERS else None


def _scale(file: OnnxFile, producers: Mapping[str, Node], name: str) -> str:
    node, _ = behind(producers, name)
    if node is not None and node.op == "ZipMap":
        return _scale(file, producers, node.inputs[0])
    known = node is not None and (node.op in ("Softmax", "Sigmoid") or (node.op in CLASSIFIERS and _is_scaled(file, node)))
    return node.op if node is not None and known else ""


def _is_scaled(file: OnnxFile, node: Node) -> bool:
    return "".join(strings(file, node.attributes.get("post_transform", ()))) in _SCALES


def _classifier(file: OnnxFile, node: Node, name: str) -> Output:
    if node.outputs[0] == name:
        return "labels"
    shares = node.op == "TreeEnsembleClassifier" or "prob_a" in node.attributes
    return "probabilities" if _is_scaled(file, node) or shares else "logits"


def _classes(file: OnnxFile, producers: Mapping[str, Node], names: Sequence[str]) -> tuple[str, ...]:
    ends = [node for name in names if (node := behind(producers, name)[0]) is not None]
    for op in ("ZipMap", "LabelEncoder", *CLASSIFIERS, "ArrayFeatureExtractor"):
        for node in ends:
            if node.op == op and (found := _labels(file, node)):
                return tuple(map(class_text, found))
    kept = [node for node in producers.values() if node.op in CLASSIFIERS]
    return tuple(map(class_text, _labels(file, kept[0]))) if kept else ()


def _labels(file: OnnxFile, node: Node) -> list[int | str]:
    if node.op == "ArrayFeatureExtractor":
        return _stored_labels(file, node.inputs[0])
    if node.op == "LabelEncoder":
        keys = integers(file, node.attributes.get("keys_int64s", ()))
        words: list[int | str] = [*strings(file, node.attributes.get("values_strings", ()))]
        words = words or [*integers(file, node.attributes.get("values_int64s", ()))]
        return [word for _, word in sorted(zip(keys, words, strict=False))]
    named = strings(file, node.attributes.get("classlabels_strings", ()))
    numbered = [*node.attributes.get("classlabels_int64s", ()), *node.attributes.get("classlabels_ints", ())]
    return [*named] or [*integers(file, numbered)]


def _stored_labels(file: OnnxFile, name: str) -> list[int | str]:
    for tensor in file.tensors:
        if tensor.name == name:
            if tensor.kind == 8:
                return [protobuf.text(file.data, word) for word in tensor.words]
            found = values(file, tensor)
            return [] if found is None else found.tolist()
    return []
