"""Python code as a model: a trusted function, or a class whose instance is called."""

from __future__ import annotations

import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.core.candidate import Artifact, Contract, Facts, Trust
from effaudit.core.notes import coded
from effaudit.core.plugin import Format, Model, Predictor, Refused
from effaudit.core.store import Inputs
from effaudit.frameworks.inputs import requests
from effaudit.frameworks.inputs.frames import frame
from effaudit.frameworks.opening import NAMED_OBJECT, code_folder, imported, needs_trust


@dataclass(frozen=True)
class Python(Format):
    """Asks any Python code: `path: module:function`, or `path: module:Class`, which is made once and its instance called.

    It is called with a dict of arrays by column name, or with the array alone where there is only one; with `input: frame` it gets
    the DataFrame that pandas reads from the file, with `input: array` all columns as one array. It answers what the plan's
    `output` says: probabilities, logits, labels or values. The module is looked for in the plan's folder first.
    Python code can do anything: the candidate needs `trust: true`.
    """

    def recognises(self, path: Path, head: bytes) -> bool:
        """Code is named, not found in a file."""
        return not head and NAMED_OBJECT.fullmatch(str(path)) is not None

    def open(self, artifact: Artifact, threads: int) -> Model:
        """Imports the module, and makes the instance if a class is named."""
        needs_trust(artifact, "Python code can do anything", "export the model to ONNX, which cannot run code")
        found = imported(artifact.path, artifact.code)
        if isinstance(found, type):
            found = _made(found, artifact.path)
        if not callable(found):
            raise Refused(f"{artifact.path} is {type(found).__name__}, which cannot be called; name a function or a class")
        return _Code(found, artifact.path)

    def claims(self, model: object) -> bool:
        """Functions and classes."""
        return isinstance(model, (types.FunctionType, types.BuiltinFunctionType, type))

    def write(self, model: object, path: Path, example: Inputs) -> Artifact:
        """Nothing is written: a worker imports the function by its module and name, which must therefore be importable."""
        module, name = getattr(model, "__module__", None), getattr(model, "__qualname__", "")
        if module in (None, "__main__"):
            raise Refused(f"{name or model!r} is defined in a script; move it to a module of its own (my_model.py) and import it")
        if "<" in name:
            raise Refused(f"{name} cannot be imported by name; write it as `def` at the top level of {module}")
        named = f"{module}:{name}"
        folder = code_folder(str(module))
        if imported(named, None) is not model:
            raise Refused(f"{named} is not this function any more; give the one that its module holds")
        return Artifact(named, "python", Trust(everything=True), code=folder)


class _Code(Model):
    """An imported callable."""

    takes_frames = True

    def __init__(self, function: Any, named: str) -> None:
        self.native = function
        self._named = named

    def facts(self) -> Facts:
        return Facts("other", self._named, notes=coded("not_counted", "What Python code holds in memory is not counted."))

    def contract(self) -> Contract:
        return Contract()

    def predictor(self, contract: Contract) -> Predictor:
        if contract.output is None:
            raise Refused(f"{self._named} does not say what it answers; write `output: probabilities`, `logits` or `labels`")
        call = self.native
        if contract.input is not None:
            read = frame(contract) if contract.input == "frame" else requests.matrix(contract, text=True)
            return lambda request: call(read(request))
        gather = requests.named(contract)

        def build(request: Inputs) -> Predictor:
            gathered = gather(request)
            if len(gathered) > 1:
                return lambda request: call(gather(request))
            only, array = next(iter(gathered.items()))
            if array is request[only]:  # nothing to convert
                return lambda request: call(request[only])
            return lambda request: call(gather(request)[only])

        return requests.settled(build)


def _made(kind: type, named: str) -> Any:
    try:
        return kind()
    except TypeError as error:
        raise Refused(f"{named} cannot be made without arguments ({error}); name a function that makes and asks it") from error
