"""The words in which two records are compared: figures, changes, and what could not be compared, gathered by reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from effaudit.core.diff import SCORES, Apart, Change, Diff, Pair, Side
from effaudit.core.text import counted, listed
from effaudit.core.units import show, show_change, show_interval
from effaudit.reporting.formatting import NOTHING, title


@dataclass(frozen=True)
class ChangeWords:
    """One comparison: what it is, both figures, the change with its interval, and what it amounts to."""

    way: str
    title: str
    before: str
    after: str
    change: str
    how: str


@dataclass(frozen=True)
class ApartWords:
    """Figures that could not be compared for one reason."""

    reason: str
    titles: str
    pairs: str


def headline(diff: Diff) -> str:
    """The answer in one sentence: "3 real changes among 429 comparisons of 15 candidates: 2 better, 1 worse"."""
    if not diff.pairs:
        return "The records have no candidate in common: name one on each side, as RECORD#NAME."
    among = f"among {counted(len(diff.changes), 'comparison')} of {counted(len(diff.pairs), 'candidate')}"
    if not diff.real:
        return f"No real change {among}."
    better = sum(change.way == "better" for change in diff.real)
    parts = [f"{number} {word}" for number, word in ((better, "better"), (len(diff.real) - better, "worse")) if number]
    return f"{counted(len(diff.real), 'real change')} {among}: {', '.join(parts)}."


def shown(diff: Diff, pair: Pair, everything: bool) -> tuple[Change, ...]:
    """The changes of a pair: the real ones, worse ones first, or all of them."""
    order = ("worse", "better", "not shown")
    found = [change for change in diff.changes if change.pair == pair and (everything or change.real)]
    return tuple(sorted(found, key=lambda change: order.index(change.way)))


def change_words(change: Change) -> ChangeWords:
    """One comparison in words."""
    before, after = (show(figure, change.unit) for figure in (change.before, change.after))
    way = change.way if change.real else "no change shown"
    return ChangeWords(way, title(change.metric), before, after, _amount(change), change.how)


def apart_words(apart: Sequence[Apart]) -> tuple[ApartWords, ...]:
    """What could not be compared, in one line per reason."""
    reasons: dict[str, list[Apart]] = {}
    for one in apart:
        reasons.setdefault(one.reason, []).append(one)
    return tuple(
        ApartWords(
            reason,
            listed(dict.fromkeys(title(one.metric) for one in found), 6),
            listed(dict.fromkeys(one.pair.name for one in found), 6),
        )
        for reason, found in reasons.items()
    )


def side_words(side: Side) -> str:
    """A record in words: "flight-delays, measured 2026-11-22 14:02, commit 1cb2375d2f96"."""
    commit = f"commit {side.commit[:12]}" if side.commit else ""
    return ", ".join(part for part in (side.name, f"measured {side.created[:16].replace('T', ' ')}", commit) if part)


def artifact_words(pair: Pair) -> str:
    """Whether the model's file is the same."""
    return {"same": "the same artifact", "changed": "another artifact", "unknown": "artifacts not known"}[pair.artifact]


def hidden(diff: Diff) -> str:
    """How many comparisons are not listed; "" where all are."""
    rest = len(diff.changes) - len(diff.real)
    return f"{counted(rest, 'other comparison')} {'shows' if rest == 1 else 'show'} no change." if rest else ""


def coming(diff: Diff) -> tuple[str, ...]:
    """Who is in one record only, and who could not be measured."""
    found = [f"only before: {listed(diff.gone)}" if diff.gone else "", f"only after: {listed(diff.new)}" if diff.new else ""]
    found += [f"{pair.name} could not be measured {pair.failed}" for pair in diff.pairs if pair.failed]
    return tuple(words for words in found if words)


def figure(value: float | None, unit: str) -> str:
    """One side's figure, or a dash."""
    return NOTHING if value is None else show(value, unit)


def _amount(change: Change) -> str:
    if not change.share:
        unit = "pp" if change.unit in SCORES else change.unit
        return show_interval(change.change, change.low, change.high, unit, signed=True)
    if change.low == change.high:
        return show_change(1.0 + change.change)
    if change.change > 9.0:
        return "×" + show_interval(1.0 + change.change, 1.0 + change.low, 1.0 + change.high, "")
    return show_interval(change.change, change.low, change.high, "%", signed=True)
