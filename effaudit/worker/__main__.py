"""Takes over the two pipes, so that a model may print what it likes, and serves until the pipe closes."""

from __future__ import annotations

import os
import time

STARTED_NS = int(os.environ.get("EFFAUDIT_STARTED_NS", time.monotonic_ns()))


def main() -> None:
    """Serves one coordinator."""
    incoming, outgoing = os.dup(0), os.dup(1)
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    os.dup2(2, 1)  # what models print goes to the log

    import faulthandler

    from effaudit.worker import limits, serve

    faulthandler.enable()
    limits.die_with_parent(int(os.environ.get("EFFAUDIT_PARENT", "0")))
    serve.until_closed(incoming, outgoing, STARTED_NS)


if __name__ == "__main__":
    main()
