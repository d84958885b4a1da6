import lightgbm
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, StackingClassifier
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from effaudit.core.notes import Note
from effaudit.frameworks.sklearn.facts import facts_of


def facts(model, matrix, answers):
    return facts_of(model.fit(matrix, answers), ())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_families_and_kinds_are_those_of_the_last_step(numbers):
    matrix, two, _ = numbers
    both = np.column_stack([two, 1 - two])
    cases = [
        (DummyRegressor(), two, "constant", "DummyRegressor"),
        (make_pipeline(StandardScaler(), LogisticRegression()), two, "linear", "LogisticRegression"),
        (GridSearchCV(Ridge(), {"alpha": [1, 2]}, cv=2), two, "linear", "Ridge"),
        (MultiOutputClassifier(LogisticRegression()), both, "linear", "MultiOutputClassifier"),
        (DecisionTreeClassifier(max_depth=2), two, "tree", "DecisionTreeClassifier"),
        (RandomForestClassifier(2), two, "ensemble", "RandomForestClassifier"),
        (StackingClassifier([("a", LogisticRegression())], cv=2), two, "ensemble", "StackingClassifier"),
        (lightgbm.LGBMClassifier(n_estimators=2, verbose=-1), two, "ensemble", "LGBMClassifier"),
        (lightgbm.LGBMRegressor(n_estimators=1, verbose=-1), two, "tree", "LGBMRegressor"),
        (MLPRegressor(hidden_layer_sizes=(3,), max_iter=3), two, "network", "MLPRegressor"),
        (GaussianNB(), two, "other", "GaussianNB"),
    ]
    for model, answers, family, kind in cases:
        found = facts(model, matrix, answers)
        assert (found.family, found.kind) == (family, kind)


def test_linear_models_count_coefficients_and_intercepts(numbers):
    matrix, two, three = numbers
    assert facts(LogisticRegression(), matrix, two).parameters == 5 + 1
    assert facts(LogisticRegression(), matrix, three).parameters == 3 * 5 + 3
    found = facts(make_pipeline(StandardScaler(), Lasso(0.3)), matrix, matrix[:, 0])
    assert found.parameters == 2 * 5 + 5 + 1
    assert found.nonzero == 2 * 5 + 1 + 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_networks_count_weights(numbers):
    assert facts(MLPRegressor(hidden_layer_sizes=(7,), max_iter=3), *numbers[:2]).parameters == 5 * 7 + 7 + 7 + 1


def test_trees_count_thresholds_leaf_values_and_nodes(numbers):
    matrix, two, three = numbers
    tree = DecisionTreeClassifier(max_depth=4)
    found = facts(tree, matrix, three)
    leaves = tree.get_n_leaves()
    assert found.nodes == tree.tree_.node_count
    assert found.parameters == found.nonzero == (tree.tree_.node_count - leaves) + leaves * 3
    forest = RandomForestClassifier(3, max_depth=3)
    assert facts(forest, matrix, two).nodes == sum(each.tree_.node_count for each in forest.estimators_)
    boosted = HistGradientBoostingRegressor(max_iter=2)
    found = facts(boosted, matrix, matrix[:, 0])
    assert (
        found.nodes == found.parameters - 1 == sum(len(tree.nodes) for (tree,) in boosted._predictors)
        or found.nodes == found.parameters
    )


def test_models_that_keep_their_rows_count_them(numbers):
    matrix, two, _ = numbers
    assert facts(KNeighborsClassifier(algorithm="brute"), matrix, two).parameters == matrix.size
    machine = SVC().fit(matrix, two)
    vectors = len(machine.support_)
    assert facts_of(machine, ()).parameters == vectors * 5 + vectors + 1


def test_boosters_count_as_their_text_does(numbers):
    matrix, two, _ = numbers
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(matrix, two)
    assert facts_of(model, ()).nodes == len(model.booster_.trees_to_dataframe())


def test_nodes_are_only_counted_where_there_are_any(numbers):
    assert facts(LogisticRegression(), *numbers[:2]).nodes is None


def test_notes_are_kept(numbers):
    told = (Note("odd", "a note"),)
    assert facts_of(CalibratedClassifierCV(LogisticRegression(), cv=2).fit(*numbers[:2]), told).notes == told
