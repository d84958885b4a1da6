"""Words for readers: suggestions for misspelt names, safe single lines, shortened text."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

_FRAMES = 3
"""Of a traceback so many of its innermost calls are told."""
_REPEATED = 8
"""Lines this long or longer that have been said already are not said again."""
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\-_])")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Says "Did you mean 'x'?" with the nearest known name, or lists them when they are few, or says nothing."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {one_line(near[0], 80)!r}?"
    if names and len(names) <= 12:
        return f" Known: {', '.join(one_line(name, 80) for name in names)}."
    return ""


def one_line(text: str, limit: int = 300) -> str:
    """Hostile text as one harmless line: no terminal escapes, no control or direction characters, at most `limit` long."""
    return shorten(" ".join(_harmless(text).split()), limit)


def last_words(text: str, said: str = "", lines: int = 8, limit: int = 1200) -> str:
    """The end of a worker's output, harmless, for a failure's reason; what the reason has `said` is not repeated.

    Of a traceback the innermost calls are told, in one line: `at model.py:7 in predict, net.py:20 in forward`.
    """
    kept: list[str] = []
    frames: list[str] = []
    first = False
    for line in filter(str.strip, _harmless(text).splitlines()):
        frame = _FRAME.match(line)
        if frame is not None:
            frames.append(f"{frame[1]}:{frame[2]} in {frame[3].strip()}")
        elif _HEAD.search(line):
            frames, first = [], "call first" in line
        elif not (frames and line.startswith("    ")) and not _MARKS.fullmatch(line) and not _known(line, said):
            kept.append(line.rstrip())
    innermost = frames[:_FRAMES][::-1] if first else frames[-_FRAMES:]
    told = [*kept[-lines:], *(["at " + ", ".join(innermost)] if innermost else [])]
    joined = "\n".join(told)
    return joined if len(joined) <= limit else "…" + joined[-limit:]


def shorten(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, an ellipsis showing that something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(names: Iterable[str], limit: int = 8) -> str:
    """Names in a row, harmless: "a, b, c and 4 more"."""
    all_names = list(names)
    shown = ", ".join(one_line(name, 80) for name in all_names[:limit])
    rest = len(all_names) - limit
    return f"{shown} and {rest} more" if rest > 0 else shown


def counted(number: int, noun: str) -> str:
    """A number and its noun: "1 row", "2 rows", "1,200 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


_FRAME = re.compile(r'\s*File "(?:[^"]*[/\\])?([^"/\\]+)", line (\d+),? in (.+)')
_HEAD = re.compile(r"\(most recent call (last|first)\):")
_MARKS = re.compile(r"[\s^~]+")


def _known(line: str, said: str) -> bool:
    plain = " ".join(line.split())
    return len(plain) >= _REPEATED and plain in " ".join(said.split())


def _harmless(text: str) -> str:
    plain = _ESCAPES.sub("", text)
    return "".join(c if c in "\n\t" or unicodedata.category(c)[0] != "C" else " " for c in plain)
