"""Remarks with a code: programs read the code and never the sentence, which is for people and free to change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WARNINGS = frozenset(
    (
        *("groups_shared", "not_later", "rows_in_no_slice", "slices_undecided"),
        *("labels_differ", "answers_depend_on_batch", "inputs_not_understood", "worse_than_guess", "drawn_once"),
        *("looks_like_probabilities", "columns_all_missing", "remembers_rows", "timed_answers"),
        *("more_processors", "memory_grows", "busy_while_idle"),
        *("never_fails", "under_a_guess", "little_confidence"),
    )
)
"""The codes of notes that may make figures worthless: every output shows them right under its headline."""

OF_POLICIES = frozenset(("never_fails", "under_a_guess", "little_confidence"))
"""Those of them that are about the policy: a pass under it may say nothing."""

WAVERING = frozenset(("warm_up", "slowdown", "unsteady"))
"""The codes that say how a timing changed while it was measured."""


@dataclass(frozen=True)
class Note:
    """A remark on the data, a candidate, a figure or a verdict. `code` is a word of its own for each kind of remark."""

    code: str
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def warns(self) -> bool:
        """May it make figures worthless?"""
        return self.code in WARNINGS


def texts(notes: Iterable[Note]) -> tuple[str, ...]:
    """The sentences, each once, in their order."""
    return tuple(dict.fromkeys(note.text for note in notes))


def coded(code: str, *words: str) -> tuple[Note, ...]:
    """A note for each of some sentences that is not empty."""
    return tuple(Note(code, text) for text in words if text)
