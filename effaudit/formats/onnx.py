"""ONNX graphs, run by ONNX Runtime on the CPU."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.core.candidate import Artifact, Contract
from effaudit.core.plugin import Format, Model
from effaudit.core.store import Array, Inputs
from effaudit.core.watch import Tally
from effaudit.frameworks.onnx import watching as onnx_watching
from effaudit.frameworks.onnx.file import opened
from effaudit.frameworks.onnx.outputs import outputs_of
from effaudit.frameworks.onnx.session import Session
from effaudit.frameworks.opening import library, model_file, reading


@dataclass(frozen=True)
class Onnx(Format):
    """Reads ONNX graphs of any origin: converted pipelines and trees, exported networks, quantised models.

    Safe: external data must lie in the model's folder, tensors must hold what they declare, and no library of custom operators
    is loaded. Inputs are fed by name where the data has arrays of these names; a single input takes all columns side by side.
    Labels, probabilities and class names are found where the operators tell; for exported networks, write `output` and `classes`.
    """

    suffixes = (".onnx",)
    package = "onnx"
    extra = "onnx"
    modules = ("onnxruntime",)
    thread_safe = True

    def recognises(self, path: Path, head: bytes) -> bool:
        """By suffix: protocol buffers have no mark of their own."""
        return path.suffix.lower() == ".onnx"

    def open(self, artifact: Artifact, threads: int) -> Model:
        """Checks the file, then makes a session with this many threads and no spinning ones."""
        return self._session(artifact, threads)

    def transformer(self, artifact: Artifact, contract: Contract) -> Callable[[Inputs], Array]:
        """A graph with one output of numbers; it runs on one thread."""
        return self._session(artifact, 1).transformer()

    def watching(self, tally: Tally) -> AbstractContextManager[None]:
        """Counts what the graph's own encoders do not know."""
        return onnx_watching.watching(tally)

    def claims(self, model: object) -> bool:
        """A graph in memory (`onnx.ModelProto`)."""
        return type(model).__name__ == "ModelProto" and type(model).__module__.split(".")[0] == "onnx"

    def write(self, model: Any, path: Path, example: Inputs) -> Artifact:
        """Writes the graph as it is."""
        file = path.with_name(path.name + ".onnx")
        file.write_bytes(model.SerializeToString())
        return Artifact(str(file), "onnx")

    def _session(self, artifact: Artifact, threads: int) -> Session:
        path = model_file(artifact)
        with reading(path, "an ONNX graph", "export it again", _plain):
            runtime = library("onnxruntime", self.extra)
            with opened(path) as file:
                session = runtime.InferenceSession(str(path), _options(runtime, threads), providers=["CPUExecutionProvider"])
                _check_names(session)
                outputs = outputs_of(file, [port.name for port in session.get_outputs()])
        return Session(session, outputs, path)


def _check_names(session: Any) -> None:
    """ONNX Runtime decodes them when it is asked: names that are not UTF-8 are refused with the file, and not later."""
    for port in (*session.get_inputs(), *session.get_outputs()):
        str(port.name), tuple(port.shape)


def _plain(words: str) -> str:
    """ONNX Runtime's words without its error code, its source file and the signature of its function."""
    return re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : |Load model from \S+ failed: ?|\S+\.(cc|h):\d+ .*?\) (?=\S)", "", words)


def _options(runtime: Any, threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    for pool in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{pool}.allow_spinning", "0")
    return options
