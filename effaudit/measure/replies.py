"""Answers as workers send them."""

from __future__ import annotations

from effaudit.core.observed import Answers
from effaudit.core.protocol import Message
from effaudit.core.workload import Workload

MORE_CLASSES = 1000
"""A model may know so many classes beside the data's."""


def stored(reply: Message) -> Answers:
    """The answers in a reply."""
    return Answers(reply.arrays.get("scores"), reply.arrays.get("labels"), tuple(reply.facts["classes"]))


def reply_limit(workload: Workload, rows: int) -> int:
    """The bytes that answers to some rows may take."""
    columns = max(len(workload.classes) + MORE_CLASSES, len(workload.answers))
    return (1 << 20) + 2 * rows * columns * 8
