"""Static quantisation of ONNX networks to eight bits."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from effaudit.core.candidate import Artifact, Candidate, Contract
from effaudit.core.notes import coded
from effaudit.core.plugin import Model, Product, Refused, Technique, Workbench
from effaudit.core.store import Array
from effaudit.core.text import counted, did_you_mean, listed
from effaudit.toolkit import int8_kernels
from effaudit.toolkit.network_part import layers_of, network_part
from effaudit.toolkit.parents import handed_on, of_split, spread, transforming
from effaudit.toolkit.parity import compared, missing_in, rows_to_compare

_BATCH = 64


@dataclass(frozen=True)
class StaticInt8(Technique):
    """Quantises the layers of an ONNX network to eight bits, weights and activations, with ranges seen on search rows.

    Makes convolutions and dense layers about four times smaller and, on processors with VNNI, one and a half to two times
    faster; answers change a little. Preprocessing in the same graph stays as it is. It is checked that ONNX Runtime really
    computes in eight bits: where it does not, the model is refused, as are trees and linear models, which have no such layers.

    Options: `rows: 1000` (search rows that the ranges are read from), `per_channel: true` (a scale for each output channel),
    `method: minmax | entropy | percentile` (how a range is read), `exclude: [NAME, …]` (operators that stay in float).
    Costs seconds; `entropy` and `percentile` need more time and memory.
    """

    rows: int = 1000
    per_channel: bool = True
    method: Literal["minmax", "entropy", "percentile"] = "minmax"
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise ValueError(f"rows is at least 1, not {self.rows}")
        if self.method not in ("minmax", "entropy", "percentile"):
            raise ValueError(f"method is minmax, entropy or percentile, not {self.method!r}")

    def result_of(self, given: str | None) -> str | None:
        """ONNX of ONNX."""
        return "onnx" if given == "onnx" else None

    def apply(self, bench: Workbench) -> Product:
        """Prepares the graph, reads ranges, quantises, and checks what ONNX Runtime makes of it."""
        model, contract = bench.open(), bench.contract
        prepared = int8_kernels.prepared(Path(bench.given.artifact.path), bench.scratch, self.per_channel)
        chosen = self._layers(prepared)
        bench.tell(0.1, "reading ranges")
        file = bench.scratch / "model.onnx"
        self._quantise(bench, model, contract, prepared, chosen, file)
        prepared.unlink()
        bench.tell(0.8, "checking kernels")
        kernels = int8_kernels.count(file, bench.scratch)
        if not kernels.quantised:
            raise Refused(
                f"it computes in float: ONNX Runtime has no eight-bit kernels for its {counted(len(chosen), 'operator')} "
                f"({listed(sorted(kernels.left))})"
            )
        return self._product(bench, file, contract, kernels)

    def _layers(self, prepared: Path) -> list[str]:
        """The names of the operators to quantise."""
        import onnx

        graph = onnx.load(str(prepared)).graph
        if any(node.op_type in ("QuantizeLinear", "DynamicQuantizeLinear") for node in graph.node):
            raise Refused("it is quantised already")
        layers = layers_of(graph)
        if not layers:
            ops = sorted({node.op_type for node in graph.node})
            raise Refused(f"it has no dense or convolutional layers to quantise (its operators: {listed(ops)})")
        part = network_part(graph)
        unknown = [name for name in self.exclude if name not in part]
        if unknown:
            raise Refused(f"there is no operator {unknown[0]!r} to exclude.{did_you_mean(unknown[0], part)}")
        kept = [name for name in part if name not in self.exclude]
        if not set(layers) & set(kept):
            raise Refused("all its layers are excluded")
        return kept

    def _quantise(self, bench: Workbench, model: Model, contract: Contract, prepared: Path, chosen: list[str], file: Path) -> None:
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

        methods = {"minmax": "MinMax", "entropy": "Entropy", "percentile": "Percentile"}
        with contextlib.redirect_stdout(io.StringIO()):  # it reports its progress
            quantize_static(
                str(prepared),
                str(file),
                _reader(bench, model, contract, spread(bench, "search", self.rows)),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=self.per_channel,
                reduce_range=not int8_kernels.has_vnni(),
                nodes_to_quantize=chosen,
                calibrate_method=getattr(CalibrationMethod, methods[self.method]),
            )

    def _product(self, bench: Workbench, file: Path, contract: Contract, kernels: int8_kernels.Kernels) -> Product:
        parent = bench.given
        asked = handed_on(contract)
        artifact = Artifact(str(file), "onnx")
        candidate = Candidate(f"{parent.name}-{file}", artifact, asked, parent.preprocess, threads=bench.threads)
        columns = contract.columns or bench.store.columns
        rows = rows_to_compare(bench, columns)
        bench.tell(0.9, "comparing answers")
        before = bench.ask(parent, "search", rows)
        parity = compared(bench, candidate, before, rows, missing_in(bench, columns))
        figures = {**parity.figures, "int8_layers": float(kernels.quantised), "float_layers": float(kernels.floating)}
        notes = [f"{kernels.quantised} layers compute in eight bits, {kernels.floating} in float"] if kernels.floating else []
        if not int8_kernels.has_vnni():
            notes.append("weights have seven bits, as this processor lacks VNNI")
        return Product(artifact, asked, parent.preprocess, coded("kernels", *notes), figures)


def _reader(bench: Workbench, model: Model, contract: Contract, rows: Array) -> Any:
    """Gives ONNX Runtime what the model is fed with, in batches: data, preprocessed as the candidate's own is."""
    from onnxruntime.quantization import CalibrationDataReader

    feed, names = model.feeder(of_split(bench, "search")), [port.name for port in model.native.get_inputs()]
    parent = bench.given
    transform = None if parent.preprocess is None else transforming(bench, parent.preprocess, "search")

    size = len(rows) // -(-len(rows) // _BATCH)  # histograms take batches of one size only

    def batches() -> Iterator[dict[str, Array]]:
        for at in range(0, len(rows) - size + 1, size):
            request = bench.store.inputs("search", rows[at : at + size], contract.columns)
            arrays = feed(request if transform is None else {"": np.asarray(transform(request))})
            yield dict(zip(names, arrays, strict=True))

    class Rows(CalibrationDataReader):  # type: ignore[misc]
        """Rows from the store."""

        def __init__(self) -> None:
            self._batches = batches()

        def get_next(self) -> Any:
            return next(self._batches, None)

    return Rows()
