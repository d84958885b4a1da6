"""A comparison of two records as GitHub-flavoured markdown: the answer first, then surroundings, changes, and the rest folded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from effaudit.core.diff import Diff
from effaudit.reporting.diff_words import (
    apart_words,
    artifact_words,
    change_words,
    coming,
    headline,
    hidden,
    shown,
    side_words,
)

Words = Callable[[str], str]
Grid = Callable[[Sequence[str], Sequence[Sequence[str]], str], str]


def parts(diff: Diff, everything: bool, plain: Words, code: Words, grid: Grid, folded: Callable[[str, str], str]) -> list[str]:
    """Paragraphs. `plain`, `code`, `grid` and `folded` are the escaping and the layout of the markdown output."""
    name = re.sub(r"[^A-Za-z0-9._]+", "-", diff.after.name).strip("-")
    found = [f"<!-- effaudit diff: {name} -->", f"**{plain(headline(diff))}**"]
    found.append(f"Before: {plain(side_words(diff.before))}  \nAfter: {plain(side_words(diff.after))}")
    if diff.settings:
        rows = [[code(one.name), plain(one.before), plain(one.after)] for one in diff.settings]
        found.append("### Measured under other conditions\n\n" + grid(["", "before", "after"], rows, ":-- :-- :--"))
    for pair in diff.pairs:
        words = [change_words(change) for change in shown(diff, pair, everything)]
        rows = [[w.way, plain(w.title), plain(w.before), plain(w.after), plain(w.change), w.how] for w in words]
        if rows:
            heads = ["", "figure", "before", "after", "change", "compared by"]
            found.append(f"### {code(pair.name)}, {artifact_words(pair)}\n\n" + grid(heads, rows, ":-- :-- --: --: --: :--"))
    found += [plain(words) for words in coming(diff)]
    if diff.apart:
        rows = [[plain(one.reason), plain(one.titles), plain(one.pairs)] for one in apart_words(diff.apart)]
        found.append(folded("Not comparable", grid(["why", "figures", "candidates"], rows, ":-- :-- :--")))
    if not everything and hidden(diff):
        found.append(f"<sub>{plain(hidden(diff))}</sub>")
    return found
