"""YAML 1.2 text as plain values with their lines, checked event by event before anything is built.

Only what a plan or policy needs is taken: one document of mappings, lists, words and numbers. Anchors, aliases, tags and
duplicate keys are refused, so that no text grows when it is read, and `off` or `2013-01-01` stay the words that they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from effaudit.core.errors import InputError, Place
from effaudit.core.text import one_line

Keys = tuple[str | int, ...]
"""The way down to a value: mapping keys, and list positions from 0."""

DEPTH_LIMIT = 20
VALUE_LIMIT = 20_000
"""Mappings, lists, keys and scalars together. A generous plan has some hundreds."""
DIGITS_LIMIT = 64


@dataclass(frozen=True)
class Spot:
    """Where a value stands (its key's line, from 1), and how it is written there (scalars only)."""

    line: int
    written: str = ""


def parse(text: str, file: str, most: int = VALUE_LIMIT) -> tuple[Any, Mapping[Keys, Spot]]:
    """The document's value, and where each part of it stands. Raises InputError, also beyond `most` values.

    `file` is only named in errors.
    """
    builder = _Builder(file, most)
    for event in _events(text, file):
        builder.take(event)
    return builder.value, builder.spots


def plain(text: str) -> bool:
    """Does a text stay the word that it is, written without quotes?"""
    try:
        return bool(_resolved(text) == text)
    except ValueError:
        return False


def path_of(keys: Keys) -> str:
    """Keys as a reader writes them: `candidates[2].path`."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{one_line(key, 80)}" for key in keys]
    return "".join(parts).removeprefix(".")


def _events(text: str, file: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = one_line(str(error.problem or error.context or "a syntax error"))
        raise InputError(f"this is not YAML: {what}", Place(file, mark.line + 1 if mark else None), _cure(what)) from error
    except (YAMLError, ValueError, OverflowError) as error:  # characters that no text file holds, impossible escapes
        raise InputError(f"this is not YAML: {one_line(str(error), 160)}", Place(file)) from error


def _cure(problem: str) -> str:
    if "'\\t'" in problem:
        return "Indent with spaces, not with tabs."
    if "mapping values" in problem or "found ':'" in problem:
        return "Put text that contains ': ' in quotes, and check the indentation."
    return "Check the indentation, quotes and brackets of this line and the one before."


@dataclass
class _Level:
    """A mapping or list that is being filled. `key` is the one whose value comes next."""

    value: dict[str, Any] | list[Any]
    keys: Keys
    key: str | None = None
    lines: dict[str, int] = field(default_factory=dict)


class _Builder:
    """Fills plain values from events, and stops at the first event that is not allowed."""

    def __init__(self, file: str, most: int) -> None:
        self.file = file
        self._most = most
        self.value: Any = None
        self.spots: dict[Keys, Spot] = {}
        self._levels: list[_Level] = []
        self._count = 0
        self._documents = 0

    def take(self, event: Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, DocumentStartEvent):
            self._start_document(event, line)
        elif isinstance(event, NodeEvent):
            self._check_node(event, line)
            self._take_node(event, line)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self._levels.pop()

    def _start_document(self, event: DocumentStartEvent, line: int) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._fault("a second document starts here (---); one file holds one", line, "Put it in a file of its own.")
        if event.tags or event.version not in (None, (1, 2)):
            raise self._fault("directives (%YAML, %TAG) are not taken: files are read as YAML 1.2", line, "Leave the % lines out.")

    def _check_node(self, event: NodeEvent, line: int) -> None:
        self._count += 1
        if self._count > self._most:
            raise self._fault(f"more than {self._most:,} values", line, "A plan or policy is far smaller: is this the right file?")
        if isinstance(event, AliasEvent) or event.anchor is not None:
            raise self._fault(
                "anchors (&) and aliases (*) are not taken", line, "Write the value out, or put it in quotes if it is text."
            )
        if getattr(event, "tag", None) is not None:
            raise self._fault("tags (!) are not taken", line, "Leave it out, or put the value in quotes if it is text.")

    def _take_node(self, event: NodeEvent, line: int) -> None:
        level = self._levels[-1] if self._levels else None
        if level is not None and isinstance(level.value, dict) and level.key is None:
            self._take_key(level, event, line)
            return
        keys, line = self._next_place(level, line)
        if isinstance(event, ScalarEvent):
            self.spots[keys] = Spot(line, event.value)
            self._put(level, self._scalar(event, line))
            return
        value: dict[str, Any] | list[Any] = [] if isinstance(event, SequenceStartEvent) else {}
        self.spots[keys] = Spot(line)
        self._put(level, value)
        self._levels.append(_Level(value, keys))
        if len(self._levels) > DEPTH_LIMIT:
            raise self._fault(f"more than {DEPTH_LIMIT} levels deep", line, "Check the brackets and the indentation.")

    def _take_key(self, level: _Level, event: NodeEvent, line: int) -> None:
        if not isinstance(event, ScalarEvent):
            kind = "mapping" if isinstance(event, MappingStartEvent) else "list"
            raise self._fault(f"a {kind} stands where a key was expected", line, "Put it in quotes if it is text.")
        key = self._text(event, line)
        if not key.strip():
            raise self._fault("a key is empty", line, "Write a word before the colon.")
        if key in level.lines:
            raise self._fault(
                f"the key {one_line(key, 80)!r} stands twice, first in line {level.lines[key]}", line, "Keep one of the two."
            )
        level.lines[key] = line
        level.key = key

    def _next_place(self, level: _Level | None, line: int) -> tuple[Keys, int]:
        if level is None:
            return (), line
        if isinstance(level.value, list):
            return (*level.keys, len(level.value)), line
        assert level.key is not None
        return (*level.keys, level.key), level.lines[level.key]

    def _put(self, level: _Level | None, value: Any) -> None:
        if level is None:
            self.value = value
        elif isinstance(level.value, list):
            level.value.append(value)
        else:
            assert level.key is not None
            level.value[level.key] = value
            level.key = None

    def _scalar(self, event: ScalarEvent, line: int) -> Any:
        text = self._text(event, line)
        if event.style is not None:  # quoted, or a block of text
            return text
        try:
            return _resolved(text)
        except ValueError as error:
            raise self._fault(str(error), line, "Put it in quotes if it is text.") from error

    def _text(self, event: ScalarEvent, line: int) -> str:
        text = str(event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self._fault("an escape stands for half a character", line, "Write the character itself.")
        return text

    def _fault(self, what: str, line: int, advice: str) -> InputError:
        keys = path_of(self._levels[-1].keys) if self._levels else ""
        return InputError(what, Place(self.file, line, keys), advice)


_WORDS = {"": None, "~": None} | {
    spelt: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelt in (word, word.capitalize(), word.upper())
}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def _resolved(text: str) -> Any:
    """A plain scalar's value by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > DIGITS_LIMIT:
        if _REAL.fullmatch(text):
            raise ValueError(f"a number of {len(text):,} characters")
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text, 0)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a figure that can be met or measured")
    if not _REAL.fullmatch(text):
        return text
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text} is too large")
    return number
