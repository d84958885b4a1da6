import re
import sys

import lightgbm
import numpy as np
import pandas
import pytest

from effaudit.core.candidate import Artifact, Contract
from effaudit.core.plugin import Refused
from effaudit.formats.lightgbm import Lightgbm

QUIET = {"verbose": -1, "num_threads": 1, "num_leaves": 7, "min_data_in_leaf": 5}


def trained(matrix, answers, rounds=5, names="auto", **settings):
    return lightgbm.train(QUIET | settings, lightgbm.Dataset(matrix, answers, feature_name=names), rounds)


def written(booster, tmp_path, threads=1):
    return Lightgbm().open(Lightgbm().write(booster, tmp_path / "model", {}), threads)


def with_gaps(matrix):
    holed = matrix.copy()
    holed[::7, 0] = np.nan
    holed[::11, 3] = np.nan
    return holed


def test_a_binary_model_answers_as_the_booster_does_gaps_included(tmp_path, numbers, request_of):
    matrix, two, _ = numbers
    holed = with_gaps(matrix)
    booster = trained(holed, two, objective="binary")
    model = written(booster, tmp_path)
    assert model.contract() == Contract(output="probabilities")
    assert np.array_equal(model.predictor(model.contract())(request_of(holed)), booster.predict(holed))
    logits = model.predictor(Contract(output="logits"))(request_of(holed))
    assert np.array_equal(logits, booster.predict(holed, raw_score=True))


@pytest.mark.parametrize("objective", ["multiclass", "multiclassova"])
def test_several_classes_have_a_column_each_that_sum_to_one(tmp_path, numbers, request_of, objective):
    matrix, _, three = numbers
    booster = trained(matrix, three, objective=objective, num_class=3)
    shares = written(booster, tmp_path).predictor(Contract(output="probabilities"))(request_of(matrix))
    own = booster.predict(matrix)
    assert shares.shape == (160, 3)
    assert np.allclose(shares, own / own.sum(axis=1, keepdims=True))
    assert np.array_equal(shares.argmax(axis=1), own.argmax(axis=1))


@pytest.mark.parametrize("objective", ["regression", "poisson", "quantile"])
def test_regression_answers_values(tmp_path, numbers, request_of, objective):
    matrix, _, _ = numbers
    booster = trained(matrix, np.exp(matrix[:, 0]), objective=objective)
    model = written(booster, tmp_path)
    assert model.contract().output == "values"
    assert np.array_equal(model.predictor(model.contract())(request_of(matrix)), booster.predict(matrix))


def test_an_objective_of_ones_own_needs_the_plans_word(tmp_path, numbers, request_of):
    matrix, two, _ = numbers
    booster = trained(matrix, two, objective=lambda raw, data: (raw - data.get_label(), np.ones_like(raw)))
    model = written(booster, tmp_path)
    assert model.contract().output is None
    with pytest.raises(Refused, match="write `output: probabilities`, `logits` or `values`"):
        model.predictor(Contract())
    assert np.array_equal(model.predictor(Contract(output="logits"))(request_of(matrix)), booster.predict(matrix, raw_score=True))


def test_labels_are_not_what_it_answers(tmp_path, numbers):
    with pytest.raises(Refused, match="write `output: probabilities`"):
        written(trained(numbers[0], numbers[1], objective="binary"), tmp_path).predictor(Contract(output="labels"))


def test_columns_are_found_by_name_in_any_order_and_with_spaces(tmp_path, numbers):
    matrix, two, _ = numbers
    names = ["dep hour", "b", "c", "d", "e"]
    booster = trained(pandas.DataFrame(matrix, columns=names), two, objective="binary")
    model = written(booster, tmp_path)
    assert model.contract().columns == ("dep_hour", "b", "c", "d", "e")
    request = {name: matrix[:, names.index(name)] for name in ["e", "b", "dep hour", "c", "d"]} | {"unused": matrix[:, 0]}
    assert np.array_equal(model.predictor(Contract(output="probabilities"))(request), booster.predict(matrix))
    del request["b"]
    with pytest.raises(Refused, match="needs the columns b,"):
        model.predictor(Contract(output="probabilities"))(request)


def test_categories_are_mapped_by_the_files_own_lists(tmp_path, table, request_of):
    frame, late = table
    frame = frame.drop(columns="remark").assign(gate=np.arange(160) % 4, only="x")
    kinds = {"carrier": "category", "gate": "category", "only": "category"}
    booster = trained(frame.astype(kinds), late, objective="binary")
    model = written(booster, tmp_path)
    asked = frame.copy()
    asked.loc[::5, "carrier"] = "never seen"
    asked.loc[::6, "gate"] = 99
    native = asked.assign(
        carrier=pandas.Categorical(asked["carrier"].where(asked["carrier"] != "never seen"), ["AA", "B6", "UA"]),
        gate=pandas.Categorical(asked["gate"].where(asked["gate"] != 99), [0, 1, 2, 3]),
        only=asked["only"].astype("category"),
    )
    assert np.array_equal(model.predictor(model.contract())(request_of(asked)), booster.predict(native))


def test_words_where_numbers_are_needed_are_named(tmp_path, numbers, request_of):
    matrix, two, _ = numbers
    model = written(trained(matrix, two, objective="binary"), tmp_path)
    request = request_of(matrix) | {"c2": np.array(["x"] * 160, object)}
    with pytest.raises(Refused, match="c2 hold words; write its `preprocess`"):
        model.predictor(model.contract())(request)


def test_a_preprocessed_matrix_is_taken_as_it_is(tmp_path, numbers):
    matrix, two, _ = numbers
    booster = trained(matrix, two, objective="binary")
    ask = written(booster, tmp_path).predictor(Contract(columns=("raw",), output="probabilities"))
    assert np.array_equal(ask({"": matrix}), booster.predict(matrix))


def test_techniques_get_the_matrix_that_the_booster_takes(tmp_path, numbers, request_of):
    matrix, two, _ = numbers
    (given,) = written(trained(matrix, two, objective="binary"), tmp_path).feeder(Contract())(request_of(matrix))
    assert np.array_equal(given, matrix)


def test_facts_count_splits_and_leaves(tmp_path, numbers):
    matrix, two, _ = numbers
    booster = trained(matrix, two, objective="binary")
    facts = written(booster, tmp_path).facts()
    frame = booster.trees_to_dataframe()
    assert (facts.family, facts.kind) == ("ensemble", "Booster (binary)")
    assert facts.nodes == facts.parameters == facts.nonzero == len(frame)
    assert written(trained(matrix, two, 1, objective="binary"), tmp_path).facts().family == "tree"


def test_linear_leaves_count_their_coefficients(tmp_path, numbers, request_of):
    matrix, _, _ = numbers
    booster = trained(matrix, matrix[:, 0] * 2, objective="regression", linear_tree=True)
    model = written(booster, tmp_path)
    assert model.facts().parameters > model.facts().nodes
    assert np.array_equal(model.predictor(model.contract())(request_of(matrix)), booster.predict(matrix))


def test_threads_are_forced_on_each_call(tmp_path, numbers, request_of, monkeypatch):
    matrix, two, _ = numbers
    model = written(trained(matrix, two, objective="binary"), tmp_path, threads=3)
    seen = {}
    monkeypatch.setattr(model.native, "predict", lambda data, **settings: seen.update(settings))
    model.predictor(model.contract())(request_of(matrix))
    assert seen["num_threads"] == 3


def test_it_recognises_its_text_and_claims_boosters(numbers):
    kind = Lightgbm()
    booster = trained(numbers[0], numbers[1], 1, objective="binary")
    assert kind.recognises("x.txt", booster.model_to_string().encode()[:4096])
    assert not kind.recognises("x.txt", b"tree of life")
    assert kind.claims(booster)
    assert not kind.claims(lightgbm.LGBMClassifier())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: b"", "is empty"),
        (lambda text: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (lambda text: text[: len(text) // 3], "cannot be read as a LightGBM text model"),
        (lambda text: text.replace(b"\n", b"\r\n"), "line ends"),
        (
            lambda text: text.replace(b"objective=binary", b"objective=unheard"),
            "its objective is 'unheard sigmoid:1', which LightGBM does not know",
        ),
        (lambda text: bytes(range(256)) * 20, "does not begin with `tree`"),
    ],
)
def test_damaged_files_are_refused_without_taking_the_process_down(tmp_path, numbers, change, words):
    text = trained(numbers[0], numbers[1], objective="binary").model_to_string().encode()
    path = tmp_path / "gbm.txt"
    path.write_bytes(change(text))
    with pytest.raises(Refused, match=words):
        Lightgbm().open(Artifact(str(path), "lightgbm"), 1)


def test_the_library_is_given_what_was_read_and_nothing_else(tmp_path, numbers, request_of, monkeypatch):
    matrix, two, _ = numbers
    booster = trained(matrix, two, objective="binary")
    path = tmp_path / "gbm.txt"
    path.write_text(booster.model_to_string().replace("[data: ]", '[data: "quoted"]'))
    given = []
    real = lightgbm.Booster
    monkeypatch.setattr(lightgbm, "Booster", lambda **said: given.append(said) or real(**said))
    model = Lightgbm().open(Artifact(str(path), "lightgbm"), 1)
    assert [list(said) for said in given] == [["model_str"]]
    assert "quoted" not in given[0]["model_str"]
    assert np.array_equal(model.predictor(model.contract())(request_of(matrix)), booster.predict(matrix))


@pytest.mark.parametrize("flag", ["2", "+1", "01", "1 "])
def test_linear_leaves_that_only_the_library_would_see_are_refused(tmp_path, numbers, flag):
    text = trained(numbers[0], numbers[1], 1, objective="binary").model_to_string()
    path = tmp_path / "gbm.txt"
    changed = text.replace("is_linear=0", f"is_linear={flag}")
    path.write_text(re.sub("tree_sizes=.*\n", "", changed))
    with pytest.raises(Refused, match=r"is_linear|leaf_const"):
        Lightgbm().open(Artifact(str(path), "lightgbm"), 1)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(Refused, match=r"no file gone\.txt"):
        Lightgbm().open(Artifact(str(tmp_path / "gone.txt"), "lightgbm"), 1)


def test_a_missing_library_says_what_to_install(tmp_path, numbers, monkeypatch):
    artifact = Lightgbm().write(trained(numbers[0], numbers[1], objective="binary"), tmp_path / "model", {})
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(Refused, match=r"pip install 'effaudit\[lightgbm\]'"):
        Lightgbm().open(artifact, 1)
