"""What a candidate is and answers: opened once in a worker of its own, counted, and asked about every row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from effaudit.core import units
from effaudit.core.artifacts import file_digest
from effaudit.core.candidate import Candidate, Contract, Facts
from effaudit.core.classes import natural
from effaudit.core.files import own_folder, replacing
from effaudit.core.identity import Identity, Stamp
from effaudit.core.notes import Note, coded
from effaudit.core.observed import Answers, Sizes, together
from effaudit.core.protocol import Message
from effaudit.core.reading import Failure
from effaudit.core.store import Array
from effaudit.core.text import counted, one_line
from effaudit.core.watch import Found
from effaudit.core.wire import pack, unpack
from effaudit.core.workload import Workload
from effaudit.measure.company import Company, in_company
from effaudit.measure.journal import Journal
from effaudit.measure.replies import reply_limit, stored
from effaudit.measure.timed_answers import Expected, expected
from effaudit.process import Fault, Site, Worker
from effaudit.process.identity import CODE as CHANGED
from effaudit.process.identity import changed, check_packages, check_unchanged, named_files, read_by

CHUNK = 1000

ONCE = 0.6
"""The share of the progress that asking about every row once takes; the rest is asking again in other company."""

LOOKS = 3
OWN_RULE_CALLS = 5
"""A look at the slowest models asks four times, each of which may take as long as one answer; and a little more."""
LONGER, LONGER_NANOS = 1.5, 50_000
"""A rule for labels that takes so many times as long as what is timed, and these nanoseconds, is another computation."""

ROUNDING = 1e-6
"""Answers to the same rows that differ by no more, absolutely or as a share, are the same."""


@dataclass(frozen=True)
class Gathered:
    """A candidate with its whole contract, its facts and bytes, and its answers by split."""

    candidate: Candidate
    facts: Facts
    sizes: Sizes
    answers: Mapping[str, Answers]
    resident: int
    """Bytes that its worker held at the end."""
    notes: tuple[Note, ...] = ()
    doubts: tuple[Note, ...] = ()
    """Why its quality cannot be believed as it was read."""
    groups: int | None = None
    """Of how many certify groups, in their drawn order, its answers are those of the workload's first batch size; None: of all."""

    identity: Identity = Identity()
    """The files that it read."""

    @property
    def expected(self) -> Expected | None:
        """What its answers to timed requests must be."""
        return expected(self.answers["certify"], frozenset(note.code for note in (*self.notes, *self.doubts)))


def gather(
    candidate: Candidate, splits: tuple[str, ...], site: Site, journal: Journal, folder: Path, tell: Callable[[float], None]
) -> Gathered | Failure:
    """Opens, counts and asks. Answers are stored in `folder`, and taken from there when the journal vouches for them."""
    known = _known(candidate, splits, site, journal, folder)
    if known is not None:
        return known
    found = _once(candidate, splits, site, journal, folder, tell)
    if isinstance(found, Failure) and found.code == CHANGED:  # a copy that was still being written, or only a new time
        found = _once(candidate, splits, site, journal, folder, tell)
    return found


def _once(
    candidate: Candidate, splits: tuple[str, ...], site: Site, journal: Journal, folder: Path, tell: Callable[[float], None]
) -> Gathered | Failure:
    before = named_files(candidate)
    try:
        worker, _ = site.open(candidate, "answers", watch_files=True)
    except Fault as fault:
        return fault.failure
    try:
        return _asked(worker, candidate, before, splits, site, journal, folder, tell)
    except Fault as fault:
        return fault.failure
    finally:
        worker.end()


def _asked(
    worker: Worker,
    candidate: Candidate,
    before: Mapping[str, Stamp | None],
    splits: tuple[str, ...],
    site: Site,
    journal: Journal,
    folder: Path,
    tell: Callable[[float], None],
) -> Gathered:
    timeout = site.settings.timeout_s
    answers: dict[str, Answers] = {}
    total = sum(site.workload.splits[split] for split in splits)
    done = 0
    for split in splits:
        parts = []
        for start in range(0, site.workload.splits[split], CHUNK):
            parts.append(_chunk(worker, site, split, start))
            done += len(parts[-1])
            tell(ONCE * done / total)
        answers[split] = together(parts)
    understood = _understood(worker, site)
    again = _chunk(worker, site, splits[0], 0)
    drawn = coded("drawn_once", differing(answers[splits[0]].of(slice(len(again))), again))
    # Counted here: what a model imports, and which files it reads, may show only when it answers.
    count = worker.ask("count", {"candidate": pack(candidate)}, stage="count", timeout_s=timeout)
    identity = read_by(worker, before)
    resident = worker.resident()
    contract = unpack(Contract, count.facts["contract"])
    untimed = _own_rule(worker, site) if contract.labels == "predict" else ()
    company = Company(answers["certify"]) if drawn else _in_company(worker, site, answers["certify"], tell)
    tell(1.0)
    answers["certify"] = company.answers
    found = Gathered(
        replace(candidate, contract=_numbered(contract, answers[splits[0]], site.workload)),
        unpack(Facts, count.facts["facts"]),
        unpack(Sizes, count.facts["sizes"]),
        answers,
        resident,
        (*understood.notes(), *company.notes, *untimed),
        (*drawn, *understood.doubts(site.settings.unknown, _has_empty_column(site.workload)), *company.doubts),
        company.groups,
        identity,
    )
    _keep(found, _key(candidate, splits, site), journal, folder)
    return found


def _in_company(worker: Worker, site: Site, answers: Answers, tell: Callable[[float], None]) -> Company:
    """Asked again at the workload's batch sizes. One that fails then has answered all the same, which is not lost."""
    try:
        return in_company(worker, site, answers, lambda share: tell(ONCE + (1.0 - ONCE) * share))
    except Fault as fault:
        words = f"asked again as the workload asks, it failed: {fault.failure.reason}"
        return Company(answers, doubts=coded("answers_depend_on_batch", one_line(words, 300)))


def _own_rule(worker: Worker, site: Site) -> tuple[Note, ...]:
    """Says so where the labels whose quality is read come from a call that takes longer than the one that is timed.

    Looked at again before it is said: other candidates may be asked meanwhile.
    """
    asked, patience = {"batch": site.workload.batch_sizes[0]}, OWN_RULE_CALLS * site.settings.timeout_s
    for _ in range(LOOKS):
        reply = worker.ask("own_rule", asked, stage="answer", timeout_s=patience)
        own, timed = float(reply.facts["own"]), float(reply.facts["timed"])
        if own <= LONGER * timed + LONGER_NANOS:
            return ()
    took = f"{units.show(own / 1e9, 's')} a request, and what is timed gives probabilities in {units.show(timed / 1e9, 's')}"
    return coded("labels_untimed", f"its labels come from its own predict, which takes {took}")


def _understood(worker: Worker, site: Site) -> Found:
    """What it did not know of the certify rows that it was asked about."""
    limit = reply_limit(site.workload, CHUNK)
    reply = worker.ask("understood", {}, stage="answer", timeout_s=site.settings.timeout_s, reply_limit=limit)
    return unpack(Found, reply.facts["found"])


def _has_empty_column(workload: Workload) -> bool:
    return any(column.missing >= workload.splits["certify"] for column in workload.inputs)


def _numbered(contract: Contract, answers: Answers, workload: Workload) -> Contract:
    """With the numbers of its outputs as classes, where the model names none and has more than the data."""
    more = answers.scores is not None and not contract.classes and len(answers.classes) > len(workload.classes)
    return replace(contract, classes=natural(len(answers.classes))) if more else contract


def differing(first: Answers, again: Answers) -> str:
    """How answers to the same rows differ beyond rounding, in words; nothing when they do not."""
    same = np.ones(len(first), dtype=bool)
    if first.scores is not None and again.scores is not None:
        close = np.isclose(first.scores, again.scores, rtol=ROUNDING, atol=ROUNDING)
        same &= close.reshape(len(first), -1).all(axis=1)
    if first.labels is not None and again.labels is not None:
        same &= (first.labels == again.labels).reshape(len(first), -1).all(axis=1)
    count = int(np.count_nonzero(~same))
    if not count:
        return ""
    rows = f"{count:,} of {counted(len(same), 'row')}"
    return f"its answers differ from call to call: on {rows} asked twice; its quality is that of one draw"


def _chunk(worker: Worker, site: Site, split: str, start: int) -> Answers:
    facts = {"split": split, "start": start, "stop": min(start + CHUNK, site.workload.splits[split])}
    timeout = site.settings.timeout_s
    limit = reply_limit(site.workload, CHUNK)
    return stored(worker.ask("answers", facts, stage="answer", timeout_s=timeout, reply_limit=limit))


def _key(candidate: Candidate, splits: tuple[str, ...], site: Site) -> str:
    asked = {
        "twice": CHUNK,
        "unknown": site.settings.unknown,
        "company": [site.seed, list(site.workload.batch_sizes)],
        "candidate": pack(candidate),
        "data": {split: site.workload.digests[split] for split in splits},
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _keep(found: Gathered, key: str, journal: Journal, folder: Path) -> None:
    path = own_folder(folder) / f"{found.candidate.name}.npz"
    arrays = {f"{split}.{part}": getattr(own, part) for split, own in found.answers.items() for part in ("scores", "labels")}
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **{name: array for name, array in arrays.items() if array is not None})
    facts = {
        "key": key,
        "digest": file_digest(path).hex(),
        "contract": pack(found.candidate.contract),
        "facts": pack(found.facts),
        "sizes": pack(found.sizes),
        "resident": found.resident,
        "groups": found.groups,
        "identity": pack(found.identity),
        "notes": pack(found.notes),
        "doubts": pack(found.doubts),
        "classes": {split: list(own.classes) for split, own in found.answers.items()},
    }
    journal.add(Message("answers", facts))


def _known(candidate: Candidate, splits: tuple[str, ...], site: Site, journal: Journal, folder: Path) -> Gathered | None:
    key = _key(candidate, splits, site)
    path = folder / f"{candidate.name}.npz"
    for message in journal.of("answers"):
        if message.facts["key"] == key and path.is_file() and file_digest(path).hex() == message.facts["digest"]:
            try:
                identity = check_unchanged(unpack(Identity, message.facts["identity"]), site)
                check_packages(identity.versions, site)
            except Fault:
                return None
            with np.load(path, allow_pickle=False) as arrays:
                answers = {split: _kept(arrays, split, message.facts["classes"][split]) for split in splits}
            whole = replace(candidate, contract=unpack(Contract, message.facts["contract"]))
            facts, sizes = unpack(Facts, message.facts["facts"]), unpack(Sizes, message.facts["sizes"])
            notes, doubts = (tuple(unpack(Note, one) for one in message.facts[key]) for key in ("notes", "doubts"))
            return Gathered(
                whole, facts, sizes, answers, int(message.facts["resident"]), notes, doubts, message.facts["groups"], identity
            )
    return None


def _kept(arrays: Mapping[str, Array], split: str, classes: Sequence[str]) -> Answers:
    return Answers(arrays.get(f"{split}.scores"), arrays.get(f"{split}.labels"), tuple(classes))


def stale(journal: Journal, site: Site) -> bool:
    """Does the journal hold anything of a candidate whose files, or the packages that it used, have changed since?"""
    kept = [unpack(Identity, message.facts["identity"]) for message in journal.of("answers")]
    used = {name: version for identity in kept for name, version in identity.versions.items()}
    try:
        check_packages(used, site)
    except Fault:
        return True
    return any(changed(identity, site) for identity in kept)
