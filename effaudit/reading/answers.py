"""Answers as class indices, 0/1 labels or numbers, with the same classes in all splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from effaudit.core.classes import are_booleans, class_key
from effaudit.core.errors import InputError, Place
from effaudit.core.notes import Note, coded
from effaudit.core.plan import Data
from effaudit.core.store import Array
from effaudit.core.text import counted, did_you_mean, listed, one_line
from effaudit.reading.columns import Values
from effaudit.reading.labels import in_order, label_text
from effaudit.reading.parts import Part

CLASS_LIMIT = 1000


@dataclass(frozen=True)
class Answers:
    """Each split's answers as the store keeps them, and what they stand for.

    `arrays`: class indices (rows,) int64, a 0/1 matrix (rows, labels), or float64 (rows,) or (rows, outputs).
    """

    arrays: Mapping[str, Array]
    names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    class_rows: tuple[int, ...] = ()
    numeric: bool = False
    """Are the classes numbers or booleans?"""
    multilabel: bool = False
    notes: tuple[Note, ...] = ()


def encode(parts: Mapping[str, Part], data: Data) -> Answers:
    """The answers of all splits. Raises InputError for missing, infinite or unfitting ones, naming the first row."""
    columns = {split: _flat(part.answers) for split, part in parts.items()}
    names = _same_names(columns, parts)
    for split, answers in columns.items():
        for name, values in answers.items():
            _check_present(name, values, parts[split].place)
    if data.task == "regression":
        numbers = {split: _numbers(answers, parts[split].place) for split, answers in columns.items()}
        return Answers(numbers, names)
    if len(names) > 1:
        return _multilabel(columns, names, parts, data)
    return _classes({split: answers[names[0]] for split, answers in columns.items()}, names[0], parts, data)


def labelled(values: Values) -> tuple[Array, list[str]]:
    """One answer column as codes (rows,) into the text forms of its values."""
    if values.text:
        return values.data.astype(np.int64), list(values.words)
    unique, codes = np.unique(values.data, return_inverse=True)
    return codes.astype(np.int64), [label_text(value) for value in unique]


def _flat(answers: Mapping[str, Values]) -> dict[str, Values]:
    """Answer arrays with several values a row as so many columns."""
    flat: dict[str, Values] = {}
    for name, values in answers.items():
        width = int(np.prod(values.shape, dtype=np.int64))
        if not values.shape or width == 1:
            flat[name] = Values(values.data.reshape(-1), values.words, values.text)
            continue
        matrix = values.data.reshape(len(values.data), width)
        flat |= {f"{name}[{at}]": Values(matrix[:, at]) for at in range(width)}
    return flat


def _same_names(columns: Mapping[str, Mapping[str, Values]], parts: Mapping[str, Part]) -> tuple[str, ...]:
    first_split, first = next(iter(columns.items()))
    for split, answers in columns.items():
        if list(answers) != list(first):
            what = f"answers have {counted(len(answers), 'value')} a row in {split} and {len(first)} in {first_split}"
            raise InputError(what, parts[split].place, "All splits need the same answers.")
    if not first:
        raise InputError("answers have no values", next(iter(parts.values())).place)
    return tuple(first)


def _check_present(name: str, values: Values, place: Place) -> None:
    if values.kind == "time":
        raise InputError(
            f"the answer {one_line(name, 60)!r} is a date", place, "Answers are classes or numbers: write it as one of them."
        )
    missing = values.missing()
    if missing.any():
        what = f"{counted(int(missing.sum()), 'row')} without an answer in {one_line(name, 60)!r}, first in row {_first(missing)}"
        raise InputError(what, place, "Leave these rows out, or answer them (in csv files NA, null and None stand for nothing).")
    if values.data.dtype.kind == "f" and np.isinf(values.data).any():
        what = f"infinite answers in {one_line(name, 60)!r}, the first in row {_first(np.isinf(values.data))}"
        raise InputError(what, place, "Answers must be finite.")


def _first(rows: Array) -> str:
    return f"{int(np.flatnonzero(rows)[0]) + 1:,}"


def _numbers(answers: Mapping[str, Values], place: Place) -> Array:
    for name, values in answers.items():
        if values.text or values.data.dtype.kind == "b":
            advice = "For classes write `task: classification`."
            raise InputError(f"the answer {one_line(name, 60)!r} is {values.dtype}, and a regression's is a number", place, advice)
    columns = [values.data.astype(np.float64) for values in answers.values()]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def _multilabel(
    columns: Mapping[str, Mapping[str, Values]], names: tuple[str, ...], parts: Mapping[str, Part], data: Data
) -> Answers:
    if data.positive is not None:
        raise InputError("`positive` is for one answer with two classes, and several answers are given", advice="Leave it out.")
    matrices = {}
    for split, answers in columns.items():
        for name, values in answers.items():
            if values.text or not np.isin(values.data, (0, 1)).all():
                what = f"with several answers each is 0 or 1, and {one_line(name, 60)!r} has other values"
                raise InputError(
                    what, parts[split].place, "Name one answer, or write 0 and 1; for numbers write `task: regression`."
                )
        matrices[split] = np.column_stack([values.data.astype(np.int64) for values in answers.values()])
    one_hot = bool((matrices["certify"].sum(axis=1) == 1).all())
    words = "every row has exactly one 1 among its answers: if they are one answer, give it as one column"
    notes = coded("one_answer", words if one_hot else "")
    return Answers(matrices, names, multilabel=True, notes=notes)


def _classes(answers: Mapping[str, Values], name: str, parts: Mapping[str, Part], data: Data) -> Answers:
    coded = {split: labelled(values) for split, values in _as_numbers_together(answers).items()}
    for split, (_, texts) in coded.items():
        _check_count(texts, name, parts[split].place)
    named = {text for _, texts in coded.values() for text in texts}
    numeric = not any(values.text for values in answers.values()) or are_booleans(sorted(named))
    classes = _ordered(named, data.positive, parts, numeric)
    places = {text: place for place, text in enumerate(classes)}
    arrays = {split: np.array([places[text] for text in texts], dtype=np.int64)[codes] for split, (codes, texts) in coded.items()}
    rows = {split: np.bincount(array, minlength=len(classes)) for split, array in arrays.items()}
    if (rows["certify"] > 0).sum() < 2:
        only = classes[int(rows["certify"].argmax())]
        what = f"every answer in certify is {one_line(only, 60)!r}, which no figure can be made of"
        raise InputError(what, parts["certify"].place, "Check the answer's column, and how the rows were chosen.")
    notes = _strangers(rows, classes)
    return Answers(arrays, (name,), tuple(classes), tuple(int(n) for n in rows["certify"]), numeric, notes=notes)


def _as_numbers_together(answers: Mapping[str, Values]) -> dict[str, Values]:
    """Booleans in one file are the 0 and 1 of another."""
    kinds = {values.data.dtype.kind for values in answers.values() if not values.text}
    if len(kinds) > 1 and "b" in kinds:
        return {split: Values(v.data.astype(np.int64)) if v.data.dtype.kind == "b" else v for split, v in answers.items()}
    return dict(answers)


def _check_count(texts: list[str], name: str, place: Place) -> None:
    if len(texts) > CLASS_LIMIT:
        what = f"the answer {one_line(name, 60)!r} has {len(texts):,} different values, where {CLASS_LIMIT:,} classes are the most"
        raise InputError(what, place, "If it is a number, write `task: regression`.")


def _ordered(texts: set[str], positive: str | None, parts: Mapping[str, Part], numeric: bool) -> list[str]:
    """The classes in order, the positive one of two last."""
    place = parts["certify"].place
    classes = in_order(texts)
    if len(classes) > CLASS_LIMIT:
        raise InputError(f"{len(classes):,} classes in all splits together, where {CLASS_LIMIT:,} are the most", place)
    known: dict[str, str] = {}
    for text in classes:
        other = known.setdefault(class_key(text, numeric), text)
        if other != text:
            what = f"the answers {one_line(other, 60)!r} and {one_line(text, 60)!r} cannot be told apart"
            raise InputError(what, place, "Write each class in one way in all files.")
    if positive is None:
        return classes
    wanted = class_key(positive, numeric)
    if wanted not in known:
        raise InputError(f"no answer is {one_line(positive, 60)!r}, the positive one.{did_you_mean(positive[:80], classes)}", place)
    if len(classes) > 2:
        what = f"`positive` is for two classes, and there are {len(classes)}: {listed(one_line(c, 40) for c in classes)}"
        raise InputError(what, place, "Leave `positive` out.")
    return sorted(classes, key=lambda text: class_key(text, numeric) == wanted)


def _strangers(rows: Mapping[str, Array], classes: list[str]) -> tuple[Note, ...]:
    """Classes that models could not have learnt from the train split."""
    notes = []
    for split in ("search", "certify"):
        if "train" in rows and split in rows:
            new = [at for at in range(len(classes)) if rows[split][at] and not rows["train"][at]]
            if new:
                named = listed(f"{one_line(classes[at], 40)!r} ({counted(int(rows[split][at]), 'row')})" for at in new)
                notes.append(f"{split} has classes that train never has: {named}")
    return coded("classes_not_in_train", *notes)
