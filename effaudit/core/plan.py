"""What a user asks for: the data, the candidates, what to make of them and how to measure. reading/plan.py makes it from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from effaudit.core.candidate import Candidate, Step
from effaudit.core.errors import InputError, Place
from effaudit.core.reading import Failure
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.workload import Task

Source = Path | Mapping[str, Any]
"""One split's data: a file, or named things (arrays, columns, paths of .npy files) held in memory."""


@dataclass(frozen=True)
class Data:
    """Where rows and answers come from, and how rows depend on each other.

    `sources` has any of train, search, certify and `data` (unseen rows, to be cut into search and certify).
    Exactly one of `groups`, `time`, `independent` holds, or none where the plan says nothing.
    """

    task: Task
    sources: Mapping[str, Source]
    answer: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    """The columns or arrays that models may see; empty: all but answers, groups and time."""
    ignore: tuple[str, ...] = ()
    positive: str | None = None
    """Binary tasks: the answer that counts as positive, as text; None: the last one in sorted order."""
    groups: str | None = None
    time: str | None = None
    independent: bool = False
    weights: str | None = None
    """The column that says how much each certify row counts."""
    unit: str = ""
    quality: tuple[str, ...] = ()
    batch_sizes: tuple[int, ...] = (1,)
    """Rows per request; empty: 1, 2, 4 … up to where a candidate's throughput stops growing."""
    answer_unit: str = ""
    slices: tuple[str, ...] = ()
    """Columns whose values tell parts of the certify rows apart, each with quality figures of its own."""
    slice_min_rows: int = 100
    """Values with fewer certify rows are put together."""
    quality_place: Place | None = None
    """Where the plan's file names `quality`; None where no file does."""
    slice_places: tuple[Place, ...] = ()
    """Where the plan's file names each of `slices`; empty where no file does."""


EVERY = "*"
"""As a recipe's `of`: every given candidate that its first technique accepts."""


@dataclass(frozen=True)
class Job:
    """One product to make. `parent` names a candidate or an earlier product; None: it is made from data alone."""

    name: str
    parent: str | None
    steps: tuple[Step, ...]


def unopened(error: InputError, place: Place | None = None) -> Failure:
    """What the row of a candidate that cannot be opened says: one sentence with its place in the plan, and what to do."""
    where = error.place or place
    begin = f"{replace(where, file=Path(where.file).name)}: " if where else ""
    return Failure("unreadable", "open", f"{begin}{error.what.removesuffix('.')}{f'. {error.advice}' if error.advice else ''}")


@dataclass(frozen=True)
class Plan:
    """One audit, as asked for. Paths are absolute; `folder` is the plan file's own."""

    name: str
    data: Data
    candidates: tuple[Candidate, ...]
    baseline: str
    folder: Path
    title: str = ""
    settings: Settings = Settings()
    assumptions: Assumptions = Assumptions()
    seed: int = 0
    jobs: tuple[Job, ...] = ()
    """What to make, parents before their products: the ladder of simple models, then the recipes."""
    policy: Path | None = None
    engine: str = "local"
    digest: str = ""
    """SHA-256 of the plan's text."""
    refused: Mapping[str, Failure] = field(default_factory=dict)
    """Candidates that cannot be opened (their files cannot be read, or could not even be written), and why."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where the plan's file names each candidate; empty where no file does."""
