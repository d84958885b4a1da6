"""The splits of a plan's data as read: each column in its role, checked to be the same in all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path

import numpy as np

from effaudit.core.errors import InputError, Place
from effaudit.core.plan import Data
from effaudit.core.store import Array
from effaudit.core.text import counted, listed, one_line
from effaudit.reading.columns import Values, in_common, values_of
from effaudit.reading.dependence import as_times, check_said
from effaudit.reading.tables import Columns, check_has, read_columns, singles

ORDER = ("train", "data", "search", "certify")
CERTIFYING = {"data", "certify"}
"""The splits that certify rows come from."""

_CHUNK_BYTES = 64 << 20


@dataclass(frozen=True)
class Part:
    """One split's rows. `link` is the column that says which rows belong together or follow each other (groups, time)."""

    place: Place
    inputs: Mapping[str, Values]
    answers: Mapping[str, Values]
    link: Values | None
    slices: Mapping[str, Values] = field(default_factory=dict)
    """The columns that tell slices apart; of rows to certify on only."""
    weights: Values | None = None
    """Of rows to certify on only."""
    aside: tuple[str, ...] = ()
    """Arrays of the source that have no entry for each row."""

    @property
    def rows(self) -> int:
        """How many."""
        return len(next(iter(self.answers.values())).data)

    def take(self, rows: Array) -> Part:
        """Some of the rows, by position."""
        return replace(
            self,
            inputs={name: values.take(rows) for name, values in self.inputs.items()},
            answers={name: values.take(rows) for name, values in self.answers.items()},
            link=self.link.take(rows) if self.link else None,
            slices={name: values.take(rows) for name, values in self.slices.items()},
            weights=self.weights.take(rows) if self.weights else None,
        )


def read_parts(data: Data) -> dict[str, Part]:
    """All given splits, in the order of ORDER. Raises InputError where they cannot be read or do not go together."""
    tables = {split: read_columns(data.sources[split], split, _named(data)) for split in ORDER if split in data.sources}
    if not {"data", "certify"} & set(tables):
        raise InputError("there are no rows to certify on", advice="Write `certify: FILE` or `data: FILE` under `workload`.")
    for split, (columns, place) in tables.items():
        _check_roles(data, columns, split, place)
    first_split, (first, _) = next(iter(tables.items()))
    inputs = _inputs(data, first)
    for split, (columns, place) in tables.items():
        _check_same(inputs, _inputs(data, columns), first_split, split, place)
    parts = {split: _part(data, columns, inputs, place) for split, (columns, place) in tables.items()}
    for split in CERTIFYING & set(parts):
        weights = values_of(data.weights, tables[split][0][data.weights], tables[split][1]) if data.weights else None
        parts[split] = replace(parts[split], slices=_slices(data, *tables[split]), weights=weights)
    parts = {split: replace(part, aside=singles(data.sources[split], tables[split][0])) for split, part in parts.items()}
    seen = {*inputs, *data.answer}
    for split, (columns, place) in tables.items():
        check_said(data, parts[split].inputs, [name for name in columns if name not in seen], place)
    return parts


def reconciled(parts: Mapping[str, Part], link: str) -> dict[str, Part]:
    """The same parts, every input and the column `link` with one dtype and vocabulary in all of them. Raises InputError."""
    places = {split: part.place for split, part in parts.items()}
    first = next(iter(parts.values()))
    inputs = {name: in_common({split: part.inputs[name] for split, part in parts.items()}, name, places) for name in first.inputs}
    links = {split: part.link for split, part in parts.items() if part.link is not None}
    common = in_common(links, link, places) if links else {}
    return {
        split: replace(part, inputs={name: of_split[split] for name, of_split in inputs.items()}, link=common.get(split))
        for split, part in parts.items()
    }


def digest(part: Part) -> str:
    """SHA-256 over names, dtypes and values of inputs and answers; it depends on the split's own rows only."""
    whole = hashlib.sha256()
    for role, columns in (("input", part.inputs), ("answer", part.answers)):
        for name in sorted(columns):
            own = _own_words(columns[name])
            described = [role, name, own.dtype, own.data.dtype.str.lstrip("<=|>"), list(own.data.shape), own.words]
            whole.update(json.dumps(described).encode())
            for chunk in _chunks(own.data):
                whole.update(chunk)
    return whole.hexdigest()


def _named(data: Data) -> tuple[str, ...]:
    return tuple(name for name in (*data.answer, *data.inputs, *data.slices, data.groups, data.time, data.weights) if name)


def _check_roles(data: Data, columns: Columns, split: str, place: Place) -> None:
    check_has(columns, data.answer, "the answer", place)
    check_has(columns, data.inputs, "among `inputs`", place)
    check_has(columns, data.ignore if split in CERTIFYING else (), "among `ignore`", place)
    for column, said in _slices_said(data, place) if split in CERTIFYING else ():
        check_has(columns, (column,), f"among `slices` and looked for in {Path(place.file).name}", said)
    for role, name in (("groups", data.groups), ("time", data.time), ("weights", data.weights if split in CERTIFYING else None)):
        check_has(columns, (name,) if name else (), f"the plan's `{role}`", place)


def _inputs(data: Data, columns: Columns) -> tuple[str, ...]:
    if data.inputs:
        return data.inputs
    others = {*data.answer, *data.ignore, data.groups, data.time, data.weights}
    return tuple(name for name in columns if name not in others)


def _check_same(first: tuple[str, ...], other: tuple[str, ...], first_split: str, split: str, place: Place) -> None:
    here, there = set(first), set(other)
    missing = [one_line(name, 60) for name in first if name not in there]
    extra = [one_line(name, 60) for name in other if name not in here]
    if missing or extra:
        lacks = f"{split} lacks {listed(missing)}" if missing else ""
        has = f"{split} has {listed(extra)} in addition" if extra else ""
        what = f"the columns are not those of {first_split}: {' and '.join(filter(None, (lacks, has)))}"
        raise InputError(what, place, "Name the columns that models may see under `inputs`, or the others under `ignore`.")
    if not first:
        raise InputError("no column is left that a model could see", place, "Check `inputs`, `ignore` and `answer`.")


def _part(data: Data, columns: Columns, inputs: tuple[str, ...], place: Place) -> Part:
    return Part(
        place,
        {name: values_of(name, columns[name], place) for name in inputs},
        {name: values_of(name, columns[name], place) for name in data.answer},
        _link(data, columns, place),
    )


def _link(data: Data, columns: Columns, place: Place) -> Values | None:
    name = data.groups or data.time
    if not name:
        return None
    link = values_of(name, columns[name], place)
    shown, missing = one_line(name, 60), link.missing()
    if link.shape:
        raise InputError(f"{shown!r} holds several values a row, and cannot tell which rows belong together", place)
    if missing.any():
        first = int(np.flatnonzero(missing)[0]) + 1
        what = f"{counted(int(missing.sum()), 'row')} without a value of {shown!r}, the first being row {first:,}"
        raise InputError(what, place, "Every row needs one, to know which rows belong together.")
    return as_times(link, name, place) if data.time else link


def _slices(data: Data, columns: Columns, place: Place) -> dict[str, Values]:
    found = {name: values_of(name, columns[name], place) for name in data.slices}
    for name, said in _slices_said(data, place):
        if found[name].shape:
            what = f"{one_line(name, 60)!r} holds several values a row, which tell no slices apart"
            raise InputError(what, said, "Name a column with one value a row.")
    return found


def _slices_said(data: Data, otherwise: Place) -> Iterator[tuple[str, Place]]:
    """The columns to slice by, and where the plan names each."""
    return zip(data.slices, data.slice_places or repeat(otherwise), strict=False)


def _own_words(values: Values) -> Values:
    """Coded by the words that really occur, so that a digest does not depend on other rows."""
    if not values.text:
        return values
    used, codes = np.unique(values.data, return_inverse=True)
    words = tuple(values.words[code] for code in used if code >= 0)
    return Values((codes - int(bool(len(used)) and used[0] < 0)).astype(np.int32), words, text=True)


def _chunks(data: Array) -> Iterator[bytes]:
    """The values' bytes, little-endian, with one NaN and one zero."""
    rows = max(1, _CHUNK_BYTES // max(1, data.nbytes // max(1, len(data))))
    for start in range(0, len(data), rows):
        chunk = np.array(data[start : start + rows], dtype=data.dtype.newbyteorder("<"))
        if chunk.dtype.kind == "f":
            chunk[np.isnan(chunk)] = np.nan
            chunk += 0.0
        yield chunk.tobytes()
