"""What a command reads, which nothing that it writes may take the place of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `--help` must stay instant
    from effaudit.core.candidate import Artifact
    from effaudit.core.plan import Plan
    from effaudit.core.policy import Policy

STDOUT = Path("-")


def of_record(path: Path) -> tuple[Path, ...]:
    """The files of a record, named by one of them or by their folder."""
    from effaudit.reading.record_file import EVIDENCE, RECORD, SAMPLES

    file = path / RECORD if path.is_dir() else path
    return file, file.parent / EVIDENCE, file.parent / SAMPLES


def of_policy(policy: Policy) -> Iterator[Path]:
    """The files of a policy: its own, those that it extends, its waivers, and the record that it compares with."""
    from effaudit.core.policy import Stored

    yield Path(policy.file)
    yield from (Path(rule.file) for rule in policy.rules if rule.file)
    if policy.waivers is not None:
        yield Path(policy.waivers.file)
    if isinstance(policy.baseline, Stored):
        yield from of_record(Path(policy.baseline.file))


def of_plan(path: Path, plan: Plan) -> Iterator[Path]:
    """A plan's file, its data, and the models that it names."""
    yield path
    yield from (source for source in plan.data.sources.values() if isinstance(source, Path))
    for candidate in plan.candidates:
        yield from _of_artifact(candidate.artifact)
        yield from _of_artifact(candidate.preprocess)


def of_run(folder: Path) -> Iterator[Path]:
    """What an audit writes into its folder for itself."""
    from effaudit.measure.ownership import JOURNAL, LOCK, MARKER, RECORD

    yield from of_record(folder / RECORD)
    yield from (folder / name for name in (JOURNAL, LOCK, MARKER, "report.html"))


def spare(written: Iterable[tuple[str, Path]], *inputs: Iterable[Path]) -> None:
    """Raises InputError where an output would replace an input of the same command, or another of its outputs."""
    from effaudit.core.errors import InputError
    from effaudit.core.text import one_line

    read = {_real(path) for path in chain(*inputs)}
    taken: dict[Path, str] = {}
    for name, path in written:
        if path == STDOUT or (path.exists() and not path.is_file()):
            continue
        real = _real(path)
        if real in read:
            what = f"-f {name}: {one_line(str(path), 200)} is a file that this command itself reads or writes"
            raise InputError(what, advice="Name another file to write to.")
        if taken.setdefault(real, name) != name:
            raise InputError(f"-f {name}: another output goes to {one_line(str(path), 200)} already", advice="Name another file.")


def _of_artifact(artifact: Artifact | None) -> Iterator[Path]:
    from effaudit.core.artifacts import files_of

    if artifact is not None:
        yield Path(artifact.path)
        yield from (Path(file) for file in files_of(artifact))


def _real(path: Path) -> Path:
    """A link is replaced where it lies, and not what it leads to; what is read may be reached by another name, too."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()
