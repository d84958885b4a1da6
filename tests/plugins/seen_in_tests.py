"""`seen(...)`: what measuring might have seen of a small candidate."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from effaudit.core.candidate import Artifact, Candidate, Facts
from effaudit.core.errors import Place
from effaudit.core.observed import Answers, Block, Seen, Sizes, Start
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.stats.resample import Resamples
from effaudit.core.workload import Workload
from effaudit.reading.columns import values_of
from effaudit.reading.slices import slices_of

ASSUMED = Assumptions("FRA", watts_per_vcpu=4.0, price_per_hour=0.36, currency="EUR")


@pytest.fixture
def seen():
    def make(truth, scores=None, labels=None, *, quality=("accuracy",), groups=None, task="classification", **more):
        truth = np.asarray(truth)
        classes = more.pop("classes", tuple(str(n) for n in range(int(truth.max()) + 1)) if task == "classification" else ())
        numbers = np.arange(len(truth)) if groups is None else np.asarray(groups)
        column = more.pop("sliced", None)
        slices, codes = (), np.empty((len(truth), 0), dtype=np.uint16)
        if column is not None:
            found = slices_of(
                {"c": values_of("c", np.asarray(column), Place(""))}, 1, numbers, truth if classes else None, len(classes)
            )
            slices, codes = found.slices, found.codes
        workload = Workload(
            task=task,
            store="",
            inputs=(),
            answers=more.pop("answer_names", ("y",)),
            classes=classes,
            splits={"certify": len(truth)},
            unit="row",
            sampling="independent",
            groups={"certify": int(numbers.max()) + 1},
            duplicates={},
            digests={},
            quality=quality,
            batch_sizes=more.pop("batch_sizes", (1,)),
            answer_unit=more.pop("answer_unit", ""),
            multilabel=more.pop("multilabel", False),
            slices=slices,
        )
        if labels is None and scores is not None and task == "classification":
            labels = np.asarray(scores).argmax(axis=1)
        return Seen(
            candidate=Candidate("model", Artifact("model.toy", "toy")),
            facts=more.pop("facts", Facts("linear", "Toy", 10, 8)),
            sizes=more.pop("sizes", Sizes(100, 20, 80, 5000, {"numpy": 5000})),
            workload=workload,
            store=SimpleNamespace(
                answers=lambda split: truth, slices=lambda: codes, weights=lambda: None, distinct=lambda: np.arange(len(truth))
            ),
            settings=Settings(),
            assumptions=more.pop("assumptions", ASSUMED),
            resamples=Resamples(numbers.astype(np.int64), 2000, 0),
            answers=Answers(None if scores is None else np.asarray(scores), None if labels is None else np.asarray(labels)),
            **more,
        )

    return make


@pytest.fixture
def timed():
    """Blocks of three incarnations; `figure(rng)` gives a call's nanoseconds."""

    def make(figure, *, batch=1, rounds=20, calls=5, incarnations=3, grouped=1):
        rng = np.random.default_rng(0)
        return tuple(
            Block(
                k,
                k * 1000 + r,
                batch,
                np.array([figure(rng) for _ in range(calls)]),
                int(1e6 * calls * grouped),
                calls * grouped,
                grouped,
            )
            for k in range(incarnations)
            for r in range(rounds)
        )

    return make


@pytest.fixture
def starts():
    def make(*memory):
        return tuple(
            Start(k, 1.0 + 0.01 * k, 0.1, 0.01, {"libraries": 50_000_000, "load": m, "steady": m, "peak": m + 1000})
            for k, m in enumerate(memory)
        )

    return make
