"""A candidate made ready to be asked: its model, preprocessing and contract joined into one function."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from effaudit import registry
from effaudit.core.answer import canonical, finished, same_class
from effaudit.core.candidate import Candidate, Contract
from effaudit.core.plugin import Model, Refused
from effaudit.core.store import Array, Inputs, Store
from effaudit.core.text import listed
from effaudit.core.workload import Workload

CHUNK = 1000
"""Rows asked at once where nothing is timed."""


@dataclass(frozen=True)
class Asked:
    """An opened candidate. `ask` takes a request and gives the finished raw answer."""

    model: Model
    contract: Contract
    columns: tuple[str, ...]
    ask: Callable[[Inputs], Any]
    workload: Workload
    store: Store

    def answers(self, split: str, rows: Array | slice) -> Array:
        """Canonical answers to some rows. Raises BadAnswer."""
        inputs = self.store.inputs(split, rows, self.columns)
        count = len(next(iter(inputs.values())))
        return canonical(self.ask(inputs), count, self.contract, self.workload)

    def requests(self, split: str, count: int, batch: int, start: int, order: Array) -> list[dict[str, Array]]:
        """`count` requests of `batch` rows, along `order` from `start` on, beginning again at its end."""
        places = order[(start + np.arange(count * batch)) % len(order)]
        inputs = self.store.inputs(split, places, self.columns)
        return [{name: values[at : at + batch] for name, values in inputs.items()} for at in range(0, count * batch, batch)]


def opened(candidate: Candidate, workload: Workload, store: Store) -> Asked:
    """Opens a candidate in this process. Raises Refused with what to write."""
    kind = registry.a_format(candidate.artifact.format)
    model = kind.open(candidate.artifact, candidate.threads)
    transform = None
    if candidate.preprocess is not None:
        transform = registry.a_format(candidate.preprocess.format).transformer(candidate.preprocess)
    contract = joined(model.contract(), candidate.contract, workload, preprocessed=transform is not None)
    ask = _chained(model.predictor(contract), transform, finished(contract.output))
    return Asked(model, contract, contract.columns or store.columns, ask, workload, store)


def joined(file: Contract, plan: Contract, workload: Workload, *, preprocessed: bool) -> Contract:
    """What the plan says, and what it leaves open as the file says it. Raises Refused where neither says what is needed."""
    if preprocessed:  # the file speaks of transformed columns, the plan of the data's
        file = dataclasses.replace(file, columns=(), dtypes=())
    said = {field.name: getattr(plan, field.name) or getattr(file, field.name) for field in dataclasses.fields(Contract)}
    threshold = plan if plan.threshold is not None or plan.tune else file
    said["threshold"], said["threshold_of"] = threshold.threshold, threshold.threshold_of
    if said["output"] is None and workload.task == "regression":
        said["output"] = "values"
    if said["output"] is None:
        raise Refused("its file does not say what it answers; write `output: probabilities`, `logits` or `labels`")
    if said["output"] in ("probabilities", "logits") and not said["classes"] and workload.task == "classification":
        _need_natural_classes(workload)
    said["columns"] = _as_spelt(said["columns"], workload)
    missing = [name for name in said["columns"] if name not in {column.name for column in workload.inputs}]
    if missing:
        raise Refused(
            f"asks for the columns {listed(missing)}, which the data does not have "
            f"(it has {listed(column.name for column in workload.inputs)}); write its `columns`, or its `preprocess`"
        )
    return Contract(**said)


def _as_spelt(columns: tuple[str, ...], workload: Workload) -> tuple[str, ...]:
    """The data's own spelling: LightGBM and skl2onnx write `_` for a space."""
    names = [column.name for column in workload.inputs]
    spelt = {name.replace(" ", "_"): name for name in names}
    return tuple(name if name in names else spelt.get(name, name) for name in columns)


def _need_natural_classes(workload: Workload) -> None:
    if workload.multilabel or [same_class(name) for name in workload.classes] == [str(n) for n in range(len(workload.classes))]:
        return
    raise Refused(
        f"its file does not name its classes; write `classes: [{', '.join(workload.classes)}]` in the order of its outputs"
    )


def _chained(
    predict: Callable[[Inputs], Any], transform: Callable[[Inputs], Array] | None, finish: Callable[[Any], Any] | None
) -> Any:
    if transform is None and finish is None:
        return predict
    if transform is None:
        return lambda request: finish(predict(request))  # type: ignore[misc]
    if finish is None:
        return lambda request: predict({"": transform(request)})
    return lambda request: finish(predict({"": transform(request)}))
