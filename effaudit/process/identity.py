"""What was measured is one thing: a candidate's files are looked at again whenever it is opened again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from effaudit.core import versions
from effaudit.core.artifacts import files_of
from effaudit.core.candidate import Candidate
from effaudit.core.identity import Identity, ReadFile, Stamp, stamps
from effaudit.core.reading import Failure
from effaudit.core.wire import unpack
from effaudit.process.resident import Fault, Worker
from effaudit.process.site import Site

HASHING_S = 600.0
"""All files of one candidate may take so long to hash."""
CODE = "file_changed"


def named_files(candidate: Candidate) -> dict[str, Stamp | None]:
    """The stamps of the files that a plan names, before they are opened."""
    artifacts = (candidate.artifact, candidate.preprocess)
    return stamps(file.absolute() for artifact in artifacts if artifact for file in files_of(artifact))


def read_by(worker: Worker, before: Mapping[str, Stamp | None]) -> Identity:
    """What a worker's candidate read so far, hashed there. Raises Fault where a file is not what it was `before` it was opened."""
    reply = worker.ask("files", {"named": list(before)}, stage="files", timeout_s=HASHING_S)
    found = replace(unpack(Identity, reply.facts["identity"]), versions=reply.facts["versions"])
    changed = [file.path for file in found.files if file.path in before and before[file.path] != file.stamp]
    changed += reply.facts["changed"]
    if changed:
        raise Fault(CODE, "open", f"its file {Path(changed[0]).name} changed while it was read")
    return found


def check_unchanged(identity: Identity, site: Site) -> Identity:
    """Raises Fault unless all files have the contents that they had. Files that were only touched get their new stamps."""
    suspects = {file.path: file for file in identity.suspects()}
    if not suspects:
        return identity
    again = {file.path: file for file in _hashed(list(suspects), site)}
    for path, file in suspects.items():
        if path not in again:
            raise Fault(CODE, "open", f"its file {Path(path).name} was removed while it was audited; begin the audit again")
        if again[path].digest != file.digest:
            raise Fault(CODE, "open", f"its file {Path(path).name} changed while it was audited, by itself or by others")
    return replace(identity, files=tuple(again.get(file.path, file) for file in identity.files))


def opened(
    site: Site, candidate: Candidate, identity: Identity | None, purpose: str, restart: int = 0
) -> tuple[Worker, Mapping[str, Any]]:
    """A worker with the candidate open, whose files are those of `identity` before and after. Raises Fault."""
    if identity is None:
        return site.open(candidate, purpose, restart)
    known = check_unchanged(identity, site)
    worker, facts = site.open(candidate, purpose, restart)
    try:
        _check_packages(identity.versions, worker)
        check_unchanged(known, site)
    except BaseException:
        worker.end()
        raise
    return worker, facts


def check_packages(before: Mapping[str, str], site: Site) -> None:
    """Raises Fault unless packages have these versions where workers run."""
    if not before:
        return
    worker = site.start(None, "files")
    try:
        _check_packages(before, worker)
    finally:
        worker.end()


def _check_packages(before: Mapping[str, str], worker: Worker) -> None:
    now = worker.ask("versions", {"names": list(before)}, stage="open", timeout_s=HASHING_S).facts["versions"]
    words = versions.change(before, now)
    if words:
        raise Fault(CODE, "open", f"a package that it uses has changed: {words}; begin the audit again")


def _hashed(paths: list[str], site: Site) -> tuple[ReadFile, ...]:
    worker = site.start(None, "files")
    try:
        reply = worker.ask("digests", {"paths": paths}, stage="files", timeout_s=HASHING_S)
    finally:
        worker.end()
    return unpack(Identity, reply.facts["identity"]).files


def changed(identity: Identity, site: Site) -> Failure | None:
    """The failure of a candidate whose files are no longer those that it read."""
    try:
        check_unchanged(identity, site)
    except Fault as fault:
        return fault.failure
    return None
