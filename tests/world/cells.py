"""All cells of the world: real estimators × wrappers × forms of data × formats, each made by its own libraries."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from typing import Any

from catalogue import CLASSIFIERS, FOR_TWO, IMPOSSIBLE, REGRESSORS, SEVERAL, WRAPPERS
from forms import LABELS, TABLES
from of_files import of_code, of_onnx, of_text, of_torch
from of_models import of_categories, of_numbers, of_own, of_plan, of_several, of_steps, of_table, of_values, of_weights
from of_products import of_product
from parts import Cell
from steps import KINDS


def cells() -> list[Cell]:
    """All of them, in one order."""
    return list(_all())


def _all() -> Iterator[Cell]:
    turn = itertools.count()

    def next_of(values: Any) -> Any:
        return list(values)[next(turn) % len(values)]

    storages, files = ("parquet", "csv", "npz", "memory"), ("skops", "joblib", "pkl")
    usual = [name for name in LABELS if name != "words that look like numbers"]
    for name in CLASSIFIERS:
        for place, wrapper in enumerate(WRAPPERS):
            if (name, wrapper) in IMPOSSIBLE or (
                zlib.crc32(f"{name}{wrapper}".encode()) % 2 and wrapper not in ("alone", *FOR_TWO)
            ):
                continue
            two = [labels for labels in usual if len(LABELS[labels]) == 2]
            labels = next_of(two if wrapper in FOR_TWO else usual)
            storage = next_of(storages)
            yield of_numbers(name, wrapper, labels, storage, "joblib" if wrapper == "squared" else files[place % 3])
    for form in TABLES:
        for encoder in ("one-hot", "ordinal", "target"):
            for name in ("logistic", "histogram boosting", "forest"):
                yield of_table(form, encoder, name, next_of(usual), next_of(("parquet", "csv", "memory")), "joblib")
    for labels in ("words that look like numbers", *usual):
        yield of_numbers("logistic", "scaled", labels, "parquet", "skops")
    for wrapper in ("alone", "picked", "calibrated", "searched", "text"):
        for labels in ("two words", "three numbers", "one that certify lacks"):
            yield of_categories(wrapper, labels, next_of(("skops", "joblib")))
    for objective in ("gbdt", "rf"):
        for labels in ("0 and 1", "two words", "three numbers", "a number that certify lacks", "three words"):
            yield of_text(objective, labels)
    for labels in ("three numbers", "three words"):
        yield of_text("multiclassova", labels)
    for name in ("logistic", "gradient boosting", "network", "forest", "naive bayes"):
        for labels in ("two words", "0 and 1", "three words"):
            yield of_onnx(name, labels, next_of((True, False)))
    for end in ("logits", "softmax", "log softmax"):
        for labels in ("two words", "three numbers"):
            yield of_torch(end, labels, next_of(("parquet", "csv")))
    for end in ("one logit", "sigmoid"):
        yield of_torch(end, "0 and 1", "parquet")
    for kind in ("labels", "probabilities", "logits"):
        for form in ("numbers", "words", "nullable"):
            yield of_code(kind, form, next_of(("two words", "three words", "booleans")))
    for name in (
        "logistic",
        "forest",
        "gradient boosting",
        "histogram boosting",
        "lightgbm",
        "network",
        "svc with probabilities",
        "tree",
    ):
        for wrapper, form in (("alone", "numbers"), ("scaled", "gaps"), ("calibrated", "words"), ("alone", "booleans with gaps")):
            if form != "gaps" or name in ("histogram boosting", "lightgbm"):
                yield of_product(name, wrapper, form, next_of(("two words", "three words", "0 and 1")))
    for name in ("logistic", "forest"):
        yield of_product(name, "threshold", "numbers", "two words")
    for name in ("logistic", "forest", "svc with probabilities"):
        for labels in ("two words", "three numbers"):
            yield of_weights(name, labels)
    for storage in ("parquet", "csv", "memory"):
        yield of_steps("two words", storage)
    for kind in KINDS:
        yield of_own(kind, next_of(("two words", "three words", "0 and 1", "numbers from 1")))
    for what in ("threshold", "threshold over the file's", "threshold of the other class", "names of codes"):
        for labels in ("two words", "0 and 1"):
            if what != "names of codes" or labels == "two words":
                yield of_plan(what, labels)
    for place, name in enumerate(REGRESSORS):
        yield of_values(name, "numbers", storages[place % 4], files[place % 3] if name != "logarithms" else "joblib")
        yield of_values(name, ("words", "gaps", "nullable", "times")[place % 4], ("parquet", "csv", "memory")[place % 3], "joblib")
    for name in ("lightgbm", "lightgbm poisson"):
        yield of_values(name, "numbers", "parquet", "text")
    for place, name in enumerate(SEVERAL):
        yield of_several(name, storages[place % 4], files[place % 3])
