"""Files of candidates that nobody could read in any time: their candidate's failure alone, before any of them is read."""

from __future__ import annotations

from dataclasses import replace

from effaudit.core.artifacts import files_of
from effaudit.core.candidate import Candidate
from effaudit.core.errors import InputError
from effaudit.core.plan import Plan, unopened
from effaudit.core.readable import Unreadable, check_whole
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
