"""What a technique must know of the model that it is given: how it is asked, and which columns reach it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from effaudit.core.candidate import Candidate, Contract
from effaudit.core.plugin import Model, Refused, Workbench
from effaudit.core.store import Array
from effaudit.core.text import listed
from effaudit.core.workload import Column


def contract_of(bench: Workbench, model: Model) -> Contract:
    """The parent's whole contract: what the plan leaves open is what its file says. Raises Refused."""
    plan, file = given(bench).contract, model.contract()
    if given(bench).preprocess is not None:  # the file speaks of transformed columns
        file = dataclasses.replace(file, columns=(), dtypes=())
    said = {field.name: getattr(plan, field.name) or getattr(file, field.name) for field in dataclasses.fields(Contract)}
    said["threshold"] = plan.threshold if plan.threshold is not None else file.threshold
    if said["output"] is None and bench.workload.task == "regression":
        said["output"] = "values"
    if said["output"] is None:
        raise Refused("its file does not say what it answers; write `output: probabilities`, `logits` or `labels`")
    if bench.workload.task == "classification" and not bench.workload.multilabel:
        said["classes"] = said["classes"] or bench.workload.classes
    return Contract(**said)


def given(bench: Workbench) -> Candidate:
    """The parent. Raises Refused when there is none."""
    if bench.parent is None:
        raise Refused("this technique makes a smaller model out of another one: give it a candidate")
    return bench.parent


def columns_of(bench: Workbench, features: Sequence[str]) -> list[Column]:
    """The data's columns that reach the model, in its order; `features` are the names that it was fitted with. Raises Refused."""
    known = {column.name: column for column in bench.workload.inputs}
    names = given(bench).contract.columns or tuple(known)
    if features and set(features) <= set(names):
        names = tuple(features)
    elif features and len(features) != len(names):
        raise Refused(
            f"the model takes {len(features)} columns ({listed(features)}), the data gives it {len(names)} ({listed(names)})"
        )
    return [known[name] for name in names]


def spread(bench: Workbench, split: str, most: int) -> Array:
    """At most `most` row numbers of a split, evenly spread over it. Raises Refused where it has none."""
    rows = bench.store.rows(split)
    if not rows:
        raise Refused(f"it needs rows of the {split} split, which has none")
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).astype(np.int64)
