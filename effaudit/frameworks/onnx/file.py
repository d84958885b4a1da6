"""ONNX files, read in place without the onnx package: what they hold, and whether a runtime may be given them.

A service runs a model with onnxruntime alone. Parsing it with the onnx package as well would be counted as the model's import
time, memory and installed bytes; and parts of a file must be checked before a runtime allocates what they declare. Field
numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from effaudit.frameworks.onnx import protobuf
from effaudit.frameworks.onnx.protobuf import Data, Field, Malformed

BITS = {
    1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
    17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2,
}  # fmt: skip
"""Bits of one element, by TensorProto.DataType; strings (8) have none."""

_GRAPH, _FUNCTION, _OPSET = 7, 25, 8
_NODES, _INITIALISERS, _SPARSE = 1, 5, 15
_DEPTH = 16
_TYPED = {4: protobuf.FIXED32, 5: protobuf.VARINT, 7: protobuf.VARINT, 10: protobuf.FIXED64, 11: protobuf.VARINT}


@dataclass(frozen=True)
class Tensor:
    """A stored tensor. `raw` bounds its bytes in the file, `typed` lists fields of numbers; external ones are in `location`."""

    name: str
    dims: tuple[int, ...]
    kind: int
    raw: tuple[int, int] | None = None
    typed: tuple[Field, ...] = ()
    words: tuple[Field, ...] = ()
    location: str | None = None
    offset: int = 0
    length: int | None = None

    @property
    def elements(self) -> int:
        """How many numbers it declares."""
        product = 1
        for size in self.dims:
            product *= size
        return product

    @property
    def declared(self) -> int:
        """How many bytes it declares."""
        return -(-self.elements * BITS.get(self.kind, 8) // 8)


@dataclass(frozen=True)
class Node:
    """An operator. `attributes` holds the fields of each by name."""

    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, tuple[Field, ...]]
    inner: bool
    """Does it stand in a subgraph or function?"""


@dataclass(frozen=True)
class OnnxFile:
    """What a file holds. `data` is open only inside of `opened`."""

    data: Data = field(repr=False)
    folder: Path
    nodes: tuple[Node, ...]
    tensors: tuple[Tensor, ...]
    external: tuple[Path, ...]
    producer: str


@contextmanager
def opened(path: Path) -> Iterator[OnnxFile]:
    """Maps a file and checks it: every tensor holds what it declares, and external data lies in the model's own folder.

    Raises Malformed.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield read(data, path.parent)


def read(data: Data, folder: Path) -> OnnxFile:
    """Reads and checks a model's bytes; external data is looked for in `folder`. Raises Malformed."""
    nodes: list[Node] = []
    tensors: list[Tensor] = []
    producer = ""
    graphs = 0
    for part in protobuf.fields(data, 0, len(data)):
        if part.number == _GRAPH:
            graphs += 1
            _graph(data, part, nodes, tensors, 0)
        elif part.number == _FUNCTION:
            _function(data, part, nodes, tensors, 1)
        elif part.number == 2:
            producer = protobuf.text(data, part)
    if not graphs:
        raise Malformed("it holds no graph")
    external = {_checked(data, tensor, folder) for tensor in tensors}
    return OnnxFile(data, folder, tuple(nodes), tuple(tensors), tuple(sorted(path for path in external if path)), producer)


def _graph(data: Data, part: Field, nodes: list[Node], tensors: list[Tensor], depth: int) -> None:
    if depth > _DEPTH:
        raise Malformed("its graphs are nested too deeply")
    for item in _message(data, part):
        if item.number == _NODES:
            _node(data, item, nodes, tensors, depth)
        elif item.number == _INITIALISERS:
            tensors.append(_tensor(data, item))
        elif item.number == _SPARSE:
            _sparse(data, item, tensors)


def _function(data: Data, part: Field, nodes: list[Node], tensors: list[Tensor], depth: int) -> None:
    for item in _message(data, part):
        if item.number == 7:
            _node(data, item, nodes, tensors, depth)


def _node(data: Data, part: Field, nodes: list[Node], tensors: list[Tensor], depth: int) -> None:
    names: dict[int, list[str]] = {1: [], 2: [], 4: [], 7: []}
    attributes: dict[str, tuple[Field, ...]] = {}
    for item in _message(data, part):
        if item.number in names:
            names[item.number].append(protobuf.text(data, item))
        elif item.number == 5:
            name, fields = _attribute(data, item, nodes, tensors, depth)
            attributes[name] = fields
    op, domain = "".join(names[4][-1:]), "".join(names[7][-1:])
    nodes.append(Node(op, domain, tuple(names[1]), tuple(names[2]), attributes, depth > 0))


def _attribute(data: Data, part: Field, nodes: list[Node], tensors: list[Tensor], depth: int) -> tuple[str, tuple[Field, ...]]:
    name, kept = "", []
    for item in _message(data, part, short_strings=9):
        if item.number == 1:
            name = protobuf.text(data, item)
        elif item.number in (5, 10):
            tensors.append(_tensor(data, item))
            kept.append(item)
        elif item.number in (6, 11):
            _graph(data, item, nodes, tensors, depth + 1)
        elif item.number in (22, 23):
            _sparse(data, item, tensors)
        else:
            kept.append(item)
    return name, tuple(kept)


def _sparse(data: Data, part: Field, tensors: list[Tensor]) -> None:
    tensors.extend(_tensor(data, item) for item in _message(data, part) if item.number in (1, 2))


def tensor_in(data: Data, part: Field) -> Tensor:
    """The tensor that an attribute's field holds."""
    return _tensor(data, part)


def _tensor(data: Data, part: Field) -> Tensor:
    dims: list[int] = []
    kind, name, raw = 0, "", None
    external: dict[str, str] = {}
    typed: list[Field] = []
    words: list[Field] = []
    for item in _message(data, part):
        if item.number == 1:
            dims.extend(protobuf.integers(data, item).tolist())
        elif item.number == 2:
            kind = int(protobuf.integers(data, item)[-1])
        elif item.number in _TYPED:
            typed.append(item)
        elif item.number == 6:
            words.append(item)
        elif item.number == 8:
            name = protobuf.text(data, item)
        elif item.number == 9:
            raw = (item.start, item.stop)
        elif item.number == 13:
            external.update([_entry(data, item)])
    if min(dims, default=0) < 0:
        raise Malformed(f"tensor {name!r} has a negative dimension")
    return Tensor(
        name, tuple(dims), kind, raw, tuple(typed), tuple(words), external.get("location"),
        _whole(external.get("offset", "0")), _whole(external["length"]) if "length" in external else None,
    )  # fmt: skip


def _entry(data: Data, part: Field) -> tuple[str, str]:
    words = {item.number: protobuf.text(data, item) for item in _message(data, part)}
    return words.get(1, ""), words.get(2, "")


def _whole(words: str) -> int:
    if not words.isascii() or not words.isdigit() or len(words) > 18:
        raise Malformed(f"external data at {words[:40]!r}")
    return int(words)


def _message(data: Data, part: Field, short_strings: int = 0) -> Iterator[Field]:
    if part.kind != protobuf.BYTES:
        raise Malformed(f"field {part.number} is no message")
    return protobuf.fields(data, part.start, part.stop, short_strings)


def _checked(data: Data, tensor: Tensor, folder: Path) -> Path | None:
    """Does a tensor hold what it declares? Gives the file of external data."""
    if tensor.location is not None:
        return _external(tensor, folder)
    if tensor.kind == 8:
        held, needed = len(tensor.words), tensor.elements
    elif tensor.raw is not None:
        held, needed = tensor.raw[1] - tensor.raw[0], tensor.declared
    else:
        held = sum(protobuf.count(data, part, _TYPED[part.number]) for part in tensor.typed)
        needed = tensor.elements if BITS.get(tensor.kind, 8) >= 8 else tensor.declared
    if needed > held:
        raise Malformed(f"tensor {tensor.name!r} declares {needed:,} and holds {held:,}")
    return None


def _external(tensor: Tensor, folder: Path) -> Path:
    said = tensor.location or ""
    path = folder / said
    if not said or "\0" in said or Path(said).is_absolute() or ".." in Path(said).parts or "\\" in said:
        raise Malformed(f"tensor {tensor.name!r} lies outside of the model's folder: {said!r}")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise Malformed(f"tensor {tensor.name!r} is reached through a link out of the model's folder: {said!r}")
    if not path.is_file():
        raise Malformed(f"its external data {said!r} is not beside it; copy both files together")
    size = path.stat().st_size
    length = tensor.declared if tensor.length is None else tensor.length
    if length < tensor.declared or tensor.offset + length > size:
        raise Malformed(f"tensor {tensor.name!r} declares {tensor.declared:,} bytes, its file {said!r} holds {size:,}")
    return path
