"""A secret of this user on this machine: what an audit left in its folder is gone on with only where it was left.

A repository may come with a run's folder, and with a journal or products in it that somebody made up. Their keys hold this secret,
which stands in no repository.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from functools import cache
from pathlib import Path

_BYTES = 32


@cache
def machine_key() -> str:
    """The secret in hexadecimal, made when it is asked for first; another one for each process where no file can keep it."""
    made = secrets.token_hex(_BYTES)
    try:
        path = _folder() / "machine.key"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(made)
        kept = path.read_text("ascii").strip()
    except (OSError, ValueError, RuntimeError):
        return made
    return kept if len(kept) == 2 * _BYTES else made


def _folder() -> Path:
    """Where programs keep what outlives them (XDG base directories; on Windows, the user's local data)."""
    named = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    if named and Path(named).is_absolute():
        return Path(named) / "effaudit"
    return Path.home() / ".local" / "state" / "effaudit"
