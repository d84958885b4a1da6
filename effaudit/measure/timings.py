"""What timing won, over all sessions: blocks, starts and probes by candidate, as the journal keeps them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from effaudit.core.notes import Note
from effaudit.core.observed import Block, Start, Window
from effaudit.core.protocol import Message
from effaudit.core.reading import Failure
from effaudit.core.store import Array
from effaudit.measure.journal import Journal


@dataclass
class Timings:
    """What timing saw of each candidate (and of the baseline's twin), over all sessions."""

    blocks: dict[str, list[Block]] = field(default_factory=dict)
    starts: dict[str, list[Start]] = field(default_factory=dict)
    probes: dict[str, dict[str, list[Mapping[str, Any]]]] = field(default_factory=dict)
    windows: dict[str, list[Window]] = field(default_factory=dict)
    fallen: dict[str, Failure] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    rounds_s: float = 0.0
    """Seconds that this session's rounds took; they alone are what the budget is for."""
    starts_s: float = 0.0
    """Seconds that starting candidates for them took."""

    def forget(self, name: str) -> None:
        """Drops everything that was timed of a candidate."""
        for kind in (self.blocks, self.starts, self.probes, self.windows):
            kind.pop(name, None)

    def samples(self) -> dict[str, Array]:
        """The raw figures of single calls by candidate and batch size: rows of (incarnation, round key, nanoseconds)."""
        found = {}
        for name, all_blocks in self.blocks.items():
            blocks = [block for block in all_blocks if not block.callers]
            for batch in sorted({block.batch for block in blocks}):
                calls = [_calls(block) for block in blocks if block.batch == batch]
                found[f"{name}/latency.batch_{batch}"] = np.concatenate(calls)
        return found

    @property
    def batches(self) -> tuple[int, ...]:
        """The batch sizes that any candidate was timed with."""
        return tuple(sorted({block.batch for blocks in self.blocks.values() for block in blocks}))


def round_of(blocks: Mapping[str, Sequence[Block]]) -> Message:
    """One round's blocks of all candidates, for the journal."""
    told = [(name, block) for name, own in blocks.items() for block in own]
    facts = [{"name": name, **_facts(block)} for name, block in told]
    return Message("round", {"blocks": facts}, {str(place): block.nanos for place, (_, block) in enumerate(told)})


def windows_of(windows: Mapping[str, Sequence[Window]]) -> Message:
    """One incarnation's windows of all candidates, for the journal."""
    return Message("windows", {"windows": {name: [dataclasses.asdict(one) for one in own] for name, own in windows.items()}})


def windows_told(message: Message) -> dict[str, list[Window]]:
    """What `windows_of` wrote."""
    return {name: [Window(**one) for one in own] for name, own in message.facts["windows"].items()}


def earlier(journal: Journal) -> Timings:
    """What the journal holds of earlier sessions."""
    timings = Timings()
    for message in journal.earlier:
        facts = dict(message.facts)
        if message.word == "round":
            for place, block in enumerate(facts["blocks"]):
                name = block.pop("name")
                timings.blocks.setdefault(name, []).append(Block(nanos=message.arrays[str(place)], **block))
        elif message.word == "start":
            timings.starts.setdefault(facts.pop("name"), []).append(Start(**facts))
        elif message.word == "windows":
            for name, own in windows_told(message).items():
                timings.windows.setdefault(name, []).extend(own)
        elif message.word == "forgotten":
            timings.forget(facts["name"])
        elif message.word == "probe":
            timings.probes.setdefault(facts["name"], {}).setdefault(facts["metric"], []).append(facts["found"])
    return timings


def _calls(block: Block) -> Array:
    count = len(block.nanos)
    return np.column_stack([np.full(count, block.incarnation), np.full(count, block.key), block.nanos])


def _facts(block: Block) -> dict[str, Any]:
    return {field.name: getattr(block, field.name) for field in dataclasses.fields(block) if field.name != "nanos"}
