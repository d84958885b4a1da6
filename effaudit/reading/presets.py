"""The ready-made policies: `effaudit:NAME` stands for one of them."""

from __future__ import annotations

from pathlib import Path

from effaudit.core.errors import InputError
from effaudit.core.text import did_you_mean, one_line

PREFIX = "effaudit:"


def preset(name: str, folder: Path | None) -> Path:
    """The file of a ready-made policy. Raises InputError with a suggestion when there is none of that name."""
    names = preset_names(folder)
    bare = name.removeprefix(PREFIX)
    if folder is not None and bare in names:
        return folder / f"{bare}.yaml"
    known = [f"{PREFIX}{known}" for known in names]
    what = f"there is no ready-made policy {one_line(name, 80)!r}.{did_you_mean(PREFIX + bare[:80], known)}"
    raise InputError(what, advice="Name a policy's file, or one of those that come with effaudit.")


def preset_names(folder: Path | None) -> list[str]:
    """The names of the ready-made policies, without `effaudit:`."""
    return sorted(path.stem for path in folder.glob("*.yaml")) if folder is not None and folder.is_dir() else []
