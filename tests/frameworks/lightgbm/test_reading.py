import contextlib
import re
import subprocess
import sys

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from effaudit.frameworks.lightgbm.model import Malformed
from effaudit.frameworks.lightgbm.reading import summary


@pytest.fixture(scope="module")
def text():
    rng = np.random.default_rng(0)
    matrix = np.column_stack([rng.normal(size=200), rng.integers(0, 5, 200)])
    answers = (matrix[:, 0] > 0) | (matrix[:, 1] == 2)
    data = lightgbm.Dataset(matrix, answers, categorical_feature=[1])
    settings = {"verbose": -1, "objective": "binary", "num_leaves": 6, "min_data_per_group": 1, "cat_smooth": 0}
    return lightgbm.train(settings, data, 4).model_to_string()


def resized(text):
    """The text with `tree_sizes` brought up to date, as someone who patches a file on purpose would."""
    trees = re.split(r"(?=^Tree=)|(?=^end of trees)", text, flags=re.MULTILINE)[1:-1]
    return re.sub(r"tree_sizes=.*", "tree_sizes=" + " ".join(str(len(tree.encode())) for tree in trees), text)


def test_it_says_what_lightgbm_says(text):
    booster = lightgbm.Booster(model_str=text)
    frame = booster.trees_to_dataframe()
    found = summary(text)
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
        (lambda text: first("num_leaves")(text, 0), "num_leaves is 0, outside"),
        (lambda text: first("num_leaves")(text, "many"), "num_leaves is 'many'"),
        (lambda text: first("leaf_value")(text, "1 1"), "leaf_value holds"),
        (lambda text: first("num_class")(text, 900000000), "num_class is 900000000, outside"),
        (lambda text: first("num_tree_per_iteration")(text, 0), "num_tree_per_iteration is 0"),
        (lambda text: first("num_tree_per_iteration")(text, 3), "1 classes and 3 trees an iteration"),
        (lambda text: first("max_feature_idx")(text, 7), "2 feature_names where 8 features"),
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
        summary(changed)


def categorical_tree(text):
    trees = re.findall(r"^Tree=.*?(?=^Tree=|^end of trees)", text, re.MULTILINE | re.DOTALL)
    return next(tree for tree in trees if "num_cat=0" not in tree)


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r"cat_boundaries=0 (\d+)", r"cat_boundaries=0 9000000", "cat_threshold holds"),
        (r"cat_boundaries=0", r"cat_boundaries=5", "out of order"),
        (r"num_cat=\d+", r"num_cat=0", "without categories"),
        (r"cat_threshold=\d+", r"cat_threshold=4294967296", "outside of 0 to 4294967295"),
        (r"cat_threshold=.*\n", "", "says no cat_threshold"),
    ],
)
def test_categorical_splits_must_stay_inside(text, pattern, replacement, words):
    tree = categorical_tree(text)
    with pytest.raises(Malformed, match=words):
        summary(resized(text.replace(tree, re.sub(pattern, replacement, tree, count=1, flags=re.MULTILINE))))


@pytest.mark.parametrize("place", ["0.5", "-1", "7", "2000000000", "nan", "inf"])
def test_a_categorical_split_names_one_of_its_trees_sets(text, place):
    tree = categorical_tree(text)
    elsewhere = re.sub(r"(?<=^threshold=).*", lambda said: " ".join([place] * len(said[0].split())), tree, flags=re.MULTILINE)
    with pytest.raises(Malformed, match="point outside of its categories"):
        summary(resized(text.replace(tree, elsewhere)))


def line(key, value):
    return lambda text: resized(re.sub(rf"^{key}=.*", f"{key}={value}", text, count=1, flags=re.MULTILINE))


@pytest.mark.parametrize(
    "number", ["a", "1x", "1,", "1.", ".5", "1.2.3", "1e", "1e5e5", "1e.5", "--1", "+1", "0x10", "1_0", "in", "1nan", "nan1", "١"]
)
def test_numbers_are_read_in_full_or_not_at_all(text, number):
    """LightGBM stops at the first character that it does not know, and reads on beyond."""
    with pytest.raises(Malformed, match=r"leaf_value holds .* which is no number"):
        summary(first("leaf_value")(text, number))
    with pytest.raises(Malformed, match=r"left_child holds .* which is no whole number"):
        summary(first("left_child")(text, number))


@pytest.mark.parametrize("number", ["0", "-0.5", "1e-05", "1.0000000180025095e-35", "1e+300", "inf", "-inf", "nan", "-nan"])
def test_every_number_that_lightgbm_writes_is_one(text, number):
    assert summary(first("leaf_value")(text, number)).trees == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: first("decision_type")(text, "1e0"), "decision_type holds '1e0'"),
        (lambda text: first("decision_type")(text, "12"), "decision types are .* to 12"),
        (lambda text: first("decision_type")(text, "-1"), "decision types are -1 to"),
        (line("is_linear", "2"), "is_linear is 2"),
        (line("is_linear", "+1"), "is_linear is '\\+1'"),
        (line("is_linear", "1"), "says no leaf_const"),
        (line("is_linear", "0\nis_linear=1"), "says 'is_linear' twice"),
        (line("is_linear", "0\nleaf_const=1"), "says leaf_const, which a tree without linear leaves has not"),
        (line("shrinkage", "1 1"), "shrinkage holds 2 numbers where 1"),
        (line("shrinkage", ""), "shrinkage holds 0 numbers where 1"),
        (lambda text: first("leaf_count")(text, "99999999999999999999"), "leaf_count holds .* outside of -2147483648"),
        (line("leaf_weight", "1 1"), "leaf_weight holds 2 numbers where"),
        (line("num_leaves", "00000000000006"), "no whole number"),
        (line("num_cat", "-1"), "num_cat is -1"),
        (line("Tree", "7"), "tree 0: its number is 7"),
        (line("shrinkage", "1\nsurprise=1"), "says 'surprise', which no tree"),
        (line("shrinkage", "1\nsurprise"), "'surprise' says nothing"),
        (line("version", "v9"), "version is 'v9'"),
        (line("label_index", "x"), "label_index is 'x'"),
        (line("max_feature_idx", "-1"), "max_feature_idx is -1"),
        (line("feature_infos", "none"), "1 feature_infos where 2"),
        (line("feature_infos", "none none\nsurprise=1"), "its header holds 'surprise=1'"),
        (line("feature_infos", "none none\nmonotone_constraints=1"), "monotone_constraints are not"),
        (line("feature_infos", "none none\nmonotone_constraints=2 0"), "monotone_constraints are not"),
        (line("objective", ""), "objective is ''"),
        (line("objective", "binary"), "should have sigmoid"),
        (line("objective", "binary sigmoid:1 sigmoid:1"), "should have sigmoid"),
        (line("objective", "binary sigmoid:0"), "sigmoid is '0'"),
        (line("objective", "binary sigmoid:inf"), "sigmoid is 'inf'"),
        (line("objective", "multiclass num_class:7"), "num_class is 7"),
        (line("objective", "regression sqrt:1"), "should have no settings"),
        (lambda text: text[: text.index("[histogram_pool_size")] + "[hist", "within its parameters; it is cut off"),
        (lambda text: text.replace("[num_threads: ", "[num_threads ", 1), "its parameters hold"),
        (lambda text: text.replace("parameters:", "parameters:\0", 1), "the byte 0x00"),
        (lambda text: text.replace("pandas_categorical:null", "pandas_categorical:" + "[" * 100_000), "is no JSON"),
        (lambda text: text.replace("pandas_categorical:null", "pandas_categorical:[[" + "9" * 5000 + "]]"), "is no JSON"),
        (lambda text: text.replace("pandas_categorical:null", 'pandas_categorical:[["\\ud800"]]'), "plain values"),
        (lambda text: text + "Tree=4\n", "after its trees"),
        (lambda text: text.replace("Column_0", "\udc80", 1), "not UTF-8"),
    ],
)
def test_what_lightgbm_would_read_otherwise_is_refused(text, change, words):
    changed = change(text)
    assert changed != text
    with pytest.raises(Malformed, match=words):
        summary(changed)


@pytest.mark.parametrize("declared", ["num_leaves", "num_cat", "num_class", "num_tree_per_iteration", "max_feature_idx"])
def test_a_huge_count_is_refused_before_anything_is_made_of_it(text, declared):
    with pytest.raises(Malformed):
        summary(line(declared, 2**31 - 1)(text))


def test_classes_without_a_tree_are_refused(text):
    """An answer of so many columns would fill memory."""
    none = re.sub(r"tree_sizes=.*\n\n(?s:.*)end of trees", "tree_sizes=\n\nend of trees", text)
    assert summary(none).trees == 0
    with pytest.raises(Malformed, match="not a multiple of 90000"):
        summary(re.sub("(num_class|num_tree_per_iteration)=1", r"\1=90000", none.replace("objective=binary sigmoid:1\n", "")))


def test_other_names_of_objectives_are_read_as_lightgbm_does(text):
    assert summary(line("objective", "xentropy")(text)).objective == "cross_entropy"
    assert summary(line("objective", "huber sqrt")(text)).objective == "huber sqrt"


def test_categorical_columns_that_do_not_exist_are_none(text):
    assert summary(text.replace("[categorical_feature: 1]", "[categorical_feature: 1,99,name:x]")).categorical == (1,)


def test_the_library_does_crash_over_what_is_refused(text):
    """If this fails, LightGBM checks by itself, and this module can become simpler."""
    program = "import sys, lightgbm, numpy; lightgbm.Booster(model_str=sys.stdin.read()).predict(numpy.zeros((4, 2)))"
    patched = first("left_child")(text, 2**30)
    ended = subprocess.run([sys.executable, "-c", program], input=patched, text=True, capture_output=True, timeout=120)
    assert ended.returncode < 0


def test_categories_must_be_plain_values(text):
    with pytest.raises(Malformed, match="plain values"):
        summary(text.replace("pandas_categorical:null", 'pandas_categorical:[[["x"]]]'))


def test_a_constant_model_has_one_leaf():
    booster = lightgbm.train({"verbose": -1, "objective": "regression"}, lightgbm.Dataset(np.zeros((30, 1)), np.ones(30)), 2)
    found = summary(booster.model_to_string())
    assert found.splits == 0
    assert found.leaves == found.trees


@given(st.data())
def test_no_damage_raises_anything_but_malformed(text, data):
    place = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(place, min(len(text), place + 40)))
    damaged = text[:place] + data.draw(st.text(max_size=20)) + text[end:]
    with contextlib.suppress(Malformed):
        summary(damaged)
