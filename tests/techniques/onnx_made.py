"""What tests of conversion to ONNX share: a product made at a workbench, and its answers beside the parent's."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np

from effaudit.core.answer import label
from effaudit.techniques.to_onnx import ToOnnx
from effaudit.worker import asking

warnings.filterwarnings("ignore", category=FutureWarning)


def made(bench, parent, **options):
    before = hashlib.sha256(Path(parent.artifact.path).read_bytes()).hexdigest()
    workbench = bench.bench(parent)
    product = ToOnnx(**options).apply(workbench)
    assert Path(product.artifact.path).is_relative_to(workbench.scratch)
    assert hashlib.sha256(Path(parent.artifact.path).read_bytes()).hexdigest() == before
    return product


def operators(product):
    import onnx

    return [node.op_type for node in onnx.load(product.artifact.path).graph.node]


def same_answers(bench, parent, product, tolerance):
    """Labels flip where the parent's own predict is another rule than its probabilities, and are counted."""
    before, after = bench.answers(parent), bench.answers(product)
    np.testing.assert_allclose(after, before, atol=tolerance)
    flips = np.count_nonzero(bench.whole(parent).labels != bench.whole(product).labels)
    of_its_own = 0
    if bench.workload.task != "regression":
        opened = asking.opened(parent, bench.workload, bench.store)
        of_its_own = np.count_nonzero(bench.whole(parent).labels != label(before, opened.contract, bench.workload))
    assert flips == of_its_own == product.figures["flips"]


def fitted(model, bench):
    inputs = bench.store.inputs("train", slice(None))
    matrix = np.column_stack([values.reshape(len(values), -1) for values in inputs.values()])
    answers = np.asarray(bench.store.answers("train"))
    return model.fit(matrix, np.array(bench.workload.classes)[answers] if len(bench.workload.classes) else answers)


def classifiers():
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    return {
        "forest of 200": RandomForestClassifier(200, random_state=0),
        "extra trees": ExtraTreesClassifier(20, random_state=0),
        "boosting": GradientBoostingClassifier(n_estimators=20, random_state=0),
        "histogram boosting": HistGradientBoostingClassifier(max_iter=20, random_state=0),
        "tree": DecisionTreeClassifier(random_state=0),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
        "network": make_pipeline(StandardScaler(), MLPClassifier((20,), max_iter=60, random_state=0)),
        "svm": make_pipeline(StandardScaler(), SVC(probability=True, random_state=0)),
        "bayes": GaussianNB(),
    }
