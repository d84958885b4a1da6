"""What ONNX Runtime really computes in eight bits: counted in the graph that it runs, not in the one that it was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.core.plugin import Refused
from effaudit.core.text import one_line
from effaudit.techniques._network_part import tell_types

_INT8 = frozenset(
    ("QLinearConv", "QLinearMatMul", "QGemm", "MatMulInteger", "MatMulIntegerToFloat", "ConvInteger", "DynamicQuantizeMatMul")
)
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


def prepared(path: Path, scratch: Path) -> Path:
    """The model with shapes known, constants folded, every operator named, ready to be quantised."""
    import onnx
    from onnxruntime.quantization import quant_pre_process

    named = scratch / "named.onnx"
    model = onnx.load(str(path))
    _name_all(model)
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


def _name_all(model: Any) -> None:
    taken: set[str] = set()
    for number, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.op_type}_{number}"
        taken.add(node.name)
