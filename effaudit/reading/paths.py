"""Files that a policy names: relative to the file that names them, and never outside of the repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from effaudit.core.errors import InputError
from effaudit.core.text import did_you_mean, one_line
from effaudit.reading.document import shown

LONGEST_PATH = 1024
MOST_PARENTS = 100


@dataclass(frozen=True)
class Inside:
    """The folder that no path of a policy leaves: the git root above the policy's file, else the file's own folder."""

    root: str

    @staticmethod
    def of(first: Path) -> Inside:
        """Found from the policy's own file."""
        folder = _real(first.parent)
        above = [folder, *(str(parent) for parent in Path(folder).parents)][:MOST_PARENTS]
        return Inside(next((one for one in above if os.path.lexists(os.path.join(one, ".git"))), folder))  # noqa: PTH118

    def path(self, written: str, folder: Path, example: str) -> Path:
        """A path as written in a file of `folder`, as seen from the current folder.

        Raises InputError, without a place, where it leaves the repository (by links, too), or is no usable path.
        """
        if not written.strip() or "\0" in written or len(written) > LONGEST_PATH:
            raise InputError(f"{shown(written)} is not a path", advice=f"Write a file, such as {example}.")
        if written.startswith(("/", "~", "\\")) or (len(written) > 1 and written[1] == ":"):
            what = f"{shown(written)} is not relative"
            raise InputError(what, advice=f"Write it as seen from this file, such as {example}.")
        real = Path(_real(Path(_real(folder), written)))
        if not real.is_relative_to(self.root):
            what = f"{shown(written)} leaves {'the repository' if _is_git(self.root) else 'the folder of the policy'}"
            raise InputError(what, advice="Copy the file to a place inside.")
        return Path(os.path.relpath(real, _real(Path.cwd())))

    def file(self, written: str, folder: Path, example: str) -> Path:
        """The same of a file that must be there."""
        path = self.path(written, folder, example)
        if os.path.isfile(path):  # noqa: PTH113
            return path
        folder_there = os.path.isdir(path)  # noqa: PTH112
        what = f"{shown(written)} is a folder, a file was expected" if folder_there else f"there is no file {shown(written)}"
        raise InputError(what, advice=f"{_near(path)} Paths are relative to this file.".strip())


def for_readers(path: Path) -> str:
    """Below the current folder the path from there, elsewhere the name alone: reports tell nothing of this machine's folders."""
    whole = path.absolute()
    return str(whole.relative_to(Path.cwd())) if whole.is_relative_to(Path.cwd()) else path.name


def _real(path: Path) -> str:
    """Without links. Loops of links are left as they are, and then are no file."""
    return os.path.realpath(path)


def _is_git(root: str) -> bool:
    return os.path.lexists(os.path.join(root, ".git"))  # noqa: PTH118


def _near(path: Path) -> str:
    try:
        names = [one_line(other.name, 80) for _, other in zip(range(200), path.parent.iterdir(), strict=False)]
    except OSError:
        return ""
    near = did_you_mean(path.name[:80], names).strip()
    return near if near.startswith("Did you mean") else ""
