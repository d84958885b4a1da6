"""From a plan's data to the store that workers read: splits cut, columns and answers coded, duplicates counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from effaudit.core.effective import Effective
from effaudit.core.errors import InputError
from effaudit.core.notes import Note, coded
from effaudit.core.plan import Data
from effaudit.core.store import INDEX, Array, Store, StoreWriter
from effaudit.core.text import counted, listed, one_line
from effaudit.core.workload import SPLITS, Column, Workload
from effaudit.reading.answers import Answers, encode
from effaudit.reading.dependence import group_numbers
from effaudit.reading.duplicates import also_in, repeats
from effaudit.reading.parts import Part, digest, read_parts, reconciled
from effaudit.reading.positive import positive_of
from effaudit.reading.slices import Sliced, slices_of
from effaudit.reading.splits import with_search
from effaudit.reading.weights import weight_notes, weights_of


def build_store(data: Data, folder: Path, needs_search: bool, seed: int) -> tuple[Workload, Store]:
    """Reads the data of a plan and writes its store into `folder`. Raises InputError, naming the file.

    `needs_search`: does anything use search rows? They are then cut from `data`, or from certify, unless they are given.
    """
    parts, cuts = with_search(read_parts(data), data, needs_search=needs_search, seed=seed)
    if parts["certify"].rows < 2:
        raise InputError("certify has one row, and nothing can be said of one row", parts["certify"].place, "Give more rows.")
    digests = {split: digest(part) for split, part in parts.items()}
    parts = reconciled(parts, data.groups or data.time or "")
    answers = encode(parts, data)
    groups, grouping = _groups(parts, data)
    sliced = _sliced(parts["certify"], data, groups["certify"], answers)
    weights = weights_of(parts["certify"], data.weights) if data.weights else None
    effective, sliced = _worth(weights, sliced, groups["certify"], answers)
    again = repeats(parts["certify"].inputs)
    duplicates = {split: also_in(parts["certify"].inputs, parts[split].inputs) for split in parts if split != "certify"}
    workload = Workload(
        task=data.task,
        store=str(folder),
        inputs=tuple(_column(name, parts) for name in parts["certify"].inputs),
        answers=answers.names,
        classes=answers.classes,
        splits={split: parts[split].rows if split in parts else 0 for split in SPLITS},
        unit=data.unit or _unit(parts["certify"]),
        sampling=_sampling(data),
        groups={split: int(numbers.max()) + 1 for split, numbers in groups.items()},
        duplicates=duplicates,
        digests=digests,
        quality=data.quality or _quality(data, answers),
        batch_sizes=data.batch_sizes or _swept(parts["certify"].rows),
        sweep=not data.batch_sizes,
        answer_unit=data.answer_unit,
        table=not any(values.shape for values in parts["certify"].inputs.values()),
        multilabel=answers.multilabel,
        notes=(
            *cuts,
            *grouping,
            *answers.notes,
            *_link_notes(parts, data),
            *_row_notes(parts, duplicates, int(again.sum())),
            *_infinities(parts),
            *_asides(parts),
            *(weight_notes(str(data.weights), weights, effective, parts) if weights is not None and effective else ()),
            *sliced.notes,
        ),
        numeric_classes=answers.numeric,
        positive=positive_of(answers.classes, answers.numeric, data.positive),
        class_rows=answers.class_rows,
        weights=data.weights or "",
        effective=effective,
        slices=sliced.slices,
    )
    store = _written(folder, parts, answers, groups)
    store.tell_apart(sliced.codes)
    store.weigh(weights)
    store.mark_repeats(again)
    return workload, store


def _swept(rows: int) -> tuple[int, ...]:
    """1, 2, 4 … up to 4,096 or a quarter of the rows, beyond which the same rows would come round again and again."""
    return tuple(2**power for power in range(13) if 2**power <= max(1, rows // 4))


def _written(folder: Path, parts: Mapping[str, Part], answers: Answers, groups: Mapping[str, Array]) -> Store:
    (folder / INDEX).unlink(missing_ok=True)  # what an earlier run left is no store while this one is being written
    inputs = parts["certify"].inputs
    writer = StoreWriter(folder, list(inputs), {name: values.words for name, values in inputs.items() if values.text})
    for split, part in parts.items():
        forms = {name: values.form for name, values in part.inputs.items() if values.form is not None}
        arrays = {name: values.data for name, values in part.inputs.items()}
        writer.add(split, arrays, answers.arrays[split], groups[split], forms)
    return writer.close()


def _sliced(certify: Part, data: Data, groups: Array, answers: Answers) -> Sliced:
    classes = answers.arrays["certify"] if answers.classes and not answers.multilabel else None
    return slices_of(certify.slices, data.slice_min_rows, groups, classes, len(answers.classes))


def _worth(weights: Array | None, sliced: Sliced, groups: Array, answers: Answers) -> tuple[Effective | None, Sliced]:
    """What certify rows and those of each slice are worth, where rows have weights."""
    if weights is None:
        return None, sliced
    classes, known = (answers.arrays["certify"] if answers.classes and not answers.multilabel else None), len(answers.classes)
    worth = [
        replace(one, effective=Effective.of(weights[inside], groups[inside], None if classes is None else classes[inside], known))
        for one, inside in zip(sliced.slices, _inside(sliced), strict=True)
    ]
    return Effective.of(weights, groups, classes, known), replace(sliced, slices=tuple(worth))


def _inside(sliced: Sliced) -> list[Array]:
    return [(sliced.codes == place).any(axis=1) for place in range(len(sliced.slices))]


def _groups(parts: Mapping[str, Part], data: Data) -> tuple[dict[str, Array], tuple[Note, ...]]:
    links = {split: part.link for split, part in parts.items() if part.link is not None}
    if not links:
        return {split: np.arange(part.rows, dtype=np.int64) for split, part in parts.items()}, ()
    numbers, note = group_numbers(links, data)
    return numbers, coded("resampled", note)


def _column(name: str, parts: Mapping[str, Part]) -> Column:
    values = parts["certify"].inputs[name]
    missing = sum(int(part.inputs[name].missing().sum()) for part in parts.values())
    return Column(name, values.dtype, values.shape, missing)


def _unit(part: Part) -> str:
    return "image" if any(len(values.shape) > 1 for values in part.inputs.values()) else "row"


def _sampling(data: Data) -> str:
    return f"groups: {data.groups}" if data.groups else f"time: {data.time}" if data.time else "independent"


def _quality(data: Data, answers: Answers) -> tuple[str, ...]:
    if data.task == "regression":
        return ("root_mean_squared_error",)
    if answers.multilabel:
        return ("f1_macro",)
    return ("roc_auc",) if len(answers.classes) == 2 else ("accuracy",)


def _link_notes(parts: Mapping[str, Part], data: Data) -> list[Note]:
    """Groups that are torn apart, and rows that are not in the order of time: both make figures look better than they are."""
    certify, notes = parts["certify"].link, list[Note]()
    for split in ("train", "search"):
        other = parts[split].link if split in parts else None
        if certify is None or other is None:
            continue
        if data.groups:
            shared = len(np.intersect1d(certify.data, other.data))
            if shared:
                whole = len(np.unique(certify.data))
                notes += coded(
                    "groups_shared", f"{shared:,} of the {whole:,} groups of {data.groups} in certify are in {split} too"
                )
        else:
            earlier = int((certify.data <= other.data.max()).sum())
            if earlier:
                notes += coded(
                    "not_later", f"{counted(earlier, 'row')} of certify are not later than all of {split} by {data.time}"
                )
    return notes


def _row_notes(parts: Mapping[str, Part], duplicates: Mapping[str, int], within: int) -> tuple[Note, ...]:
    rows = parts["certify"].rows
    shared = [
        f"{_of(found, rows)} of certify occur in {split} too, with all inputs equal" for split, found in duplicates.items() if found
    ]
    again = f"{_of(within, rows)} of certify repeat an earlier row of certify" if within else ""
    return (*coded("rows_shared", *shared), *coded("rows_repeated", again))


def _of(found: int, rows: int) -> str:
    return f"{counted(found, 'row')} ({100 * found / rows:.2g} %)"


def _asides(parts: Mapping[str, Part]) -> tuple[Note, ...]:
    names = listed(one_line(name, 40) for name in dict.fromkeys(name for part in parts.values() for name in part.aside))
    return coded("left_aside", f"single values, and not one for each row, are left aside: {names}" if names else "")


def _infinities(parts: Mapping[str, Part]) -> tuple[Note, ...]:
    found = {}
    for name in parts["certify"].inputs:
        columns = [part.inputs[name].data for part in parts.values() if part.inputs[name].data.dtype.kind == "f"]
        count = sum(int(np.isinf(data).sum()) for data in columns)
        if count:
            found[name] = count
    listing = listed(f"{one_line(name, 40)} ({count:,})" for name, count in found.items())
    return coded("infinite_values", f"infinite values in {listing}" if found else "")
