"""What the system refused, in one sentence: a full disk, a limit, a file that is not there."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from effaudit.core.errors import InputError, Place
from effaudit.core.files import shown
from effaudit.core.text import one_line

KEPT = "What was won so far is kept"
FULL = (errno.ENOSPC, errno.EDQUOT)
TOO_LARGE = "file_too_large"
"""The code of a failure in a worker, which could not write a file because files may not be as large."""

_SENTENCES = {
    **dict.fromkeys(FULL, ("the disk is full", f"{KEPT}; free some space and start the same command again.")),
    errno.EFBIG: (
        "the file is larger than files may be here",
        f"{KEPT}; raise the limit (ulimit -f), or give a folder of another file system with --out, and start the command again.",
    ),
    **dict.fromkeys(
        (errno.EMFILE, errno.ENFILE),
        ("there are too many open files", f"{KEPT}; raise the limit (ulimit -n) and start the same command again."),
    ),
    **dict.fromkeys(
        (errno.EAGAIN, errno.ENOMEM),
        (
            "there is no room for another process, or for more memory",
            f"{KEPT}; end other programs, or raise the limit (ulimit -u, ulimit -v), and start the same command again.",
        ),
    ),
}


def refusal(error: OSError) -> InputError:
    """The error as its reader needs it: what happened, to which file, and what to do."""
    name = error.filename2 or error.filename
    place = Place(one_line(shown(Path(str(name))), 300)) if isinstance(name, (str, bytes)) and name else None
    known = _SENTENCES.get(error.errno or 0)
    if known is not None:
        return InputError(known[0], place, known[1])
    said = one_line(error.strerror or str(error), 200) or type(error).__name__
    return InputError(said[:1].lower() + said[1:], place, f"{KEPT}; mend this and start the same command again.")


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turns what the system refused into an InputError. A reader that has left is none of that."""
    try:
        yield
    except (BrokenPipeError, ConnectionError):
        raise
    except OSError as error:
        raise refusal(error) from error
