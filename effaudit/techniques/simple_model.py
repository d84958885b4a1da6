"""The simple models that are always tried first: they say what a larger one buys."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from effaudit.core.answer import scored
from effaudit.core.candidate import Artifact, Contract
from effaudit.core.notes import Note, coded
from effaudit.core.plugin import Product, Refused, Technique, Workbench
from effaudit.core.store import Array
from effaudit.core.text import listed, one_line
from effaudit.toolkit.boosted_training import Examples, Terms, trained
from effaudit.toolkit.columns import Profile, frame, matrix, of_kind, only_numbers, profiles
from effaudit.toolkit.preprocessing import for_linear, for_numbers, for_trees, ordered_by_answer
from effaudit.toolkit.splits import check_classes, inner_split, sample

_MOST_ROWS = {"dummy": 1_000_000, "linear": 300_000, "tree": 150_000, "lightgbm": 400_000}
_LEAVES = (8, 32, 128, 512)
"""Sizes of a single tree that are tried, smallest first."""


@dataclass(frozen=True)
class SimpleModel(Technique):
    """Trains a simple model on the train split, as a practitioner would before anything else.

    `dummy` always answers the classes' shares (or the mean). `linear` is logistic regression or ridge regression on scaled
    numbers, one-hot categories, weighed words (TF-IDF) and the cycles of times. `tree` is one decision tree of 8 to 512 leaves,
    as many as rows set aside from train ask for. `lightgbm` is gradient boosting, stopped by rows set aside. Missing values and
    unknown categories are handled; free text is left out of trees, which is said. Rows set aside are whole groups.

    Options: `family: dummy | linear | tree | lightgbm`. Costs seconds, at most about a minute on 300,000 rows of 20 columns:
    beyond 300,000 rows (a tree 150,000, LightGBM 400,000) a sample is learnt from, which is said.
    """

    needs: ClassVar[tuple[str, ...]] = ("train",)

    family: Literal["dummy", "linear", "tree", "lightgbm"] = "linear"

    def __post_init__(self) -> None:
        if self.family not in _MOST_ROWS:
            raise ValueError(f"family is {listed(_MOST_ROWS)}, not {self.family!r}")

    def result_of(self, given: str | None) -> str | None:
        """Made from data alone."""
        if given is not None:
            return None
        return "lightgbm" if self.family == "lightgbm" else "sklearn"

    def apply(self, bench: Workbench) -> Product:
        """Looks at the columns, then trains."""
        columns = bench.store.columns
        found = profiles(bench, columns)
        rows = sample(bench, _MOST_ROWS[self.family])
        notes = _notes(found, self.family)
        if len(rows) < bench.store.rows("train"):
            notes += coded("sampled", f"learnt from {len(rows):,} of {bench.store.rows('train'):,} train rows, drawn at random")
        data = _Data(bench, [profile for profile in found if self.family == "dummy" or profile.name in _used(found, self.family)])
        check_classes(bench, rows)
        bench.tell(0.1, f"training {self.family}")
        if self.family == "lightgbm":
            product = _boosted(data, rows)
        else:
            train = {"dummy": _dummy, "linear": _linear, "tree": _tree}[self.family]
            try:
                product = _saved(data, train(data, rows))
            except ValueError as error:
                raise Refused(f"scikit-learn cannot learn from these rows ({one_line(str(error), 200)})") from error
        return replace(product, notes=(*notes, *product.notes))


@dataclass(frozen=True)
class _Data:
    """Train rows of the columns that a model uses."""

    bench: Workbench
    found: list[Profile]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(profile.name for profile in self.found)

    @property
    def as_frame(self) -> bool:
        return not only_numbers(self.found)

    def inputs(self, rows: Array) -> Any:
        """What a model is trained on: a DataFrame where there is more than numbers."""
        inputs = self.bench.store.inputs("train", rows, self.columns)
        return frame(inputs) if self.as_frame else matrix(inputs)

    def answers(self, rows: Array) -> Array:
        """Class numbers, a 0/1 matrix, or values."""
        return np.asarray(self.bench.store.answers("train")[rows])

    def named(self, rows: Array) -> Array:
        """The same with classes by their names, which a saved model then answers by itself."""
        answers = self.answers(rows)
        return np.array(self.bench.workload.classes)[answers] if self.bench.workload.classes and answers.ndim == 1 else answers

    @property
    def classifies(self) -> bool:
        return self.bench.workload.task == "classification"


def _dummy(data: _Data, rows: Array) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    model = DummyClassifier(strategy="prior") if data.classifies else DummyRegressor(strategy="mean")
    return model.fit(np.zeros((len(rows), 1)), data.named(rows))


def _linear(data: _Data, rows: Array) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    prepare = for_linear(data.found) if data.as_frame else for_numbers(data.found)
    model = LogisticRegression(max_iter=300) if data.classifies else Ridge()
    answers = data.named(rows)
    if data.classifies and answers.ndim == 2:
        model = OneVsRestClassifier(model)
    return make_pipeline(prepare, model).fit(data.inputs(rows), answers)


def _tree(data: _Data, rows: Array) -> Any:
    """The smallest tree that rows set aside find as good as the best one, within one standard error."""
    learnt, aside = inner_split(data.bench, rows)
    tried = []
    for number, leaves in enumerate(_LEAVES):
        data.bench.tell(0.2 + 0.15 * number, f"training a tree of {leaves} leaves")
        tried.append((leaves, *_scored(data, _tree_of(data, learnt, leaves), aside)))
    sign = 1.0 if data.bench.better == "higher" else -1.0
    _, best, error = max(tried, key=lambda one: sign * one[1])
    leaves = next(leaves for leaves, score, _ in tried if sign * score >= sign * best - error)
    return _tree_of(data, rows, leaves)


def _tree_of(data: _Data, rows: Array, leaves: int) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeClassifier if data.classifies else DecisionTreeRegressor
    model = kind(max_leaf_nodes=leaves, min_samples_leaf=max(5, min(50, len(rows) // 1000)), random_state=data.bench.seed)
    if not data.as_frame:
        return model.fit(data.inputs(rows), data.named(rows))
    inputs, answers = data.inputs(rows), data.answers(rows)
    plain = answers.reshape(len(rows), -1)[:, 0]
    ranked = (plain == np.bincount(plain).argmax()).astype(float) if len(data.bench.workload.classes) > 2 else plain.astype(float)
    orders = [
        ordered_by_answer(inputs[profile.name].to_numpy(dtype=object), ranked, profile.values)
        for profile in data.found
        if profile.kind == "category"
    ]
    return make_pipeline(for_trees(data.found, orders), model).fit(inputs, data.named(rows))


def _scored(data: _Data, model: Any, aside: Array) -> tuple[float, float]:
    """The primary figure on rows set aside, and its standard error over ten parts of them."""
    contract = _contract(data, model)
    raw = model.predict_proba(data.inputs(aside)) if data.classifies else model.predict(data.inputs(aside))
    if isinstance(raw, list):
        raw = np.column_stack([shares[:, -1] for shares in raw])
    answers, truth = scored(raw, len(aside), contract, data.bench.workload), data.answers(aside)
    figure = data.bench.score(answers, truth)
    parts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts without rows of some class, which are passed over
        for part in np.array_split(np.random.default_rng(data.bench.seed).permutation(len(aside)), 10):
            with contextlib.suppress(Refused):
                parts.append(data.bench.score(answers.of(part), truth[part]))
    error = float(np.std(parts, ddof=1) / np.sqrt(len(parts))) if len(parts) > 1 else 0.0
    return figure, error


def _boosted(data: _Data, rows: Array) -> Product:
    bench = data.bench
    if bench.workload.multilabel or len(bench.workload.answers) > 1:
        raise Refused("LightGBM gives one answer; train one model for each, or take family: tree")
    learnt, aside = inner_split(bench, rows)
    prepare, categorical = None, 0
    if data.as_frame:
        prepare = for_trees(data.found).fit(data.inputs(rows[:1000]))
        categorical = len(of_kind(data.found, "category"))
    examples = [Examples(_numbers(data, prepare, part), data.answers(part)) for part in (learnt, aside)]
    classes = len(bench.workload.classes)
    objective = "regression" if not classes else "binary" if classes == 2 else "multiclass"
    terms = Terms(
        objective=objective,
        loss={"regression": "l2", "binary": "binary_logloss", "multiclass": "multi_logloss"}[objective],
        trees=500,
        leaves=31,
        rate=0.1,
        seed=bench.seed,
        threads=bench.threads,
        seconds=min(40.0, bench.budget_s / 2),
        categorical=range(categorical),
        more={"num_class": classes} if classes > 2 else {},
    )
    booster = trained(examples[0], examples[1], terms, lambda share: bench.tell(0.1 + 0.8 * share, "training lightgbm"))
    artifact = bench.formats("lightgbm").write(booster, bench.scratch / "model", {})
    before = None if prepare is None else bench.formats("sklearn").write(prepare, bench.scratch / "preprocess", {})
    output: Literal["probabilities", "values"] = "probabilities" if classes else "values"
    contract = Contract(data.columns, output=output, classes=bench.workload.classes, input="plain")
    return Product(artifact, contract, before, figures={"trees": float(booster.num_trees())})


def _numbers(data: _Data, prepare: Any, rows: Array) -> Array:
    inputs = data.inputs(rows)
    return np.asarray(inputs if prepare is None else prepare.transform(inputs), dtype=np.float64)


def _saved(data: _Data, model: Any) -> Product:
    artifact: Artifact = data.bench.formats("sklearn").write(model, data.bench.scratch / "model", {})
    return Product(artifact, _contract(data, model))


def _contract(data: _Data, model: Any) -> Contract:
    if not data.classifies:
        return Contract(data.columns, output="values", input="plain")
    classes = getattr(model, "classes_", None)
    named = tuple(map(str, classes)) if data.bench.workload.classes and isinstance(classes, np.ndarray) else ()
    return Contract(data.columns, output="probabilities", classes=named, input="plain")


def _used(found: Sequence[Profile], family: str) -> list[str]:
    kinds: tuple[Any, ...] = ("number", "array", "category", "time", *(("words",) if family == "linear" else ()))
    used = of_kind(found, *kinds)
    if not used:
        raise Refused(f"none of the columns ({listed(profile.name for profile in found)}) is of use to a {family} model")
    return used


def _notes(found: Sequence[Profile], family: str) -> list[Note]:
    useless, words = of_kind(found, "useless"), of_kind(found, "words")
    notes = []
    if useless and family != "dummy":
        notes.append(f"left out {listed(useless)}: one value only, or nearly every row has another")
    if words and family in ("tree", "lightgbm"):
        notes.append(f"left out the free text in {listed(words)}")
    return [*coded("left_out", *notes)]
