import subprocess
import sys
import zipfile
from pathlib import Path

import joblib
import lightgbm
import numpy as np
import pytest
import skops.io
from sklearn.ensemble import (
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from effaudit.core.candidate import Artifact, Contract, Trust
from effaudit.core.notes import texts
from effaudit.core.plugin import Refused
from effaudit.formats.sklearn import Sklearn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def written(model, tmp_path, threads=1):
    return Sklearn().open(Sklearn().write(model, tmp_path / "model", {}), threads)


def test_a_model_is_no_preprocessing_and_preprocessing_no_model(tmp_path, numbers):
    with pytest.raises(Refused, match="does not transform"):
        Sklearn().transformer(Sklearn().write(LogisticRegression().fit(*numbers[:2]), tmp_path / "m", {}), Contract())
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
    notes = texts(Sklearn().open(Artifact(str(tmp_path / "old.skops"), "sklearn"), 1).facts().notes)
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


@pytest.mark.parametrize("suffix", ["joblib", "skops"])
def test_a_pickled_booster_is_read_as_its_text_is(tmp_path, numbers, request_of, suffix):
    matrix, two, _ = numbers
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(matrix, two), 5)
    path = tmp_path / f"booster.{suffix}"
    (joblib.dump if suffix == "joblib" else skops.io.dump)(booster, path)
    model = Sklearn().open(Artifact(str(path), "sklearn", Trust(True)), 1)
    contract = model.contract()
    assert contract.output == "probabilities"
    assert np.allclose(model.predictor(contract)(request_of(matrix)), booster.predict(matrix))
    assert model.facts().family == "ensemble"


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (
            {"model": LogisticRegression(), "columns": ["a"]},
            r"holds a dict \(model, columns\), not a model; .*joblib.dump\(bundle\['model'\], FILE\)",
        ),
        ({"a": 1}, "holds a dict"),
        ([LogisticRegression()], "holds a list, which does not predict; save the fitted model alone"),
        (np.zeros(3), "holds a ndarray, which does not predict"),
        ("a name", "holds a str"),
        (LogisticRegression, "holds the class LogisticRegression and not a fitted model"),
        (None, "holds a NoneType"),
    ],
)
def test_what_is_no_model_is_told_with_what_to_save(tmp_path, thing, words):
    joblib.dump(thing, tmp_path / "thing.joblib")
    with pytest.raises(Refused, match=words):
        Sklearn().open(Artifact(str(tmp_path / "thing.joblib"), "sklearn", Trust(True)), 1)
