"""Distillation: a small student learns from the answers of a large teacher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from effaudit.core.candidate import Artifact, Candidate, Contract
from effaudit.core.notes import coded
from effaudit.core.plugin import Product, Refused, Technique, Workbench
from effaudit.core.text import listed
from effaudit.toolkit.graphs.flows import as_floats, inputs
from effaudit.toolkit.graphs.graph import Flow, Graph
from effaudit.toolkit.graphs.pipelines import transform
from effaudit.toolkit.parents import handed_on, spread
from effaudit.toolkit.soft_targets import Course, Lessons, lessons
from effaudit.toolkit.splits import check_classes, inner_split, sample
from effaudit.toolkit.students import network, trees
from effaudit.toolkit.students.features import Features
from effaudit.toolkit.students.trees import Schooling

_COMPARED = 20_000
_OPSET = 20


@dataclass(frozen=True)
class Distillation(Technique):
    """Trains a small student on a teacher's probabilities, which say more than labels: how sure it is, and what else it could be.

    Any candidate can teach; it is asked about train rows. A `lightgbm` student is boosted trees of raw scores with codes for
    categories; an `mlp` student is a network of two small layers, written as ONNX with its preprocessing in the same graph. It
    learns softened answers at the temperature, blended with the truth where `soft` is below 1; values in regression by their
    squared error. Train rows set aside, whole groups, stop the training.

    Options: `student: lightgbm | mlp`, `temperature: 2.0` (1 to 20), `soft: 1.0` (the share of the teacher's answers against the
    truth), `size: [TREES, LEAVES]` or `[WIDTH, …]` (scaled to the train split when left out), `epochs: 20` (of a network),
    `rows: all` (or a number of train rows).
    Costs asking the teacher about every train row, and a minute or so; both end with the budget.
    """

    needs: ClassVar[tuple[str, ...]] = ("train", "search")

    student: Literal["lightgbm", "mlp"] = "lightgbm"
    temperature: float = 2.0
    soft: float = 1.0
    size: tuple[int, ...] = ()
    epochs: int = 20
    rows: int | str = "all"

    def __post_init__(self) -> None:
        if self.student not in ("lightgbm", "mlp"):
            raise ValueError(f"student is lightgbm or mlp, not {self.student!r}")
        if not 1.0 <= self.temperature <= 20.0:
            raise ValueError(f"temperature is from 1 to 20, not {self.temperature}")
        if not 0.0 <= self.soft <= 1.0:
            raise ValueError(f"soft is a share from 0 to 1, not {self.soft}")
        if any(not 1 <= number <= 10_000 for number in self.size):
            raise ValueError(f"size is numbers from 1 to 10,000, not {listed(map(str, self.size))}")
        if self.student == "lightgbm" and len(self.size) not in (0, 2):
            raise ValueError("the size of a lightgbm student is two numbers: trees and leaves")
        if not 1 <= self.epochs <= 1000:
            raise ValueError(f"epochs is from 1 to 1,000, not {self.epochs}")
        if self.rows != "all" and (isinstance(self.rows, (bool, str)) or self.rows < 1):
            raise ValueError(f"rows is all or a number of rows, not {self.rows!r}")

    def result_of(self, given: str | None) -> str | None:
        """LightGBM's text or ONNX, from anything."""
        if given is None:
            return None
        return "lightgbm" if self.student == "lightgbm" else "onnx"

    def apply(self, bench: Workbench) -> Product:
        """Asks the teacher, trains the student, and compares both on search rows."""
        if self.student == "lightgbm" and (bench.workload.multilabel or len(bench.workload.answers) > 1):
            raise Refused("LightGBM gives one answer; take student: mlp")
        features = Features.of(bench, bench.given.contract.columns or bench.store.columns, dense=self.student == "mlp")
        rows = sample(bench, min(bench.store.rows("train") if self.rows == "all" else int(self.rows), features.most_rows))
        check_classes(bench, rows)
        known = lessons(bench, rows, self.soft, self.temperature, bench.budget_s * 0.5)
        learnt, aside = inner_split(bench, np.sort(known.rows))
        place = np.argsort(known.rows)
        pairs = [known.of(place[np.searchsorted(known.rows[place], part)]) for part in (learnt, aside)]
        features = features.fitted(learnt)
        product = (self._trees if self.student == "lightgbm" else self._network)(bench, features, pairs)
        notes = [*features.notes]
        if len(known.rows) < bench.store.rows("train"):
            notes += coded("sampled", f"taught by {len(known.rows):,} of {bench.store.rows('train'):,} train rows")
        bench.tell(0.95, "comparing with the teacher")
        return replace(product, notes=tuple(notes), figures={**product.figures, **_compared(bench, product)})

    def _trees(self, bench: Workbench, features: Features, pairs: list[Lessons]) -> Product:
        how = self._schooling(bench, self.size or ((200, 31) if len(pairs[0].rows) >= 5000 else (100, 15)))
        learnt, aside = (Course(features.of_rows(part.rows), part) for part in pairs)
        booster = trees.taught(learnt, aside, features.categorical, how, _telling(bench))
        artifact = bench.formats("lightgbm").write(booster, bench.scratch / "model", {})
        output: Literal["values", "logits"] = "values" if pairs[0].kind == "values" else "logits"
        contract = _contract(bench, features, output)
        return Product(artifact, contract, features.saved(), figures={"trees": float(booster.num_trees())})

    def _network(self, bench: Workbench, features: Features, pairs: list[Lessons]) -> Product:
        how = self._schooling(bench, self.size or ((64, 32) if len(pairs[0].rows) >= 5000 else (32,)))
        learnt, aside = (Course(features.of_rows(part.rows), part) for part in pairs)
        layers = network.taught(learnt, aside, how, _telling(bench))
        output: Literal["values", "probabilities"] = "values" if pairs[0].kind == "values" else "probabilities"
        contract = _contract(bench, features, output)
        figures = {"parameters": float(sum(weights.size + biases.size for weights, biases in layers))}
        return Product(*_written(bench, features, layers, pairs[0].kind, contract), figures=figures)

    def _schooling(self, bench: Workbench, size: tuple[int, ...]) -> Schooling:
        return Schooling(size, bench.seed, bench.threads, bench.budget_s * 0.35, self.epochs)


def _telling(bench: Workbench) -> Callable[[float], None]:
    return lambda share: bench.tell(0.5 + 0.45 * share, "training the student")


def _contract(bench: Workbench, features: Features, output: Any) -> Contract:
    asked = handed_on(bench.contract)
    taken = asked.input if features.borrowed is not None else "plain"
    return replace(asked, columns=features.columns, dtypes=(), output=output, classes=bench.workload.classes, input=taken)


def _written(
    bench: Workbench, features: Features, layers: network.Layers, kind: str, contract: Contract
) -> tuple[Artifact, Contract, Artifact | None]:
    """The network as a graph, with its preprocessing where that has a form in ONNX, else beside it."""
    path = bench.scratch / "model.onnx"
    for apart in (False, True):
        graph = Graph(_OPSET)
        try:
            start = _apart(graph, features) if apart else _whole(graph, features)
        except Refused:
            continue
        end = network.answer(graph, start, layers, kind)
        path.write_bytes(graph.model(str(contract.output), end.name, "float", ["rows", end.width]).SerializeToString())
        return Artifact(str(path), "onnx"), contract, features.saved() if apart else None
    raise Refused("its preprocessing cannot be written")


def _whole(graph: Graph, features: Features) -> Flow:
    flows = inputs(graph, [column for name in features.columns for column in features.bench.workload.inputs if column.name == name])
    return as_floats(graph, flows if features.prepare is None else transform(graph, features.prepare, flows))


def _apart(graph: Graph, features: Features) -> Flow:
    width = features.of_rows(features.some).shape[1]
    return Flow(graph.input("features", "float", [width]), width)


def _compared(bench: Workbench, product: Product) -> dict[str, float]:
    """The primary figure of teacher and student on search rows, and how often their labels agree."""
    rows = spread(bench, "search", _COMPARED)
    truth = np.asarray(bench.store.answers("search")[rows])
    teacher = bench.given
    student = Candidate(f"{teacher.name}-{product.artifact.path}", product.artifact, product.contract, product.preprocess)
    answers = [bench.ask(candidate, "search", rows) for candidate in (teacher, student)]
    figures = [bench.score(answer, truth) for answer in answers]
    found = {"teacher": figures[0], "student": figures[1]}
    labels = answers[0].labels, answers[1].labels_in(answers[0].classes)
    if labels[0] is not None and labels[1] is not None:
        found["agreement"] = float(np.mean(labels[0] == labels[1]))
    return found
