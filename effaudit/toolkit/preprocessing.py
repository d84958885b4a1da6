"""scikit-learn transformers that suit a table's columns, of scikit-learn's own parts only: a saved one needs no trust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from effaudit.core.store import Array
from effaudit.toolkit.columns import Profile, of_kind

_MOST_CATEGORIES = 100
_MOST_CODES = 1000
_RARE = 10
"""A category that fewer train rows have is one of the rare ones."""
_NO_TIME = float(np.iinfo(np.int64).min)
"""What NaT is as a number."""
_DAY = 86_400e9
"""Nanoseconds."""


def for_linear(found: Sequence[Profile], *, most_words: int = 20_000, dense: bool = False) -> Any:
    """For linear models and networks: numbers filled and scaled, categories one-hot, words weighed, times as curves over the
    day, the week and the year.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder

    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=_RARE,
        max_categories=_MOST_CATEGORIES,
        sparse_output=not dense,
        dtype=np.float32 if dense else np.float64,
    )
    parts = [
        ("numbers", for_numbers(found), of_kind(found, "number")),
        ("categories", encoder, of_kind(found, "category")),
        *[(f"times {number}", _curves(), [name]) for number, name in enumerate(of_kind(found, "time"))],
        *[(f"words {number}", *_words(profile, most_words)) for number, profile in enumerate(found) if profile.kind == "words"],
    ]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0.0 if dense else 0.3)


def for_numbers(found: Sequence[Profile]) -> Any:
    """Numbers filled and scaled; which of them were missing is told beside them."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    gaps = any(profile.missing for profile in found if profile.kind in ("number", "array"))
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True, add_indicator=gaps), StandardScaler())


def for_trees(found: Sequence[Profile], by_answer: Sequence[Sequence[str]] | None = None) -> Any:
    """For trees: numbers as they are, categories as codes, missing or unknown ones NaN; times as curves; no words.

    by_answer: each category column's texts in the order of their codes; None: in alphabetical order.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OrdinalEncoder

    orders = by_answer or [sorted(profile.values[:_MOST_CODES]) for profile in found if profile.kind == "category"]
    encoder = OrdinalEncoder(
        categories=[np.array(order, dtype=object) for order in orders],
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
    )
    parts = [
        ("categories", encoder, of_kind(found, "category")),
        ("numbers", "passthrough", of_kind(found, "number")),
        *[(f"times {number}", _curves(), [name]) for number, name in enumerate(of_kind(found, "time"))],
    ]
    return ColumnTransformer([part for part in parts if part[2]])


def ordered_by_answer(values: Array, answers: Array, known: Sequence[str]) -> list[str]:
    """Categories by their mean answer, few rows being drawn towards the mean of all: one threshold then splits them as well as
    any subset would (Breiman et al. 1984, for two classes and for values).
    """
    overall, found = float(answers.mean()), {}
    for text in known[:_MOST_CODES]:
        own = answers[values == text]
        found[text] = (own.sum() + _RARE * overall) / (len(own) + _RARE)
    return sorted(found, key=lambda text: found[text])


def _words(profile: Profile, most: int) -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    vectoriser = TfidfVectorizer(min_df=2, max_features=most, sublinear_tf=True)
    if not profile.missing:
        return vectoriser, profile.name
    filled = SimpleImputer(strategy="constant", fill_value="")
    return make_pipeline(filled, FunctionTransformer(np.ravel), vectoriser), [profile.name]


def _curves() -> Any:
    """A time as smooth curves that repeat every day, week and year."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import SplineTransformer

    cycles = [
        SplineTransformer(knots=np.linspace(0, days * _DAY, pieces + 1)[:, None], extrapolation="periodic", include_bias=False)
        for days, pieces in ((1, 8), (7, 7), (365.25, 6))
    ]
    return make_pipeline(SimpleImputer(missing_values=_NO_TIME, strategy="median"), make_union(*cycles))
