"""What a candidate's answers show that a reader must know: labels of another rule than its scores, classes that nobody has."""

from __future__ import annotations

import numpy as np

from effaudit.core.answer import label, probabilities
from effaudit.core.candidate import Contract
from effaudit.core.notes import Note
from effaudit.core.observed import Answers
from effaudit.core.store import Array
from effaudit.core.text import counted, listed, one_line
from effaudit.core.workload import Workload


def findings(answers: Answers, truth: Array, contract: Contract, workload: Workload) -> tuple[Note, ...]:
    """Of its answers to certify rows, whose true answers are `truth`."""
    return (*_of_labels(answers, contract, workload), *_of_classes(answers, truth), *_of_logits(answers, contract))


def _of_labels(answers: Answers, contract: Contract, workload: Workload) -> tuple[Note, ...]:
    if contract.labels != "predict" or answers.scores is None or answers.labels is None:
        return ()
    derived = label(answers.scores, contract, workload)
    differing = int((derived != answers.labels).reshape(len(derived), -1).any(axis=1).sum())
    if not differing:
        return ()
    by = "the most probable class" if contract.threshold is None else f"its threshold of {contract.threshold:.3g}"
    rows = f"{differing:,} of {counted(len(derived), 'row')}"
    words = f"its own predict gives another label than {by} on {rows}; labels are those of predict"
    return (Note("labels_differ", words),)


def _of_classes(answers: Answers, truth: Array) -> tuple[Note, ...]:
    absent = [name for place, name in enumerate(answers.classes) if not (truth == place).any() and _is_known(answers, place)]
    if not absent:
        return ()
    named = listed(one_line(name, 40) for name in absent)
    words = f"certify has no row of {named}, which it knows: what it gives to such classes counts as lost, and averages of ROC AUC"
    return (Note("classes_absent", f"{words} and average precision are over the others"),)


def _of_logits(answers: Answers, contract: Contract) -> tuple[Note, ...]:
    """Probabilities that are called logits all become shares between a half and the sigmoid of 1."""
    if contract.output != "logits" or answers.scores is None or len(answers) < _ENOUGH or len(answers.classes) > 2:
        return ()
    found = answers.scores[:, 1] if answers.classes else answers.scores
    low, high = probabilities(np.array([0.0, 1.0]))
    if found.min() < low or found.max() > high or np.ptp(found) == 0.0:
        return ()
    words = "all its answers lie between 0 and 1, as probabilities do, and the plan calls them logits; is `output: logits` meant?"
    return (Note("looks_like_probabilities", words),)


_ENOUGH = 30
"""Rows, before anything is said of how all of them look."""


def _is_known(answers: Answers, place: int) -> bool:
    """Does the model ever name this class, or give it some probability?"""
    probable = answers.scores is not None and bool((answers.scores[:, place] > 0.0).any())
    return probable or (answers.labels is not None and bool((answers.labels == place).any()))
