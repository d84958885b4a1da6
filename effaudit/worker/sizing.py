"""What a candidate weighs: its files, what it takes to send them, and the packages it had to import."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

from effaudit.core.candidate import Artifact, Candidate
from effaudit.core.observed import Sizes

_HARNESS = frozenset({"effaudit", "psutil", "zstandard", "pip", "setuptools"})
"""Distributions that the worker imports for itself."""


def of(candidate: Candidate, beside: Iterable[str]) -> Sizes:
    """Counts bytes on disk, and hashes them. `beside`: files that the model needs next to its own, as paths."""
    packages = _imported()
    model = [*_files(candidate.artifact), *map(Path, beside)]
    before = _files(candidate.preprocess) if candidate.preprocess else []
    return Sizes(
        model=_bytes(model),
        preprocess=_bytes(before),
        transfer=sum(_packed(path) for path in (*model, *before)),
        runtime=sum(packages.values()),
        packages=packages,
        digest=_digest((*model, *before)),
    )


def _files(artifact: Artifact) -> list[Path]:
    modules = [
        name.partition(":")[0] for name in (artifact.factory, artifact.path if artifact.format == "python" else None) if name
    ]
    code = [Path(found) for module in modules if (found := inspect.getsourcefile(import_module(module)))]
    return code if artifact.format == "python" else [Path(artifact.path), *code]


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


def _imported() -> dict[str, int]:
    owners = packages_distributions()
    top_level = {name.partition(".")[0] for name in sys.modules}
    names = {owner for module in top_level for owner in owners.get(module, ())} - _HARNESS
    return {name: _installed(distribution(name)) for name in sorted(names)}


def _installed(package: Distribution) -> int:
    return sum(file.size or 0 for file in package.files or ())
