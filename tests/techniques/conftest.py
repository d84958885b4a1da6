"""Small workloads on disk, and workbenches on them, as a worker would give a technique."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from effaudit import registry
from effaudit.core.candidate import Artifact, Candidate, Contract
from effaudit.core.observed import Answers
from effaudit.core.plugin import Model, Product, Workbench
from effaudit.core.store import Store, StoreWriter
from effaudit.core.workload import Column, Workload
from effaudit.metrics import quality
from effaudit.worker import asking

FOLDER = str(Path(__file__).parent)
if FOLDER not in sys.path:
    sys.path.insert(0, FOLDER)

SPLITS = ("train", "search", "certify")


class Bench:
    """A workload on disk and all that is needed to try techniques on it."""

    def __init__(self, folder: Path, workload: Workload) -> None:
        self.folder = folder
        self.workload = workload
        self.store = Store(workload.store)
        self.told: list[tuple[float, str]] = []
        self.splits_asked: set[str] = set()
        self._made = 0

    def parent(self, model: object, format: str, *, preprocess: Artifact | None = None, **contract: Any) -> Candidate:
        """Writes a model in its native format and makes a candidate of it."""
        artifact = registry.a_format(format).write(model, self._place("parent"), self.rows("search", 4))
        return Candidate("parent", artifact, Contract(**contract), preprocess)

    def rows(self, split: str, count: int | None = None) -> dict[str, Any]:
        """The first rows of a split."""
        return self.store.inputs(split, slice(0, count))

    def bench(self, parent: Candidate | None, seed: int = 0, budget_s: float = 120.0) -> Workbench:
        """A workbench with a scratch folder of its own."""
        scratch = self._place("scratch")
        scratch.mkdir()
        primary = self.workload.quality[0]
        return Workbench(
            parent=parent,
            workload=self.workload,
            store=self.store,
            seed=seed,
            budget_s=budget_s,
            threads=1,
            scratch=scratch,
            formats=registry.a_format,
            opened=self.opened,
            ask=self.ask,
            score=lambda answers, truth: quality.figure(primary, answers, truth, self.workload),
            better=quality.direction(primary),
            tell=lambda share, text: self.told.append((share, text)),
        )

    def opened(self, candidate: Candidate) -> tuple[Model, Contract]:
        """A model and its whole contract."""
        asked = asking.opened(candidate, self.workload, self.store)
        return asked.model, asked.contract

    def ask(self, candidate: Candidate, split: str, rows: Any) -> Answers:
        """Answers, as a worker gives them."""
        self.splits_asked.add(split)
        return asking.opened(candidate, self.workload, self.store).answers(split, rows)

    def whole(self, product: Product | Candidate, split: str = "search") -> Answers:
        """The answers of a product to a whole split."""
        candidate = product if isinstance(product, Candidate) else self.candidate(product)
        return self.ask(candidate, split, np.arange(self.store.rows(split)))

    def answers(self, product: Product | Candidate, split: str = "search") -> Any:
        """The scores of a product for a whole split; the labels of one that only labels."""
        found = self.whole(product, split)
        return found.labels if found.scores is None else found.scores

    def candidate(self, product: Product, name: str = "product") -> Candidate:
        """A product as a candidate."""
        return Candidate(name, product.artifact, product.contract, product.preprocess)

    def _place(self, name: str) -> Path:
        self._made += 1
        return self.folder / f"{name}-{self._made}"


Build = Callable[..., Bench]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Makes a Bench of named columns (arrays or lists of text, missing text None) and answers; rows are split 50/30/20."""

    def make(
        columns: dict[str, Any],
        answers: Any,
        *,
        classes: tuple[str, ...] = (),
        groups: Any = None,
        quality: tuple[str, ...] = (),
        shares: tuple[float, float, float] = (0.5, 0.3, 0.2),
        seed: int = 0,
    ) -> Bench:
        answers = np.asarray(answers)
        order = np.random.default_rng(seed).permutation(len(answers))
        if groups is not None:  # whole groups stay together
            shuffled = np.random.default_rng(seed).permutation(int(np.max(groups)) + 1)
            order = np.argsort(shuffled[np.asarray(groups)], kind="stable")
        ends = np.cumsum([round(share * len(answers)) for share in shares])
        parts = dict(zip(SPLITS, np.split(order, ends[:-1]), strict=True))
        words = {name: sorted({w for w in values if isinstance(w, str)}) for name, values in columns.items() if _is_text(values)}
        folder = tmp_path / f"workload-{len(list(tmp_path.iterdir()))}"
        writer = StoreWriter(folder, list(columns), words)
        for split, rows in parts.items():
            stored = {name: _coded(values, words.get(name))[rows] for name, values in columns.items()}
            grouped = np.arange(len(rows)) if groups is None else np.unique(np.asarray(groups)[rows], return_inverse=True)[1]
            writer.add(split, stored, answers[rows], grouped.astype(np.int64))
        writer.close()
        task = "classification" if classes else "regression"
        workload = Workload(
            task=task,  # type: ignore[arg-type]
            store=str(folder),
            inputs=tuple(_column(name, values, words) for name, values in columns.items()),
            answers=tuple(f"answer{n}" for n in range(answers.shape[1])) if answers.ndim == 2 else ("answer",),
            classes=() if answers.ndim == 2 else classes,
            splits={split: len(rows) for split, rows in parts.items()},
            unit="row",
            sampling="independent" if groups is None else "groups: g",
            groups={split: len(rows) for split, rows in parts.items()},
            duplicates={},
            digests=dict.fromkeys(SPLITS, ""),
            quality=quality or (("roc_auc",) if len(classes) == 2 else ("accuracy",) if classes else ("r2",)),
            batch_sizes=(1,),
            table=all(np.ndim(values) == 1 for values in columns.values()),
            multilabel=bool(classes) and answers.ndim == 2,
        )
        return Bench(folder, workload)

    return make


def _is_text(values: Any) -> bool:
    return isinstance(values, list) or np.asarray(values).dtype.kind == "O"


def _coded(values: Any, words: list[str] | None) -> Any:
    if words is None:
        return np.asarray(values)
    codes = {word: code for code, word in enumerate(words)}
    return np.array([codes.get(value, -1) for value in values], dtype=np.int32)


def _column(name: str, values: Any, words: dict[str, list[str]]) -> Column:
    if name in words:
        return Column(name, "text", (), sum(not isinstance(value, str) for value in values))
    array = np.asarray(values)
    missing = int(np.isnan(array).any(axis=tuple(range(1, array.ndim))).sum()) if array.dtype.kind == "f" else 0
    return Column(name, str(array.dtype), array.shape[1:], missing)


@pytest.fixture
def mixed(build: Build) -> Bench:
    """1,200 rows of numbers, whole numbers, categories and free text, with missing values; two classes."""
    rng = np.random.default_rng(1)
    count = 1200
    number = rng.normal(size=count).round(3)
    size = rng.lognormal(3, 1, count).round(1)
    stars = rng.integers(0, 6, count)
    town = rng.choice(["Ghent", "Łódź", "São Paulo", "a b"], count, p=[0.5, 0.3, 0.15, 0.05])
    text = [" ".join(rng.choice(["good", "Bad", "it's", "café", "a", "slow", "x_1"], rng.integers(0, 6))) for _ in range(count)]
    late = (
        number + (stars > 3) + (town == "Ghent") * 0.8 + np.array(["Bad" in t for t in text]) + rng.normal(size=count) * 0.5
    ) > 1.2
    number[rng.random(count) < 0.1] = np.nan
    towns = [None if gone else str(name) for name, gone in zip(town, rng.random(count) < 0.1, strict=True)]
    columns = {"number": number, "size m²": size, "stars": stars, "town": towns, "text": text}
    return build(columns, late.astype(np.int64), classes=("no", "yes"))


@pytest.fixture
def frame() -> Callable[[Bench, str], tuple[Any, Any]]:
    """A split as pandas would have read it from a file, and its answers as class names or values."""

    def read(bench: Bench, split: str = "train") -> tuple[Any, Any]:
        import pandas

        inputs = bench.store.inputs(split, slice(None))
        table = pandas.DataFrame(
            {n: pandas.array(v, dtype="str") if bench.store.is_text(n) else v for n, v in inputs.items() if v.ndim == 1}
        )
        answers = np.asarray(bench.store.answers(split))
        classes = np.array(bench.workload.classes)
        return table, classes[answers] if len(classes) else answers

    return read


@pytest.fixture
def cancer(build: Build) -> Bench:
    """569 rows of 30 numbers, two classes."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    columns = {name: data.data[:, place] for place, name in enumerate(data.feature_names)}
    return build(columns, data.target.astype(np.int64), classes=("malignant", "benign"))


@pytest.fixture
def digits(build: Build) -> Bench:
    """1,797 images of 8 × 8, ten classes, in one array."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return build({"image": data.images.astype(np.float32)}, data.target.astype(np.int64), classes=tuple("0123456789"))


@pytest.fixture
def diabetes(build: Build) -> Bench:
    """442 rows of ten numbers and a value."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes()
    return build({name: data.data[:, place] for place, name in enumerate(data.feature_names)}, data.target.astype(float))
