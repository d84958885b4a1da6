"""Makes a product step by step, each in a process of its own, and keeps it by content: what was made once is made no more."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from effaudit.core import versions
from effaudit.core.artifacts import file_digest
from effaudit.core.candidate import Artifact, Candidate, Step
from effaudit.core.files import check_room, own_folder, write_text
from effaudit.core.identity import Identity
from effaudit.core.notes import Note, coded
from effaudit.core.plugin import Product
from effaudit.core.reading import Failure
from effaudit.core.record import Made
from effaudit.core.system import TOO_LARGE
from effaudit.core.wire import pack, unpack
from effaudit.process import Fault, Site
from effaudit.process.identity import changed, check_packages

PRODUCT = "product.json"
LONGER = 10
"""Making may take this many times as long as one answer."""

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Kitchen:
    """Where products are made. `needs` tells which splits a technique uses."""

    site: Site
    folder: Path
    needs: Callable[[str], tuple[str, ...]]
    engine: str = "local"
    secret: str = ""
    """Of this machine: kept products of others are made anew, whatever they say."""

    def make(
        self, name: str, parent: Candidate | None, identity: Identity | None, steps: tuple[Step, ...], tell: Tell
    ) -> tuple[Candidate, tuple[Made, ...]] | Failure:
        """The product of a whole recipe as a candidate, and how each step went; or at which step it failed, and why.

        `identity`: the files that the parent read when it was asked, which must still be those when a product is made of it.
        """
        made: list[Made] = []
        current, source = parent, self._source(identity)
        for place, step in enumerate(steps):
            last = place == len(steps) - 1
            own = name if last else "-".join([parent.name if parent else "data", *(s.technique for s in steps[: place + 1])])
            part = partial(_part, tell, place, len(steps))
            try:
                product, how = self._step(own, current, source, step, part)
            except Fault as fault:
                return Failure("not_made", f"make {step.technique}", fault.failure.reason)
            current = self._candidate(own, product, parent, steps[: place + 1])
            source = _Source(how.digest, partial(_is, Path(product.artifact.path).parent, how.digest))
            made.append(how)
        assert current is not None
        return current, tuple(made)

    def _source(self, identity: Identity | None) -> _Source | None:
        return None if identity is None else _Source(identity.digest, lambda: changed(identity, self.site) is None)

    def _step(self, name: str, parent: Candidate | None, source: _Source | None, step: Step, tell: Tell) -> tuple[Product, Made]:
        if source is not None and not source.unchanged():
            raise Fault(
                "parent_changed", step.technique, "the files of its parent changed since it was asked; begin the audit again"
            )
        own_folder(self.folder)
        before = source.digest if source else None
        key = self._key(parent, before, step)
        folder = self.folder / f"{name}-{key[:12]}"
        kept = self._kept(folder, key)
        if kept is not None:
            return kept
        scratch = self.folder / f".making-{name}-{key[:12]}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        product, how, used = self._made(name, parent, before, step, scratch, tell)
        if source is not None and not source.unchanged():
            words = "the files of its parent changed while it was made: they must never be written to"
            raise Fault("parent_changed", step.technique, words)
        shutil.rmtree(folder, ignore_errors=True)
        moved = _moved(product, scratch, folder)
        how = replace(how, digest=_contents(scratch))
        facts = {"key": key, "product": pack(moved), "made": pack(how), "versions": dict(used)}
        write_text(scratch / PRODUCT, json.dumps(facts, indent=1))
        scratch.rename(folder)
        return moved, how

    def _kept(self, folder: Path, key: str) -> tuple[Product, Made] | None:
        """A product that was made before, from the same, by the same packages, and is whole."""
        try:
            facts = json.loads((folder / PRODUCT).read_text("utf-8"))
            if facts["key"] != key:
                return None
            product, made = unpack(Product, facts["product"]), unpack(Made, facts["made"])
            check_packages(facts["versions"], self.site)
        except (OSError, ValueError, KeyError, TypeError, Fault):
            return None
        linked = any(path.is_symlink() for path in folder.rglob("*"))
        whole = not linked and Path(product.artifact.path).is_file() and _contents(folder) == made.digest
        return (product, replace(made, cached=True)) if whole else None

    def _made(
        self, name: str, parent: Candidate | None, before: str | None, step: Step, scratch: Path, tell: Tell
    ) -> tuple[Product, Made, Mapping[str, str]]:
        settings = self.site.settings
        facts = {
            "technique": step.technique,
            "options": dict(step.options),
            "parent": pack(parent),
            "workload": pack(self.site.workload),
            "seed": self.site.seed,
            "budget_s": LONGER * settings.timeout_s / 2,
            "threads": settings.threads,
            "memory_limit": settings.memory_limit,
            "scratch": str(scratch),
        }
        worker = self.site.start(parent, f"{step.technique}-{name}"[:80])
        try:
            answer = worker.ask("make", facts, stage=step.technique, timeout_s=LONGER * settings.timeout_s, tell=tell).facts
        except Fault as fault:
            check_room(scratch)
            if fault.failure.code == TOO_LARGE:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(self.folder / name)) from fault
            raise
        finally:
            worker.end()
        product, cost = unpack(Product, answer["product"]), answer["cost"]
        watts = self.site.assumptions.watts_per_vcpu
        joules = cost["cpu_seconds"] * watts if watts is not None else None
        made = Made(
            technique=step.technique,
            parent_digest=before,
            digest="",
            seed=self.site.seed,
            joules=joules,
            figures=product.figures,
            notes=(*product.notes, *self._unweighted(step.technique)),
            **cost,
        )
        return product, made, answer["versions"]

    def _unweighted(self, technique: str) -> tuple[Note, ...]:
        """A technique that looks at rows takes each as one; weights are of certify rows."""
        told = self.site.workload.weights and self.needs(technique)
        return coded(
            "unweighted", f"{technique} took rows as worth the same; `weights` count where its product is measured" if told else ""
        )

    def _candidate(self, name: str, product: Product, origin: Candidate | None, steps: tuple[Step, ...]) -> Candidate:
        return Candidate(
            name=name,
            artifact=product.artifact,
            contract=product.contract,
            preprocess=product.preprocess,
            threads=origin.threads if origin else self.site.settings.threads,
            engine=self.engine,
            parent=origin.name if origin else None,
            recipe=steps,
        )

    def _key(self, parent: Candidate | None, before: str | None, step: Step) -> str:
        asked: dict[str, Any] = {
            "step": pack(step),
            "parent": before,
            "contract": pack(parent.contract) if parent else None,
            "data": {split: self.site.workload.digests.get(split) for split in self.needs(step.technique)},
            "seed": self.site.seed,
            "versions": versions.interpreter(),
            "secret": self.secret,
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class _Source:
    """What a step is made from: the digest of its files, and whether they still have it."""

    digest: str
    unchanged: Callable[[], bool]


def _part(tell: Tell, place: int, count: int, share: float, text: str) -> None:
    tell((place + share) / count, text)


def _is(folder: Path, expected: str) -> bool:
    return _contents(folder) == expected


def _contents(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != PRODUCT):
        whole.update(str(path.relative_to(folder)).encode() + b"\0" + file_digest(path))
    return whole.hexdigest()


def _moved(product: Product, scratch: Path, folder: Path) -> Product:
    def moved(artifact: Artifact | None) -> Artifact | None:
        if artifact is None or not Path(artifact.path).is_relative_to(scratch):
            return artifact
        return replace(artifact, path=str(folder / Path(artifact.path).relative_to(scratch)))

    model = moved(product.artifact)
    assert model is not None
    if not Path(model.path).is_relative_to(folder):
        raise Fault("left_outside", "make", "left its product outside of its folder")
    return replace(product, artifact=model, preprocess=moved(product.preprocess))
