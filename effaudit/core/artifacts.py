"""The files that an artifact consists of, as far as the plan and the disk tell without opening any of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from effaudit.core.candidate import Artifact, Candidate


def files_of(artifact: Artifact) -> tuple[Path, ...]:
    """The model's file, the files that the plan adds, and the code it names: what else it reads shows when it is opened."""
    path = Path(artifact.path)
    own = [path] if path.is_file() else []
    added = [Path(file) for file in artifact.files or ()]
    code = [_module(named, artifact.code) for named in (artifact.factory, None if path.is_file() else artifact.path) if named]
    return tuple(dict.fromkeys(file for file in (*own, *added, *code) if file is not None and file.is_file()))


def shown(candidate: Candidate, *folders: Path) -> Candidate:
    """As a record may show it: paths relative to one of `folders` or bare names, and nothing else of this machine."""

    def relative(artifact: Artifact) -> Artifact:
        path = Path(artifact.path)
        inside = next((path.relative_to(folder) for folder in folders if path.is_relative_to(folder)), None)
        named = artifact.path if artifact.format == "python" or not artifact.path else str(inside or path.name)
        files = None if artifact.files is None else tuple(Path(file).name for file in artifact.files)
        return replace(artifact, path=named, code=None, files=files)

    before = relative(candidate.preprocess) if candidate.preprocess else None
    named = candidate.contract.preprocess
    contract = replace(candidate.contract, preprocess=before.path if before else Path(named).name if named else None)
    return replace(candidate, artifact=relative(candidate.artifact), contract=contract, preprocess=before)


def file_digest(path: Path) -> bytes:
    """SHA-256 of one file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _module(named: str, folder: str | None) -> Path | None:
    """Where `module:function` stands, if it stands in the plan's folder."""
    if folder is None:
        return None
    place = Path(folder, *named.partition(":")[0].split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)
