import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import pandas
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from effaudit.core.candidate import Artifact, Contract, Trust
from effaudit.core.plugin import Refused
from effaudit.formats.sklearn import Sklearn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def written(model, tmp_path, threads=1):
    return Sklearn().open(Sklearn().write(model, tmp_path / "model", {}), threads)


CLASSIFIERS = [
    LogisticRegression(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    DecisionTreeClassifier(max_depth=4),
    RandomForestClassifier(5, max_depth=4),
    GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3),
    BaggingClassifier(n_estimators=3, max_features=0.6),
    GaussianNB(),
    MLPClassifier((4,), max_iter=10),
    CalibratedClassifierCV(LinearSVC(), cv=2),
    CalibratedClassifierCV(LinearSVC(), cv=2, method="isotonic"),
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2),
    VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft"),
    OneVsRestClassifier(LogisticRegression()),
    DummyClassifier(strategy="prior"),
    lightgbm.LGBMClassifier(n_estimators=3, verbose=-1),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("kind", ["numbers", "words", "three"])
def test_a_classifier_answers_as_its_original(tmp_path, numbers, request_of, model, kind):
    matrix, two, three = numbers
    answers = {"numbers": two, "words": np.array(["no", "yes"])[two], "three": three}[kind]
    model.fit(matrix, answers)
    opened = written(model, tmp_path)
    contract = opened.contract()
    assert contract.output == "probabilities"
    assert contract.classes == tuple(str(value) for value in model.classes_)
    shares = opened.predictor(contract)(request_of(matrix))
    assert np.array_equal(shares, model.predict_proba(matrix))
    assert np.array_equal(opened.predictor(Contract(output="labels"))(request_of(matrix)), model.predict(matrix))


REGRESSORS = [LinearRegression(), Lasso(0.01), DecisionTreeRegressor(max_depth=4), SVR(), DummyRegressor()]
REGRESSORS += [TransformedTargetRegressor(LinearRegression(), func=np.arcsinh, inverse_func=np.sinh)]
REGRESSORS += [lightgbm.LGBMRegressor(n_estimators=3, verbose=-1)]


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda model: type(model).__name__)
def test_a_regressor_answers_values(tmp_path, numbers, request_of, model):
    matrix = numbers[0]
    model.fit(matrix, matrix[:, 0] * 2)
    opened = written(model, tmp_path)
    assert opened.contract().output == "values"
    assert np.array_equal(opened.predictor(opened.contract())(request_of(matrix)), model.predict(matrix))


def test_several_outputs_are_columns(tmp_path, numbers, request_of):
    matrix = numbers[0]
    model = LinearRegression().fit(matrix, matrix[:, :2])
    assert written(model, tmp_path).predictor(Contract(output="values"))(request_of(matrix)).shape == (160, 2)


@pytest.mark.parametrize(
    "model", [RandomForestClassifier(3, max_depth=3), MultiOutputClassifier(LogisticRegression()), MLPClassifier((3,), max_iter=5)]
)
def test_multilabel_models_answer_each_labels_probability(tmp_path, numbers, request_of, model):
    matrix, two, three = numbers
    model.fit(matrix, np.column_stack([two, three > 0]))
    opened = written(model, tmp_path)
    own = model.predict_proba(matrix)
    wanted = np.column_stack([part[:, 1] for part in own]) if isinstance(own, list) else own
    assert np.array_equal(opened.predictor(Contract(output="probabilities"))(request_of(matrix)), wanted)


def test_a_label_that_never_varied_is_certain(tmp_path, numbers, request_of):
    matrix, two, _ = numbers
    model = RandomForestClassifier(3, max_depth=3).fit(matrix, np.column_stack([two, np.ones(160), np.zeros(160)]))
    shares = written(model, tmp_path).predictor(Contract(output="probabilities"))(request_of(matrix))
    assert shares[:, 1:].tolist() == [[1.0, 0.0]] * 160


def test_several_answers_of_several_classes_are_refused(tmp_path, numbers):
    matrix, two, three = numbers
    model = DecisionTreeClassifier(max_depth=3).fit(matrix, np.column_stack([two, three]))
    with pytest.raises(Refused, match="one model for each answer"):
        written(model, tmp_path).predictor(Contract(output="probabilities"))


def test_a_model_without_probabilities_is_ranked_by_its_decision_function(tmp_path, numbers, request_of):
    matrix, two, three = numbers
    for model, answers in ((LinearSVC(), two), (LinearSVC(), three), (SGDClassifier(), three), (SVC(), two)):
        opened = written(model.fit(matrix, answers), tmp_path)
        assert opened.contract().output == "logits"
        scores = opened.predictor(opened.contract())(request_of(matrix))
        assert np.array_equal(scores, model.decision_function(matrix))
        labels = model.classes_[scores.argmax(axis=1) if scores.ndim == 2 else (scores > 0).astype(int)]
        assert np.array_equal(labels, model.predict(matrix))
        assert "distances to a boundary" in opened.facts().notes[0]


def test_where_no_score_ranks_its_labels_a_model_answers_labels(tmp_path, numbers, request_of):
    matrix, two, three = numbers
    hard = VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())])
    for model, answers in ((SVC(), three), (hard, two), (OneVsRestClassifier(LinearSVC()), np.column_stack([two, 1 - two]))):
        opened = written(model.fit(matrix, answers), tmp_path)
        assert opened.contract().output == "labels"
        assert np.array_equal(opened.predictor(opened.contract())(request_of(matrix)), model.predict(matrix))


def test_what_a_model_cannot_answer_is_refused_with_what_it_can(tmp_path, numbers):
    opened = written(LinearSVC().fit(*numbers[:2]), tmp_path)
    with pytest.raises(Refused, match=r"LinearSVC has no predict_proba; write `output: logits`"):
        opened.predictor(Contract(output="probabilities"))


def test_a_fixed_threshold_is_read_from_the_file(tmp_path, numbers):
    model = FixedThresholdClassifier(LogisticRegression(), threshold=0.3, response_method="predict_proba").fit(*numbers[:2])
    assert written(model, tmp_path).contract().threshold == 0.3
    assert written(LogisticRegression().fit(*numbers[:2]), tmp_path).contract().threshold is None


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
    transform = Sklearn().transformer(Sklearn().write(columns, tmp_path / "prep", {}))
    made = transform(request_of(frame))
    assert isinstance(made, np.ndarray)
    assert np.array_equal(made, columns.transform(frame).toarray())
    scaler = StandardScaler().set_output(transform="pandas").fit(frame[["dep hour"]])
    made = Sklearn().transformer(Sklearn().write(scaler, tmp_path / "scaler", {}))(request_of(frame))
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


def test_a_model_is_no_preprocessing_and_preprocessing_no_model(tmp_path, numbers):
    with pytest.raises(Refused, match="does not transform"):
        Sklearn().transformer(Sklearn().write(LogisticRegression().fit(*numbers[:2]), tmp_path / "m", {}))
    with pytest.raises(Refused, match="does not predict; name it as `preprocess`"):
        written(StandardScaler().fit(numbers[0]), tmp_path)


def test_isotonic_regression_takes_a_single_column(tmp_path, numbers, request_of):
    matrix = numbers[0][:, :1]
    model = IsotonicRegression().fit(matrix, matrix[:, 0])
    opened = written(model, tmp_path)
    assert np.allclose(opened.predictor(Contract(output="values"))(request_of(matrix)), model.predict(matrix))


def test_threads_are_bound_in_every_part(tmp_path, numbers):
    matrix, two, _ = numbers
    inner = make_pipeline(StandardScaler(), RandomForestClassifier(2, n_jobs=2))
    model = VotingClassifier([("a", inner), ("b", KNeighborsClassifier(n_jobs=-1, algorithm="brute"))]).fit(matrix, two)
    model.set_params(n_jobs=4)
    opened = written(model, tmp_path, threads=1).native
    forest = opened.estimators_[0].steps[1][1]
    assert [opened.n_jobs, forest.n_jobs, forest.estimators_[0].__dict__.get("n_jobs", 1), opened.estimators_[1].n_jobs] == [
        1,
        1,
        1,
        1,
    ]
    assert model.n_jobs == 4


def test_another_version_of_scikit_learn_is_a_note_and_not_noise(tmp_path, numbers, monkeypatch, recwarn):
    model = LogisticRegression().fit(*numbers[:2])
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.2.3")
        skops.io.dump(model, tmp_path / "old.skops")
    recwarn.clear()
    notes = Sklearn().open(Artifact(str(tmp_path / "old.skops"), "sklearn"), 1).facts().notes
    assert "saved with scikit-learn 1.2.3" in notes[0]
    assert not [warning for warning in recwarn if "version" in str(warning.message)]


# Files that run code


@pytest.mark.parametrize("suffix", [".joblib", ".pkl", ".pickle"])
def test_pickles_need_trust(tmp_path, numbers, request_of, suffix):
    matrix, two, _ = numbers
    model = LogisticRegression().fit(matrix, two)
    path = tmp_path / f"model{suffix}"
    joblib.dump(model, path, compress=3 if suffix == ".joblib" else 0)
    assert Sklearn().recognises(path, path.read_bytes()[:4096])
    with pytest.raises(Refused, match=r"write `trust: true` for this candidate; or save the model with skops\.io\.dump"):
        Sklearn().open(Artifact(str(path), "sklearn", Trust(types=("sklearn.linear_model.LogisticRegression",))), 1)
    opened = Sklearn().open(Artifact(str(path), "sklearn", Trust(everything=True)), 1)
    assert np.array_equal(opened.predictor(opened.contract())(request_of(matrix)), model.predict_proba(matrix))


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def test_an_untrusted_pickle_does_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("bomb.pkl", "bomb.skops"):
        joblib.dump(Bomb(), tmp_path / name)
        with pytest.raises(Refused):
            Sklearn().open(Artifact(str(tmp_path / name), "sklearn"), 1)
    assert not (tmp_path / "exploded").exists()


def test_cloudpickles_are_pickles(tmp_path, numbers, request_of):
    import cloudpickle

    matrix, two, _ = numbers
    model = make_pipeline(FunctionTransformer(lambda rows: rows * 2), LogisticRegression()).fit(matrix, two)
    (tmp_path / "model.pkl").write_bytes(cloudpickle.dumps(model))
    opened = Sklearn().open(Artifact(str(tmp_path / "model.pkl"), "sklearn", Trust(everything=True)), 1)
    assert np.array_equal(opened.predictor(opened.contract())(request_of(matrix)), model.predict_proba(matrix))


@pytest.fixture
def own_steps(tmp_path, monkeypatch):
    (tmp_path / "own_steps.py").write_text(
        "from sklearn.base import BaseEstimator, TransformerMixin\n"
        "class Doubled(TransformerMixin, BaseEstimator):\n"
        "    def fit(self, X, y=None):\n        self.n_features_in_ = X.shape[1]\n        return self\n"
        "    def transform(self, X):\n        return X * 2\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield str(tmp_path)
    sys.modules.pop("own_steps", None)


def test_a_type_of_ones_own_is_named_by_the_refusal_and_trusted_by_the_plan(tmp_path, numbers, own_steps):
    matrix, two, _ = numbers
    sys.path.insert(0, own_steps)
    import own_steps as module

    path = tmp_path / "own.skops"
    skops.io.dump(make_pipeline(module.Doubled(), LogisticRegression()).fit(matrix, two), path)
    with pytest.raises(Refused, match=r"not on the reviewed list; .* write `trust: \[own_steps\.Doubled\]` for this candidate"):
        Sklearn().open(Artifact(str(path), "sklearn"), 1)
    named = Sklearn().open(Artifact(str(path), "sklearn", Trust(types=("own_steps.Doubled",))), 1)
    assert type(named.native.steps[0][1]) is module.Doubled


def test_the_plans_folder_is_importable_only_with_full_trust(tmp_path, numbers, own_steps):
    matrix, two, _ = numbers
    sys.path.insert(0, own_steps)
    import own_steps as module

    path = tmp_path / "own.skops"
    skops.io.dump(make_pipeline(module.Doubled(), LogisticRegression()).fit(matrix, two), path)
    sys.path.remove(own_steps)
    del sys.modules["own_steps"]
    for trust in (Trust(), Trust(types=("own_steps.Doubled",))):
        with pytest.raises(Refused):
            Sklearn().open(Artifact(str(path), "sklearn", trust, code=own_steps), 1)
        assert own_steps not in sys.path
    assert Sklearn().open(Artifact(str(path), "sklearn", Trust(everything=True), code=own_steps), 1)


def test_writing_ones_own_types_remembers_where_they_come_from(tmp_path, numbers, own_steps):
    sys.path.insert(0, own_steps)
    import own_steps as module

    model = make_pipeline(module.Doubled(), LogisticRegression()).fit(*numbers[:2])
    artifact = Sklearn().write(model, tmp_path / "model.v1.2", {})
    assert artifact == Artifact(
        str(tmp_path / "model.v1.2.skops"), "sklearn", Trust(everything=True, types=("own_steps.Doubled",)), code=own_steps
    )


def test_what_was_defined_in_a_script_cannot_be_written(tmp_path, numbers, monkeypatch):
    def doubled(rows):
        return rows * 2

    monkeypatch.setattr(doubled, "__module__", "__main__")
    monkeypatch.setattr(doubled, "__qualname__", "doubled")
    model = make_pipeline(FunctionTransformer(doubled), LogisticRegression()).fit(*numbers[:2])
    with pytest.raises(Refused, match=r"__main__\.doubled: defined in a script; move it to a module"):
        Sklearn().write(model, tmp_path / "model", {})


def test_what_skops_cannot_write_says_how_else(tmp_path):
    from sklearn.cluster import Birch

    with pytest.raises(Refused, match=r"skops cannot write this Birch .* joblib\.dump"):
        Sklearn().write(Birch().fit(np.arange(20.0).reshape(10, 2)), tmp_path / "model", {})


# Damaged and hostile files


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda whole: whole[: len(whole) // 2], "cannot be read as a skops file"),
        (lambda whole: np.random.default_rng(0).bytes(3000), "cannot be read as a skops file"),
        (lambda whole: b"PK\x03\x04", "cannot be read as a skops file"),
        (lambda whole: b"", "is empty"),
    ],
)
def test_damaged_files_are_refused(tmp_path, numbers, content, words):
    path = tmp_path / "model.skops"
    skops.io.dump(LogisticRegression().fit(*numbers[:2]), path)
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(Refused, match=words):
        Sklearn().open(Artifact(str(path), "sklearn"), 1)


def test_damaged_pickles_are_refused(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04\x95" + bytes(100))
    with pytest.raises(Refused, match="cannot be read as a pickle"):
        Sklearn().open(Artifact(str(path), "sklearn", Trust(everything=True)), 1)


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path):
    path = tmp_path / "bomb.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("schema.json", "w", force_zip64=True) as member:
        for _ in range(300):
            member.write(bytes(2**20))
    assert path.stat().st_size < 10**6
    with pytest.raises(Refused, match=r"declares 1 members of 314,572,800 bytes"):
        Sklearn().open(Artifact(str(path), "sklearn"), 1)


def test_a_missing_library_says_what_to_install(tmp_path, numbers, monkeypatch):
    artifact = Sklearn().write(LogisticRegression().fit(*numbers[:2]), tmp_path / "model", {})
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(Refused, match=r"pip install 'effaudit\[sklearn\]'"):
        Sklearn().open(artifact, 1)


def test_reading_skops_imports_no_torch(tmp_path, numbers):
    """Importing skops alone would bring it in, at 190 MB, and it would be counted as the model's."""
    artifact = Sklearn().write(LogisticRegression().fit(*numbers[:2]), tmp_path / "model", {})
    program = (
        "import sys; from effaudit.formats.sklearn import Sklearn; from effaudit.core.candidate import Artifact; "
        f"file = Artifact({artifact.path!r}, 'sklearn'); Sklearn().load_libraries(file); Sklearn().open(file, 1); "
        "print('torch' in sys.modules, any(value is None for value in sys.modules.values()))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout.split() == ["False", "False"]


def test_it_recognises_its_files_and_claims_its_models():
    kind = Sklearn()
    assert kind.recognises(Path("a/B.SKOPS"), b"PK")
    assert not kind.recognises(Path("a.pkl"), b"PK\x03\x04")  # torch's
    assert not kind.recognises(Path("a.onnx"), b"\x80\x04")
    assert kind.claims(LogisticRegression())
    assert kind.claims(lightgbm.LGBMClassifier())
    assert not kind.claims(object())
