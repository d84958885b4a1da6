"""Forests with fewer trees, and boosted trees with fewer stages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from effaudit.core import units
from effaudit.core.candidate import Artifact, Contract
from effaudit.core.classes import places
from effaudit.core.observed import Answers
from effaudit.core.plugin import Model, Product, Refused, Technique, Workbench
from effaudit.core.store import Array
from effaudit.core.text import counted
from effaudit.frameworks.sklearn.pipelines import taken_apart, with_last
from effaudit.toolkit.boosting import Boosting, is_boosting
from effaudit.toolkit.forest import Forest, is_forest
from effaudit.toolkit.paired import Paired, checked_tolerance, tolerated
from effaudit.toolkit.parents import handed_on, of_split, spread, transforming

_ROWS = 40_000
_MOST_ANSWERS = 1_000_000
"""Search rows times classes: the answers of all numbers of trees that are tried are held in memory."""
_TRIED = 40
_SURE = 1.645
"""Standard errors: at one-sided 0.95, the level at which verdicts are given."""


@dataclass(frozen=True)
class FewerTrees(Technique):
    """Keeps the trees of a forest, or the first stages of boosted trees, that are enough.

    A forest's trees are ordered so that each next one lowers the loss of the average most, on a third of the search rows; on
    the others the smallest number is taken whose loss in the primary quality metric is within the tolerance, with 95 %
    confidence (a paired comparison over whole groups). Boosting loses its last stages, as long as its log loss or squared error
    does not grow either: first stages rank well long before their probabilities are right. The product is a file of the same
    kind with the other trees gone: smaller, and faster by nearly their share. Nothing is trained.

    Options: `keep: auto | NUMBER | SHARE` (50, or 0.25; `auto` by the tolerance), `tolerance: auto | 0.1 pp | 1 %` (points of a
    score, or a share of the parent's own figure; `auto` is 0.1 pp of scores and 0.5 % of errors),
    `order: greedy | given` (of a forest's trees). Costs seconds.
    """

    keep: int | float | str = "auto"
    tolerance: str = "auto"
    order: Literal["greedy", "given"] = "greedy"

    def __post_init__(self) -> None:
        _asked(self.keep)
        checked_tolerance(self.tolerance)
        if self.order not in ("greedy", "given"):
            raise ValueError(f"order is greedy or given, not {self.order!r}")

    def result_of(self, given: str | None) -> str | None:
        """The parent's own format."""
        return given if given in ("sklearn", "lightgbm") else None

    def apply(self, bench: Workbench) -> Product:
        """Orders trees, finds how many are enough, and writes a model with these alone."""
        opened, contract = bench.open(), bench.contract
        ensemble = _ensemble(taken_apart(opened.native)[1], contract)
        rows = spread(bench, "search", min(_ROWS, max(1000, _MOST_ANSWERS // max(1, len(bench.workload.classes)))))
        ordering, cutting, order = rows[:0], rows, list(range(ensemble.count))
        if self.order == "greedy" and isinstance(ensemble, Forest):
            bench.tell(0.1, f"ordering {counted(ensemble.count, 'tree')}")
            ordering, cutting = _parts(bench, rows)
            order = ensemble.order(_features(bench, opened, contract, ordering), _truth(ensemble.model, contract, bench, ordering))
        bench.tell(0.5, "finding how many are enough")
        compared = Paired(bench, _scored(contract, ensemble.model), cutting, Answers(None, None))
        chosen, paired, after = self._chosen(compared, ensemble, order, _features(bench, opened, contract, cutting))
        bench.tell(0.9, "writing")
        artifact = _written(bench, with_last(opened.native, ensemble.kept(order[:chosen])))
        figures = {
            "trees_before": ensemble.count,
            "trees_after": chosen,
            "nodes_before": opened.facts().nodes or 0,
            "nodes_after": bench.formats(artifact.format).open(artifact, bench.threads).facts().nodes or 0,
            "score_before": paired.score(paired.before),
            "score_after": paired.score(after),
        }
        return Product(
            artifact, handed_on(contract), bench.given.preprocess, (), {name: float(value) for name, value in figures.items()}
        )

    def _chosen(self, rows: Paired, ensemble: Forest | Boosting, order: list[int], features: Any) -> tuple[int, Paired, Answers]:
        """How many are kept, the comparison with the whole, and what those that are kept answer."""
        wanted = _wanted(self.keep, ensemble.count)
        counts = _grid(ensemble.count) if wanted is None else [wanted, ensemble.count]
        answers = {count: rows.read(raw) for count, raw in ensemble.answers(features, order, counts)}
        paired = replace(rows, before=answers[ensemble.count])
        if wanted is not None:
            return wanted, paired, answers[wanted]
        allowed = tolerated(self.tolerance, rows.bench, paired.score(paired.before))
        for count in counts[:-1]:
            faded = isinstance(ensemble, Boosting) and paired.plain_loss(answers[count]) > paired.plain_loss(paired.before)
            loss = paired.loss(answers[count])
            if not faded and loss <= allowed and loss + _SURE * paired.error(answers[count]) <= allowed:
                return count, paired, answers[count]
        raise Refused(
            f"no tree can go within the tolerance ({self.tolerance}) on {counted(len(rows.rows), 'search row')}; "
            f"write a larger `tolerance`, or `keep` with a number below {ensemble.count}"
        )


def _ensemble(model: Any, contract: Contract) -> Forest | Boosting:
    if is_forest(model):
        found: Forest | Boosting = Forest(model)
    elif is_boosting(model):
        found = Boosting(model, _scored(contract, model).output or "values")
    else:
        raise Refused(f"a {type(model).__name__} has no trees to leave out; it takes forests, bagged trees and boosted trees")
    if found.count < 2:
        raise Refused("it has one tree only")
    return found


def _scored(contract: Contract, model: Any) -> Contract:
    """How answers are compared: by probabilities also where labels are asked for."""
    probable = contract.output == "labels" and hasattr(model, "classes_")
    return replace(contract, output="probabilities" if probable else contract.output, labels="scores")


def _truth(model: Any, contract: Contract, bench: Workbench, rows: Array) -> Array:
    """What a forest is ordered by: true values, or the columns of its members' answers that hold true classes."""
    truth = np.asarray(bench.store.answers("search")[rows])
    if bench.workload.task == "regression":
        return truth
    if isinstance(model.classes_, list):
        widths = np.array([len(classes) for classes in model.classes_])
        return np.asarray(np.cumsum(widths) - widths + np.minimum(truth, widths - 1)).astype(np.int64)
    known = np.maximum(0, places(bench.workload.classes, contract.classes, bench.workload.numeric_classes))
    return np.asarray(known[truth][:, None])


def _parts(bench: Workbench, rows: Array) -> tuple[Array, Array]:
    """Search rows to order by, a third of the groups, and those to decide on."""
    groups = np.unique(np.asarray(bench.store.groups("search"))[rows], return_inverse=True)[1]
    side = np.random.default_rng(bench.seed).permutation(int(groups.max()) + 1)[groups] % 3 == 1
    if not side.any():
        raise Refused("it needs search rows of two groups at least; write `order: given`")
    return rows[side], rows[~side]


def _features(bench: Workbench, opened: Model, contract: Contract, rows: Array) -> Any:
    """What reaches the trees."""
    parent = bench.given
    request: dict[str, Array] = bench.store.inputs("search", rows, contract.columns)
    if parent.preprocess is not None:
        request = {"": np.asarray(transforming(bench, parent.preprocess, "search")(request))}
    (features,) = opened.feeder(of_split(bench, "search"))(request)
    for step in taken_apart(opened.native)[0]:
        features = step.transform(features)
    return features.toarray() if hasattr(features, "toarray") else features


def _written(bench: Workbench, model: Any) -> Artifact:
    """A file of the parent's own kind, with the parent's trust."""
    parent = bench.given.artifact
    if parent.format == "sklearn" and Path(parent.path).suffix.lower() != ".skops":
        import joblib

        path = bench.scratch / "model.joblib"
        joblib.dump(model, path, compress=0 if _is_plain(Path(parent.path)) else 3)
        return replace(parent, path=str(path))
    written = bench.formats(parent.format).write(model, bench.scratch / "model", {})
    return replace(parent, path=written.path)


def _is_plain(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(1) == b"\x80"


def _asked(keep: int | float | str) -> int | float | None:
    """A number of trees, a share of them, or neither. Raises ValueError in words."""
    if keep == "auto":
        return None
    quantity = units.parse(keep)
    amount = quantity.amount
    if quantity.unit in ("", "%") and 0 < amount < 1:
        return amount
    if quantity.unit or isinstance(keep, float) or amount < 1 or amount != int(amount):
        raise ValueError(f"keep is auto, a number of trees, or a share below 1 such as 0.25, not {keep!r}")
    return int(amount)


def _wanted(keep: int | float | str, count: int) -> int | None:
    asked = _asked(keep)
    if asked is None:
        return None
    wanted = asked if isinstance(asked, int) else max(1, round(asked * count))
    if wanted >= count:
        raise Refused(f"it has {counted(count, 'tree')}, so that keeping {wanted} leaves none out; write a smaller `keep`")
    return wanted


def _grid(count: int) -> list[int]:
    """Numbers of trees to try, from one up to all, closer together where they are few."""
    return sorted({*np.geomspace(1, count, _TRIED).round().astype(int).tolist(), count - 1, count})
