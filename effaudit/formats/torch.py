"""PyTorch networks: exported programs, and weights with the code that builds their network."""

from __future__ import annotations

import contextlib
import copy
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from effaudit.core.candidate import Artifact, Contract, Trust
from effaudit.core.plugin import Format, Model, Refused
from effaudit.core.store import Inputs
from effaudit.core.text import listed, one_line
from effaudit.frameworks.inputs.signature import feeding
from effaudit.frameworks.opening import check_zip, imported, importing_from, library, model_file, needs_trust, reading
from effaudit.frameworks.torch.model import Built, Exported, module_ports

_TO_ONNX = "convert it: torch.onnx.export(net, (x,), 'net.onnx', dynamo=True, dynamic_shapes=({0: torch.export.Dim('batch')},))"
_TO_FACTORY = "save its weights with safetensors.torch.save_model, and name the file with its `factory` and `trust: true`"
_RISKS = {
    ".pt2": "torch unpickles its sample inputs and evaluates its expressions",
    ".safetensors": "its factory is Python code",
}


@dataclass(frozen=True)
class Torch(Format):
    """Reads `.pt2` files (`torch.export.save`), and `.safetensors` weights with `factory: module:function`.

    Both need `trust: true`: torch unpickles the sample inputs of a `.pt2` and evaluates expressions in it, and a factory is
    Python code (looked for in the plan's folder first). A program must have been exported with a free batch size. What it
    answers is seen where it ends in a softmax or sigmoid; else write `output: logits`, `probabilities` or `values`.
    """

    suffixes = (".pt2", ".safetensors", ".pt", ".pth")
    package = "torch"
    extra = "torch"
    modules = ("torch",)
    thread_safe = True

    def recognises(self, path: Path, head: bytes) -> bool:
        """By suffix; `.pt` and `.pth` are recognised only to say how to convert them."""
        return path.suffix.lower() in self.suffixes

    def load_libraries(self, artifact: Artifact) -> None:
        """What reading exported programs needs is large, and imported by torch only when it reads one."""
        super().load_libraries(artifact)
        if Path(artifact.path).suffix.lower() == ".pt2":
            with contextlib.suppress(ModuleNotFoundError):  # torch before 2.8 has no such part
                importlib.import_module("torch.export.pt2_archive")

    def open(self, artifact: Artifact, threads: int) -> Model:
        """Opens a network on the CPU, for inference only."""
        path = model_file(artifact)
        suffix = path.suffix.lower()
        if suffix in (".pt", ".pth"):
            raise Refused(
                f"{path.name} is a pickle that only its own code can read; save an exported program with torch.export.save, "
                f"weights with safetensors.torch.save_model and name their `factory`, or {_TO_ONNX}"
            )
        if suffix == ".safetensors" and artifact.factory is None:
            raise Refused(
                f"{path.name} holds weights only; write `factory: module:function` for the code that builds the network, and "
                "`trust: true`"
            )
        needs_trust(artifact, f"{_RISKS[suffix]}, which can run anything", _TO_ONNX)
        torch = library("torch", self.extra)
        torch.set_num_threads(threads)
        if suffix == ".safetensors":
            return Built(_built(artifact, path))
        with (
            reading(path, "an exported program", "export it again with this version of torch"),
            importing_from(artifact.code),
        ):
            check_zip(path)
            return Exported(torch.export.load(str(path)))

    def claims(self, model: object) -> bool:
        """Modules and exported programs."""
        kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(model).__mro__}
        return bool(kinds & {"torch.nn.modules.module.Module", "torch.export.exported_program.ExportedProgram"})

    def write(self, model: Any, path: Path, example: Inputs) -> Artifact:
        """Exports a copy of a module with a free batch size, traced with the example's rows, and saves the program."""
        import torch

        file = path.with_name(path.name + ".pt2")
        program = _exported(model, example) if isinstance(model, torch.nn.Module) else model
        torch.export.save(program, str(file))
        return Artifact(str(file), "torch", Trust(everything=True))


def _built(artifact: Artifact, path: Path) -> Any:
    factory = str(artifact.factory)
    network = imported(factory, artifact.code)()
    if not hasattr(network, "load_state_dict"):
        raise Refused(f"{factory} gave a {type(network).__name__}, where a torch.nn.Module is needed")
    safetensors = library("safetensors.torch", "torch")
    with reading(path, "weights for this network", f"check that {factory} builds the network they were saved from"):
        missing, unexpected = safetensors.load_model(network, str(path), strict=False)
    if missing or unexpected:
        lacks = f"lacks {listed(sorted(missing))}" if missing else ""
        more = f"has {listed(sorted(unexpected))}, which the network does not" if unexpected else ""
        raise Refused(f"{path.name} does not fit {factory}: it {' and '.join(filter(None, (lacks, more)))}")
    return network.cpu().eval().requires_grad_(requires_grad=False)


def _exported(network: Any, example: Inputs) -> Any:
    import torch

    arrays = feeding(module_ports(network, Contract()), Contract())(_two_rows(example))
    axes = tuple({0: torch.export.Dim("batch")} for _ in arrays)
    try:
        still = copy.deepcopy(network).cpu().eval()
        return torch.export.export(still, tuple(map(torch.from_numpy, arrays)), dynamic_shapes=axes)
    except Exception as error:  # whatever a network's own code does while it is traced
        words = one_line(str(error), 240)
        raise Refused(
            f"this {type(network).__name__} cannot be exported ({type(error).__name__}: {words}); {_TO_FACTORY}"
        ) from error


def _two_rows(example: Inputs) -> Inputs:
    """At least two rows: torch takes a batch of one for a constant."""
    return {name: np.concatenate([array, array]) if len(array) == 1 else array for name, array in example.items()}
