"""What the columns of a table are: numbers, categories, free text or times, as far as train rows tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from effaudit.core import forms
from effaudit.core.plugin import Refused, Workbench
from effaudit.core.store import Array, Inputs

_LOOKED_AT = 20_000
"""Train rows that are looked at."""

Kind = Literal["number", "category", "words", "time", "useless", "array"]


@dataclass(frozen=True)
class Profile:
    """A column as train rows show it. `values`: a category's texts, the most frequent first."""

    name: str
    kind: Kind
    missing: bool = False
    values: tuple[str, ...] = ()
    width: int = 1


def profiles(bench: Workbench, columns: Sequence[str]) -> list[Profile]:
    """One for each column. Raises Refused where train has no rows."""
    rows = bench.store.rows("train")
    if not rows:
        raise Refused("it learns from the train split, which has no rows; write `train: FILE` under `workload`")
    looked_at = np.linspace(0, rows - 1, min(rows, _LOOKED_AT)).astype(np.int64)
    known = {column.name: column for column in bench.workload.inputs}
    inputs = bench.store.inputs("train", looked_at, columns)
    return [_profile(name, values, known[name].missing > 0) for name, values in inputs.items()]


def of_kind(found: Sequence[Profile], *kinds: Kind) -> list[str]:
    """The names of the columns of some kinds."""
    return [profile.name for profile in found if profile.kind in kinds]


def only_numbers(found: Sequence[Profile]) -> bool:
    """Is there nothing but numbers, which need no DataFrame?"""
    return all(profile.kind in ("number", "array") for profile in found)


def matrix(inputs: Inputs) -> Array:
    """Columns of numbers and arrays side by side (rows, features), in double precision."""
    return np.column_stack([np.asarray(values, dtype=np.float64).reshape(len(values), -1) for values in inputs.values()])


def frame(inputs: Inputs) -> Any:
    """A DataFrame of plain columns, as a model whose contract takes `plain` ones is given it."""
    return forms.frame(inputs, {})


def _profile(name: str, values: Array, missing: bool) -> Profile:
    if values.ndim > 1:
        return Profile(name, "array", missing, width=int(np.prod(values.shape[1:])))
    if values.dtype.kind in "mM":
        return Profile(name, "time", missing)
    if values.dtype.kind != "O":
        return Profile(name, "number", missing)
    present = [value for value in values if isinstance(value, str)]
    distinct, counts = np.unique(np.array(present, dtype=object), return_counts=True)
    if len(distinct) < 2 and not missing:
        return Profile(name, "useless")
    words = np.mean([len(value.split()) for value in present]) if present else 0.0
    share = len(distinct) / max(len(present), 1)
    if len(distinct) > 30 and words >= 2 and share > 0.1:
        return Profile(name, "words", missing)
    if len(distinct) > 100 and share > 0.5:
        return Profile(name, "useless", missing)
    order = np.argsort(-counts, kind="stable")
    return Profile(name, "category", missing, tuple(str(distinct[place]) for place in order))
