"""What reading a plan leans on: its document, what is known of plug-ins, the folder for its paths, and the faults found."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from effaudit.core.candidate import Step
from effaudit.core.errors import InputError
from effaudit.core.plugin import Technique
from effaudit.core.readable import Unreadable, filled_head_of, head_of
from effaudit.core.text import did_you_mean, listed, one_line
from effaudit.reading.document import Document

ENOUGH = 50
"""After so many faults, the dear part of a message (what was perhaps meant) is left out: few of them are shown."""


def _unknown_format(_path: Path) -> str | None:
    return None


@dataclass(frozen=True)
class Known:
    """What plug-ins and metrics offer, handed over so that reading a plan imports none of them.

    `technique` gives the class of one of `techniques`; `ladder` the step that makes each simple model; `scorers` the names of
    quality metrics (called only when a plan names one); `recognise` a file's format, or raises InputError; `guess_format` it by
    its name alone, or None; `countries` those whose grid is known, none where no table is installed; `presets` is the folder of
    ready-made policies.
    """

    formats: Collection[str]
    techniques: Collection[str]
    technique: Callable[[str], type[Technique]]
    ladder: Mapping[str, Step]
    engines: Collection[str]
    scorers: Callable[[], Collection[str]]
    recognise: Callable[[Path], str]
    guess_format: Callable[[Path], str | None] = _unknown_format
    countries: Callable[[], Collection[str]] = tuple
    presets: Path | None = None


@dataclass(frozen=True)
class Desk:
    """Collects the faults of one plan, so that all of them are told at once."""

    document: Document
    known: Known
    folder: Path
    faults: list[InputError] = field(default_factory=list)
    lost: dict[str, list[InputError]] = field(default_factory=dict)
    """Candidates that cannot be opened, by name, and why: it is no fault of the plan, and stops none of the others."""

    @property
    def helpful(self) -> bool:
        """Is it still worth looking for what was meant?"""
        return len(self.faults) < ENOUGH

    def fault(self, what: str, *keys: str | int, advice: str = "") -> None:
        """Notes a fault at a value."""
        self.faults.append(self.document.fault(what, *keys, advice=advice))

    def file(self, written: str, *keys: str | int) -> Path:
        """The absolute path of a file that must exist, relative to the plan's folder."""
        path = self.folder / written
        try:
            if not path.is_file():
                if path.is_dir():
                    self.fault("is a folder, a file was expected", *keys, advice=_inside(path, written))
                    return path
                what = f"there is no such file: looked for {one_line(str(path))}"
                self.fault(what, *keys, advice=_near(path) if self.helpful else "")
        except (OSError, ValueError) as error:
            self.fault(f"not a usable path: {one_line(str(error))}", *keys)
        return path

    def candidate_file(self, candidate: str, written: str, *keys: str | int) -> Path:
        """The absolute path of a candidate's file, relative to the plan's folder; if it cannot be read, the candidate is lost."""
        path = self.folder / written
        look = head_of if "files" in keys else filled_head_of  # what a model reads besides may be empty
        try:
            look(path)
        except Unreadable as unreadable:
            named = path.name if Path(written).is_absolute() else written  # reports tell nothing of this machine's folders
            self.lose(candidate, f"{one_line(named, 120)!r} {unreadable}", *keys, advice=self._instead(path, written))
        return path

    def lose(self, candidate: str, what: str, *keys: str | int, advice: str = "") -> None:
        """Notes why a candidate cannot be opened."""
        self.lost.setdefault(candidate, []).append(self.document.fault(what, *keys, advice=advice))

    def _instead(self, path: Path, written: str) -> str:
        """What may have been meant by a path that is a folder, or is not there."""
        try:
            if path.is_dir():
                return _inside(path, written)
            return _near(path) if self.helpful and not os.path.lexists(path) else ""
        except (OSError, ValueError):
            return ""

    def one_of(self, name: str, known: Collection[str], noun: str, *keys: str | int) -> bool:
        """Is it a known name? Notes a fault with a suggestion when it is not."""
        if name in known:
            return True
        guess = did_you_mean(name[:80], known) if self.helpful else ""
        self.fault(f"there is no {noun} {one_line(name, 80)!r}.{guess}", *keys)
        return False

    def once(self, names: Sequence[str], noun: str, *keys: str | int) -> None:
        """Notes a fault when a name stands twice."""
        twice = next((name for name, times in Counter(names).items() if times > 1), None)
        if twice is not None:
            self.fault(f"the {noun} {one_line(twice, 80)!r} is named twice", *keys, advice="Keep one of the two.")


def _inside(folder: Path, written: str) -> str:
    """Which files a folder holds, as they would be written."""
    files = (file for _, file in zip(range(1000), folder.rglob("*"), strict=False) if file.is_file())
    found = [file.relative_to(folder).as_posix() for file in files]
    if not found:
        return "It is empty: name a file."
    likely = sorted(found, key=lambda name: (Path(name).suffix not in _MODELS, name.count("/"), name))
    named = listed((one_line(f"{written.rstrip('/')}/{name}", 80) for name in likely), 4)
    return f"Name the file inside of it: {named}."


_MODELS = {".skops", ".joblib", ".pkl", ".pickle", ".txt", ".lgb", ".onnx", ".pt2", ".safetensors", ".parquet", ".csv", ".npz"}
"""How files end that a plan is likely to mean."""


def _near(path: Path) -> str:
    try:
        siblings = (
            [other.name for _, other in zip(range(1000), path.parent.iterdir(), strict=False)] if path.parent.is_dir() else []
        )
    except OSError:
        siblings = []
    near = did_you_mean(path.name, siblings)
    if "Did you mean" in near:
        return f"{near.strip()} Paths are relative to the plan's folder."
    return "Paths are relative to the plan's folder."
