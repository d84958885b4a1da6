"""LightGBM's text format, read strictly and without LightGBM: what a model says of itself, and whether the library may be given it.

LightGBM aborts the process over malformed text, reads beyond its arrays where a tree points outside of itself, trusts the byte
counts of `tree_sizes`, and stops at the first character that it does not know. So all of a text is read here first, and what the
library is given is written from what was read (`writing`). Lines are streamed: trees are held by those only who ask for them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator

from effaudit.core.candidate import Facts, Family
from effaudit.frameworks.lightgbm.endings import categorical, read_ending
from effaudit.frameworks.lightgbm.headers import read_header
from effaudit.frameworks.lightgbm.model import Ending, Header, Malformed, Summary, Tree
from effaudit.frameworks.lightgbm.numbers import shown, whole
from effaudit.frameworks.lightgbm.trees import read_tree

HEAD = b"tree\nversion="

_TREE_END = (b"end of trees", b"feature importances:", b"feature_importances:")
_CONTROL = bytes(range(32)) + b"\x7f"
_MOST_LINES = 22


def summary(text: str | Iterable[bytes]) -> Summary:
    """Reads and checks a model: its text, or its lines with their ends. Raises Malformed."""
    return read(text, lambda _: None)[0]


def trees_of(text: str | Iterable[bytes]) -> tuple[Summary, list[Tree]]:
    """The same, with all its trees. Raises Malformed."""
    trees: list[Tree] = []
    return read(text, trees.append)[0], trees


def read(text: str | Iterable[bytes], take: Callable[[Tree], None]) -> tuple[Summary, Header, Ending]:
    """The same, with each tree given to `take` as soon as it is checked. Raises Malformed."""
    source = _Lines(iter(io.BytesIO(_encoded(text)) if isinstance(text, str) else text))
    header, sizes = read_header(_until_trees(source))
    counts = [0, 0, 0, 0]
    for tree in _trees(source, sizes, len(header.features)):
        take(tree)
        for place, more in enumerate((1, tree.splits, tree.leaves, tree.coefficients)):
            counts[place] += more
    _check_count(counts[0], header)
    ending = read_ending(source.rest())
    return _summary(header, ending, *counts), header, ending


def boosted_facts(summary: Summary, kind: str) -> Facts:
    """The facts of boosted trees; one tree is a tree."""
    parameters = summary.splits + summary.leaves + summary.coefficients
    family: Family = "ensemble" if summary.trees > 1 else "tree" if summary.trees else "constant"
    return Facts(family, kind, parameters, parameters, summary.splits + summary.leaves)


class _Lines:
    """Lines one after the other, with the place (in bytes) where the current one begins."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._next = 0
        self.at = 0
        self.line = b""

    def advance(self) -> bool:
        """Goes to the next line; False at the end."""
        line = next(self._lines, None)
        if line is None:
            self.line = b""
            return False
        self.at, self._next = self._next, self._next + len(line)
        self.line = line.rstrip(b"\n")
        return True

    def rest(self) -> Iterator[bytes]:
        """The current line and all that follow."""
        yield self.line
        while self.advance():
            yield _printable(self.line)


def _printable(line: bytes) -> bytes:
    """A line of words. (Among numbers, no other character is let through anyway.)"""
    found = next((byte for byte in line if byte in _CONTROL), None) if line.translate(None, _CONTROL) != line else None
    if found == ord("\r"):
        raise Malformed("its line ends were changed to Windows ones, which LightGBM cannot read")
    if found is not None:
        raise Malformed(f"it holds the byte 0x{found:02x}, which no model text does")
    return line


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Malformed("its text is not UTF-8") from error


def _until_trees(source: _Lines) -> Iterator[bytes]:
    while source.advance():
        if source.line.startswith(b"Tree=") or source.line in _TREE_END:
            return
        yield _printable(source.line) if source.at else source.line.removesuffix(b"\r")
    raise Malformed("it has no trees; it is cut off")


def _trees(source: _Lines, sizes: list[int] | None, features: int) -> Iterator[Tree]:
    number, expected = 0, source.at
    while source.line.startswith(b"Tree="):
        if sizes is not None and (number >= len(sizes) or source.at != expected):
            raise Malformed(f"tree {number} does not begin where `tree_sizes` says; the text was changed")
        if sizes is not None:
            expected += sizes[number]
        try:
            whole(source.line[len(b"Tree=") :], "number", number, number)
            tree = read_tree(_body(source), features)
        except Malformed as error:
            raise Malformed(f"tree {number}: {error}") from error
        yield tree
        number += 1
    if sizes is not None and (number != len(sizes) or source.at != expected):
        raise Malformed(f"it holds {number} trees where {len(sizes)} are declared; it is cut off or was changed")
    if source.line not in _TREE_END:
        raise Malformed("it ends within its trees; it is cut off")


def _body(source: _Lines) -> dict[str, bytes]:
    """The lines of a tree by their key, up to the empty line that ends it; leaves the source at what follows."""
    body: dict[str, bytes] = {}
    while source.advance() and source.line:
        key, equals, value = source.line.partition(b"=")
        name = key.decode("ascii", "replace")
        if not equals:
            raise Malformed(f"its line {shown(source.line)} says nothing")
        if name in body:
            raise Malformed(f"it says {shown(key)} twice")
        if len(body) == _MOST_LINES:
            raise Malformed(f"it has more than {_MOST_LINES} lines, of which LightGBM reads no more")
        body[name] = value
    while not source.line and source.advance():
        pass
    return body


def _check_count(trees: int, header: Header) -> None:
    if trees % header.per_iteration or (not trees and header.per_iteration > 1):
        raise Malformed(f"it holds {trees} trees, not a multiple of {header.per_iteration} an iteration")


def _summary(header: Header, ending: Ending, trees: int, splits: int, leaves: int, coefficients: int) -> Summary:
    categories = ending.categories or ()
    return Summary(
        objective=header.objective,
        classes=header.classes,
        per_iteration=header.per_iteration,
        average=header.average,
        features=header.features,
        trees=trees,
        splits=splits,
        leaves=leaves,
        coefficients=coefficients,
        categorical=categorical(header, ending, len(categories)),
        categories=categories,
    )
