"""The cells of the world: real estimators × wrappers × forms of data × formats, each made by its own libraries."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import pandas as pd
import skops.io
from forms import LABELS, PLAIN, TABLES, labelled, signal, written
from reference import Expected, Made
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
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
from sklearn.impute import SimpleImputer
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
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier
from steps import Named, hours, squared

from effaudit import registry
from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.classes import class_text
from effaudit.core.plan import Data
from effaudit.core.plugin import Workbench
from effaudit.reading.data import build_store
from effaudit.techniques.to_onnx import ToOnnx
from effaudit.worker import asking

HERE = Path(__file__).parent
warnings.filterwarnings("ignore")


@dataclass(frozen=True)
class Cell:
    """One combination, and how it is made in a folder."""

    name: str
    make: Callable[[Path], Made]


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


def classes_of(labels: str) -> tuple[str, ...]:
    return tuple(class_text(value) for value in LABELS[labels])


def positive_of(labels: str) -> str:
    """The positive class of two; scikit-learn's where it is understood, else the first, so that it is not the last by name."""
    names = classes_of(labels)
    if len(names) != 2:
        return ""
    return {"two words": "leaves"}.get(labels, names[1])


def expected_of(model: Any, rows: Any, truth: Any, labels: str, near: float = 1e-6) -> Expected:
    """What a fitted classifier says of rows."""
    shares: dict[str, Any] = {}
    names = [class_text(name) for name in model.classes_]
    if hasattr(model, "predict_proba"):
        found = model.predict_proba(rows)
        shares = {name: found[:, place] for place, name in enumerate(names)}
    return Expected(truth, model.predict(rows), shares, positive=positive_of(labels), near=near)


def data_of(source: Any, labels: str, **more: Any) -> Data:
    positive = positive_of(labels) if labels in ("two words",) else None
    return Data("classification", {"certify": source}, ("answer",), independent=True, positive=positive, **more)


def seeded(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def saved(model: Any, folder: Path, how: str) -> Artifact:
    """A fitted scikit-learn model in a file. What skops does not know, it is told to trust."""
    if how == "skops":
        path = folder / "model.skops"
        skops.io.dump(model, path)
        return Artifact(str(path), "sklearn", Trust(False, tuple(skops.io.get_untrusted_types(file=path))), code=str(HERE))
    path = folder / f"model.{how}"
    joblib.dump(model, path)
    return Artifact(str(path), "sklearn", Trust(True), code=str(HERE))


def of_numbers(name: str, wrapper: str, labels: str, storage: str, how: str) -> Cell:
    """A classifier of plain numbers: trained on a DataFrame, or on an array where it comes from npz."""
    title = f"{name}, {wrapper}, {labels}, numbers in {storage}, {how}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES["numbers" if storage != "parquet" else PLAIN[zlib.crc32(title.encode()) % 2]](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), storage, folder)
        taken, asked = (rows.to_numpy(), new.to_numpy()) if storage == "npz" else (rows, new)
        model = WRAPPERS[wrapper](clone(CLASSIFIERS[name])).fit(taken, truth)
        candidate = Candidate("m", saved(model, folder, how))
        return Made(candidate, data_of(source, labels), expected_of(model, asked, answers, labels))

    return Cell(title, make)


def prepared(table: pd.DataFrame, encoder: str) -> Any:
    """Preprocessing of a table by the kinds of its columns."""
    words = make_column_selector(dtype_include=["object", "string", "category", "boolean", "bool", "str"])
    times = make_column_selector(dtype_include=["datetime", "datetimetz"])
    numbers = make_column_selector(dtype_include="number")
    unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1, "encoded_missing_value": -2}
    coded = {
        "one-hot": OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        "ordinal": OrdinalEncoder(**unknown),
        "target": TargetEncoder(cv=2),
    }[encoder]
    return make_column_transformer(
        (coded, words), (FunctionTransformer(hours), times), (make_pipeline(SimpleImputer(), StandardScaler()), numbers)
    )


def of_table(form: str, encoder: str, name: str, labels: str, storage: str, how: str) -> Cell:
    """A pipeline on a table as pandas reads it."""
    title = f"{name} on {form} ({encoder}), {labels}, {storage}, {how}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES[form](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), storage, folder)
        model = make_pipeline(prepared(rows, encoder), clone(CLASSIFIERS[name])).fit(rows, truth)
        candidate = Candidate("m", saved(model, folder, how))
        return Made(candidate, data_of(source, labels), expected_of(model, new, answers, labels))

    return Cell(title, make)


def of_categories(wrapper: str, labels: str, how: str) -> Cell:
    """LightGBM on pandas' categories: its wrapper at any depth, or its text."""
    title = f"lightgbm on categories, {wrapper}, {labels}, {how}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES["categories"](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), "parquet", folder)
        pick = make_column_transformer(("passthrough", list(rows)), verbose_feature_names_out=False).set_output(transform="pandas")
        boosted = lightgbm.LGBMClassifier(n_estimators=12, verbose=-1)
        model = {
            "alone": boosted,
            "picked": make_pipeline(pick, boosted),
            "calibrated": CalibratedClassifierCV(boosted, cv=2),
            "searched": GridSearchCV(boosted, {"num_leaves": [7]}, cv=2),
            "text": boosted,
        }[wrapper].fit(rows, truth)
        if wrapper == "text":
            model.booster_.save_model(folder / "model.txt")
            expected = expected_of(model, new, answers, labels)
            contract = Contract(classes=tuple(class_text(one) for one in model.classes_))
            artifact = Artifact(str(folder / "model.txt"), "lightgbm")
            return Made(Candidate("m", artifact, contract), data_of(source, labels), expected)
        return Made(Candidate("m", saved(model, folder, how)), data_of(source, labels), expected_of(model, new, answers, labels))

    return Cell(title, make)


def of_text(objective: str, labels: str) -> Cell:
    """LightGBM's own text, by objective."""
    title = f"lightgbm text, {objective}, {labels}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES["gaps"](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), "parquet", folder)
        more = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1} if objective == "rf" else {}
        kind = {} if objective in ("rf", "gbdt") else {"objective": objective}
        model = lightgbm.LGBMClassifier(n_estimators=12, verbose=-1, **kind, **more).fit(rows, truth)
        model.booster_.save_model(folder / "model.txt")
        numbered = labels in ("0 and 1", "three numbers", "a number that certify lacks")
        contract = Contract() if numbered else Contract(classes=tuple(class_text(one) for one in model.classes_))
        expected = expected_of(model, new, answers, labels)
        if objective == "multiclassova":  # one model for each class, whose shares are divided by their sum
            total = np.sum(list(expected.shares.values()), axis=0)
            expected = Expected(answers, expected.labels, {key: share / total for key, share in expected.shares.items()})
        return Made(Candidate("m", Artifact(str(folder / "model.txt"), "lightgbm"), contract), data_of(source, labels), expected)

    return Cell(title, make)


def of_onnx(name: str, labels: str, zipmap: bool) -> Cell:
    """What skl2onnx makes of a classifier, asked in ONNX Runtime; right is what the graph's parent says."""
    title = f"onnx of {name}, {labels}, {'zipmap' if zipmap else 'plain'}"

    def make(folder: Path) -> Made:
        from skl2onnx import to_onnx

        rng = seeded(title)
        table = TABLES["numbers"](rng).astype("float32")
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), "parquet", folder)
        model = clone(CLASSIFIERS[name]).fit(rows.to_numpy(), truth)
        options = {id(model): {"zipmap": zipmap}}
        (folder / "model.onnx").write_bytes(to_onnx(model, rows.to_numpy()[:1], options=options).SerializeToString())
        import onnxruntime

        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
        found, shares = session.run(None, {session.get_inputs()[0].name: new.to_numpy()})
        names = list(model.classes_)
        columns = [[row[name] for row in shares] for name in names] if zipmap else list(np.asarray(shares).T)
        said = {class_text(name): np.asarray(column, dtype=np.float64) for name, column in zip(names, columns, strict=True)}
        expected = Expected(answers, found, said, positive=positive_of(labels), single=True)
        return Made(Candidate("m", Artifact(str(folder / "model.onnx"), "onnx")), data_of(source, labels), expected)

    return Cell(title, make)


def of_torch(end: str, labels: str, storage: str) -> Cell:
    """An exported network, by how it ends."""
    title = f"torch ending in {end}, {labels}, {storage}"

    def make(folder: Path) -> Made:
        import torch

        rng = seeded(title)
        table = TABLES["numbers"](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), storage, folder)
        names = classes_of(labels)
        torch.manual_seed(1)
        single = end in ("one logit", "sigmoid")
        ends = {"softmax": [torch.nn.Softmax(1)], "log softmax": [torch.nn.LogSoftmax(1)], "sigmoid": [torch.nn.Sigmoid()]}
        net = torch.nn.Sequential(
            torch.nn.Linear(4, 8),
            torch.nn.BatchNorm1d(8),
            torch.nn.ReLU(),
            torch.nn.Linear(8, 1 if single else len(names)),
            *ends.get(end, []),
        ).eval()
        example = torch.tensor(rows.to_numpy()[:4], dtype=torch.float32)
        program = torch.export.export(net, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        torch.export.save(program, str(folder / "net.pt2"))
        with torch.inference_mode():
            raw = net(torch.tensor(new.to_numpy(), dtype=torch.float32)).numpy().astype(float)
        matrix = {
            "logits": lambda: softmax(raw, axis=1),
            "one logit": lambda: np.column_stack([1 - expit(raw), expit(raw)]),
            "sigmoid": lambda: np.column_stack([1 - raw, raw]),
            "softmax": lambda: raw,
            "log softmax": lambda: np.exp(raw),
        }[end]()
        output = "logits" if end in ("logits", "one logit") else None
        contract = Contract(output=output, classes=names)  # type: ignore[arg-type]
        expected = Expected(
            answers,
            np.array(names, dtype=object)[matrix.argmax(axis=1)],
            {name: matrix[:, place] for place, name in enumerate(names)},
            positive=positive_of(labels),
            near=1e-5,
            single=True,
        )
        artifact = Artifact(str(folder / "net.pt2"), "torch", Trust(True))
        del rows, truth
        return Made(Candidate("m", artifact, contract), data_of(source, labels), expected)

    return Cell(title, make)


def of_code(kind: str, form: str, labels: str) -> Cell:
    """Python code that asks a pickled model: by arrays, by a DataFrame, for labels, probabilities or logits."""
    title = f"python code, {kind}, {form}, {labels}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES[form](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), "parquet", folder)
        before = prepared(rows, "one-hot") if form not in PLAIN else StandardScaler()
        model = make_pipeline(before, LogisticRegression(max_iter=300)).fit(rows, truth)
        joblib.dump(model, folder / "inner.joblib")
        module = f"code_{zlib.crc32(title.encode())}"
        ask = {"labels": "predict(table)", "probabilities": "predict_proba(table)", "logits": "decision_function(table)"}[kind]
        (folder / f"{module}.py").write_text(
            f"import sys\nsys.path.insert(0, {str(HERE)!r})\nimport joblib\n"
            f"model = joblib.load({str(folder / 'inner.joblib')!r})\n\n\ndef ask(table):\n    return model.{ask}\n"
        )
        names = tuple(class_text(one) for one in model.classes_)
        contract = Contract(output=kind, classes=() if kind == "labels" else names, input="frame")  # type: ignore[arg-type]
        artifact = Artifact(f"{module}:ask", "python", Trust(True), code=str(folder))
        expected = expected_of(model, new, answers, labels)
        if kind == "labels":
            expected = Expected(answers, expected.labels, positive=positive_of(labels))
        return Made(Candidate("m", artifact, contract), data_of(source, labels), expected)

    return Cell(title, make)


def of_steps(labels: str, storage: str) -> Cell:
    """A pipeline whose first step is one's own."""
    title = f"first step of one's own, {labels}, {storage}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES["numbers"](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), storage, folder)
        model = make_pipeline(Named(("a", "b")), LogisticRegression()).fit(rows, truth)
        candidate = Candidate("m", saved(model, folder, "joblib"))
        return Made(candidate, data_of(source, labels), expected_of(model, new, answers, labels))

    return Cell(title, make)


def of_plan(what: str, labels: str) -> Cell:
    """What a plan says goes before what a file says."""
    title = f"plan says {what}, {labels}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES["numbers"](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), "parquet", folder)
        names = classes_of(labels)
        positive = positive_of(labels)
        other = next(name for name in names if name != positive)
        model = LogisticRegression().fit(rows, truth)
        shares = {class_text(name): model.predict_proba(new)[:, place] for place, name in enumerate(model.classes_)}
        if what == "threshold over the file's":
            model = FixedThresholdClassifier(LogisticRegression(), threshold=0.7, pos_label=model.classes_[0]).fit(rows, truth)
            cut, contract = (positive, 0.3), Contract(threshold=0.3)
        elif what == "threshold":
            cut, contract = (positive, 0.2), Contract(threshold=0.2)
        elif what == "threshold of the other class":
            cut, contract = (other, 0.2), Contract(threshold=0.2, threshold_of=other)
        else:  # codes that the plan names
            codes = {name: place for place, name in enumerate(sorted(names))}
            model = LogisticRegression().fit(rows, [codes[class_text(one)] for one in truth])
            cut, contract = None, Contract(classes=tuple(sorted(names)))
            shares = {name: model.predict_proba(new)[:, place] for name, place in codes.items()}
        if cut is None:
            labels_found = np.array(sorted(names), dtype=object)[model.predict(new)]
        else:
            rest = next(name for name in names if name != cut[0])
            labels_found = np.where(shares[cut[0]] >= cut[1], cut[0], rest)
        candidate = Candidate("m", saved(model, folder, "skops"), contract)
        expected = Expected(answers, labels_found, shares, positive=positive)
        return Made(candidate, data_of(source, labels), expected)

    return Cell(title, make)


def of_product(name: str, wrapper: str, form: str, labels: str) -> Cell:
    """What `to_onnx` makes of a model, which answers as the model's own library does."""
    title = f"to_onnx of {name}, {wrapper}, {form}, {labels}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES[form](rng)
        source, rows, truth, new, answers = written(table, labelled(table, labels, rng), "parquet", folder)
        inner = WRAPPERS[wrapper](clone(CLASSIFIERS[name]))
        model = (inner if form in PLAIN else make_pipeline(prepared(rows, "one-hot"), inner)).fit(rows, truth)
        data = data_of(source, labels)
        parent = Candidate("m", saved(model, folder, "joblib"))
        product, flips = converted(
            parent,
            Data(data.task, {"search": source, "certify": source}, data.answer, independent=True, positive=data.positive),
            folder,
        )
        expected = dataclasses.replace(expected_of(model, new, answers, labels, 2e-5), single=True, flips=flips)
        return Made(product, data, expected)

    return Cell(title, make)


def converted(parent: Candidate, data: Data, folder: Path) -> tuple[Candidate, int]:
    """The product of `to_onnx` at a workbench, as a worker has it, and how many labels flipped."""
    workload, store = build_store(data, folder / "bench", True, 0)
    (folder / "scratch").mkdir()
    known: dict[str, Any] = {}

    def opened(candidate: Candidate) -> Any:
        if candidate.name not in known:
            known[candidate.name] = asking.opened(candidate, workload, store)
        return known[candidate.name]

    bench = Workbench(
        parent=parent,
        workload=workload,
        store=store,
        seed=0,
        budget_s=60.0,
        threads=1,
        scratch=folder / "scratch",
        formats=registry.a_format,
        opened=lambda candidate: (opened(candidate).model, opened(candidate).contract),
        ask=lambda candidate, split, which: opened(candidate).answers(split, which),
        score=lambda found, truth: 0.0,
        better="higher",
        tell=lambda share, words: None,
    )
    product = ToOnnx().apply(bench)
    return Candidate("product", product.artifact, product.contract, product.preprocess), int(product.figures["flips"])


def of_weights(name: str, labels: str) -> Cell:
    """Rows that count differently."""
    title = f"weights, {name}, {labels}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES["numbers"](rng)
        people = rng.lognormal(0, 1, len(table)).round(4)
        source, rows, truth, new, answers = written(table.assign(people=people), labelled(table, labels, rng), "parquet", folder)
        model = clone(CLASSIFIERS[name]).fit(rows.drop(columns="people"), truth)
        expected = expected_of(model, new.drop(columns="people"), answers, labels)
        weighted = dataclasses.replace(expected, weights=new["people"].to_numpy())
        return Made(Candidate("m", saved(model, folder, "skops")), data_of(source, labels, weights="people"), weighted)

    return Cell(title, make)


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


def of_values(name: str, form: str, storage: str, how: str) -> Cell:
    """A regression."""
    title = f"regression by {name}, {form} in {storage}, {how}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES[form](rng)
        truth = np.exp(signal(table, rng) / 3).round(4) + 0.01
        source, rows, answers, new, wanted = written(table, truth, storage, folder)
        model = clone(REGRESSORS[name])
        if form not in PLAIN:
            model = make_pipeline(prepared(rows, "one-hot"), model)
        taken, asked = (rows.to_numpy(), new.to_numpy()) if storage == "npz" else (rows, new)
        model.fit(taken, answers.astype(float))
        if how == "text":
            model.booster_.save_model(folder / "model.txt")
            artifact = Artifact(str(folder / "model.txt"), "lightgbm")
        else:
            artifact = saved(model, folder, how)
        data = Data("regression", {"certify": source}, ("answer",), independent=True)
        return Made(Candidate("m", artifact), data, Expected(wanted.astype(float), values=np.ravel(model.predict(asked))))

    return Cell(title, make)


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


def of_several(name: str, storage: str, how: str) -> Cell:
    """Several labels a row."""
    title = f"several labels by {name}, {storage}, {how}"

    def make(folder: Path) -> Made:
        rng = seeded(title)
        table = TABLES["numbers"](rng)
        truth = np.column_stack([(signal(table, rng) > cut).astype(int) for cut in (-0.5, 0.0, 0.8)])
        source, rows, answers, new, wanted = written(table, truth, storage, folder)
        taken, asked = (rows.to_numpy(), new.to_numpy()) if storage == "npz" else (rows, new)
        model = clone(SEVERAL[name]).fit(taken, answers.astype(int))
        found = model.predict_proba(asked)
        matrix = np.column_stack([part[:, 1] for part in found]) if isinstance(found, list) else found
        names = tuple(f"answer {place}" for place in range(3))
        data = Data("classification", {"certify": source}, names, independent=True)
        expected = Expected(
            wanted.astype(int), model.predict(asked).astype(int), {one: matrix[:, at] for at, one in enumerate(names)}
        )
        return Made(Candidate("m", saved(model, folder, how)), data, expected)

    return Cell(title, make)


def cells() -> list[Cell]:
    """All of them, in one order."""
    return list(_all())


def _all() -> Iterator[Cell]:
    turn = itertools.count()

    def next_of(values: Any) -> Any:
        return list(values)[next(turn) % len(values)]

    storages, files = ("parquet", "csv", "npz", "memory"), ("skops", "joblib", "pkl")
    usual = [name for name in LABELS if name != "words that look like numbers"]
    for name in CLASSIFIERS:
        for place, wrapper in enumerate(WRAPPERS):
            if (name, wrapper) in IMPOSSIBLE or (
                zlib.crc32(f"{name}{wrapper}".encode()) % 2 and wrapper not in ("alone", *FOR_TWO)
            ):
                continue
            two = [labels for labels in usual if len(LABELS[labels]) == 2]
            labels = next_of(two if wrapper in FOR_TWO else usual)
            storage = next_of(storages)
            yield of_numbers(name, wrapper, labels, storage, "joblib" if wrapper == "squared" else files[place % 3])
    for form in TABLES:
        for encoder in ("one-hot", "ordinal", "target"):
            for name in ("logistic", "histogram boosting", "forest"):
                yield of_table(form, encoder, name, next_of(usual), next_of(("parquet", "csv", "memory")), "joblib")
    for labels in ("words that look like numbers", *usual):
        yield of_numbers("logistic", "scaled", labels, "parquet", "skops")
    for wrapper in ("alone", "picked", "calibrated", "searched", "text"):
        for labels in ("two words", "three numbers", "one that certify lacks"):
            yield of_categories(wrapper, labels, next_of(("skops", "joblib")))
    for objective in ("gbdt", "rf"):
        for labels in ("0 and 1", "two words", "three numbers", "a number that certify lacks", "three words"):
            yield of_text(objective, labels)
    for labels in ("three numbers", "three words"):
        yield of_text("multiclassova", labels)
    for name in ("logistic", "gradient boosting", "network", "forest", "naive bayes"):
        for labels in ("two words", "0 and 1", "three words"):
            yield of_onnx(name, labels, next_of((True, False)))
    for end in ("logits", "softmax", "log softmax"):
        for labels in ("two words", "three numbers"):
            yield of_torch(end, labels, next_of(("parquet", "csv")))
    for end in ("one logit", "sigmoid"):
        yield of_torch(end, "0 and 1", "parquet")
    for kind in ("labels", "probabilities", "logits"):
        for form in ("numbers", "words", "nullable"):
            yield of_code(kind, form, next_of(("two words", "three words", "booleans")))
    for name in (
        "logistic",
        "forest",
        "gradient boosting",
        "histogram boosting",
        "lightgbm",
        "network",
        "svc with probabilities",
        "tree",
    ):
        for wrapper, form in (("alone", "numbers"), ("scaled", "gaps"), ("calibrated", "words"), ("alone", "booleans with gaps")):
            if form != "gaps" or name in ("histogram boosting", "lightgbm"):
                yield of_product(name, wrapper, form, next_of(("two words", "three words", "0 and 1")))
    for name in ("logistic", "forest"):
        yield of_product(name, "threshold", "numbers", "two words")
    for name in ("logistic", "forest", "svc with probabilities"):
        for labels in ("two words", "three numbers"):
            yield of_weights(name, labels)
    for storage in ("parquet", "csv", "memory"):
        yield of_steps("two words", storage)
    for what in ("threshold", "threshold over the file's", "threshold of the other class", "names of codes"):
        for labels in ("two words", "0 and 1"):
            if what != "names of codes" or labels == "two words":
                yield of_plan(what, labels)
    for place, name in enumerate(REGRESSORS):
        yield of_values(name, "numbers", storages[place % 4], files[place % 3] if name != "logarithms" else "joblib")
        yield of_values(name, ("words", "gaps", "nullable", "times")[place % 4], ("parquet", "csv", "memory")[place % 3], "joblib")
    for name in ("lightgbm", "lightgbm poisson"):
        yield of_values(name, "numbers", "parquet", "text")
    for place, name in enumerate(SEVERAL):
        yield of_several(name, storages[place % 4], files[place % 3])
