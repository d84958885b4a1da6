"""A policy with all that it extends as one document: later files win, key by key, and each value knows where it was written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from effaudit.core.errors import InputError, Place
from effaudit.core.text import one_line
from effaudit.reading.document import SIZE_LIMIT, Document, open_document, shown
from effaudit.reading.paths import Inside, for_readers
from effaudit.reading.policy_cells import Cell, Layer, tree_of, with_overrides
from effaudit.reading.presets import PREFIX, preset
from effaudit.reading.yaml_text import Keys

KIND = "EfficiencyPolicy"
FILES_LIMIT = 16
ENTRIES_LIMIT = 8
VALUES_LIMIT = 10_000
"""Keys and values of all files together. A generous policy has some hundreds."""
_ALWAYS = 1_000
"""So many values a file may have, whatever the others have: what is too much together is told in words."""


@dataclass(frozen=True)
class Layered(Document):
    """The files of one policy as one tree. Places are those of the file in which a value was written.

    `files` are all of them, the policy's own first; `names` says how readers know each; `inside` is what no path leaves;
    `off` are the rules that an override (by its number) switches off.
    """

    cells: Mapping[Keys, Cell] = field(default_factory=dict)
    files: tuple[Document, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    off: Mapping[tuple[int, str], Cell] = field(default_factory=dict)
    inside: Inside = field(default_factory=lambda: Inside(""))

    def origin(self, *keys: str | int) -> tuple[Document, Keys]:
        """The file in which the value at some keys was written, and its keys there; of what is missing, of what is around it."""
        known = next((keys[:n] for n in range(len(keys), 0, -1) if keys[:n] in self.cells), None)
        if known is None:
            return self.files[0], keys
        cell = self.cells[known]
        return cell.document, (*cell.keys, *keys[len(known) :])

    def place(self, *keys: str | int) -> Place:
        """Where a value stands, in its own file."""
        document, own = self.origin(*keys)
        return document.place(*own)

    def written(self, *keys: str | int) -> str:
        """A scalar as its file has it."""
        document, own = self.origin(*keys)
        return document.written(*own)

    def shown(self, *keys: str | int) -> str:
        """The name of the file in which a value stands, for readers."""
        return self.names[self.origin(*keys)[0].file]


def layered(path: Path, shown_as: str, presets: Path) -> Layered:
    """Reads a policy's file and what it extends. Raises InputError.

    No file outside of the repository is read (see `Inside`), ready-made policies aside, and no more than FILES_LIMIT files
    with VALUES_LIMIT values.
    """
    library = _Library(presets, Inside.of(path))
    document = library.opened(path, shown_as)
    cells, off = with_overrides(library.resolved(document, path, (os.path.realpath(path),)))
    files = tuple(library.documents)
    digest = document.digest
    if len(files) > 1:
        digest = hashlib.sha256(" ".join(one.digest for one in files).encode()).hexdigest()
    return Layered(document.file, tree_of(cells), document.spots, digest, cells, files, dict(library.names), off, library.inside)


@dataclass
class _Library:
    """The files read so far, each once."""

    presets: Path
    inside: Inside
    documents: list[Document] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    _known: dict[str, Layer] = field(default_factory=dict)
    _values: int = 0
    _bytes: int = 0

    def opened(self, path: Path, shown_as: str) -> Document:
        """One more file. Raises InputError, also where all of them together are too much."""
        self._bytes += os.path.getsize(path) if os.path.isfile(path) else 0  # noqa: PTH113, PTH202
        if self.documents and self._bytes > SIZE_LIMIT:
            raise self._too_much(path, f"{SIZE_LIMIT // 1024} KB")
        document = open_document(path, KIND, max(_ALWAYS, VALUES_LIMIT - self._values))
        self._values += 2 * len(document.spots)
        if self.documents and self._values > VALUES_LIMIT:
            raise self._too_much(path, f"{VALUES_LIMIT:,} values")
        self.documents.append(document)
        self.names[document.file] = shown_as
        return document

    def resolved(self, document: Document, path: Path, chain: tuple[str, ...]) -> Layer:
        """A file's values with those that it inherits."""
        below = Layer({})
        for place, entry in _entries(document):
            below = below.then(self._extended(document, path, place, entry, chain))
        return below.under(document)

    def _extended(self, document: Document, path: Path, place: Keys, entry: str, chain: tuple[str, ...]) -> Layer:
        """What one entry of `extends` hands on."""
        file, shown_as = self._found(document, path, place, entry)
        real = os.path.realpath(file)
        if real in chain:
            files = " → ".join(one_line(Path(one).name, 60) for one in (*chain[chain.index(real) :], real))
            raise document.fault(f"these policies extend each other: {files}", *place, advice="Leave one of the entries out.")
        if real not in self._known:
            if len(self.documents) >= FILES_LIMIT:
                raise document.fault(
                    f"a policy is made of at most {FILES_LIMIT} files", *place, advice="Put some of them together."
                )
            self._known[real] = self.resolved(self.opened(file, shown_as), file, (*chain, real))
        return self._known[real]

    def _found(self, document: Document, path: Path, place: Keys, entry: str) -> tuple[Path, str]:
        try:
            if entry.startswith(PREFIX):
                return preset(entry, self.presets), entry
            if os.path.realpath(path.parent) == os.path.realpath(self.presets):
                what = "a ready-made policy extends ready-made ones only"
                raise InputError(what, advice=f"Write {PREFIX}NAME, or copy the policy into a folder of yours.")
            file = self.inside.file(entry, path.parent, "./base.yaml")
            return file, for_readers(file)
        except InputError as error:
            raise document.fault(error.what, *place, advice=error.advice) from error

    def _too_much(self, path: Path, what: str) -> InputError:
        return InputError(f"with this file the policy has more than {what} in all", Place(str(path)), "Is this the right file?")


def _entries(document: Document) -> Sequence[tuple[Keys, str]]:
    given = document.tree.get("extends", [])
    entries = given if isinstance(given, list) else [given]
    if len(entries) > ENTRIES_LIMIT:
        raise document.fault(f"a policy extends at most {ENTRIES_LIMIT} others, and this {len(entries):,}", "extends")
    found: list[tuple[Keys, str]] = []
    for number, entry in enumerate(entries):
        place: Keys = ("extends", number) if isinstance(given, list) else ("extends",)
        if not isinstance(entry, str):
            raise document.fault(f"expected {PREFIX}NAME or a file, found {shown(entry)}", *place)
        if entry in (other for _, other in found):
            raise document.fault(f"{one_line(entry, 80)!r} stands twice", *place, advice="Keep one of the two.")
        found.append((place, entry))
    return found
