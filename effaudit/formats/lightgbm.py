"""LightGBM's text models, asked through its Booster."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from effaudit.core.candidate import Artifact
from effaudit.core.plugin import Format, Model
from effaudit.core.store import Inputs
from effaudit.core.watch import Tally
from effaudit.frameworks.inputs import watching as inputs_watching
from effaudit.frameworks.lightgbm.booster import Boosted
from effaudit.frameworks.lightgbm.reading import HEAD
from effaudit.frameworks.lightgbm.writing import rewritten
from effaudit.frameworks.opening import library, model_file, reading


@dataclass(frozen=True)
class Lightgbm(Format):
    """Reads the text files that `Booster.save_model` writes; safe, as nothing in them is run.

    Feature names and what it answers come from the file; class names do not, so that a classifier on words needs `classes`.
    Categories that were trained from a DataFrame are mapped by the file's own lists. Wrappers (`LGBMClassifier`) are saved
    whole with skops, and read by the sklearn format.
    """

    suffixes = (".txt", ".lgb", ".model")
    package = "lightgbm"
    extra = "lightgbm"
    modules = ("lightgbm",)
    thread_safe = True

    def recognises(self, path: Path, head: bytes) -> bool:
        """By how every text model begins, whatever its suffix."""
        return head.startswith((HEAD, HEAD.replace(b"\n", b"\r\n")))

    def open(self, artifact: Artifact, threads: int) -> Model:
        """Checks the text, then has LightGBM load what was read."""
        path = model_file(artifact)
        with reading(path, "a LightGBM text model", "save it again with Booster.save_model"):
            with path.open("rb") as lines:
                summary, checked = rewritten(lines)
            lightgbm = library("lightgbm", self.extra)
            booster = lightgbm.Booster(model_str=checked)
        return Boosted(booster, summary, threads)

    def watching(self, tally: Tally) -> AbstractContextManager[None]:
        """Counts values of no known category, and columns of gaps only."""
        return inputs_watching.watching(tally)

    def claims(self, model: object) -> bool:
        """A Booster; its wrappers are scikit-learn models."""
        return type(model).__name__ == "Booster" and type(model).__module__.split(".")[0] == "lightgbm"

    def write(self, model: Any, path: Path, example: Inputs) -> Artifact:
        """Writes its text, up to its best iteration."""
        file = path.with_name(path.name + ".txt")
        model.save_model(str(file))
        return Artifact(str(file), "lightgbm")
