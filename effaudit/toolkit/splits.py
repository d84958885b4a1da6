"""Train rows set aside to stop and to choose by: whole groups, and the latest ones where rows come in time."""

from __future__ import annotations

import numpy as np

from effaudit.core.plugin import Refused, Workbench
from effaudit.core.store import Array

SHARE = 0.15


def inner_split(bench: Workbench, rows: Array) -> tuple[Array, Array]:
    """(rows to learn from, rows set aside): positions in train, each in ascending order. Raises Refused where one is empty."""
    groups = np.unique(np.asarray(bench.store.groups("train"))[rows], return_inverse=True)[1]
    count = int(groups.max()) + 1 if len(rows) else 0
    if count < 2:
        raise Refused("it needs train rows of two groups at least, to learn from one and to stop by the other")
    order = np.arange(count)[::-1]
    if not bench.workload.sampling.startswith("time"):
        order = np.random.default_rng(bench.seed).permutation(count)
    sizes = np.bincount(groups, minlength=count)[order]
    taken = order[: max(1, min(count - 1, int(np.searchsorted(np.cumsum(sizes), SHARE * len(rows)))))]
    aside = np.isin(groups, taken)
    return np.sort(rows[~aside]), np.sort(rows[aside])


def sample(bench: Workbench, most: int) -> Array:
    """At most `most` train rows drawn by the seed, in ascending order."""
    rows = bench.store.rows("train")
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(bench.seed).choice(rows, most, replace=False))


def check_classes(bench: Workbench, rows: Array) -> None:
    """Raises Refused where these train rows are all of one class: there is nothing to tell apart."""
    answers = np.asarray(bench.store.answers("train")[rows])
    if bench.workload.task == "classification" and not bench.workload.multilabel and len(np.unique(answers)) < 2:
        only = bench.workload.classes[int(answers[0])] if len(answers) else "none"
        raise Refused(f"all train rows are of one class ({only}); give it rows of the others too")
