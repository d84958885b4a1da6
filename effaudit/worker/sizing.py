"""What a candidate weighs: its files, what it takes to send them, and the packages it had to import."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import Distribution, distribution
from pathlib import Path

from effaudit.core import versions
from effaudit.core.candidate import Artifact, Candidate
from effaudit.core.observed import Sizes


def of(candidate: Candidate, beside: Iterable[str]) -> Sizes:
    """Counts bytes on disk, and hashes them. `beside`: files that the model needs next to its own, as paths."""
    packages = {name: _installed(distribution(name)) for name in versions.imported()}
    model = list(dict.fromkeys([*_files(candidate.artifact), *map(Path, beside)]))
    before = _files(candidate.preprocess) if candidate.preprocess else []
    known = candidate.artifact.format != "python" or candidate.artifact.files is not None
    return Sizes(
        model=_bytes(model) if known else None,
        preprocess=_bytes(before),
        transfer=sum(_packed(path) for path in (*model, *before)) if known else None,
        runtime=sum(packages.values()),
        packages=packages,
        digest=_digest((*model, *before)),
    )


def _files(artifact: Artifact) -> list[Path]:
    code = [_source(named) for named in (artifact.factory, artifact.path if artifact.format == "python" else None) if named]
    own = [] if artifact.format == "python" else [Path(artifact.path)]
    return [*own, *(path for path in code if path), *(Path(file) for file in artifact.files or ())]


def _source(named: str) -> Path | None:
    found = inspect.getsourcefile(import_module(named.partition(":")[0]))
    return Path(found) if found else None


def _bytes(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _packed(path: Path) -> int:
    import zstandard

    packer = zstandard.ZstdCompressor(level=9).compressobj()
    with path.open("rb") as source:
        packed = sum(len(packer.compress(part)) for part in iter(lambda: source.read(1 << 20), b""))
    return packed + len(packer.flush())


def _digest(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as source:
            whole.update(hashlib.file_digest(source, "sha256").digest())
    return whole.hexdigest()


def _installed(package: Distribution) -> int:
    return sum(file.size or 0 for file in package.files or ())
