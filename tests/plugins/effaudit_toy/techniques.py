"""Makes a toy smaller."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from effaudit.core.candidate import Artifact
from effaudit.core.plugin import Product, Refused, Technique, Workbench


@dataclass(frozen=True)
class RoundWeights(Technique):
    """Rounds the weights of a toy to fewer digits."""

    digits: int = 0
    misdeed: str = ""

    def result_of(self, given: str | None) -> str | None:
        return "toy" if given == "toy" else None

    def apply(self, bench: Workbench) -> Product:
        native = bench.open().native
        if self.misdeed == "refuses":
            raise Refused("this toy is too small already")
        if self.misdeed == "writes too much":
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        if self.misdeed == "crashes":
            os.abort()
        bench.tell(0.5, "rounding")
        path = bench.scratch / "model.toy"
        if self.misdeed == "leaves its folder":
            path = bench.scratch.parent / "stray.toy"
        path.write_text(json.dumps(native | {"weights": [round(w, self.digits) for w in native["weights"]]}))
        print("techniques may print")
        scores = bench.ask(bench.parent, "search", np.arange(5))
        if self.misdeed == "writes to its parent":
            Path(bench.parent.artifact.path).write_text("changed")
        return Product(Artifact(str(path), "toy"), bench.parent.contract, figures={"asked": float(len(scores))})
