"""Slices: certify rows that share a value of one column, and how the figures of a slice are named.

An id such as `quality.roc_auc[carrier=UA]` is a metric's id with the slice's key in brackets. In a key, `%`, brackets, `=`,
control and direction characters stand as %XX, so that any value gives an id that is one line and can be read back.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from effaudit.core.effective import Effective
from effaudit.core.text import one_line

OTHER, MISSING = "(other)", "(missing)"
"""The keys of rows whose value is rare, and of rows without a value. A value that begins with a bracket stands as %28…"""

WEIGHTS = "weights"
"""The record's array of how much each certify row counts (rows,)."""
SAMPLE = "(asked)=(sample)"
"""The key, which no column has, of the certify rows on which all are compared where some could not be asked about more of them
(measure/company.py)."""
NO_SLICE = 65535
"""Stands for a row that is in none of a column's slices."""

CODES = ".slices"
"""The evidence array (rows, columns) of each certify row's slices, by their place in the workload's `slices`."""

LONGEST = 60
_SHORTENED = re.compile("…[0-9a-f]{12}$")
_SLICED = re.compile(r"([^\[\]]+)\[([^\[\]=]+=[^\[\]=]*)\]")


@dataclass(frozen=True)
class Slice:
    """Certify rows that share a value of one column.

    `key` names it in ids; `title` is what its rows share, in words, such as `80 to 502`. `class_rows`: how many rows there are
    of each of the workload's classes; empty where answers are no classes.
    """

    column: str
    key: str
    title: str
    rows: int
    groups: int
    class_rows: tuple[int, ...] = ()
    effective: Effective | None = None
    """What its rows are worth, where they have weights."""


def key_of(column: str, value: str) -> str:
    """The key of a column's value: `carrier=UA`. What is longer than 60 characters ends in a hash of the whole."""
    return f"{_safe(column)}={_safe(value)}"


def key_apart(column: str, name: str) -> str:
    """The key of a slice that is no value of the column: OTHER, MISSING."""
    return f"{_safe(column)}={name}"


def sliced(metric: str, key: str) -> str:
    """The id of a metric in a slice."""
    return f"{metric}[{key}]"


def apart(metric: str) -> tuple[str, str]:
    """A metric's plain id, and the key of its slice; "" where the id has none."""
    found = _SLICED.fullmatch(metric)
    return (found[1], found[2]) if found else (metric, "")


def in_words(key: str) -> str:
    """A key for readers, as one harmless line: `carrier UA`."""
    column, _, value = key.partition("=")
    shown = value.strip("()") if value in (OTHER, MISSING) else unquote(value, errors="replace") or '""'
    return one_line(f"{unquote(column, errors='replace')} {shown}", 2 * LONGEST)


def _safe(text: str) -> str:
    if len(text) > LONGEST or _SHORTENED.search(text):  # what looks shortened could stand for another value
        told = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        text = f"{text[: LONGEST - 14]}…{told}"
    encoded = "".join(_escaped(character) if _own(character) else character for character in text)
    edges = re.compile(r"^[( ]| $")
    return edges.sub(lambda found: _escaped(found[0]), encoded)


def _own(character: str) -> bool:
    """Would it be read as part of an id's own writing, or not be seen at all?"""
    return character in "%[]=" or (character != " " and unicodedata.category(character)[0] in "CZ")


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
