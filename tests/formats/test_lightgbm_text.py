import contextlib
import re
import subprocess
import sys

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.formats._lightgbm_text import Malformed, summary


@pytest.fixture(scope="module")
def text():
    rng = np.random.default_rng(0)
    matrix = np.column_stack([rng.normal(size=200), rng.integers(0, 5, 200)])
    answers = (matrix[:, 0] > 0) | (matrix[:, 1] == 2)
    data = lightgbm.Dataset(matrix, answers, categorical_feature=[1])
    settings = {"verbose": -1, "objective": "binary", "num_leaves": 6, "min_data_per_group": 1, "cat_smooth": 0}
    return lightgbm.train(settings, data, 4).model_to_string()


def read(text):
    return summary(line.encode() for line in text.splitlines(keepends=True))


def resized(text):
    """The text with `tree_sizes` brought up to date, as someone who patches a file on purpose would."""
    trees = re.split(r"(?=^Tree=)|(?=^end of trees)", text, flags=re.MULTILINE)[1:-1]
    return re.sub(r"tree_sizes=.*", "tree_sizes=" + " ".join(str(len(tree.encode())) for tree in trees), text)


def test_it_says_what_lightgbm_says(text):
    booster = lightgbm.Booster(model_str=text)
    frame = booster.trees_to_dataframe()
    found = read(text)
    assert found.features == tuple(booster.feature_name())
    assert found.trees == booster.num_trees() == 4
    assert found.splits == frame["split_feature"].notna().sum()
    assert found.leaves == frame["split_feature"].isna().sum()
    assert (found.objective, found.classes, found.per_iteration) == ("binary sigmoid:1", 1, 1)
    assert found.categorical == (1,)
    assert found.categories == ()


def first(key):
    return lambda text, value: resized(re.sub(rf"^{key}=\S+", f"{key}={value}", text, count=1, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: first("left_child")(text, 900000), "point outside"),
        (lambda text: first("left_child")(text, -900000), "point outside"),
        (lambda text: first("left_child")(text, 0), "point outside"),
        (lambda text: first("split_feature")(text, 900000), "splits on feature 900000 of 2"),
        (lambda text: first("split_feature")(text, -3), "splits on feature"),
        (lambda text: first("num_leaves")(text, 60), "numbers where 60 are declared|where 59 are declared"),
        (lambda text: first("num_leaves")(text, 0), "0 leaves"),
        (lambda text: first("num_leaves")(text, "many"), "says no num_leaves"),
        (lambda text: first("leaf_value")(text, "1 1"), "leaf_value holds"),
        (lambda text: first("num_class")(text, 900000000), "900000000 classes"),
        (lambda text: first("num_tree_per_iteration")(text, 0), "0 trees an iteration"),
        (lambda text: first("num_tree_per_iteration")(text, 3), "not a multiple of 3"),
        (lambda text: first("max_feature_idx")(text, 7), "names 2 features where 8"),
        (lambda text: text.replace("tree_sizes=", "tree_sizes=9"), "does not begin where"),
        (lambda text: re.sub("tree_sizes=(.*) .*", r"tree_sizes=\1", text), "does not begin where|trees where 3 are declared"),
        (lambda text: text.replace("num_class=1\n", "num_class=1\nnum_class=1\n"), "says num_class twice"),
        (lambda text: text.split("end of trees")[0], "cut off"),
        (lambda text: text[: text.index("Tree=2") + 40], "tree 2: "),
        (lambda text: text[: text.index("Tree=0")], "cut off"),
        (lambda text: "forest\n" + text, "does not begin with `tree`"),
    ],
)
def test_a_model_that_would_crash_the_library_is_malformed(text, change, words):
    changed = change(text)
    assert changed != text
    with pytest.raises(Malformed, match=words):
        read(changed)


def categorical_tree(text):
    trees = re.findall(r"^Tree=.*?(?=^Tree=|^end of trees)", text, re.MULTILINE | re.DOTALL)
    return next(tree for tree in trees if "num_cat=0" not in tree)


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r"cat_boundaries=0 (\d+)", r"cat_boundaries=0 9000000", "cat_threshold holds"),
        (r"cat_boundaries=0", r"cat_boundaries=5", "out of order"),
        (r"num_cat=\d+", r"num_cat=0", "point outside"),
    ],
)
def test_categorical_splits_must_stay_inside(text, pattern, replacement, words):
    tree = categorical_tree(text)
    with pytest.raises(Malformed, match=words):
        read(resized(text.replace(tree, re.sub(pattern, replacement, tree))))


def test_the_library_does_crash_over_what_is_refused(text):
    """If this fails, LightGBM checks by itself, and this module can become simpler."""
    program = "import sys, lightgbm, numpy; lightgbm.Booster(model_str=sys.stdin.read()).predict(numpy.zeros((4, 2)))"
    patched = first("left_child")(text, 2**30)
    ended = subprocess.run([sys.executable, "-c", program], input=patched, text=True, capture_output=True, timeout=120)
    assert ended.returncode < 0


def test_categories_must_be_plain_values(text):
    with pytest.raises(Malformed, match="plain values"):
        read(text.replace("pandas_categorical:null", 'pandas_categorical:[[["x"]]]'))


def test_a_constant_model_has_one_leaf():
    booster = lightgbm.train({"verbose": -1, "objective": "regression"}, lightgbm.Dataset(np.zeros((30, 1)), np.ones(30)), 2)
    found = read(booster.model_to_string())
    assert found.splits == 0
    assert found.leaves == found.trees


@given(st.data())
def test_no_damage_raises_anything_but_malformed(text, data):
    place = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(place, min(len(text), place + 40)))
    damaged = text[:place] + data.draw(st.text(max_size=20)) + text[end:]
    with contextlib.suppress(ValueError):  # Malformed, and what json and numbers raise
        read(damaged)
