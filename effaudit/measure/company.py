"""Do a model's answers depend on the rows that are asked with them? If so, quality is read as the workload asks, or not at all.

Batch normalisation that was left in training mode, one scale for a whole request in dynamic quantisation, and padding make the
answer to a row another one in other company. Quality is read in large requests, so this must be known.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.observed import Answers, together
from effaudit.core.slices import NO_SLICE, SAMPLE, Slice
from effaudit.core.store import Array, Store
from effaudit.core.text import counted
from effaudit.core.workload import Workload
from effaudit.measure.replies import differing_rows, reply_limit, scale_of, stored
from effaudit.process import Site, Worker

COMPARED = 1000
"""Certify rows, drawn by the seed, that are asked again at each batch size (or one request of that size, where it is larger)."""
REQUESTS = 50
"""So many requests are sent in one message."""
AGAIN = 10
"""One row at a time, no order can matter: the second one asks a tenth of them."""
ALONE_S = 120.0
"""Seconds that reading quality at the workload's first batch size may take; more rows than that are left out, whole groups."""
LEAST_ROWS, LEAST_GROUPS = 200, 20
"""Fewer certify rows, or groups, than these say too little of a model."""


@dataclass(frozen=True)
class Company:
    """`answers` to certify rows as the workload asks; `groups`: of how many of the groups in their drawn order, None of all.

    `notes` and `doubts` say on how many rows answers depend on the batch, and what follows.
    """

    answers: Answers
    groups: int | None = None
    notes: tuple[Note, ...] = ()
    doubts: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """Answers to the first of some rows, the type of the raw ones, and the seconds that they took."""

    answers: Answers
    dtype: str
    seconds: float


def in_company(worker: Worker, site: Site, answers: Answers, tell: Callable[[float], None]) -> Company:
    """Asks again at each of the workload's batch sizes, in two orders. `answers`: those to all certify rows in large requests."""
    total = site.workload.splits["certify"]
    sizes = site.workload.batch_sizes
    pace, scale = 0.0, scale_of(answers)
    for place, size in enumerate(sizes):
        tell(place / len(sizes))
        rows = _drawn(site, min(total, max(COMPARED, size)))
        for order in (rows, rows[::-1][: len(rows) // AGAIN] if size == 1 else rows[::-1]):
            if not len(order):
                continue
            found = _asked(worker, site, order, size)
            pace = found.seconds / len(order) if size == sizes[0] else pace
            differing = int(np.count_nonzero(differing_rows(answers.of(order), found.answers, found.dtype, scale)))
            if differing:
                pace = pace or _asked(worker, site, rows[: sizes[0] * 8], sizes[0]).seconds / len(rows[: sizes[0] * 8])
                words = f"on {differing:,} of {counted(len(order), 'row')}, {counted(size, 'row')} a request"
                return _alone(worker, site, answers, pace, f"its answers depend on which rows are asked together ({words})", tell)
    return Company(answers)


def sample_of(site: Site, store: Store, groups: int) -> Workload:
    """The workload with one slice more: the certify rows of the first `groups` groups in the drawn order. The store is told."""
    order, workload, truth = order_of_groups(site), site.workload, np.asarray(store.answers("certify"))
    inside = order < groups
    plain = bool(workload.classes) and not workload.multilabel
    counts = tuple(np.bincount(truth[inside], minlength=len(workload.classes)).tolist()) if plain else ()
    one = Slice("(asked)", SAMPLE, "a sample", int(inside.sum()), groups, counts)
    own = np.where(inside, len(workload.slices), NO_SLICE).astype(np.uint16)
    store.tell_apart(np.column_stack([np.asarray(store.slices()), own]))
    return replace(workload, slices=(*workload.slices, one))


def order_of_groups(site: Site) -> Array:
    """Each certify row's place in the drawn order of its group: the same for every candidate (rows,)."""
    groups = np.unique(np.asarray(Store(site.workload.store).groups("certify")), return_inverse=True)[1]
    return np.asarray(np.random.default_rng([site.seed, 2]).permutation(int(groups.max()) + 1)[groups])


def _alone(worker: Worker, site: Site, answers: Answers, pace: float, found: str, tell: Callable[[float], None]) -> Company:
    """Reads quality at the workload's first batch size, of as many whole groups as the time allows."""
    size, order = site.workload.batch_sizes[0], order_of_groups(site)
    whole = int(order.max()) + 1
    counts = np.cumsum(np.bincount(order))
    groups = whole if counts[-1] * pace <= ALONE_S else int(np.searchsorted(counts, ALONE_S / pace, side="right"))
    rows = np.flatnonzero(order < groups)
    each = f"{counted(size, 'row')} a request"
    if groups < whole and (len(rows) < LEAST_ROWS or groups < LEAST_GROUPS):
        words = f"{found}, and asking {each} would take {counts[-1] * pace / 60:,.0f} min"
        return Company(answers, doubts=(Note("answers_depend_on_batch", words),))
    parts, begun = [], time.monotonic()
    step = size * REQUESTS
    for start in range(0, len(rows), step):
        parts.append(_asked(worker, site, rows[start : start + step], size).answers)
        tell(min(1.0, (time.monotonic() - begun) / ALONE_S))
    read = together([answers.of(slice(0)), *parts])
    words = f"{found}; quality is read as the workload asks, {each}"
    if groups == whole:
        return Company(read, notes=(Note("answers_depend_on_batch", words),))
    words += f", on {counted(len(rows), 'row')} of {counted(groups, 'group')} drawn by the seed, for which all are compared"
    return Company(_placed(answers, rows, read), groups, (Note("answers_depend_on_batch", words),))


def _placed(answers: Answers, rows: Array, read: Answers) -> Answers:
    """Those that were read, among the others."""
    width = len(read.classes)
    whole = together([answers, read.of(slice(0))])
    scores, labels = (None if array is None else array.copy() for array in (whole.scores, whole.labels))
    if scores is not None:
        scores[rows] = read.scores
    if labels is not None:
        labels[rows] = read.labels
    assert width == len(whole.classes)
    return Answers(scores, labels, read.classes)


def _drawn(site: Site, count: int) -> Array:
    return np.random.default_rng([site.seed, 1]).permutation(site.workload.splits["certify"])[:count]


def _asked(worker: Worker, site: Site, rows: Array, size: int) -> _Asked:
    """Asks about rows in their order, `size` a request, a few requests a message."""
    step, parts, seconds, dtype = size * REQUESTS, [], 0.0, ""
    for start in range(0, len(rows), step):
        own = rows[start : start + step]
        limit = reply_limit(site.workload, len(own))
        reply = worker.ask(
            "asked",
            {"split": "certify", "batch": size},
            {"rows": own},
            stage="answer",
            timeout_s=2.0 * site.settings.timeout_s,
            reply_limit=limit,
        )
        parts.append(stored(reply))
        seconds += float(reply.facts["seconds"])
        dtype = str(reply.facts["dtype"])
    return _Asked(together(parts), dtype, seconds)
