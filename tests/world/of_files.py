"""Cells of files that are not scikit-learn's: LightGBM's text, ONNX, exported networks, Python code."""

from __future__ import annotations

import zlib
from pathlib import Path

import joblib
import lightgbm
import numpy as np
from catalogue import CLASSIFIERS
from forms import PLAIN, TABLES, labelled, written
from parts import HERE, Cell, classes_of, data_of, drawn, expected_of, positive_of, prepared, seeded
from reference import Expected, Made
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.linear_model import (
    LogisticRegression,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.classes import class_text


def of_text(objective: str, labels: str) -> Cell:
    """LightGBM's own text, by objective."""
    title = f"lightgbm text, {objective}, {labels}"

    def make(folder: Path) -> Made:
        source, rows, truth, new, answers = drawn(title, "gaps", labels, "parquet", folder)
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

        source, rows, truth, new, answers = drawn(title, "numbers", labels, storage, folder)
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
        contract = Contract(output=output, classes=names)
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
        source, rows, truth, new, answers = drawn(title, form, labels, "parquet", folder)
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
        contract = Contract(output=kind, classes=() if kind == "labels" else names, input="frame")
        artifact = Artifact(f"{module}:ask", "python", Trust(True), code=str(folder))
        expected = expected_of(model, new, answers, labels)
        if kind == "labels":
            expected = Expected(answers, expected.labels, positive=positive_of(labels))
        return Made(Candidate("m", artifact, contract), data_of(source, labels), expected)

    return Cell(title, make)
