"""From a model's raw answer to scores and labels that any metric can use, by its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from effaudit.core.candidate import Contract
from effaudit.core.classes import ABSENT, class_text, natural, places, with_more
from effaudit.core.observed import Answers
from effaudit.core.store import Array
from effaudit.core.text import listed, one_line
from effaudit.core.workload import Workload

ROUNDED = 1e-9
"""Probabilities of single precision miss a sum of 1 by more than this; they are divided by their sum."""


class BadAnswer(Exception):
    """A model answered something that its contract does not allow; the message says what, and what to write."""


def finished(output: str | None) -> Callable[[Any], Any] | None:
    """The last step that a service would do under the clock: logits become probabilities. None when there is nothing to do."""
    return probabilities if output == "logits" else None


def plain_array(raw: Any) -> Array:
    """An answer in hand: a contiguous array, whatever a model returns. A service cannot send anything less. Raises BadAnswer.

    Arrays that compute when they are read (dask, jax) do so here, under the clock. What is no array yet (futures, coroutines),
    lies in another device's memory, or is partly masked is refused.
    """
    if type(raw) is np.ndarray:
        return raw if raw.flags.c_contiguous else np.ascontiguousarray(raw)
    if isinstance(raw, np.ma.MaskedArray):
        raise BadAnswer("answered a masked array, whose masked values are no answer; return a plain array")
    try:
        array = np.asarray(raw.toarray() if hasattr(raw, "toarray") else raw)
    except (TypeError, ValueError, RuntimeError) as error:
        words = one_line(str(error), 200)
        raise BadAnswer(f"answered {_kind(raw)}, which is no array ({words}); return a plain array") from error
    if array.ndim == 0:
        raise BadAnswer(f"answered {_kind(raw)} where an array was expected; return a plain array with an entry for each row")
    return np.ascontiguousarray(array)


def _kind(raw: Any) -> str:
    return "None" if raw is None else f"an object of type {one_line(type(raw).__name__, 60)}"


def probabilities(logits: Any) -> Array:
    """Softmax over the last axis of (rows, classes), or a sigmoid of (rows,) and (rows, 1)."""
    scores = np.asarray(plain_array(logits), dtype=np.float64)
    if scores.ndim == 1 or scores.shape[-1] == 1:
        return 0.5 * (1.0 + np.tanh(0.5 * scores))  # the sigmoid that cannot overflow
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def check_logits(raw: Any) -> None:
    """Raises BadAnswer where what is called logits are probabilities: rows of several columns that lie in 0 to 1 and sum to 1."""
    scores = np.asarray(raw)
    if scores.ndim != 2 or scores.shape[1] < 2 or scores.dtype.kind != "f" or len(scores) == 0:
        return
    close = np.abs(scores.sum(axis=1, dtype=np.float64) - 1.0).max() <= (1e-2 if scores.dtype == np.float16 else 1e-4)
    if close and scores.min() >= 0.0 and scores.max() <= 1.0:
        raise BadAnswer("answered rows that lie between 0 and 1 and sum to 1: they are probabilities; leave `output: logits` out")


def canonical(raw: Any, rows: int, contract: Contract, workload: Workload) -> Array:
    """Scores of one form for all kinds of answers, checked.

    Classification: probabilities (rows, classes), a column for each of `class_names`. Multilabel: probabilities (rows, outputs).
    Regression: (rows,) or (rows, outputs) float64. Raises BadAnswer.
    """
    if workload.task == "regression":
        return _values(raw, rows, len(workload.answers))
    scores = _in_unit_range(_numbers(raw, rows))
    if workload.multilabel:
        return _shaped(scores, (rows, len(workload.answers)))
    return _by_class(_summing_to_one(_columns(scores)), contract, workload)


def class_names(contract: Contract, workload: Workload, width: int) -> tuple[str, ...]:
    """What the columns of canonical scores stand for: the workload's classes, then those that only the model has.

    `width`: how many columns the model's own scores have.
    """
    return with_more(workload.classes, _own_names(contract, workload, width), workload.numeric_classes)


class Vocabulary:
    """The classes that a model's labels name: the workload's, and behind them every other one in the order of its first use.

    `renamed`: what the model calls a class, and what the plan calls it.
    """

    def __init__(self, workload: Workload, renamed: Mapping[str, str]) -> None:
        self.names = workload.classes
        self._workload = workload
        self._renamed = renamed

    def learn(self, names: Sequence[str]) -> None:
        """Classes that have a column of their own in the scores."""
        self.names = with_more(self.names, names, self._workload.numeric_classes)

    def codes(self, raw: Any, rows: int) -> Array:
        """Labels as indices into `names` (rows,), or of several labels a row as a 0/1 matrix (rows, labels). Raises BadAnswer."""
        array = plain_array(raw)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if self._workload.multilabel:
            return _shaped(_numbers(array, rows), (rows, len(self._workload.answers))).astype(np.int64)
        if array.shape != (rows,):
            raise BadAnswer(f"answered an array of shape {array.shape} to {rows} rows, expected one label a row")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BadAnswer("answered NaN or infinity instead of a label")
        words = np.array([_label(value) for value in array], dtype=str) if array.dtype.kind == "O" else array
        values, codes = np.unique(words, return_inverse=True)
        return self._places([class_text(value) for value in values])[codes]

    def _places(self, said: Sequence[str]) -> Array:
        numeric, classes = self._workload.numeric_classes, self._workload.classes
        words = [self._renamed.get(name, name) for name in said]
        if len(self.names) == len(classes) and words and max(places(words, classes, numeric)) == ABSENT:
            raise BadAnswer(f"answered the labels {listed(said)}; the data has {listed(classes)}")
        self.learn(words)
        return np.asarray(places(words, self.names, numeric), dtype=np.int64)


def _label(value: Any) -> str:
    """A label's text. An object that would only compute or wait for its label is no answer. Raises BadAnswer."""
    if not isinstance(value, (str, bytes, int, float, np.generic)):
        raise BadAnswer(f"answered {_kind(value)} instead of a label; return words or numbers")
    return class_text(value)


def answers_of(scores: Array | None, own: Array | None, contract: Contract, workload: Workload, names: Sequence[str]) -> Answers:
    """Scores with labels: the model's own where it has a rule of its own, else the most probable class or that of a threshold.

    `scores` are canonical, `own` are indices into `names`, which begin with the classes of the scores' columns.
    """
    if workload.task == "regression":
        return Answers(scores, None)
    labels = own if scores is None or (own is not None and contract.labels == "predict") else label(scores, contract, workload)
    if scores is None or workload.multilabel:
        return Answers(scores, labels, tuple(names))
    unscored = np.zeros((len(scores), len(names) - scores.shape[1]))
    return Answers(np.column_stack([scores, unscored]) if unscored.size else scores, labels, tuple(names))


def scored(raw: Any, rows: int, contract: Contract, workload: Workload) -> Answers:
    """Answers from raw scores alone, labelled by them. Raises BadAnswer."""
    scores = canonical(raw, rows, contract, workload)
    names = class_names(contract, workload, width_of(raw)) if workload.classes else ()
    return answers_of(scores, None, contract, workload, names)


def width_of(raw: Any) -> int:
    """How many classes raw scores speak of: one column is that of the positive one of two."""
    shape = np.shape(raw)
    return 2 if len(shape) == 1 or shape[1] == 1 else int(shape[1])


def label(scores: Array, contract: Contract, workload: Workload) -> Array:
    """Labels from canonical scores: the most probable class, or that of a threshold from it on.

    Ties go as in scikit-learn: to the first class in the model's own order, and against a label of several.
    """
    threshold = contract.threshold
    if workload.multilabel:
        above = scores > 0.5 if threshold is None else scores >= threshold
        return np.asarray(above.astype(np.int64))
    names = class_names(contract, workload, scores.shape[1])
    own = np.array(places(_own_names(contract, workload, scores.shape[1]), names, workload.numeric_classes), dtype=np.int64)
    if threshold is None:
        return np.asarray(own[scores[:, own].argmax(axis=1)])
    chosen = threshold_place(contract, workload)
    others = own[own != chosen]
    if not len(others):
        return np.full(len(scores), chosen)
    return np.where(scores[:, chosen] >= threshold, chosen, others[scores[:, others].argmax(axis=1)])


def threshold_place(contract: Contract, workload: Workload) -> int:
    """Which class a threshold speaks of: the one it names, or the positive one of two. Raises BadAnswer."""
    if contract.threshold_of is None and len(workload.classes) == 2:
        return 1
    found = places([contract.threshold_of or ""], workload.classes, workload.numeric_classes)[0]
    if found != ABSENT:
        return found
    if contract.threshold_of is None:
        advice = f"write `threshold: {{at: {contract.threshold}, of: CLASS}}`"
        raise BadAnswer(f"a threshold speaks of one class, and the data has {len(workload.classes)}; {advice}")
    raise BadAnswer(f"its threshold is for {contract.threshold_of!r}, and the data has {listed(workload.classes)}")


def _own_names(contract: Contract, workload: Workload, width: int) -> tuple[str, ...]:
    """The model's classes in the order of its outputs. One that names none numbers them from 0, as the data must do then."""
    if contract.classes:
        return contract.classes
    counted = natural(width)
    if ABSENT in places(workload.classes, counted, workload.numeric_classes):
        raise BadAnswer(
            f"answered {width} probabilities a row and names no classes, and the data has {listed(workload.classes)}; "
            "write the model's `classes` in the order of its outputs"
        )
    return counted


def _numbers(raw: Any, rows: int) -> Array:
    try:
        array = np.asarray(raw)
    except ValueError as error:
        raise BadAnswer(f"answered rows of different lengths ({error})") from error
    if array.dtype.kind == "O":
        raise BadAnswer("answered Python objects where numbers were expected; return an array of floats, or write `output: labels`")
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


def _columns(scores: Array) -> Array:
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if scores.ndim == 1:
        scores = np.column_stack([1.0 - scores, scores])
    if scores.ndim != 2:
        raise BadAnswer(f"answered an array of shape {scores.shape}, expected (rows, classes)")
    return scores


def _summing_to_one(scores: Array) -> Array:
    """A row without any probability stays so: one against the rest gives such rows where no part says yes."""
    sums = scores.sum(axis=1)
    sums[sums == 0.0] = 1.0
    if np.abs(sums - 1.0).max(initial=0.0) > 1e-3 or not scores.any():
        raise BadAnswer("answered probabilities that do not sum to 1; write `output: logits` if they are unnormalised")
    return scores / sums[:, None] if np.abs(sums - 1.0).max(initial=0.0) > ROUNDED else scores


def _by_class(scores: Array, contract: Contract, workload: Workload) -> Array:
    """The columns in the order of `class_names`. A class that the model does not know gets no probability."""
    own = _own_names(contract, workload, scores.shape[1])
    if len(own) != scores.shape[1]:
        raise BadAnswer(
            f"answered {scores.shape[1]} probabilities a row, for {len(own)} classes ({listed(own)}); "
            "write the model's `classes` in its order"
        )
    numeric = workload.numeric_classes
    if max(places(own, workload.classes, numeric)) == ABSENT:
        raise BadAnswer(
            f"knows the classes {listed(own)}, the data has {listed(workload.classes)}; "
            "write the model's `classes` in the data's words"
        )
    names = with_more(workload.classes, own, numeric)
    ordered = np.zeros((len(scores), len(names)))
    ordered[:, places(own, names, numeric)] = scores
    return ordered
