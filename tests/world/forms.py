"""Tables as users have them, and how their rows are labelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TRAIN, CERTIFY = 500, 400
ROWS = TRAIN + CERTIFY


def numbers(rng: np.random.Generator) -> pd.DataFrame:
    """Four columns of doubles."""
    return pd.DataFrame(rng.normal(size=(ROWS, 4)).round(3), columns=list("abcd"))


def narrow(rng: np.random.Generator) -> pd.DataFrame:
    """Columns of other widths: single precision, small integers, booleans."""
    base = numbers(rng)
    return pd.DataFrame(
        {
            "a": base["a"].astype("float32"),
            "b": (base["b"] * 20).astype("int8"),
            "c": (base["c"] > 0),
            "d": (base["d"].abs() * 50).astype("uint16"),
        }
    )


def gaps(rng: np.random.Generator) -> pd.DataFrame:
    """Numbers with missing values."""
    return numbers(rng).mask(rng.random((ROWS, 4)) < 0.15)


def words(rng: np.random.Generator) -> pd.DataFrame:
    """Words, some of them missing, and names with spaces and accents."""
    town = pd.Series(rng.choice(["Ghent", "Lille", "Trier", "São Paulo"], ROWS)).mask(rng.random(ROWS) < 0.05)
    return pd.DataFrame({"town name": town, "größe": rng.normal(size=ROWS).round(3), "c": rng.choice(["x", "y", ""], ROWS)})


def categories(rng: np.random.Generator) -> pd.DataFrame:
    """pandas' categories, one of them ordered, one of numbers."""
    grade = pd.Categorical(rng.choice(["low", "mid", "top"], ROWS), ["low", "mid", "top"], ordered=True)
    town = pd.Categorical(pd.Series(rng.choice(["Ghent", "Lille", "Trier"], ROWS)).mask(rng.random(ROWS) < 0.05))
    return pd.DataFrame(
        {"town": town, "grade": grade, "zone": pd.Categorical(rng.integers(1, 5, ROWS)), "d": rng.normal(size=ROWS)}
    )


def answers_with_gaps(rng: np.random.Generator) -> pd.DataFrame:
    """Booleans with gaps beside numbers."""
    consent = np.where(rng.random(ROWS) < 0.2, None, rng.random(ROWS) < 0.5)
    return pd.DataFrame({"consent": pd.Series(consent, dtype=object), "b": rng.normal(size=ROWS).round(3)})


def nullable(rng: np.random.Generator) -> pd.DataFrame:
    """pandas' own types with gaps."""
    some = rng.random((ROWS, 3)) < 0.1
    return pd.DataFrame(
        {
            "a": pd.Series(rng.integers(0, 9, ROWS), dtype="Int64").mask(some[:, 0]),
            "b": pd.Series(rng.normal(size=ROWS).round(3), dtype="Float64").mask(some[:, 1]),
            "c": pd.Series(rng.random(ROWS) < 0.5, dtype="boolean").mask(some[:, 2]),
        }
    )


def times(rng: np.random.Generator) -> pd.DataFrame:
    """Local times with their zone, and plain ones in microseconds."""
    began = pd.Timestamp("2024-03-30", tz="UTC") + pd.to_timedelta(np.sort(rng.integers(0, 90 * 86400, ROWS)), unit="s")
    return pd.DataFrame(
        {
            "called": began.tz_convert("America/New_York"),
            "sent": began.tz_localize(None).as_unit("us"),
            "c": rng.normal(size=ROWS).round(3),
        }
    )


TABLES: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {
    "numbers": numbers,
    "narrow": narrow,
    "gaps": gaps,
    "words": words,
    "categories": categories,
    "booleans with gaps": answers_with_gaps,
    "nullable": nullable,
    "times": times,
}
PLAIN = ("numbers", "narrow")
"""What models take without preprocessing."""

LABELS: dict[str, tuple[Any, ...]] = {
    "two words": ("stays", "leaves"),
    "0 and 1": (0, 1),
    "-1 and 1": (-1, 1),
    "booleans": (False, True),
    "three words": ("red", "green", "blue"),
    "three numbers": (0, 1, 2),
    "numbers from 1": (1, 2, 3),
    "words that look like numbers": ("1.1", "1.10", "2.0"),
    "one that certify lacks": ("a", "b", "c"),
    "a number that certify lacks": (0, 1, 2),
}


def signal(table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """A number for each row that depends on all columns, with noise."""
    total = np.zeros(len(table))
    for place, name in enumerate(table):
        column = table[name]
        if column.dtype.kind == "M" or isinstance(column.dtype, pd.DatetimeTZDtype):
            value = ((pd.DatetimeIndex(column).hour >= 9) & (pd.DatetimeIndex(column).hour < 17)).astype(float) * 2
        elif str(column.dtype) in ("object", "str", "category", "boolean", "bool"):
            value = pd.factorize(column)[0].astype(float)
        else:
            value = column.astype("float64").fillna(0.0).to_numpy()
        total += (np.asarray(value) - np.mean(value)) / (np.std(value) or 1.0) * (1.0 if place % 2 else -0.7)
    return total + rng.normal(0, 0.7, len(table))


def labelled(table: pd.DataFrame, labels: str, rng: np.random.Generator) -> np.ndarray:
    """Each row's label; those that certify lacks occur in the first rows only."""
    kinds = np.array(LABELS[labels], dtype=object)
    codes = np.digitize(signal(table, rng), np.quantile(signal(table, rng), np.linspace(0, 1, len(kinds) + 1)[1:-1]))
    if "certify lacks" in labels:
        codes[TRAIN:][codes[TRAIN:] == 1] = 2
    return kinds[codes]


def written(table: pd.DataFrame, truth: Any, storage: str, folder: Path) -> tuple[Any, pd.DataFrame, Any, pd.DataFrame, Any]:
    """The rows that certify in a file (or in memory), and what pandas reads: rows and answers of training, and those to certify."""
    if np.ndim(truth) == 1:
        whole, answers = table.assign(answer=truth), ["answer"]
    else:
        answers = [f"answer {place}" for place in range(truth.shape[1])]
        whole = table.assign(**{name: truth[:, place] for place, name in enumerate(answers)})
    whole = whole.infer_objects()
    read, sources = {}, {}
    for split, rows in (("train", slice(0, TRAIN)), ("certify", slice(TRAIN, None))):
        sources[split], read[split] = _stored(whole.iloc[rows].reset_index(drop=True), storage, folder / split)
    (train, certify) = (
        (read[split].drop(columns=answers), read[split][answers].to_numpy().squeeze()) for split in ("train", "certify")
    )
    return sources["certify"], *train, *certify


def _stored(whole: pd.DataFrame, storage: str, stem: Path) -> tuple[Any, pd.DataFrame]:
    if storage == "parquet":
        whole.to_parquet(stem.with_suffix(".parquet"))
        return stem.with_suffix(".parquet"), pd.read_parquet(stem.with_suffix(".parquet"))
    if storage == "csv":
        whole.to_csv(stem.with_suffix(".csv"), index=False)
        return stem.with_suffix(".csv"), pd.read_csv(stem.with_suffix(".csv"))
    if storage == "npz":
        arrays = {name: whole[name].to_numpy() for name in whole}
        plain = {name: array.astype(str) if array.dtype == object else array for name, array in arrays.items()}
        np.savez(stem.with_suffix(".npz"), **plain)
        return stem.with_suffix(".npz"), whole
    return {"rows": whole}, whole
