"""What a technique must know of the model that it is given: how it is asked, and which columns reach it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from effaudit.core.candidate import Artifact, Contract
from effaudit.core.plugin import Refused, Workbench
from effaudit.core.store import Array, Inputs
from effaudit.core.text import listed
from effaudit.core.workload import Column


def handed_on(contract: Contract) -> Contract:
    """What a product takes over of its parent's contract: a threshold that was tuned is tuned anew, on the product's own scores."""
    return dataclasses.replace(contract, preprocess=None, labels=None, threshold=None if contract.tune else contract.threshold)


def of_split(bench: Workbench, split: str) -> Contract:
    """The parent's contract for requests of a split, whose columns pandas may hold in another form than those of certify."""
    return dataclasses.replace(bench.contract, forms=bench.store.forms(split) if bench.workload.table else {})


def transforming(bench: Workbench, artifact: Artifact, split: str) -> Callable[[Inputs], Array]:
    """Preprocessing, opened for requests of a split."""
    return bench.formats(artifact.format).transformer(artifact, dataclasses.replace(of_split(bench, split), dtypes=()))


def columns_of(bench: Workbench, features: Sequence[str]) -> list[Column]:
    """The data's columns that reach the model, in its order; `features` are the names that it was fitted with. Raises Refused."""
    known = {column.name: column for column in bench.workload.inputs}
    names = bench.given.contract.columns or tuple(known)
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
