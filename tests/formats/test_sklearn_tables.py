import warnings

import lightgbm
import numpy as np
import pandas
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from effaudit.core.candidate import Contract
from effaudit.core.plugin import Refused
from effaudit.formats.sklearn import Sklearn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def written(model, tmp_path, threads=1):
    return Sklearn().open(Sklearn().write(model, tmp_path / "model", {}), threads)


def encoders():
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return {
        "one hot with missing": (OneHotEncoder(handle_unknown="ignore"), ["carrier"]),
        "ordinal with missing": (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
            ["carrier"],
        ),
        "imputed": (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), ["carrier"]),
        "text": (TfidfVectorizer(), "remark"),
        "text as patterns": (TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), "remark"),
    }, (numeric, ["distance", "dep hour"])


@pytest.mark.parametrize("name", encoders()[0])
@pytest.mark.parametrize("rows", [1, 160])
def test_a_pipeline_on_a_table_answers_as_its_original(tmp_path, table, request_of, name, rows):
    frame, late = table
    steps, numeric = encoders()
    model = make_pipeline(make_column_transformer(numeric, steps[name]), LogisticRegression()).fit(frame, late)
    opened = written(model, tmp_path)
    assert opened.contract().columns == ("dep hour", "distance", "carrier", "remark")
    ask = opened.predictor(opened.contract())
    for start in (0, 7, 19) if rows == 1 else (0,):
        part = frame.iloc[start : start + rows]
        shuffled = dict(reversed(request_of(part).items())) | {"unused": np.zeros(len(part))}
        assert np.array_equal(ask(shuffled), model.predict_proba(part))


def test_missing_words_reach_the_encoder_as_in_training_even_alone(tmp_path, table, request_of):
    frame, late = table
    only = frame[["carrier"]]
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(only, late)
    gap = only[only["carrier"].isna()].iloc[:1]
    assert np.array_equal(
        written(model, tmp_path).predictor(Contract(output="probabilities"))(request_of(gap)), model.predict_proba(gap)
    )


def test_missing_columns_are_named(tmp_path, table, request_of):
    frame, late = table
    model = LogisticRegression().fit(frame[["dep hour"]], late)
    with pytest.raises(Refused, match="needs the columns dep hour, which the data does not have"):
        written(model, tmp_path).predictor(Contract(output="probabilities"))(request_of(frame[["carrier"]]))


def test_a_pipeline_on_documents_takes_the_one_text_column(tmp_path, table, request_of):
    frame, late = table
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(frame["remark"], late)
    opened = written(model, tmp_path)
    ask = opened.predictor(Contract(output="probabilities", columns=("remark",)))
    assert np.array_equal(ask(request_of(frame)), model.predict_proba(frame["remark"]))
    with pytest.raises(Refused, match="takes one column of text, the data gives 4"):
        opened.predictor(Contract(output="probabilities"))(request_of(frame))


def test_words_in_arrays_reach_encoders(tmp_path, table, request_of):
    frame, late = table
    words = frame[["carrier", "remark"]].to_numpy(object, na_value=np.nan)
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(words, late)
    opened = written(model, tmp_path)
    assert opened.contract().columns == ()
    request = request_of(frame[["carrier", "remark"]])
    assert np.array_equal(opened.predictor(opened.contract())(request), model.predict_proba(words))


def test_words_for_a_model_of_numbers_are_refused(tmp_path, numbers, request_of):
    matrix, two, _ = numbers
    request = request_of(matrix) | {"c1": np.array(["x"] * 160, object)}
    with pytest.raises(Refused, match="c1 hold words"):
        written(LogisticRegression().fit(matrix, two), tmp_path).predictor(Contract(output="probabilities"))(request)


@pytest.mark.parametrize(
    "model", [lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_child_samples=5), HistGradientBoostingClassifier(max_iter=3)]
)
def test_categories_of_training_are_known_again(tmp_path, table, request_of, model):
    frame, late = table
    frame = frame.drop(columns="remark")
    trained = frame.astype({"carrier": "category"})
    model.fit(trained, late)
    opened = written(model, tmp_path)
    assert np.array_equal(opened.predictor(opened.contract())(request_of(frame)), model.predict_proba(trained))


def test_a_baseline_that_looks_at_nothing_takes_any_data(tmp_path, table, request_of):
    frame, late = table
    opened = written(DummyClassifier(strategy="prior").fit(frame, late), tmp_path)
    assert opened.predictor(opened.contract())(request_of(frame)).shape == (160, 2)
    assert opened.facts().family == "constant"


def test_a_preprocessed_matrix_gets_the_names_it_was_trained_with(tmp_path, numbers):
    matrix, two, _ = numbers
    named = pandas.DataFrame(matrix, columns=list("abcde"))
    model = LogisticRegression().fit(named, two)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = written(model, tmp_path).predictor(Contract(columns=("raw",), output="probabilities"))({"": matrix})
    assert np.allclose(answer, model.predict_proba(named), rtol=1e-14)


def test_preprocessing_gives_one_dense_array(tmp_path, table, request_of):
    frame, _ = table
    columns = make_column_transformer((OneHotEncoder(), ["carrier"]), (TfidfVectorizer(), "remark"), sparse_threshold=1.0).fit(
        frame
    )
    transform = Sklearn().transformer(Sklearn().write(columns, tmp_path / "prep", {}), Contract())
    made = transform(request_of(frame))
    assert isinstance(made, np.ndarray)
    assert np.array_equal(made, columns.transform(frame).toarray())
    scaler = StandardScaler().set_output(transform="pandas").fit(frame[["dep hour"]])
    made = Sklearn().transformer(Sklearn().write(scaler, tmp_path / "scaler", {}), Contract())(request_of(frame))
    assert isinstance(made, np.ndarray)
    assert np.array_equal(made, scaler.transform(frame[["dep hour"]]).to_numpy())


def test_techniques_get_the_frame_that_a_model_takes_and_the_transformer_itself(tmp_path, table, request_of):
    frame, late = table
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(frame[["carrier"]], late)
    (given,) = written(model, tmp_path).feeder(Contract())(request_of(frame))
    pandas.testing.assert_frame_equal(given, frame[["carrier"]])
    scaler = StandardScaler().fit(frame[["dep hour"]])
    native = Sklearn().native_transformer(Sklearn().write(scaler, tmp_path / "scaler", {}))
    assert native.mean_ == scaler.mean_
