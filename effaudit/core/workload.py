"""The data a plan asks about: which rows train, steer and certify, and what the answers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from effaudit.core.effective import Effective
from effaudit.core.notes import Note
from effaudit.core.slices import Slice

Task = Literal["classification", "regression"]
SPLITS = ("train", "search", "certify")


@dataclass(frozen=True)
class Column:
    """One input: a table's column or a named array. `shape` is that of one row, `()` for a table's cell."""

    name: str
    dtype: str
    """A numpy dtype, or `text` for words (also categories)."""
    shape: tuple[int, ...] = ()
    missing: int = 0


@dataclass(frozen=True)
class Workload:
    """The rows and answers on disk, memory-mapped: workers receive row indices only.

    Answers of a classification are stored as indices into `classes`; multilabel answers as a 0/1 matrix.
    """

    task: Task
    store: str
    """The folder that core/store.py opens."""
    inputs: tuple[Column, ...]
    answers: tuple[str, ...]
    classes: tuple[str, ...]
    """The answers' values as text; in binary tasks the positive class is the last. Empty for regression."""
    splits: dict[str, int]
    """Rows in each of SPLITS."""
    unit: str
    """The functional unit: what one inference answers, such as `row` or `image`."""
    sampling: str
    """How rows depend on each other: `independent`, `groups: COLUMN` or `time: COLUMN`."""
    groups: dict[str, int]
    """Groups in each split (as many as rows where rows are independent)."""
    duplicates: dict[str, int]
    """Certify rows that occur in another split too, by that split."""
    digests: dict[str, str]
    """SHA-256 of each split's inputs and answers."""
    quality: tuple[str, ...]
    """scikit-learn scorer names, the first being the primary one."""
    batch_sizes: tuple[int, ...]
    answer_unit: str = ""
    table: bool = True
    """Are the inputs a table's columns (else arrays)?"""
    multilabel: bool = False
    notes: tuple[Note, ...] = ()
    numeric_classes: bool = False
    """Are the answers of a classification numbers or booleans, so that classes are compared by value and not as words?"""
    positive: str = ""
    """Of two classes the positive one, where the plan names it or the answers are 0 and 1, −1 and 1, or booleans."""
    class_rows: tuple[int, ...] = ()
    """Certify rows of each of `classes`, in their order; empty where not counted. Scores need some rows of each kind."""
    weights: str = ""
    """The column that says how much each certify row counts; empty where all count alike."""
    effective: Effective | None = None
    """What the certify rows are worth, where they have weights."""
    sweep: bool = False
    """Were batch sizes swept: is each candidate timed up to where its own throughput stops growing?"""
    slices: tuple[Slice, ...] = ()
    """Parts of the certify rows whose quality is told apart, column by column."""
