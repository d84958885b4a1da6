"""Files of candidates that cannot be read in any time, or no more while they are audited: that candidate's failure alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from effaudit.core.artifacts import digest, files_of
from effaudit.core.candidate import Candidate
from effaudit.core.errors import InputError
from effaudit.core.files import Unreadable, check_whole
from effaudit.core.plan import Plan, unopened
from effaudit.core.reading import Failure
from effaudit.core.text import one_line

MOST_FILES = 10_000
"""One candidate may have so many files."""
MOST_BYTES = 10**12
"""And so many bytes in them all: a terabyte."""


def with_bounds(plan: Plan) -> Plan:
    """A plan without those candidates whose files would take hours to read, which are refused; nothing of them was read yet."""
    refused = dict(plan.refused)
    for candidate in plan.candidates:
        if candidate.name not in refused and (why := _beyond(candidate)):
            refused[candidate.name] = unopened(InputError(why), plan.places.get(candidate.name))
    return replace(plan, refused=refused)


def _beyond(candidate: Candidate) -> str:
    """What is too much of a candidate's files; "" where nothing is."""
    whole = 0
    known = [file for one in (candidate.artifact, candidate.preprocess) if one for file in files_of(one)]
    if len(known) > MOST_FILES:
        return f"{len(known):,} files belong to it by their names, where {MOST_FILES:,} are the most"
    for file in known:
        try:
            check_whole(file)
            whole += file.stat().st_size
        except Unreadable as unreadable:
            return f"{one_line(file.name, 120)!r} {unreadable}"
        except OSError:
            continue  # it is gone, which is found when it is read
    return f"its files hold {whole:,} bytes, where {MOST_BYTES:,} are the most" if whole > MOST_BYTES else ""


def contents(candidate: Candidate) -> str:
    """The digest of a candidate's files; "" where they cannot be read, which is found again when it is asked."""
    try:
        return digest(candidate)
    except OSError:
        return ""


def lost(candidate: Candidate | None, error: OSError) -> Failure:
    """The failure of a candidate that an error about one of its files is. Raises the error again when it is about anything else."""
    artifacts = (candidate.artifact, candidate.preprocess) if candidate else ()
    own = [Path(path) for one in artifacts if one for path in (one.path, *(one.files or ()))]
    file = Path(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else None
    if file is None or not any(file.parent == path.parent and file.name.startswith(path.name) for path in own):
        raise error
    why = one_line(error.strerror or type(error).__name__, 120)
    name = one_line(file.name, 120)
    return Failure("unreadable", "open", f"{name!r} could be read at first, and then could not ({why}); start the audit again")
