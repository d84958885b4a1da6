"""Conversion to ONNX, which ONNX Runtime runs without the library that trained the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from effaudit.core.answer import BadAnswer
from effaudit.core.candidate import Candidate, Contract
from effaudit.core.notes import Note, coded
from effaudit.core.plugin import Product, Refused, Technique, Workbench
from effaudit.core.text import counted
from effaudit.toolkit.graphs.parent import Converted, Source
from effaudit.toolkit.parity import Parity, compared, missing_in, rows_to_compare

_FORMATS = ("sklearn", "lightgbm", "torch")
_OLDEST, _NEWEST = 18, 22


@dataclass(frozen=True)
class ToOnnx(Technique):
    """Converts a scikit-learn pipeline, a LightGBM model or a PyTorch network to ONNX, with its preprocessing in the same graph.

    Nothing is trained and nothing should change but the runtime: answers are compared with the parent's row by row on search
    rows, missing values included, and the labels that flip are counted. Forests and boosted trees gain most, one row at a time.
    Preprocessing that has no form in ONNX stays apart, which is said; a model that has none is refused by name.

    Options: `float64: auto | yes | no` (compute in double precision; `auto` does so where single precision changes answers, as
    it can at a tree's thresholds), `opset: 20` (the version of ONNX's operators, 18 to 22).
    Costs seconds, for large networks some minutes.
    """

    float64: Literal["auto", "yes", "no"] = "auto"
    opset: int = 20

    def __post_init__(self) -> None:
        if self.float64 not in ("auto", "yes", "no"):
            raise ValueError(f"float64 is auto, yes or no, not {self.float64!r}")
        if not _OLDEST <= self.opset <= _NEWEST:
            raise ValueError(f"opset is a number from {_OLDEST} to {_NEWEST}, not {self.opset}")

    def result_of(self, given: str | None) -> str | None:
        """ONNX, of what can be converted."""
        return "onnx" if given in _FORMATS else None

    def apply(self, bench: Workbench) -> Product:
        """Tries forms from the best to the last resort, and takes the first that answers as its parent does."""
        model, contract = bench.open(), bench.contract
        source = Source(bench, model, contract, self.opset)
        columns = contract.columns or bench.store.columns
        rows, lacking = rows_to_compare(bench, columns), missing_in(bench, columns)
        bench.tell(0.1, "asking the parent")
        before = bench.ask(bench.given, "search", rows)
        tried: list[tuple[Converted, Parity]] = []
        refusals: list[str] = []
        for number, (apart, double) in enumerate(self._forms()):
            if apart and (not source.divisible or any(not parity.wrong for _, parity in tried)):
                continue
            bench.tell(min(0.3 + 0.15 * number, 0.9), "converting")
            try:
                made = source.converted(apart=apart, double=double)
                parity = compared(bench, _candidate(bench, made, contract), before, rows, lacking)
            except (Refused, BadAnswer) as refused:
                refusals.append(str(refused))
                continue
            tried.append((made, parity))
            if parity.rounding_only(made.trees):
                break
        product = self._product(tried, refusals, contract)
        _clear_but(bench.scratch, product)
        return product

    def _forms(self) -> Iterator[tuple[bool, bool]]:
        """(preprocessing apart?, double precision?)"""
        for apart in (False, True):
            if self.float64 != "yes":
                yield apart, False
            if self.float64 != "no":
                yield apart, True

    def _product(self, tried: list[tuple[Converted, Parity]], refusals: list[str], contract: Contract) -> Product:
        right = [(made, parity) for made, parity in tried if not parity.wrong]
        if not right:
            reasons = refusals[:1] or [f"its graph answers otherwise than the model ({_differences(tried[0][1])})"]
            raise Refused(f"{reasons[0]}; leave it in its own format, or change that step")
        made, parity = min(right, key=lambda pair: (pair[1].flips, not pair[1].rounding_only(pair[0].trees), pair[0].double))
        notes: list[Note] = []
        if made.preprocess is not None:
            why = f": {refusals[0]}" if refusals else ", as the answers of one graph would differ"
            notes += coded("preprocessing", f"its preprocessing stays apart, in scikit-learn{why}")
        if not parity.rounding_only(made.trees):
            notes += coded("parity", f"against its parent: {_differences(parity)}")
        figures = {**parity.figures, "float64": float(made.double), "rows_with_missing": float(parity.missing)}
        return Product(made.artifact, _contract(made, contract), made.preprocess, tuple(notes), figures)


def _candidate(bench: Workbench, made: Converted, contract: Contract) -> Candidate:
    name = f"{bench.given.name}-{made.artifact.path}"
    return Candidate(name, made.artifact, _contract(made, contract), made.preprocess, threads=bench.threads)


def _contract(made: Converted, contract: Contract) -> Contract:
    taken = None if made.preprocess is None else contract.input
    return replace(contract, columns=made.columns, dtypes=(), preprocess=None, tune=None, labels=None, input=taken)


def _clear_but(scratch: Path, product: Product) -> None:
    """Removes what was tried and not taken."""
    taken = {product.artifact.path, product.preprocess.path if product.preprocess else ""}
    for file in scratch.iterdir():
        if str(file) not in taken:
            file.unlink()


def _differences(parity: Parity) -> str:
    rows = counted(parity.rows, "row")
    ties = f" ({parity.ties} of them ties in the parent)" if parity.ties else ""
    return f"{counted(parity.flips, 'label')}{ties} flipped on {rows}, scores differ by {parity.largest:.2g} at most"
