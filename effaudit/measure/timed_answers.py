"""The answers that are timed are those that were scored: some of every block are sent back, and compared outside the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.observed import Answers
from effaudit.core.protocol import Message
from effaudit.core.reading import Failure
from effaudit.core.text import counted
from effaudit.measure.replies import Scale, differing_rows, scale_of
from effaudit.process import Fault

UNTRUE = frozenset({"timed_answers", "bad_answer", "file_changed"})
"""Codes of failures after which nothing that was timed before counts: it was not the scored model that answered."""


@dataclass(frozen=True)
class Expected:
    """What a candidate answered to all certify rows when it was scored.

    `depends`: its answers depend on the rows asked together, so that a timed request is compared with the same one asked again.
    """

    answers: Answers
    depends: bool = False

    @property
    def wanted(self) -> Literal["scored", "again"]:
        """What a worker is told of how its kept answers are compared."""
        return "again" if self.depends else "scored"

    def check(self, reply: Message) -> None:
        """Raises Fault where a kept answer differs from what the same rows got when they were scored."""
        rows = reply.arrays.get("compared.rows")
        if rows is None:
            return
        found = _told(reply, "compared")
        if self.depends:
            first, which = _told(reply, "again"), "the same request got outside the clock"
        else:
            first, which = self.answers.of(rows), "the same rows got when they were scored"
        differing = int(np.count_nonzero(differing_rows(first, found, str(reply.facts["dtype"]), self._scale)))
        if differing:
            words = f"on {differing:,} of {counted(len(rows), 'compared row')}"
            raise Fault("timed_answers", "time", f"its answers to timed requests are not those that {which} ({words})")

    @cached_property
    def _scale(self) -> Scale:
        return scale_of(self.answers)


def expected(answers: Answers, codes: frozenset[str]) -> Expected | None:
    """What to compare timed answers with. `codes`: of what is known of the candidate. None where each call draws anew."""
    if "drawn_once" in codes:
        return None
    return Expected(answers, "answers_depend_on_batch" in codes)


def untrue(fallen: Failure | None) -> tuple[Note, ...]:
    """Why its quality is in doubt, of one that answered otherwise when it was timed."""
    return (Note("timed_answers", fallen.reason),) if fallen is not None and fallen.code in UNTRUE else ()


def _told(reply: Message, name: str) -> Answers:
    arrays: Mapping[str, np.ndarray] = reply.arrays
    return Answers(arrays.get(f"{name}.scores"), arrays.get(f"{name}.labels"), tuple(reply.facts["classes"]))
