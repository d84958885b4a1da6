"""A linear model in a JSON file: numpy only, read in microseconds."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np

from effaudit.core.candidate import Artifact, Contract, Facts
from effaudit.core.plugin import Format, Model, Predictor, Refused
from effaudit.core.store import Inputs


@dataclass(frozen=True)
class Toy(Format):
    """Weights in a JSON file: `{"columns": [...], "weights": [...], "bias": 0, "sleep_s": 0}`."""

    suffixes: ClassVar[tuple[str, ...]] = (".toy",)

    def recognises(self, path: Path, head: bytes) -> bool:
        return path.suffix == ".toy"

    def claims(self, model: object) -> bool:
        return isinstance(model, SimpleNamespace) and hasattr(model, "weights")

    def write(self, model: object, path: Path, example: Inputs) -> Artifact:
        written = path.with_suffix(".toy")
        written.write_text(json.dumps(vars(model)))
        return Artifact(str(written.resolve()), "toy")

    def open(self, artifact: Artifact, threads: int) -> Model:
        try:
            return Line(json.loads(Path(artifact.path).read_text()))
        except ValueError as error:
            raise Refused("this toy file is not JSON; write it again") from error


class Line(Model):
    def __init__(self, native: dict) -> None:
        self.native = native

    def facts(self) -> Facts:
        weights = self.native["weights"]
        return Facts("linear", "Toy", len(weights) + 1, int(np.count_nonzero(weights)) + 1)

    def contract(self) -> Contract:
        return Contract(columns=tuple(self.native["columns"]), output=self.native.get("output"))

    def predictor(self, contract: Contract) -> Predictor:
        columns, sleep = contract.columns, self.native.get("sleep_s", 0)
        weights, bias = np.asarray(self.native["weights"], dtype=float), self.native.get("bias", 0.0)

        def predict(inputs: Inputs) -> np.ndarray:
            if sleep:
                time.sleep(sleep)
            return np.column_stack([inputs[name] for name in columns]) @ weights + bias

        return predict
