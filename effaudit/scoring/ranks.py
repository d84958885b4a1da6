"""Answers that rank rows the wrong way round: high where a class is not, low where it is, as where classes are mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from effaudit.core.notes import Note, coded
from effaudit.core.stats import ranking
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED
from effaudit.core.stats.student import binomial_upper
from effaudit.core.store import Array
from effaudit.core.text import listed, one_line
from effaudit.scoring.rows import Rows

CHANCE = 0.5
"""The ROC AUC of a guess; of labels, it is the mean of both classes' recalls."""
MOST = 50
"""Of more classes or labels the first are looked at: each takes a sort of all rows."""
NEVER = 0.001
"""So seldom is a guess of any class taken for one that is upside down."""


def upside_down(rows: Rows) -> tuple[Note, ...]:
    """A note that names the classes (or labels) whose rows are ranked worse than by chance, beyond what resamples explain."""
    if rows.part.regression:
        return ()
    columns = list(_columns(rows))
    if not columns:
        return ()
    limit = NormalDist().inv_cdf(1.0 - NEVER / len(columns))
    least = binomial_upper(0, rows.fewest, DRAWN_ONE_SIDED)  # no interval of few rows is narrower
    found = []
    for name, marks, flags in columns:
        try:
            value, influence = ranking.auc(marks, flags, rows.weights)
        except ValueError:  # no row of one of both kinds counts
            continue
        spread = float(np.std(rows.resamples.means(influence[:, None])[:, 0]))
        if value + max(limit * spread, least) < CHANCE:
            found.append(f"{one_line(name, 40)} ({value:.3f})")
    what = "scores" if rows.answers.scores is not None else "labels"
    words = f"its {what} rank rows the wrong way round: ROC AUC, of which a guess has 0.5, is under that for {listed(found)}"
    return coded("worse_than_guess", f"{words}; {advice(rows)}" if found else "")


def advice(rows: Rows) -> str:
    """What is most likely wrong where answers are worse than a guess."""
    if rows.part.several:
        return "check that its outputs are in the order of the plan's `answer`"
    return f"check that its `classes` are in the order of its outputs{', and `positive`' if rows.part.classes == 2 else ''}"


def _columns(rows: Rows) -> Iterator[tuple[str, Array, Array]]:
    """What tells each class (of two: the positive one) or label from the others: its name, a mark of each row, and the truth."""
    answers, truth, part = rows.answers, rows.truth, rows.part
    if part.several:
        marks = answers.scores if answers.scores is not None else answers.labels
        names = rows.workload.answers if len(rows.workload.answers) == part.several else tuple(map(str, range(part.several)))
        for place in range(min(part.several, MOST) if marks is not None else 0):
            yield names[place], np.asarray(marks)[:, place].astype(np.float64), truth[:, place] == 1
        return
    for place in [1] if part.classes == 2 else part.true[:MOST]:
        if answers.scores is not None:
            yield rows.workload.classes[place], np.asarray(answers.scores[:, place], dtype=np.float64), truth == place
        elif answers.labels is not None:
            yield rows.workload.classes[place], (answers.labels == place).astype(np.float64), truth == place
