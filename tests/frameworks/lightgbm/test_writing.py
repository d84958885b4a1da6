"""What the library is given is written from what was read: it answers the same to the last bit, and nothing else reaches it."""

import re

import lightgbm
import numpy as np
import pandas
import pytest

from effaudit.frameworks.lightgbm.model import Malformed
from effaudit.frameworks.lightgbm.reading import summary, trees_of
from effaudit.frameworks.lightgbm.writing import rewritten

ROWS = 300
QUIET = {"verbose": -1, "num_threads": 1, "num_leaves": 7, "min_data_in_leaf": 5, "min_data_per_group": 1, "cat_smooth": 0}


@pytest.fixture(scope="module")
def table():
    """Numbers with gaps and zeros, whole numbers, and answers of all kinds."""
    rng = np.random.default_rng(0)
    matrix = np.column_stack([rng.normal(size=(ROWS, 3)), rng.integers(0, 70, ROWS), rng.choice([0.0, 1.0, np.nan], ROWS)])
    matrix[::7, 0] = np.nan
    value = np.exp(np.nan_to_num(matrix[:, 0]) / 2) + matrix[:, 1] ** 2 + (matrix[:, 3] % 3)
    return matrix, value


OF_DATA = ("linear_tree", "zero_as_missing", "use_missing", "max_bin_by_feature")


def asked(table):
    """The rows that were trained on, and ones far outside of them."""
    odd = np.array([[np.inf, -np.inf, 1e-36, -1, 2**40], [np.nan] * 5, [0.0] * 5, [-0.0, 1e300, 5e-324, 69.9, 7]])
    return np.concatenate([table[0], odd, -table[0]])


SORTS = {
    "regression": {"objective": "regression"},
    "square root": {"objective": "regression", "reg_sqrt": True},
    "poisson": {"objective": "poisson"},
    "tweedie": {"objective": "tweedie"},
    "huber": {"objective": "huber"},
    "quantile": {"objective": "quantile", "alpha": 0.3},
    "mape": {"objective": "mape"},
    "binary": {"objective": "binary", "sigmoid": 0.7},
    "cross entropy": {"objective": "cross_entropy"},
    "cross entropy lambda": {"objective": "cross_entropy_lambda"},
    "multiclass": {"objective": "multiclass", "num_class": 3},
    "one against all": {"objective": "multiclassova", "num_class": 3},
    "ranking": {"objective": "lambdarank"},
    "ranking by cross entropy": {"objective": "rank_xendcg"},
    "categories": {"objective": "regression", "categorical_feature": [3]},
    "linear leaves": {"objective": "regression", "linear_tree": True},
    "linear leaves and categories": {"objective": "regression", "linear_tree": True, "categorical_feature": [3]},
    "dart": {"objective": "regression", "boosting": "dart", "drop_rate": 0.5},
    "random forest": {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
    "random forest of classes": {
        "objective": "multiclass", "num_class": 3, "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5,
    },
    "goss": {"objective": "binary", "data_sample_strategy": "goss"},
    "zeros are gaps": {"objective": "regression", "zero_as_missing": True},
    "no gaps": {"objective": "regression", "use_missing": False},
    "monotone": {"objective": "regression", "monotone_constraints": [1, 0, -1, 0, 0]},
    "extra trees": {"objective": "regression", "extra_trees": True},
    "constant": {"objective": "regression", "min_data_in_leaf": ROWS},
    "quantized": {"objective": "regression", "use_quantized_grad": True},
    "interactions": {"objective": "regression", "interaction_constraints": [[0, 1], [2, 3, 4]], "max_bin_by_feature": [10] * 5},
    "many leaves": {"objective": "regression", "num_leaves": 120, "min_data_in_leaf": 1},
}  # fmt: skip


def booster(table, sort):
    matrix, value = table
    settings = QUIET | SORTS[sort]
    if settings["objective"] in ("binary", "cross_entropy", "cross_entropy_lambda"):
        value = (value > np.median(value)).astype(float)
    elif "num_class" in settings or settings["objective"] in ("lambdarank", "rank_xendcg"):
        value = np.digitize(value, np.quantile(value, [0.3, 0.7]))
    group = [30] * (ROWS // 30) if "rank" in settings["objective"] else None
    data = {key: settings.pop(key) for key in ("categorical_feature",) if key in settings}
    kept = {key: settings[key] for key in OF_DATA if key in settings}
    return lightgbm.train(settings, lightgbm.Dataset(matrix, value, group=group, params=kept | {"verbose": -1}, **data), 12)


def both(trained, rows, **asking):
    """What the library answers from a text of its own, and from the one that is written of it."""
    text = trained.model_to_string()
    own, given = (lightgbm.Booster(model_str=one) for one in (text, rewritten(text)[1]))
    return own.predict(rows, num_threads=1, **asking), given.predict(rows, num_threads=1, **asking)


def same(first, second):
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("asking", [{}, {"raw_score": True}, {"num_iteration": 5}, {"pred_leaf": True}], ids=str)
def test_every_sort_of_model_answers_the_same_to_the_last_bit(table, sort, asking):
    assert same(*both(booster(table, sort), asked(table), **asking))


@pytest.mark.parametrize("sort", SORTS)
def test_nothing_is_lost_that_the_library_would_write(table, sort):
    text = booster(table, sort).model_to_string()
    once = lightgbm.Booster(model_str=text).model_to_string()
    assert lightgbm.Booster(model_str=rewritten(text)[1]).model_to_string() == once


@pytest.mark.parametrize("sort", SORTS)
def test_writing_again_changes_nothing(table, sort):
    text = rewritten(booster(table, sort).model_to_string())[1]
    assert rewritten(text)[1] == text


def test_a_model_cut_at_its_best_iteration_is_cut(table, tmp_path):
    matrix, value = table
    data = lightgbm.Dataset(matrix[:200], value[:200])
    aside = lightgbm.Dataset(matrix[200:], value[200:], reference=data)
    stop = lightgbm.early_stopping(3, verbose=False)
    eager = QUIET | {"objective": "regression", "learning_rate": 0.9}
    stopped = lightgbm.train(eager, data, 60, valid_sets=[aside], callbacks=[stop])
    assert stopped.best_iteration < 60
    stopped.save_model(tmp_path / "model.txt")
    with (tmp_path / "model.txt").open("rb") as lines:
        said, text = rewritten(lines)
    assert said.trees == stopped.best_iteration
    assert same(lightgbm.Booster(model_str=text).predict(matrix), stopped.predict(matrix))


def test_categories_of_a_frame_stay_with_it(table):
    matrix, value = table
    words = pandas.Categorical(np.where(np.isnan(matrix[:, 4]), "none", np.where(matrix[:, 4] > 0, 'one "1"', "zéro")))
    frame = pandas.DataFrame({"number": matrix[:, 0], "wörd": words, "truth": pandas.Categorical(matrix[:, 1] > 0)})
    trained = lightgbm.train(QUIET | {"objective": "regression"}, lightgbm.Dataset(frame, value), 12)
    given = lightgbm.Booster(model_str=rewritten(trained.model_to_string())[1])
    assert given.pandas_categorical == trained.pandas_categorical
    assert given.feature_name() == trained.feature_name() == ["number", "wörd", "truth"]
    assert same(given.predict(frame), trained.predict(frame))


def older(text):
    """As LightGBM 2.1 wrote it."""
    text = text.replace("version=v4", "version=v2").replace("end of trees\n\nfeature_importances:", "\nfeature importances:")
    text = re.sub(r"^(is_linear|leaf_weight|internal_weight)=.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^tree_sizes=.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\nparameters:.*end of parameters\n", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("sort", ["binary", "multiclass", "categories"])
def test_texts_of_older_versions_answer_the_same(table, sort):
    text = older(booster(table, sort).model_to_string())
    own, given = (lightgbm.Booster(model_str=one) for one in (text, rewritten(text)[1]))
    assert same(own.predict(asked(table)), given.predict(asked(table)))


def test_sizes_are_counted_again(table):
    text = rewritten(booster(table, "binary").model_to_string().replace("tree_sizes", "tree_sizes", 1))[1]
    sizes = [int(size) for size in re.search("^tree_sizes=(.*)", text, re.MULTILINE)[1].split()]
    trees = re.split(r"(?=^Tree=)|(?=^end of trees)", text, flags=re.MULTILINE)[1:-1]
    assert [len(tree.encode()) for tree in trees] == sizes


def test_what_nothing_reads_does_not_reach_the_library(table):
    text = booster(table, "binary").model_to_string()
    said = text.replace("[data: ]", '[data: C:\\some "folder"]').replace("Column_0=", "Column_0=9")
    assert "folder" not in rewritten(said)[1]
    assert "Column_0=" not in rewritten(said)[1]
    assert lightgbm.Booster(model_str=rewritten(said)[1]).params == lightgbm.Booster(model_str=text).params


def test_trees_are_read_as_the_library_dumps_them(table):
    trained = booster(table, "linear leaves and categories")
    said, trees = trees_of(trained.model_to_string())
    frame = trained.trees_to_dataframe()
    assert said == summary(trained.model_to_string())
    splits = frame[frame["split_feature"].notna()]
    for number, tree in enumerate(trees):
        own = splits[splits["tree_index"] == number]
        assert tree.splits == len(own)
        assert np.allclose(np.sort(tree.numbers("split_gain")), np.sort(own["split_gain"]))
    leaves = frame[frame["split_feature"].isna()]
    assert np.allclose(np.sort(np.concatenate([tree.numbers("leaf_value") for tree in trees])), np.sort(leaves["value"]))


def test_a_text_that_is_cut_anywhere_is_refused_or_whole(table):
    text = booster(table, "categories").model_to_string()
    whole = lightgbm.Booster(model_str=text).predict(table[0])
    for end in range(0, len(text), 97):
        try:
            given = lightgbm.Booster(model_str=rewritten(text[:end])[1])
        except Malformed:
            continue
        assert end > text.index("end of trees")
        assert same(given.predict(table[0]), whole)
