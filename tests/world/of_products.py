"""Cells of what `to_onnx` makes, which answers as the model's own library does."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from catalogue import CLASSIFIERS, WRAPPERS
from forms import PLAIN
from parts import Cell, data_of, drawn, expected_of, prepared, saved
from reference import Made
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from effaudit import registry
from effaudit.core.candidate import Candidate
from effaudit.core.plan import Data
from effaudit.core.plugin import Workbench
from effaudit.reading.data import build_store
from effaudit.techniques.to_onnx import ToOnnx
from effaudit.worker import asking


def of_product(name: str, wrapper: str, form: str, labels: str) -> Cell:
    """What `to_onnx` makes of a model, which answers as the model's own library does."""
    title = f"to_onnx of {name}, {wrapper}, {form}, {labels}"

    def make(folder: Path) -> Made:
        source, rows, truth, new, answers = drawn(title, form, labels, "parquet", folder)
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
