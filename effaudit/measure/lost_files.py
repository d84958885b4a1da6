"""Files of candidates that vanish, or can be read no more, while they are audited: that candidate's failure, and nobody else's."""

from __future__ import annotations

import os
from pathlib import Path

from effaudit.core.artifacts import digest
from effaudit.core.candidate import Candidate
from effaudit.core.reading import Failure
from effaudit.core.text import one_line


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
