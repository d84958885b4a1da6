"""Counts the values of a graph's inputs that its own encoders do not know: words and numbers that no table of theirs lists."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from effaudit.core.store import Array
from effaudit.core.watch import Tally, replaced
from effaudit.frameworks.inputs.signature import MISSING_TEXT
from effaudit.frameworks.onnx import file as onnx_file
from effaudit.frameworks.onnx import protobuf
from effaudit.frameworks.onnx.file import Node, OnnxFile
from effaudit.frameworks.onnx.outputs import behind, integers, strings, values

Tables = tuple[tuple[str, int | None, frozenset[Any]], ...]
"""An input's name, its column (None: all of it) and what an encoder behind that knows, for each encoder."""


@contextmanager
def watching(tally: Tally) -> Iterator[None]:
    """While it holds, sessions of this process count into the tally."""
    if "onnxruntime" not in sys.modules:
        yield
        return
    from onnxruntime import InferenceSession

    run = InferenceSession.run
    tables: dict[int, Tables] = {}

    def watched(self: Any, names: Any, feeds: Mapping[str, Any], *given: Any) -> Any:
        if id(self) not in tables:
            tables[id(self)] = _tables(Path(self._model_path), set(feeds)) if self._model_path else ()
        for who, (name, place, known) in enumerate(tables[id(self)]):
            array = np.asarray(feeds[name])
            column = array.ravel() if place is None or array.ndim < 2 else array[:, place]
            title = name if place is None or array.ndim < 2 or array.shape[1] == 1 else f"column {place + 1} of {name}"
            _count(tally, title, known, column, who)
        return run(self, names, feeds, *given)

    with replaced(InferenceSession, "run", watched):
        yield


def _count(tally: Tally, name: str, known: frozenset[Any], column: Array, who: int) -> None:
    if column.dtype.kind in "OUS":
        words = column.tolist()
        missing = np.array([word in ("", MISSING_TEXT) for word in words], dtype=bool)
        unknown = np.array([word not in known for word in words], dtype=bool)
    else:
        missing = np.isnan(column) if column.dtype.kind == "f" else np.zeros(len(column), dtype=bool)
        unknown = ~np.isin(column, np.array(list(known), dtype=np.float64).astype(column.dtype))
    tally.count(name, unknown, missing, who)


def _tables(path: Path, inputs: set[str]) -> Tables:
    with onnx_file.opened(path) as file:
        producers = {name: node for node in file.nodes if not node.inner for name in node.outputs}
        found = []
        for node in file.nodes:
            if node.op in ("OneHotEncoder", "LabelEncoder") and not node.inner:
                source, known = _source(file, producers, node.inputs[0]), _known(file, node)
                if source is not None and source[0] in inputs and known:
                    found.append((*source, frozenset(known)))
        return tuple(found)


def _source(file: OnnxFile, producers: Mapping[str, Node], name: str) -> tuple[str, int | None] | None:
    """The graph's input that reaches an operator as it is, and which column of it."""
    node, name = behind(producers, name)
    if node is None:
        return name, None
    if node.op not in ("Gather", "ArrayFeatureExtractor") or len(node.inputs) != 2:
        return None
    place = next((values(file, tensor) for tensor in file.tensors if tensor.name == node.inputs[1]), None)
    before, source = behind(producers, node.inputs[0])
    return (source, int(place[0])) if before is None and place is not None and len(place) == 1 else None


def _known(file: OnnxFile, node: Node) -> list[Any]:
    begin = "cats" if node.op == "OneHotEncoder" else "keys"
    words = strings(file, node.attributes.get(f"{begin}_strings", ()))
    numbers = integers(file, node.attributes.get(f"{begin}_int64s", ()))
    floats = [
        value
        for part in node.attributes.get(f"{begin}_floats", ())
        if part.number == 7
        for value in protobuf.numbers(file.data, part, "<f4").tolist()
    ]
    stored: list[Any] = []
    for part in node.attributes.get(f"{begin}_tensor", ()):
        if part.number == 5:
            tensor = onnx_file.tensor_in(file.data, part)
            found = values(file, tensor)
            stored += [protobuf.text(file.data, word) for word in tensor.words] if found is None else found.tolist()
    return words or numbers or floats or stored
