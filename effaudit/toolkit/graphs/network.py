"""PyTorch networks as ONNX graphs."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence
from typing import Any

from effaudit.core.plugin import Refused
from effaudit.core.store import Array
from effaudit.core.text import one_line


def exported(network: Any, arrays: Sequence[Array], opset: int) -> Any:
    """The graph of an ExportedProgram or a module, its first axis free; traced with `arrays` of two rows. Raises Refused."""
    import torch

    tensors = tuple(torch.from_numpy(array) for array in arrays)
    shapes = None if isinstance(network, torch.export.ExportedProgram) else tuple({0: torch.export.Dim("rows")} for _ in tensors)
    try:
        with warnings.catch_warnings(), _quiet():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                network, tensors, dynamo=True, dynamic_shapes=shapes, external_data=False, opset_version=opset, verbose=False
            )
    except Exception as error:  # tracing runs the network's own code, which may raise anything
        raise Refused(f"this network cannot be exported to ONNX ({type(error).__name__}: {one_line(str(error), 240)})") from error
    assert program is not None
    model = program.model_proto
    if model.functions:
        from onnx import inliner

        model = inliner.inline_local_functions(model)
    return _plain(model)


def _plain(model: Any) -> Any:
    """Without what only helps debugging: it outweighs a small network."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    model.graph.doc_string = ""
    for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    return model


@contextlib.contextmanager
def _quiet() -> Any:
    """Keeps away what torch prints and logs about its progress."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
