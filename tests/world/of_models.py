"""Cells of scikit-learn's models, and LightGBM's wrapper, on all forms of data."""

from __future__ import annotations

import dataclasses
import zlib
from pathlib import Path

import lightgbm
import numpy as np
from catalogue import CLASSIFIERS, REGRESSORS, SEVERAL, WRAPPERS
from forms import PLAIN, TABLES, labelled, signal, written
from parts import Cell, classes_of, data_of, drawn, expected_of, positive_of, prepared, saved, seeded
from reference import Expected, Made
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.linear_model import (
    LogisticRegression,
)
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from steps import Named, Own

from effaudit.core.candidate import Artifact, Candidate, Contract
from effaudit.core.classes import class_text
from effaudit.core.plan import Data


def of_numbers(name: str, wrapper: str, labels: str, storage: str, how: str) -> Cell:
    """A classifier of plain numbers: trained on a DataFrame, or on an array where it comes from npz."""
    title = f"{name}, {wrapper}, {labels}, numbers in {storage}, {how}"

    def make(folder: Path) -> Made:
        form = "numbers" if storage != "parquet" else PLAIN[zlib.crc32(title.encode()) % 2]
        source, rows, truth, new, answers = drawn(title, form, labels, storage, folder)
        taken, asked = (rows.to_numpy(), new.to_numpy()) if storage == "npz" else (rows, new)
        model = WRAPPERS[wrapper](clone(CLASSIFIERS[name])).fit(taken, truth)
        candidate = Candidate("m", saved(model, folder, how))
        return Made(candidate, data_of(source, labels), expected_of(model, asked, answers, labels))

    return Cell(title, make)


def of_table(form: str, encoder: str, name: str, labels: str, storage: str, how: str) -> Cell:
    """A pipeline on a table as pandas reads it."""
    title = f"{name} on {form} ({encoder}), {labels}, {storage}, {how}"

    def make(folder: Path) -> Made:
        source, rows, truth, new, answers = drawn(title, form, labels, storage, folder)
        model = make_pipeline(prepared(rows, encoder), clone(CLASSIFIERS[name])).fit(rows, truth)
        candidate = Candidate("m", saved(model, folder, how))
        return Made(candidate, data_of(source, labels), expected_of(model, new, answers, labels))

    return Cell(title, make)


def of_categories(wrapper: str, labels: str, how: str) -> Cell:
    """LightGBM on pandas' categories: its wrapper at any depth, or its text."""
    title = f"lightgbm on categories, {wrapper}, {labels}, {how}"

    def make(folder: Path) -> Made:
        source, rows, truth, new, answers = drawn(title, "categories", labels, "parquet", folder)
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


def of_steps(labels: str, storage: str) -> Cell:
    """A pipeline whose first step is one's own."""
    title = f"first step of one's own, {labels}, {storage}"

    def make(folder: Path) -> Made:
        source, rows, truth, new, answers = drawn(title, "numbers", labels, storage, folder)
        model = make_pipeline(Named(("a", "b")), LogisticRegression()).fit(rows, truth)
        candidate = Candidate("m", saved(model, folder, "joblib"))
        return Made(candidate, data_of(source, labels), expected_of(model, new, answers, labels))

    return Cell(title, make)


def of_own(kind: str, labels: str) -> Cell:
    """A classifier of one's own, by how it keeps its classes; `frame`: by the names of its answer's columns."""
    title = f"classes kept as {kind}, {labels}"

    def make(folder: Path) -> Made:
        source, rows, truth, new, answers = drawn(title, "numbers", labels, "parquet", folder)
        model = Own(kind).fit(rows, truth)
        expected = expected_of(model.inner_, new, answers, labels)
        return Made(Candidate("m", saved(model, folder, "joblib")), data_of(source, labels), expected)

    return Cell(title, make)


def of_plan(what: str, labels: str) -> Cell:
    """What a plan says goes before what a file says."""
    title = f"plan says {what}, {labels}"

    def make(folder: Path) -> Made:
        source, rows, truth, new, answers = drawn(title, "numbers", labels, "parquet", folder)
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
