"""Models that do not say what they take are given tables as they are, and when they raise, the error says what to write."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from effaudit.core.candidate import Contract
from effaudit.core.plan import Data
from effaudit.core.protocol import Message
from effaudit.frameworks.sklearn.model import Fitted
from effaudit.reading.data import build_store
from effaudit.worker.asking import ready
from effaudit.worker.serve import answer

N = 60
RNG = np.random.default_rng(0)
ROWS = pd.DataFrame({"age": RNG.normal(size=N), "debt": RNG.normal(size=N)})
Y = (ROWS["age"] > 0).astype(int)


class ByName(TransformerMixin, BaseEstimator):
    """A first step of one's own that names columns and calls no validation."""

    def fit(self, table, truth=None):
        return self

    def transform(self, table):
        return np.column_stack([table["age"], table["debt"] ** 2])


class ByPlace(ByName):
    """The same on arrays."""

    def transform(self, table):
        return np.column_stack([table[:, 0], table[:, 1] ** 2])


@pytest.fixture
def asked(tmp_path):
    def ask(step, plan=None, source=None):
        file = tmp_path / "rows.parquet"
        ROWS.assign(y=Y).to_parquet(file)
        sources = {"certify": source or file}
        workload, store = build_store(Data("classification", sources, ("y",), independent=True), tmp_path / "store", False, 0)
        taken = ROWS if isinstance(step, ByName) and not isinstance(step, ByPlace) else ROWS.to_numpy()
        model = make_pipeline(step, LogisticRegression()).fit(taken, Y)
        expected = model.predict_proba(taken)
        return ready(Fitted(model), plan or Contract(), workload, store), expected

    return ask


def test_a_table_is_given_as_the_data_frame_that_it_is(asked):
    model, expected = asked(ByName())
    np.testing.assert_allclose(model.answers("certify", slice(None)).scores, expected)


def test_the_plan_says_that_an_array_is_taken(asked):
    model, expected = asked(ByPlace(), Contract(input="array"))
    np.testing.assert_allclose(model.answers("certify", slice(None)).scores, expected)


def test_named_arrays_are_given_as_one_array(asked):
    model, expected = asked(ByPlace(), source={"age": ROWS["age"].to_numpy(), "debt": ROWS["debt"].to_numpy(), "y": Y.to_numpy()})
    np.testing.assert_allclose(model.answers("certify", slice(None)).scores, expected)


def test_what_it_raises_says_what_to_write(asked):
    model, _ = asked(ByPlace())
    reply = answer(lambda _: model.answers("certify", slice(None)), Message("answers"))
    assert reply.facts["code"] == "raised"
    assert "write `input: array` or `input: frame` for this candidate" in reply.facts["reason"]


def test_where_the_plan_has_said_it_there_is_no_hint(asked):
    model, _ = asked(ByPlace(), Contract(input="frame"))
    reply = answer(lambda _: model.answers("certify", slice(None)), Message("answers"))
    assert "write `input" not in reply.facts["reason"]
