"""Nothing becomes missing without a word: what libraries do not know of the data is counted while quality is read."""

from __future__ import annotations

import warnings

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, TargetEncoder

from effaudit import registry
from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.plan import Data
from effaudit.core.watch import Tally
from effaudit.frameworks.inputs.categories import finder
from effaudit.frameworks.inputs.watching import watching
from effaudit.reading.data import build_store
from effaudit.worker import asking

warnings.filterwarnings("ignore")
N = 400
RNG = np.random.default_rng(0)
TOWNS = RNG.choice(["Ghent", "Lille", "Trier"], N)
ROWS = pd.DataFrame({"town": TOWNS, "stay": RNG.normal(size=N)})
ROWS.loc[::10, "town"] = None
Y = ((ROWS["town"] == "Lille") + ROWS["stay"] > 0.5).astype(int)
STRANGE = ROWS.assign(town=ROWS["town"].where(np.arange(N) % 4 != 0, ROWS["town"].str.upper()))
"""Every fourth row in capitals, every tenth without a town."""


def found(candidate, frame, tmp_path, y=Y):
    file = tmp_path / "certify.parquet"
    frame.assign(y=y).to_parquet(file)
    workload, store = build_store(Data("classification", {"certify": file}, ("y",), independent=True), tmp_path / "store", False, 0)
    asked = asking.opened(candidate, workload, store)
    for start in range(0, len(frame), 150):
        asked.answers("certify", slice(start, start + 150))
    return asked.tally.told(), asked


def skops_of(model, tmp_path):
    import joblib

    joblib.dump(model, tmp_path / "model.joblib")
    return Candidate("m", Artifact(str(tmp_path / "model.joblib"), "sklearn", Trust(True)))


def categories(frame):
    return frame.assign(town=frame["town"].astype("category"))


ODD = int((STRANGE["town"].str.isupper() == True).sum())  # noqa: E712
PRESENT = int(STRANGE["town"].notna().sum())
ENCODERS = {
    "one-hot": OneHotEncoder(handle_unknown="ignore"),
    "one-hot with rare ones": OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=30),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
    "target": make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), TargetEncoder(cv=2)),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_words_that_an_encoder_never_saw_are_counted_and_missing_ones_are_not(tmp_path, name):
    columns = make_column_transformer((ENCODERS[name], ["town"]), ("passthrough", ["stay"]))
    model = make_pipeline(columns, LogisticRegression()).fit(ROWS, Y)
    (told,) = found(skops_of(model, tmp_path), STRANGE, tmp_path)[0].unknown.values()
    assert told[0] == ODD
    assert told[1] == (N if name == "target" else PRESENT)


def test_every_member_of_an_ensemble_counts_once(tmp_path):
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), ("passthrough", ["stay"]))
    model = CalibratedClassifierCV(make_pipeline(columns, LogisticRegression()), cv=3).fit(ROWS, Y)
    assert found(skops_of(model, tmp_path), STRANGE, tmp_path)[0].unknown == {"town": (ODD, PRESENT)}


def test_what_is_known_is_not_told(tmp_path):
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), ("passthrough", ["stay"]))
    told, _ = found(skops_of(make_pipeline(columns, LogisticRegression()).fit(ROWS, Y), tmp_path), ROWS, tmp_path)
    assert (told.unknown, told.empty, told.notes(), told.doubts(0.0, False)) == ({}, (), (), ())


def test_categories_of_histogram_boosting(tmp_path):
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype").fit(categories(ROWS), Y)
    (told,) = found(skops_of(model, tmp_path), categories(STRANGE), tmp_path)[0].unknown.values()
    assert told == (ODD, PRESENT)


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("native", [True, False])
def test_categories_of_lightgbm(tmp_path, wrapped, native):
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(categories(ROWS), Y)
    if wrapped:
        candidate = skops_of(model, tmp_path)
    else:
        model.booster_.save_model(tmp_path / "model.txt")
        candidate = Candidate("m", Artifact(str(tmp_path / "model.txt"), "lightgbm"))
    told, _ = found(candidate, categories(STRANGE) if native else STRANGE, tmp_path)
    assert told.unknown == {"town": (ODD, PRESENT)}


@pytest.mark.parametrize("wrapped", [True, False])
def test_codes_that_lightgbm_never_saw(tmp_path, wrapped):
    zones = np.repeat(np.arange(8), N // 8)
    train = pd.DataFrame({"zone": zones, "stay": ROWS["stay"]})
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_data_per_group=1, min_child_samples=1)
    model.fit(train, Y, categorical_feature=["zone"])
    model.booster_.save_model(tmp_path / "model.txt")
    candidate = skops_of(model, tmp_path) if wrapped else Candidate("m", Artifact(str(tmp_path / "model.txt"), "lightgbm"))
    told, _ = found(candidate, train.assign(zone=np.where(zones == 3, 70, zones)), tmp_path)
    assert told.unknown == {"zone": (N // 8, N)}


@pytest.mark.parametrize(("trained", "given"), [(str, int), (int, str), (str, float)])
def test_numbers_and_words_that_say_the_same_are_found_and_told(tmp_path, trained, given):
    zones = RNG.integers(0, 5, N)
    train = pd.DataFrame({"zone": pd.Series(zones).astype(trained).astype("category"), "stay": ROWS["stay"]})
    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(train, Y)
    certify = train.assign(zone=pd.Series(zones).astype(given))
    told, asked = found(skops_of(model, tmp_path), certify, tmp_path)
    assert (told.unknown, told.respelt) == ({}, ("zone",))
    np.testing.assert_allclose(asked.answers("certify", slice(None)).scores, model.predict_proba(train))


def test_words_that_a_graph_never_saw(tmp_path):
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    rows = ROWS.dropna().reset_index(drop=True)
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), ("passthrough", ["stay"]))
    model = make_pipeline(columns, LogisticRegression()).fit(rows, Y[ROWS["town"].notna()])
    types = [("town", StringTensorType([None, 1])), ("stay", FloatTensorType([None, 1]))]
    graph = to_onnx(model, initial_types=types, options={"zipmap": False})
    (tmp_path / "model.onnx").write_bytes(graph.SerializeToString())
    candidate = Candidate("m", Artifact(str(tmp_path / "model.onnx"), "onnx"))
    told, _ = found(candidate, STRANGE[["town", "stay"]], tmp_path)
    assert told.unknown == {"town": (ODD, PRESENT)}


def numbers(frame):
    return frame.assign(stay=pd.to_numeric(frame["stay"], errors="coerce"))[["stay", "more"]]


def test_a_column_that_becomes_missing_on_the_way_is_told(tmp_path):
    rows = pd.DataFrame({"stay": ROWS["stay"].astype(str), "more": ROWS["stay"] ** 2})
    model = make_pipeline(FunctionTransformer(numbers), HistGradientBoostingClassifier(max_iter=3)).fit(rows, Y)
    told, _ = found(skops_of(model, tmp_path), rows.assign(stay=rows["stay"].str.replace(".", ",")), tmp_path)
    assert told.empty == ("stay",)
    assert [note.code for note in told.notes()] == ["columns_all_missing"]
    assert [note.code for note in told.doubts(0.5, False)] == ["inputs_not_understood"]
    assert told.doubts(0.5, True) == ()


def test_preprocessing_of_its_own_is_watched_too(tmp_path):
    import joblib

    prepare = make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["town"])).fit(ROWS)
    joblib.dump(prepare, tmp_path / "prepare.joblib")
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(prepare.transform(ROWS), Y), 3)
    booster.save_model(tmp_path / "model.txt")
    before = Artifact(str(tmp_path / "prepare.joblib"), "sklearn", Trust(True))
    candidate = Candidate("m", Artifact(str(tmp_path / "model.txt"), "lightgbm"), Contract(), before)
    assert found(candidate, STRANGE, tmp_path)[0].unknown == {"town": (ODD, PRESENT)}


def test_libraries_are_left_as_they_were():
    from sklearn.preprocessing._encoders import _BaseEncoder
    from sklearn.utils import validation

    before = _BaseEncoder._transform, validation.check_array, lightgbm.Booster.predict, lightgbm.basic._data_from_pandas
    with pytest.raises(ValueError, match="so"), watching(Tally()):
        raise ValueError("so")
    assert before == (_BaseEncoder._transform, validation.check_array, lightgbm.Booster.predict, lightgbm.basic._data_from_pandas)


def test_the_share_that_is_doubted_is_stated():
    tally = Tally()
    tally.count("town", np.arange(100) < 12, np.zeros(100, dtype=bool))
    tally.count("zone", np.arange(100) < 3, np.zeros(100, dtype=bool))
    told = tally.told()
    assert told.doubts(0.12, False) == ()
    (doubt,) = told.doubts(0.1, False)
    assert doubt.text.startswith("it does not know 12 of 100 values of town, and takes such values for missing")
    assert (
        told.notes()[0].text == "values that it does not know count as missing: 12 of 100 values of town, 3 of 100 values of zone"
    )


def test_every_format_can_be_watched():
    for name in ("sklearn", "lightgbm", "onnx", "torch", "python"):
        with registry.a_format(name).watching(Tally()):
            pass


@pytest.mark.parametrize("column", [np.array([1.0, 0.0, np.nan]), np.array([True, False, True])])
def test_booleans_that_a_csv_made_numbers_of_are_found_among_boolean_categories(column):
    codes = finder((False, True), column, "flag")(column)
    assert codes.tolist() == [1, 0, -1 if column.dtype.kind == "f" else 1]
