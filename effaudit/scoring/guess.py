"""What a guess would score: the same answer to every row, by how often each occurs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from effaudit.core.notes import Note, coded
from effaudit.core.observed import Answers
from effaudit.core.plugin import Refused
from effaudit.core.reading import Measurement
from effaudit.core.store import Array
from effaudit.scoring import scorers
from effaudit.scoring.ranks import advice
from effaudit.scoring.rows import Rows
from effaudit.scoring.scorers import Part


def worse_than_guess(name: str, rows: Rows, found: Measurement) -> tuple[Note, ...]:
    """A note where the whole interval is worse than one and the same answer to every row would be."""
    part = rows.part
    try:
        guess = scorers.score(name, guessed(part))
    except Refused:
        return ()
    worse = found.low > guess if found.better == "lower" else found.high < guess
    answer = "the mean" if part.regression else "the shares of the classes" if name in _BY_SHARES else "the most frequent class"
    words = f"its {name} of {found.value:.3g} is worse than a guess: always answering {answer} has {guess:.3g}"
    words += "" if part.regression else f"; {advice(rows)}"
    return coded("worse_than_guess", words if worse else "")


_BY_SHARES = frozenset(
    (
        *("roc_auc", "roc_auc_ovr", "roc_auc_ovr_weighted", "roc_auc_ovo", "roc_auc_ovo_weighted", "average_precision"),
        *("log_loss", "brier_score", "d2_log_loss_score", "d2_brier_score", "top_k_accuracy"),
    )
)


def guessed(part: Part) -> Part:
    """The same rows, each answered with the mean, or with the shares of the classes and the most frequent one."""
    rows = len(part.truth)
    mean = np.average(part.truth if part.regression or part.several else _hot(part), axis=0, weights=part.weights)
    scores = np.broadcast_to(mean, (rows, *np.shape(mean)))
    labels = None if part.regression else np.repeat((mean > 0.5)[None, :], rows, axis=0).astype(np.int64)
    if labels is not None and not part.several:
        labels = np.full(rows, int(np.argmax(mean)))
    return replace(part, answers=Answers(scores, labels, part.answers.classes))


def _hot(part: Part) -> Array:
    return np.eye(max(len(part.answers.classes), part.classes))[part.truth]
