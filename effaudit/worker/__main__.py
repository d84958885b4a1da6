"""Leaves a keeper behind, takes over the two pipes, so that a model may print what it likes, and serves until the pipe closes."""

from __future__ import annotations

import os
import time

STARTED_NS = int(os.environ.get("EFFAUDIT_STARTED_NS", time.monotonic_ns()))


def main() -> None:
    """Serves one coordinator."""
    from effaudit.core import keeper

    begun = time.monotonic_ns()
    keeper.keep(life=0)
    started = STARTED_NS + time.monotonic_ns() - begun  # the fork is ours, and no part of a candidate's start
    incoming, outgoing = os.dup(0), os.dup(1)
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    os.dup2(2, 1)  # what models print goes to the log

    import faulthandler

    from effaudit.worker import serve

    faulthandler.enable()
    serve.until_closed(incoming, outgoing, started)


if __name__ == "__main__":
    main()
