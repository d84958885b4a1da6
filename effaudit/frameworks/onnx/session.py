"""An ONNX Runtime session, asked: which of its outputs answers, and nothing more than it needs is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from effaudit.core.candidate import Contract, Facts, Output
from effaudit.core.classes import class_text, natural
from effaudit.core.plugin import Model, Predictor, Refused
from effaudit.core.store import Array, Inputs
from effaudit.core.text import listed
from effaudit.frameworks.inputs.signature import Port, check_batch, feeding
from effaudit.frameworks.onnx.facts import facts_of
from effaudit.frameworks.onnx.file import opened
from effaudit.frameworks.onnx.outputs import Outputs

_DTYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16", "tensor(int64)": "int64",
    "tensor(int32)": "int32", "tensor(int16)": "int16", "tensor(int8)": "int8", "tensor(uint8)": "uint8",
    "tensor(uint16)": "uint16", "tensor(uint32)": "uint32", "tensor(uint64)": "uint64", "tensor(bool)": "bool",
    "tensor(string)": "object",
}  # fmt: skip
_FLOATS = ("tensor(float)", "tensor(double)", "tensor(float16)")
_LABELS = ("tensor(int64)", "tensor(int32)", "tensor(string)", "tensor(bool)")
_FREE_BATCH = (
    "export it with a free batch size: torch.onnx.export(…, dynamic_shapes=({0: torch.export.Dim('batch')},), dynamo=True)"
)


class Session(Model):
    """A model in ONNX Runtime. `native` is its InferenceSession."""

    def __init__(self, session: Any, outputs: Outputs, path: Path) -> None:
        self.native = session
        self._outputs = outputs
        self._path = path
        self._types: dict[str, str] = {port.name: port.type for port in session.get_outputs()}

    def facts(self) -> Facts:
        """What can be counted in it."""
        with opened(self._path) as file:
            return facts_of(file)

    def contract(self) -> Contract:
        """What the file itself says of how it is asked."""
        names = tuple(port.name for port in self._inputs())
        columns = names if len(names) > 1 else ()
        return Contract(columns=columns, output=self._outputs.default, classes=self._outputs.classes)

    def predictor(self, contract: Contract) -> Predictor:
        """From a request to the raw answer."""
        if contract.output is None:
            raise Refused(
                f"its graph does not say what its output is ({listed(self._types)}); "
                "write `output: probabilities`, `logits`, `labels` or `values`"
            )
        return self._asking(contract, self._answering(contract.output))

    def labeller(self, contract: Contract) -> Predictor | None:
        """From a request to the labels of its own rule, where it has one."""
        if contract.output not in ("probabilities", "logits"):
            return None
        meant = [name for name in self._types if self._outputs.meanings.get(name) == "labels"]
        if meant:
            return self._asking(contract, meant[0]) if len(meant) == 1 else None
        unnamed = self._unnamed_labels()
        return self._checked(unnamed[0], contract) if len(unnamed) == 1 else None

    def _checked(self, name: str, contract: Contract) -> Predictor:
        """Asks for an output that is taken for the label by its form only. Raises Refused where it holds no classes."""
        ask, known = self._asking(contract, name), {*contract.classes, *natural(len(contract.classes))}

        def labels(request: Inputs) -> Array:
            found = np.asarray(ask(request))
            strange = {class_text(value) for value in found.ravel().tolist()} - known if contract.classes else set()
            if strange:
                raise Refused(
                    f"its output {name!r} has one value a row, as labels have, and {listed(sorted(strange))} are no classes of it; "
                    f"export it without {name!r}"
                )
            return found

        return labels

    def _unnamed_labels(self) -> list[str]:
        """Outputs of one whole number, word or boolean a row, whatever they are called: beside probabilities these are labels."""
        ports = [port for port in self.native.get_outputs() if self._outputs.meanings.get(port.name) is None]
        return [port.name for port in ports if port.type in _LABELS and (len(port.shape) == 1 or list(port.shape[1:]) == [1])]

    def feeder(self, contract: Contract) -> Callable[[Inputs], Sequence[Array]]:
        """From a request to what the library's own object takes."""
        return feeding(self._inputs(), contract)

    def transformer(self) -> Callable[[Inputs], Array]:
        """A function from a request to the graph's only array of numbers."""
        arrays = [name for name, kind in self._types.items() if kind in _FLOATS]
        if len(arrays) != 1:
            raise Refused(f"preprocessing must have one output of numbers; this graph has {listed(self._types)}")
        return self._asking(Contract(), arrays[0])

    def _inputs(self) -> list[Port]:
        for port in self.native.get_inputs():
            if port.type not in _DTYPES:
                raise Refused(f"its input {port.name!r} is a {port.type}, where an array is needed; export it with plain tensors")
        ports = [Port(port.name, _DTYPES[port.type], tuple(port.shape)) for port in self.native.get_inputs()]
        check_batch(ports, _FREE_BATCH)
        return ports

    def _asking(self, contract: Contract, output: str) -> Predictor:
        """Asks for one output only: ONNX Runtime then skips what is needed for others alone."""
        inputs = self._inputs()
        session, names, feed = self.native, [output], feeding(inputs, contract)
        many = [port.name for port in inputs]
        if self._types[output].startswith("seq(map"):
            unzip = _unzipping(self._outputs.zipped.get(output, ()))
            return lambda request: unzip(session.run(names, dict(zip(many, feed(request), strict=True)))[0])
        if len(inputs) == 1:
            only = inputs[0].name
            return lambda request: session.run(names, {only: feed(request)[0]})[0]
        return lambda request: session.run(names, dict(zip(many, feed(request), strict=True)))[0]

    def _answering(self, output: Output) -> str:
        meant = [name for name in self._types if self._outputs.meanings.get(name) == output]
        if meant:
            return meant[0]
        fitting = [name for name, kind in self._types.items() if kind in (_LABELS if output == "labels" else _FLOATS)]
        unknown = [name for name in fitting if self._outputs.meanings.get(name) is None]
        for group in (unknown, fitting):
            if len(group) == 1:
                self._check_scale(group[0], output)
                return group[0]
        raise Refused(
            f"none of its outputs ({listed(self._types)}) is known to hold {output}; export it with that output only, or name it so"
        )

    def _check_scale(self, name: str, output: Output) -> None:
        op = self._outputs.scaled.get(name)
        if output == "logits" and op:
            raise Refused(f"its output {name!r} comes from a {op} and holds probabilities; leave `output: logits` out")


def _unzipping(labels: Sequence[int | str]) -> Callable[[Any], Array]:
    """One row for each map, its values in the labels' order. Slow, as ZipMap is: export with `zipmap=False` to be without it."""
    if len(labels) < 2:
        return lambda maps: np.array([list(row.values()) for row in maps], dtype=np.float32)
    pick = itemgetter(*labels)
    return lambda maps: np.array([pick(row) for row in maps], dtype=np.float32)
