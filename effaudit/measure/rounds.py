"""One incarnation of a panel: rounds of short blocks in random order, one worker at a time, until it is enough."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from effaudit.core.observed import Block
from effaudit.core.reading import Failure
from effaudit.measure.environment import Watch
from effaudit.process import Fault

REPEATED_SHARE = 0.2
"""At most this share of an incarnation's rounds is played again because the machine was slow or taken away."""


class Timed(Protocol):
    """A resident candidate that can be asked for its blocks of one round."""

    def blocks(self, number: int, incarnation: int, key: int) -> list[Block]:
        """Times one block of everything it is asked with. Raises Fault."""


@dataclass
class Played:
    """What an incarnation gave: blocks by candidate, and who fell."""

    blocks: dict[str, list[Block]] = field(default_factory=dict)
    fallen: dict[str, Failure] = field(default_factory=dict)
    rounds: int = 0


def play(
    workers: Mapping[str, Timed],
    incarnation: int,
    *,
    enough: Callable[[int, float, Mapping[str, Sequence[Block]], str | None], bool],
    baseline: str | None,
    watch: Watch,
    clock: Callable[[], float],
    order: random.Random,
    keep: Callable[[Mapping[str, Sequence[Block]]], None],
) -> Played:
    """Plays rounds. `keep` is given every finished round, to be journalled; bad rounds are played again, within bounds."""
    played = Played({name: [] for name in workers})
    standing = dict(workers)
    again = 0
    while standing and not enough(played.rounds, clock(), played.blocks, baseline):
        watch.begin()
        key = incarnation * 100_000 + played.rounds
        blocks = _round(standing, incarnation, key, played.rounds, order, played.fallen)
        if watch.was_bad() and again < max(1, REPEATED_SHARE * played.rounds):
            again += 1
            watch.repeated += 1
            continue
        keep(blocks)
        for name, own in blocks.items():
            played.blocks[name].extend(own)
        played.rounds += 1
    return played


def _round(
    standing: dict[str, Timed], incarnation: int, key: int, number: int, order: random.Random, fallen: dict[str, Failure]
) -> dict[str, list[Block]]:
    blocks: dict[str, list[Block]] = {}
    for name in order.sample(sorted(standing), len(standing)):
        try:
            blocks[name] = standing[name].blocks(number, incarnation, key)
        except Fault as fault:
            fallen[name] = fault.failure
            del standing[name]
    return blocks
