"""What ONNX Runtime really computes in eight bits: counted in the graph that it runs, not in the one that it was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.core.plugin import Refused
from effaudit.core.text import one_line
from effaudit.toolkit.network_part import layers_of, tell_types

_INT8 = frozenset(
    ("QLinearConv", "QLinearMatMul", "QGemm", "MatMulInteger", "MatMulIntegerToFloat", "ConvInteger", "DynamicQuantizeMatMul")
)
_CHANNELS, _QUANTISES = 13, 10
"""The opsets that brought scales for each channel, and quantisation at all."""
_FLOAT = frozenset(("Conv", "FusedConv", "NhwcFusedConv", "ConvTranspose", "Gemm", "FusedGemm", "MatMul", "FusedMatMul"))


@dataclass(frozen=True)
class Kernels:
    """How many layers compute in eight bits, and how many in float, by operator."""

    quantised: int
    floating: int
    left: Mapping[str, int]


def count(file: Path, scratch: Path) -> Kernels:
    """Has ONNX Runtime optimise a model as it does before running it, and counts its layers."""
    import onnx
    import onnxruntime

    optimised = scratch / "optimised.onnx"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(optimised)
    onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    ops = Counter(node.op_type for node in onnx.load(str(optimised)).graph.node)
    optimised.unlink()
    left = {op: number for op, number in ops.items() if op in _FLOAT}
    return Kernels(sum(number for op, number in ops.items() if op in _INT8), sum(left.values()), left)


def prepared(path: Path, scratch: Path, per_channel: bool) -> Path:
    """The model with shapes known, constants folded, every operator named, ready to be quantised. Raises Refused."""
    import onnx
    from onnxruntime.quantization import quant_pre_process

    named = scratch / "named.onnx"
    model = _new_enough(onnx.load(str(path)), per_channel)
    _name_all(model)
    _check_precision(model.graph)
    onnx.save(model, str(named))
    ready = scratch / "prepared.onnx"
    try:  # symbolic shapes need not be known, and looking for them leaves files behind where it fails
        quant_pre_process(str(named), str(ready), skip_symbolic_shape=True)
    except Exception as error:  # shape inference raises plain Exceptions
        raise Refused(f"ONNX Runtime cannot prepare it for quantisation ({one_line(str(error), 200)})") from error
    named.unlink()
    model = onnx.load(str(ready))
    tell_types(model.graph)
    onnx.save(model, str(ready))
    return ready


def has_vnni() -> bool:
    """Has this processor instructions that multiply eight bits without overflow? Without, weights get seven bits."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8", "replace").split("flags", 1)[-1].split("\n", 1)[0].split()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_vnni", "avx_vnni", "asimddp", "i8mm"))


def _new_enough(model: Any, per_channel: bool) -> Any:
    """The model in an opset that has the operators of quantisation. Raises Refused where it cannot be brought there."""
    from onnx import version_converter

    found = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), _CHANNELS)
    if found >= _CHANNELS:
        return model
    try:
        return version_converter.convert_version(model, _CHANNELS)
    except Exception as error:  # the converter raises plain RuntimeErrors
        if found >= _QUANTISES and not per_channel:
            return model
        what = "scales for each channel need" if found >= _QUANTISES else "quantisation needs"
        other = ", or write `per_channel: false`" if found >= _QUANTISES else ""
        raise Refused(
            f"it is of opset {found}, {what} opset {_CHANNELS if found >= _QUANTISES else _QUANTISES}, and onnx cannot convert it "
            f"({one_line(str(error), 120)}); export it again with a newer opset{other}"
        ) from error


def _check_precision(graph: Any) -> None:
    """Raises Refused where layers have weights that ONNX Runtime does not quantise."""
    from onnx import TensorProto

    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    words = {TensorProto.FLOAT16: "half precision", TensorProto.BFLOAT16: "bfloat16", TensorProto.DOUBLE: "double precision"}
    layers = set(layers_of(graph))
    for node in graph.node:
        own = next((words[kinds[name]] for name in node.input if kinds.get(name) in words), None)
        if node.name in layers and own is not None:
            raise Refused(f"the weights of its layers are in {own}; quantise the network in single precision")


def _name_all(model: Any) -> None:
    taken: set[str] = set()
    for number, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.op_type}_{number}"
        taken.add(node.name)
