"""The workload on disk: one memory-mapped array per column and split, so that a worker pays only for the rows it reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from effaudit.core.files import own_folder, write_array, write_text
from effaudit.core.forms import Form
from effaudit.core.wire import pack, unpack

Array = NDArray[Any]
Inputs = Mapping[str, Array]
"""A request: named arrays of the same number of rows. Text is an object array of `str`, missing text `nan`."""

INDEX = "store.json"


class Store:
    """A written workload. Splits are asked by name, rows by position in their split."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._index: dict[str, Any] = json.loads((self.folder / INDEX).read_text("utf-8"))
        self._open: dict[str, Array] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The inputs' names, in the source's order."""
        return tuple(column["name"] for column in self._index["columns"])

    def rows(self, split: str) -> int:
        """How many rows a split has; 0 when there is none."""
        return int(self._index["splits"].get(split, 0))

    def inputs(self, split: str, rows: Array | slice, columns: Sequence[str] = ()) -> dict[str, Array]:
        """The inputs of some rows, copied out of the map. `columns`: which ones (default: all)."""
        wanted = columns or self.columns
        unknown = [name for name in wanted if name not in self._places]
        if unknown:
            raise KeyError(f"the data has no column {unknown[0]!r}; it has {', '.join(self.columns)}")
        return {name: self._values(split, name, rows) for name in wanted}

    def forms(self, split: str) -> dict[str, Form]:
        """How pandas held the columns of a split's file, by name; those of which that is not known are left out."""
        return {name: unpack(Form, form) for name, form in self._index.get("forms", {}).get(split, {}).items()}

    def answers(self, split: str) -> Array:
        """The answers: class indices, a 0/1 matrix (multilabel), or float64 of shape (rows,) or (rows, outputs)."""
        return self._array(f"{split}/answers")

    def groups(self, split: str) -> Array:
        """The group number of each row, from 0; each row its own where rows are independent."""
        return self._array(f"{split}/groups")

    def slices(self) -> Array:
        """Each certify row's slices (rows, columns) uint16, by their place in the workload's `slices`; see core/slices.py."""
        return self._array("certify/slices")

    def weights(self) -> Array | None:
        """How much each certify row counts (rows,), with a mean of 1; None where all count alike."""
        return self._array("certify/weights") if (self.folder / "certify" / "weights.npy").is_file() else None

    def weigh(self, weights: Array | None) -> None:
        """Writes how much each certify row counts."""
        path = self.folder / "certify" / "weights.npy"
        path.unlink(missing_ok=True)
        if weights is not None:
            write_array(path, np.asarray(weights, dtype=np.float64))

    def distinct(self) -> Array:
        """The certify rows, by number, whose inputs are those of no earlier row."""
        if (self.folder / "certify" / "repeats.npy").is_file():
            return np.flatnonzero(~np.asarray(self._array("certify/repeats")))
        return np.arange(self.rows("certify"))

    def mark_repeats(self, repeats: Array) -> None:
        """Writes which certify rows repeat an earlier one (rows,)."""
        path = self.folder / "certify" / "repeats.npy"
        path.unlink(missing_ok=True)
        if repeats.any():
            write_array(path, repeats)

    def tell_apart(self, codes: Array) -> None:
        """Writes each certify row's slices anew."""
        write_array(self.folder / "certify" / "slices.npy", codes)
        self._open.pop("certify/slices", None)

    def words(self, column: str) -> Array:
        """The distinct texts of a text column, as an object array."""
        return self._words[column]

    def is_text(self, column: str) -> bool:
        """Does this column hold words?"""
        return bool(self._index["columns"][self._places[column]]["text"])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {column["name"]: place for place, column in enumerate(self._index["columns"])}

    @cached_property
    def _words(self) -> dict[str, Array]:
        texts = (column["name"] for column in self._index["columns"] if column["text"])
        return {name: _read_words(self.folder / f"words-{self._places[name]}.json") for name in texts}

    def _values(self, split: str, name: str, rows: Array | slice) -> Array:
        stored = self._array(f"{split}/{self._places[name]}")[rows]
        if self.is_text(name):
            return self._words[name][stored]  # code −1 is the last word: nan
        return np.array(stored)

    def _array(self, name: str) -> Array:
        if name not in self._open:
            self._open[name] = np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return self._open[name]


class StoreWriter:
    """Writes a store: the columns are declared once, then each split is added, then `close` makes it readable."""

    def __init__(self, folder: Path, columns: Sequence[str], words: Mapping[str, Sequence[str]]) -> None:
        self.folder = folder
        self.columns = tuple(columns)
        self._text = frozenset(words)
        self._splits: dict[str, int] = {}
        self._forms: dict[str, dict[str, Any]] = {}
        own_folder(folder)
        for place, name in enumerate(self.columns):
            if name in words:
                write_text(folder / f"words-{place}.json", json.dumps(list(words[name])))

    def add(self, split: str, inputs: Inputs, answers: Array, groups: Array, forms: Mapping[str, Form] | None = None) -> None:
        """Writes one split. Text columns come as int32 codes into their words, −1 for missing."""
        own = own_folder(self.folder / split)
        for place, name in enumerate(self.columns):
            write_array(own / f"{place}.npy", inputs[name])
        write_array(own / "answers.npy", answers)
        write_array(own / "groups.npy", groups)
        self._splits[split] = len(answers)
        self._forms[split] = {name: pack(form) for name, form in (forms or {}).items()}

    def close(self) -> Store:
        """Writes the index, which makes the folder a store. Who tells slices apart calls `tell_apart` on it."""
        columns = [{"name": name, "text": name in self._text} for name in self.columns]
        write_text(self.folder / INDEX, json.dumps({"columns": columns, "splits": self._splits, "forms": self._forms}))
        return Store(self.folder)


def _read_words(path: Path) -> Array:
    words = json.loads(path.read_text("utf-8"))
    table = np.empty(len(words) + 1, dtype=object)
    table[:-1] = words
    table[-1] = float("nan")
    return table
