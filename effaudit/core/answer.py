"""From a model's raw answer to scores and labels that any metric can use, by its contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from effaudit.core.candidate import Contract
from effaudit.core.observed import Answers
from effaudit.core.store import Array
from effaudit.core.text import listed
from effaudit.core.workload import Workload

ROUNDED = 1e-9
"""Probabilities of single precision miss a sum of 1 by more than this; they are divided by their sum."""


class BadAnswer(Exception):
    """A model answered something that its contract does not allow; the message says what, and what to write."""


def finished(output: str | None) -> Callable[[Any], Any] | None:
    """The last step that a service would do under the clock: logits become probabilities. None when there is nothing to do."""
    return probabilities if output == "logits" else None


def probabilities(logits: Any) -> Array:
    """Softmax over the last axis of (rows, classes), or a sigmoid of (rows,) and (rows, 1)."""
    scores = np.asarray(logits, dtype=np.float64)
    if scores.ndim == 1 or scores.shape[-1] == 1:
        return 0.5 * (1.0 + np.tanh(0.5 * scores))  # the sigmoid that cannot overflow
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def canonical(raw: Any, rows: int, contract: Contract, workload: Workload) -> Array:
    """One array for all kinds of answers, checked.

    Classification: probabilities (rows, classes) in the workload's order, or, from models that only label, class indices
    (rows,) as int64. Multilabel: probabilities or labels (rows, outputs). Regression: (rows,) or (rows, outputs) float64.
    Raises BadAnswer.
    """
    if workload.task == "regression":
        return _values(raw, rows, len(workload.answers))
    if contract.output == "labels":
        return _labels(raw, rows, workload)
    scores = _numbers(raw, rows)
    if workload.multilabel:
        return _in_unit_range(_shaped(scores, (rows, len(workload.answers))))
    return _by_class(_in_unit_range(scores), contract.classes, workload.classes)


def label(scores: Array, contract: Contract, workload: Workload) -> Answers:
    """Scores and labels from the canonical array: the most probable class, or that of a threshold from it on.

    Ties go as in scikit-learn: to the first class in the model's own order, and against a label of several. A row whose most
    probable class the data does not have is labelled −1, which is wrong whatever the answer is.
    """
    if workload.task == "regression":
        return Answers(scores, None)
    if scores.dtype == np.int64:
        return Answers(None, scores)
    threshold = contract.threshold
    if workload.multilabel:
        above = scores > 0.5 if threshold is None else scores >= threshold
        return Answers(scores, above.astype(np.int64))
    places = {same_class(name): place for place, name in enumerate(workload.classes)}
    if threshold is not None and len(workload.classes) == 2:
        chosen = places.get(same_class(contract.threshold_of), 1) if contract.threshold_of is not None else 1
        return Answers(scores, np.where(scores[:, chosen] >= threshold, chosen, 1 - chosen).astype(np.int64))
    own = [places[key] for key in map(same_class, contract.classes or workload.classes) if key in places]
    best = np.asarray(own, dtype=np.int64)[scores[:, own].argmax(axis=1)]
    elsewhere = 1.0 - scores.sum(axis=1)  # what _reordered left out
    return Answers(scores, np.where(elsewhere > scores.max(axis=1) + ROUNDED, -1, best))


def same_class(text: str) -> str:
    """The form in which class names are compared: `False`, `0` and `0.0` are one class, as they are in Python."""
    lowered = text.strip().lower()
    if lowered in ("false", "true"):
        return "01"[lowered == "true"]
    try:
        number = float(lowered)
    except ValueError:
        return text.strip()
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def _numbers(raw: Any, rows: int) -> Array:
    try:
        array = np.asarray(raw)
    except ValueError as error:
        raise BadAnswer(f"answered rows of different lengths ({error})") from error
    if array.dtype.kind not in "fiub":
        raise BadAnswer(f"answered {array.dtype} where numbers were expected; write `output: labels` if it answers labels")
    if array.ndim == 0 or array.shape[0] != rows:
        raise BadAnswer(f"answered an array of shape {array.shape} to {rows} rows")
    numbers = array.astype(np.float64)
    bad = ~np.isfinite(numbers)
    if bad.any():
        first = int(np.argwhere(bad.reshape(rows, -1).any(axis=1))[0, 0])
        raise BadAnswer(
            f"answered NaN or infinity to {int(bad.reshape(rows, -1).any(axis=1).sum())} of {rows} rows (first: row {first})"
        )
    return numbers


def _values(raw: Any, rows: int, outputs: int) -> Array:
    numbers = _numbers(raw, rows)
    if outputs == 1 and numbers.shape in ((rows,), (rows, 1)):
        return numbers.reshape(rows)
    return _shaped(numbers, (rows, outputs))


def _shaped(numbers: Array, shape: tuple[int, ...]) -> Array:
    if numbers.shape == shape:
        return numbers
    if shape[1:] == (1,) and numbers.shape == shape[:1]:
        return numbers.reshape(shape)
    raise BadAnswer(f"answered an array of shape {numbers.shape}, expected {shape}")


def _in_unit_range(scores: Array) -> Array:
    low, high = (float(scores.min()), float(scores.max())) if scores.size else (0.0, 0.0)
    if low < -1e-6 or high > 1 + 1e-6:
        raise BadAnswer(f"answered probabilities between {low:.3g} and {high:.3g}; write `output: logits` if they are unnormalised")
    return np.clip(scores, 0.0, 1.0)


def _by_class(scores: Array, given: Sequence[str], wanted: Sequence[str]) -> Array:
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if scores.ndim == 1:
        scores = np.column_stack([1.0 - scores, scores])
    if scores.ndim != 2:
        raise BadAnswer(f"answered an array of shape {scores.shape}, expected (rows, classes)")
    sums = scores.sum(axis=1)
    if np.abs(sums - 1.0).max(initial=0.0) > 1e-3:
        raise BadAnswer("answered probabilities that do not sum to 1; write `output: logits` if they are unnormalised")
    if np.abs(sums - 1.0).max(initial=0.0) > ROUNDED:
        scores = scores / sums[:, None]
    names = tuple(given) or tuple(wanted)
    if len(names) != scores.shape[1]:
        raise BadAnswer(
            f"answered {scores.shape[1]} probabilities a row, for {len(names)} classes ({listed(names)}); "
            "write the model's `classes` in its order"
        )
    return _reordered(scores, names, wanted)


def _reordered(scores: Array, names: Sequence[str], wanted: Sequence[str]) -> Array:
    places = {same_class(name): place for place, name in enumerate(names)}
    ordered = np.zeros((len(scores), len(wanted)))
    known = 0
    for column, name in enumerate(wanted):
        place = places.get(same_class(name))
        if place is not None:
            ordered[:, column] = scores[:, place]
            known += 1
    if known == 0:
        raise BadAnswer(
            f"knows the classes {listed(names)}, the data has {listed(wanted)}; write the model's `classes` in the data's words"
        )
    absent = [place for key, place in places.items() if key not in {same_class(name) for name in wanted}]
    if len(absent) > 1:  # only the most probable of them counts, so that label() sees in the sum whether it is the answer
        ordered /= (ordered.sum(axis=1) + scores[:, absent].max(axis=1))[:, None]
    return ordered


def _labels(raw: Any, rows: int, workload: Workload) -> Array:
    array = np.asarray(raw)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if workload.multilabel:
        return _shaped(_numbers(array, rows), (rows, len(workload.answers))).astype(np.int64)
    if array.shape != (rows,):
        raise BadAnswer(f"answered an array of shape {array.shape} to {rows} rows, expected one label a row")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadAnswer("answered NaN or infinity instead of a label")
    values, codes = np.unique(array.astype(str) if array.dtype.kind == "O" else array, return_inverse=True)
    places = {same_class(name): place for place, name in enumerate(workload.classes)}
    known = [places.get(same_class(str(value)), -1) for value in values]
    if max(known, default=-1) < 0:
        raise BadAnswer(f"answered the labels {listed(map(str, values))}; the data has {listed(workload.classes)}")
    return np.asarray(known, dtype=np.int64)[codes]
