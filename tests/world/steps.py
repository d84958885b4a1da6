"""Steps and models of one's own, as users write them beside their plan."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression


def hours(table):
    """The local hour of every time, missing ones −1."""
    return np.column_stack([pd.DatetimeIndex(table[name]).hour.fillna(-1) for name in table])


def squared(matrix):
    """Numbers with their squares."""
    matrix = np.asarray(matrix, dtype=float)
    return np.column_stack([matrix, matrix**2])


class Named(TransformerMixin, BaseEstimator):
    """Takes its columns by name, and calls no validation of scikit-learn."""

    def __init__(self, names=("a", "b")):
        self.names = names

    def fit(self, table, truth=None):
        return self

    def transform(self, table):
        return np.column_stack([table[name] for name in self.names])


KINDS = {
    "list": list,
    "tuple": tuple,
    "index": pd.Index,
    "series": pd.Series,
    "objects": lambda names: np.array(names, dtype=object),
    "column": lambda names: np.array(names)[:, None],
    "frame": np.array,
}
"""How one's own classifier may keep its classes."""


class Own(ClassifierMixin, BaseEstimator):
    """A classifier that keeps its classes in its own way, the last one first."""

    def __init__(self, kind="list"):
        self.kind = kind

    def fit(self, rows, truth):
        self.inner_ = LogisticRegression().fit(rows, truth)
        self.classes_ = KINDS[self.kind](self.inner_.classes_[::-1].tolist())
        return self

    def predict(self, rows):
        return self.inner_.predict(rows)

    def predict_proba(self, rows):
        shares = self.inner_.predict_proba(rows)
        return pd.DataFrame(shares, columns=self.inner_.classes_) if self.kind == "frame" else shares[:, ::-1]
