"""What cells are made of: models in files, their data, and what is right."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import skops.io
from forms import LABELS, TABLES, labelled, written
from reference import Expected, Made
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from steps import hours

from effaudit.core.candidate import Artifact, Trust
from effaudit.core.classes import class_text
from effaudit.core.plan import Data

HERE = Path(__file__).parent
warnings.filterwarnings("ignore")


@dataclass(frozen=True)
class Cell:
    """One combination, and how it is made in a folder."""

    name: str
    make: Callable[[Path], Made]


def classes_of(labels: str) -> tuple[str, ...]:
    return tuple(class_text(value) for value in LABELS[labels])


def positive_of(labels: str) -> str:
    """The positive class of two; scikit-learn's where it is understood, else the first, so that it is not the last by name."""
    names = classes_of(labels)
    if len(names) != 2:
        return ""
    return {"two words": "leaves"}.get(labels, names[1])


def expected_of(model: Any, rows: Any, truth: Any, labels: str, near: float = 1e-6) -> Expected:
    """What a fitted classifier says of rows."""
    shares: dict[str, Any] = {}
    names = [class_text(name) for name in model.classes_]
    if hasattr(model, "predict_proba"):
        found = model.predict_proba(rows)
        shares = {name: found[:, place] for place, name in enumerate(names)}
    return Expected(truth, model.predict(rows), shares, positive=positive_of(labels), near=near)


def data_of(source: Any, labels: str, **more: Any) -> Data:
    positive = positive_of(labels) if labels in ("two words",) else None
    return Data("classification", {"certify": source}, ("answer",), independent=True, positive=positive, **more)


def seeded(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def drawn(title: str, form: str, labels: str, storage: str, folder: Path) -> tuple[Any, pd.DataFrame, Any, pd.DataFrame, Any]:
    """The data of a cell: what certifies, rows and answers of training, and rows and answers to certify."""
    rng = seeded(title)
    table = TABLES[form](rng)
    return written(table, labelled(table, labels, rng), storage, folder)


def saved(model: Any, folder: Path, how: str) -> Artifact:
    """A fitted scikit-learn model in a file. What skops does not know, it is told to trust."""
    if how == "skops":
        path = folder / "model.skops"
        skops.io.dump(model, path)
        return Artifact(str(path), "sklearn", Trust(False, tuple(skops.io.get_untrusted_types(file=path))), code=str(HERE))
    path = folder / f"model.{how}"
    joblib.dump(model, path)
    return Artifact(str(path), "sklearn", Trust(True), code=str(HERE))


def prepared(table: pd.DataFrame, encoder: str) -> Any:
    """Preprocessing of a table by the kinds of its columns."""
    words = make_column_selector(dtype_include=["object", "string", "category", "boolean", "bool", "str"])
    times = make_column_selector(dtype_include=["datetime", "datetimetz"])
    numbers = make_column_selector(dtype_include="number")
    unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1, "encoded_missing_value": -2}
    coded = {
        "one-hot": OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        "ordinal": OrdinalEncoder(**unknown),
        "target": TargetEncoder(cv=2),
    }[encoder]
    return make_column_transformer(
        (coded, words), (FunctionTransformer(hours), times), (make_pipeline(SimpleImputer(), StandardScaler()), numbers)
    )
