"""The estimators, the wrappers around them, and what scikit-learn itself refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import lightgbm
import numpy as np
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier
from steps import squared

CLASSIFIERS: Mapping[str, Any] = {
    "logistic": LogisticRegression(max_iter=300),
    "ridge": RidgeClassifier(),
    "perceptron": Perceptron(random_state=0),
    "sgd hinge": SGDClassifier(random_state=0),
    "sgd log loss": SGDClassifier(loss="log_loss", random_state=0),
    "sgd modified huber": SGDClassifier(loss="modified_huber", random_state=0),
    "svc": SVC(random_state=0),
    "svc with probabilities": SVC(probability=True, random_state=0),
    "nusvc with probabilities": NuSVC(nu=0.2, probability=True, random_state=0),
    "linear svc": LinearSVC(random_state=0),
    "neighbours": KNeighborsClassifier(6),
    "nearest centroid": NearestCentroid(),
    "naive bayes": GaussianNB(),
    "linear discriminant": LinearDiscriminantAnalysis(),
    "quadratic discriminant": QuadraticDiscriminantAnalysis(reg_param=0.1),
    "tree": DecisionTreeClassifier(max_depth=5, random_state=0),
    "forest": RandomForestClassifier(12, random_state=0),
    "extra trees": ExtraTreesClassifier(12, random_state=0),
    "ada boost": AdaBoostClassifier(n_estimators=10, random_state=0),
    "gradient boosting": GradientBoostingClassifier(n_estimators=10, random_state=0),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=10),
    "network": MLPClassifier((8,), max_iter=80, random_state=0),
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=10, verbose=-1),
    "dummy": DummyClassifier(strategy="prior"),
}
WRAPPERS: Mapping[str, Callable[[Any], Any]] = {
    "alone": lambda model: model,
    "scaled": lambda model: make_pipeline(StandardScaler(), model),
    "squared": lambda model: make_pipeline(FunctionTransformer(squared), StandardScaler(), model),
    "searched": lambda model: GridSearchCV(make_pipeline(StandardScaler(), model), {}, cv=2),
    "calibrated": lambda model: CalibratedClassifierCV(model, cv=2),
    "calibrated isotonic": lambda model: CalibratedClassifierCV(model, method="isotonic", cv=2),
    "one against the rest": OneVsRestClassifier,
    "one against one": OneVsOneClassifier,
    "bagged": lambda model: BaggingClassifier(model, 4, random_state=0),
    "voting": lambda model: VotingClassifier(
        [("a", clone(model)), ("b", GaussianNB()), ("c", DecisionTreeClassifier(max_depth=3))]
    ),
    "stacked": lambda model: StackingClassifier([("a", clone(model)), ("b", GaussianNB())], LogisticRegression(), cv=2),
    "threshold": lambda model: FixedThresholdClassifier(model, threshold=0.3),
    "threshold in a pipeline": lambda model: make_pipeline(StandardScaler(), FixedThresholdClassifier(model, threshold=0.3)),
    "threshold searched": lambda model: GridSearchCV(FixedThresholdClassifier(model, threshold=0.3), {}, cv=2),
    "tuned threshold": lambda model: TunedThresholdClassifierCV(model, cv=2),
}
FOR_TWO = ("threshold", "threshold in a pipeline", "threshold searched", "tuned threshold")
IMPOSSIBLE = {
    ("nearest centroid", "bagged"), ("nearest centroid", "calibrated"), ("nearest centroid", "calibrated isotonic"),
    ("nearest centroid", "stacked"), ("nearest centroid", "one against the rest"), ("nearest centroid", "one against one"),
    *((name, wrapper) for name in ("dummy",) for wrapper in WRAPPERS if wrapper not in ("alone", "scaled", "voting")),
    *((name, wrapper) for name in ("nearest centroid",) for wrapper in FOR_TWO),
}  # fmt: skip
"""What scikit-learn itself refuses, or what means nothing."""

REGRESSORS: Mapping[str, Any] = {
    "linear": LinearRegression(),
    "elastic net": ElasticNet(0.01),
    "gamma": GammaRegressor(),
    "partial least squares": PLSRegression(2),
    "support vectors": SVR(),
    "neighbours": KNeighborsRegressor(),
    "forest": RandomForestRegressor(10, random_state=0),
    "gradient boosting": GradientBoostingRegressor(n_estimators=10, random_state=0),
    "histogram boosting": HistGradientBoostingRegressor(max_iter=10),
    "poisson boosting": HistGradientBoostingRegressor(loss="poisson", max_iter=10),
    "network": MLPRegressor(hidden_layer_sizes=(8,), max_iter=100, random_state=0),
    "lightgbm": lightgbm.LGBMRegressor(n_estimators=10, verbose=-1),
    "lightgbm poisson": lightgbm.LGBMRegressor(objective="poisson", n_estimators=10, verbose=-1),
    "logarithms": TransformedTargetRegressor(LinearRegression(), func=np.log1p, inverse_func=np.expm1),
}

SEVERAL: Mapping[str, Any] = {
    "forest": RandomForestClassifier(12, random_state=0),
    "tree": DecisionTreeClassifier(max_depth=4, random_state=0),
    "neighbours": KNeighborsClassifier(4),
    "network": MLPClassifier((8,), max_iter=60, random_state=0),
    "one for each": MultiOutputClassifier(LogisticRegression()),
    "a chain": ClassifierChain(LogisticRegression()),
    "one against the rest": OneVsRestClassifier(LogisticRegression()),
    "scaled": make_pipeline(StandardScaler(), MultiOutputClassifier(GaussianNB())),
}
