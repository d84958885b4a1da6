"""Files of trusted types whose arrays lie: each is refused, and would be read out of bounds otherwise."""

import functools
import subprocess
import sys

import lightgbm
import numpy as np
import pytest
import scipy.sparse
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from effaudit.core.candidate import Artifact
from effaudit.core.plugin import Refused
from effaudit.formats.sklearn import Sklearn
from effaudit.frameworks.sklearn.arrays import check_arrays, reachable
from effaudit.frameworks.sklearn.skops_file import REVIEWED
from effaudit.frameworks.trees.kinds import is_tree

FAR = 2**40


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(120, 4))
    return matrix, (matrix[:, 0] > 0).astype(int)


def refused(model, tmp_path):
    """Is a model refused when it comes from a file? It is changed in memory and saved: the same bytes as a changed file."""
    path = tmp_path / "patched.skops"
    skops.io.dump(model, path)
    with pytest.raises(Refused, match="damaged"):
        Sklearn().open(Artifact(str(path), "sklearn"), 1)
    return path


def crashes(path, width=4):
    """Does scikit-learn itself die over this file?"""
    program = (
        "import sys, skops.io, numpy, warnings; warnings.simplefilter('ignore'); path = sys.argv[1]; "
        "model = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path)); "
        f"model.predict(numpy.random.default_rng(0).normal(size=(50, {width})))"
    )
    return subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, timeout=120, check=False).returncode < 0


def test_a_patched_tree_is_refused_and_would_crash(tmp_path, data):
    model = DecisionTreeClassifier(max_depth=3).fit(*data)
    model.tree_.children_left[0] = FAR
    assert crashes(refused(model, tmp_path))


def test_patched_histogram_boosting_is_refused_and_would_crash(tmp_path, data):
    model = HistGradientBoostingClassifier(max_iter=2).fit(*data)
    model._predictors[0][0].nodes["feature_idx"][0] = FAR
    assert crashes(refused(model, tmp_path))


@pytest.mark.parametrize(
    ("array", "value"),
    [
        ("children_left", FAR),
        ("children_right", FAR),
        ("children_right", -5),
        ("children_right", 0),
        ("feature", FAR),
        ("feature", -7),
    ],
)
@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(2, max_depth=3),
        ExtraTreesRegressor(2, max_depth=3),
        GradientBoostingClassifier(n_estimators=2),
        IsolationForest(n_estimators=2),
        make_pipeline(SelectFromModel(RandomForestClassifier(2, max_depth=3)), LogisticRegression()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_patched_tree_is_found_wherever_it_is_held(data, model, array, value):
    model.fit(*data)
    check_arrays(model)
    tree = next(thing for thing in reachable(model) if type(thing).__name__ == "Tree" and thing.node_count > 1)
    getattr(tree, array)[0] = value
    with pytest.raises(Refused, match="Tree is damaged"):
        check_arrays(model)


def test_a_tree_that_goes_in_circles_is_refused(data):
    matrix, _ = data
    model = DecisionTreeClassifier(max_depth=4).fit(matrix, matrix[:, 0] * matrix[:, 1] > 0)
    inner = np.flatnonzero(model.tree_.children_left[1:] > 0)[0] + 1
    model.tree_.children_left[inner] = inner
    with pytest.raises(Refused):
        check_arrays(model)


def test_more_nodes_than_there_are_are_refused(data):
    model = DecisionTreeClassifier(max_depth=3).fit(*data)
    state = model.tree_.__getstate__()
    for count in (0, -1, state["node_count"] + 1000):
        model.tree_.__setstate__(state | {"node_count": count})
        with pytest.raises(Refused):
            check_arrays(model)


def test_a_tree_must_get_the_columns_that_it_reads(data):
    matrix, answers = data
    narrow = DecisionTreeClassifier(max_depth=3).fit(matrix, answers)
    narrow.n_features_in_ = 1
    forest = RandomForestClassifier(2, max_depth=3).fit(matrix, answers)
    forest.n_features_in_ = 1
    silent = RandomForestClassifier(2, max_depth=3).fit(matrix, answers)
    del silent.n_features_in_
    isolation = IsolationForest(n_estimators=2, max_features=0.5).fit(matrix)
    isolation.estimators_features_[0] = np.array([0])
    for model in (narrow, forest, silent, isolation):
        with pytest.raises(Refused):
            check_arrays(model)


def test_boosting_must_have_a_column_for_each_tree_of_a_stage(data):
    matrix, _ = data
    model = GradientBoostingClassifier(n_estimators=2).fit(matrix, np.arange(120) % 3)
    check_arrays(model)
    model.init_ = DummyClassifier(strategy="prior").fit(matrix, np.arange(120) % 2)
    with pytest.raises(Refused, match="BaseGradientBoosting"):
        check_arrays(model)


@pytest.mark.parametrize(
    ("field", "value"), [("left", 2**31), ("right", 2**31), ("right", 0), ("feature_idx", FAR), ("feature_idx", -1)]
)
def test_patched_histogram_nodes_are_refused(data, field, value):
    model = HistGradientBoostingClassifier(max_iter=2).fit(*data)
    check_arrays(model)
    model._predictors[1][0].nodes[field][0] = value
    with pytest.raises(Refused, match="BaseHistGradientBoosting"):
        check_arrays(model)


@pytest.fixture
def categorical(table):
    frame, late = table
    frame = frame.drop(columns="remark").astype({"carrier": "category"})
    model = HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5).fit(frame, late)
    trees = [tree for stage in model._predictors for tree in stage if tree.nodes["is_categorical"].any()]
    assert trees
    return model, trees[0]


def test_patched_categories_are_refused(categorical):
    model, tree = categorical
    check_arrays(model)
    kept = tree.raw_left_cat_bitsets
    for bits in (kept[:0], kept[:, :4], kept.ravel()):
        tree.raw_left_cat_bitsets = bits
        with pytest.raises(Refused):
            check_arrays(model)
    tree.raw_left_cat_bitsets = kept
    model._bin_mapper.is_categorical_ = np.zeros_like(model._bin_mapper.is_categorical_)
    with pytest.raises(Refused):
        check_arrays(model)


def test_preprocessing_that_gives_fewer_columns_than_trees_read_is_refused(categorical):
    model, _ = categorical
    encoder, numeric, *rest = model._preprocessor.transformers_
    model._preprocessor.transformers_ = [encoder, (numeric[0], "drop", numeric[2]), *rest]
    with pytest.raises(Refused):
        check_arrays(model)


PATCHES = {
    "coefficients": lambda model: setattr(model, "_dual_coef_", model._dual_coef_[:, :3].copy()),
    "intercepts": lambda model: setattr(model, "_intercept_", model._intercept_[:0]),
    "vectors": lambda model: setattr(model, "support_vectors_", np.ones((3, 3))),
    "indices": lambda model: setattr(model, "support_", model.support_ + 10**6),
    "nothing": lambda model: setattr(model, "support_", None),
}


@pytest.mark.parametrize("model", [SVC(), SVC(kernel="precomputed"), SVR()], ids=["SVC", "precomputed", "SVR"])
@pytest.mark.parametrize("name", PATCHES)
def test_patched_support_vectors_are_refused(data, model, name):
    matrix, answers = data
    model.fit(matrix @ matrix.T if model.kernel == "precomputed" else matrix, answers)
    check_arrays(model)
    PATCHES[name](model)
    with pytest.raises(Refused, match="BaseLibSVM"):
        check_arrays(model)


@pytest.mark.parametrize("counts", [[10**6, 1], [-5, 5], [1, 1, 1], [1], []])
def test_patched_counts_of_support_vectors_are_refused(data, counts):
    model = SVC().fit(*data)
    if len(counts) == 2:
        counts = [counts[0], len(model.support_) - counts[0]] if counts[0] < 0 else counts
    model._n_support = np.array(counts, np.int32)
    with pytest.raises(Refused, match="BaseLibSVM"):
        check_arrays(model)


def test_sparse_columns_out_of_range_are_refused(data):
    matrix, answers = data
    model = LogisticRegression().fit(matrix, answers)
    model.sparsify()
    assert scipy.sparse.issparse(model.coef_)
    check_arrays(model)
    model.coef_.indices[0] = 10**6
    with pytest.raises(Refused, match="cs_matrix"):
        check_arrays(model)


@pytest.mark.parametrize(
    "model",
    [
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=3),
        BaggingClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=3, max_features=2),
        IsolationForest(n_estimators=3, max_features=0.5),
        GradientBoostingClassifier(n_estimators=2, init="zero"),
        GradientBoostingClassifier(n_estimators=2, init=HistGradientBoostingClassifier(max_iter=2)),
        RandomForestClassifier(3, ccp_alpha=0.01),
        SVC(kernel="linear"),
    ],
    ids=lambda model: f"{type(model).__name__}",
)
def test_sound_models_pass(data, model):
    check_arrays(model.fit(*data))


@pytest.mark.parametrize("wrapped", [lambda kind: kind, lambda kind: functools.partial(kind, None)])
def test_a_booster_that_would_be_made_while_predicting_is_refused(data, wrapped):
    model = make_pipeline(FunctionTransformer(wrapped(lightgbm.Booster)), LogisticRegression())
    with pytest.raises(Refused, match="type is damaged"):
        check_arrays(model)


def test_settings_that_were_never_fitted_pass():
    check_arrays(
        make_pipeline(SelectFromModel(RandomForestClassifier()), HistGradientBoostingClassifier(), SVC(), DecisionTreeClassifier())
    )


def test_things_that_hold_themselves_are_walked_once():
    model = LogisticRegression()
    model.me = [model, {"again": model}]
    assert list(reachable(model)) == [model]


def test_every_reviewed_type_exists_in_this_or_a_known_earlier_version():
    import importlib

    earlier = {"sklearn.compose._column_transformer._RemainderColsList"}
    missing = []
    for name in REVIEWED:
        module, _, kind = name.rpartition(".")
        try:
            getattr(importlib.import_module(module), kind)
        except (ImportError, AttributeError):
            missing.append(name)
    assert set(missing) <= earlier


@given(st.integers(1, 40), st.randoms(use_true_random=False))
def test_any_grown_tree_is_one_and_any_changed_child_is_noticed(splits, random):
    children = []
    leaves = [0]
    for _ in range(splits):
        leaves.remove(random.choice(leaves))
        children += [len(children) + 1, len(children) + 2]
        leaves += children[-2:]
    nodes = len(children) + 1
    shuffled = np.array(random.sample(children, len(children)))
    assert is_tree(shuffled, nodes)
    place = random.randrange(len(shuffled))
    shuffled[place] = random.choice([value for value in range(-2, nodes + 2) if value != shuffled[place]])
    assert not is_tree(shuffled, nodes)
