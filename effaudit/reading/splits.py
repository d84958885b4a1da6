"""Cuts unseen rows into search and certify, so that certify stays as new as new rows will be."""

from __future__ import annotations

import numpy as np

from effaudit.core.errors import InputError
from effaudit.core.notes import Note
from effaudit.core.plan import Data
from effaudit.core.store import Array
from effaudit.core.text import counted
from effaudit.reading.answers import labelled
from effaudit.reading.parts import Part

SEARCH_SHARE = 0.3
LEAST_ROWS = 4


def with_search(parts: dict[str, Part], data: Data, *, needs_search: bool, seed: int) -> tuple[dict[str, Part], tuple[Note, ...]]:
    """The parts as train, search and certify, and notes on what was cut.

    `data` becomes search and certify, certify gives some of its rows where search is needed and not given. Where nothing
    needs search, nothing is cut. Raises InputError where there is too little to cut.
    """
    source = "data" if "data" in parts else "certify"
    kept = {split: part for split, part in parts.items() if split != "data"} | {"certify": parts[source]}
    if not needs_search or "search" in parts:
        return _in_order(kept), ()
    search, certify = cut(parts[source], data, seed)
    how = (
        f"by whole groups of {data.groups}"
        if data.groups
        else f"by {data.time}, the later rows certifying"
        if data.time
        else "at random"
    )
    note = f"{source} was cut {how}: {counted(len(search), 'row')} search, {counted(len(certify), 'row')} certify"
    return _in_order(kept | {"search": parts[source].take(search), "certify": parts[source].take(certify)}), (Note("cut", note),)


def cut(part: Part, data: Data, seed: int) -> tuple[Array, Array]:
    """Positions of the search rows (about 30 %) and of the certify rows, each in ascending order."""
    if part.rows < LEAST_ROWS:
        what = f"{counted(part.rows, 'row')} cannot be cut into search and certify"
        raise InputError(what, part.place, f"Give at least {LEAST_ROWS}, or a `search` file of its own.")
    if data.groups:
        chosen = _whole_groups(part, data.groups, seed)
    elif data.time:
        chosen = _earlier(part, data.time)
    else:
        chosen = _at_random(_strata(part, data), seed)
    return np.flatnonzero(chosen), np.flatnonzero(~chosen)


def _in_order(parts: dict[str, Part]) -> dict[str, Part]:
    return {split: parts[split] for split in ("train", "search", "certify") if split in parts}


def _whole_groups(part: Part, name: str, seed: int) -> Array:
    groups, sizes = _grouped(part)
    order = np.random.default_rng(seed).permutation(len(sizes))
    taken = order[: _nearest(sizes[order], part, f"all rows are of one group of {name!r}")]
    return np.isin(groups, taken)


def _earlier(part: Part, name: str) -> Array:
    times, sizes = _grouped(part)
    return np.asarray(times < _nearest(sizes, part, f"all rows have the same {name!r}"))


def _grouped(part: Part) -> tuple[Array, Array]:
    """The number of each row's value in ascending order, and how many rows have it."""
    assert part.link is not None
    _, numbers, sizes = np.unique(part.link.data, return_inverse=True, return_counts=True)
    return numbers, sizes


def _nearest(sizes: Array, part: Part, otherwise: str) -> int:
    """How many of the first values hold nearest to 30 % of the rows, one value being left for certify."""
    if len(sizes) < 2:
        raise InputError(
            f"{otherwise}, which cannot be cut into search and certify", part.place, "Give a `search` file of its own."
        )
    within = np.cumsum(sizes[:-1])
    return int(np.abs(within - SEARCH_SHARE * part.rows).argmin()) + 1


def _strata(part: Part, data: Data) -> Array:
    """The class of each row, so that both splits have all classes; one stratum where answers are no classes."""
    values = next(iter(part.answers.values()))
    if data.task == "regression" or len(part.answers) > 1 or values.shape:
        return np.zeros(part.rows, dtype=np.int64)
    return labelled(values)[0]


def _at_random(strata: Array, seed: int) -> Array:
    """About 30 % of each stratum; a stratum of one row stays in certify."""
    shuffled = np.random.default_rng(seed).permutation(len(strata))
    shuffled = shuffled[np.argsort(strata[shuffled], kind="stable")]
    own = strata[shuffled]
    starts = np.searchsorted(own, own)
    sizes = np.searchsorted(own, own, side="right") - starts
    chosen = np.zeros(len(strata), dtype=bool)
    chosen[shuffled[np.arange(len(strata)) - starts < np.round(SEARCH_SHARE * sizes)]] = True
    if not chosen.any():
        chosen[shuffled[0]] = True
    return chosen
