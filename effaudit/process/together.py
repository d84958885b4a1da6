"""Work that is not timed, done side by side: as many tasks at once as there are free cores, all ended when one is interrupted."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

MOST = 4
LISTEN_EVERY_S = 0.2


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def do_all(tasks: Sequence[Callable[[], None]], threads_each: int, halt: threading.Event) -> None:
    """Runs the tasks, and returns when all are done. Raises what the first failing one raised, when all have ended.

    On any exception, KeyboardInterrupt included, `halt` is set, which ends the tasks' workers, and no further task is begun.
    """
    pool = ThreadPoolExecutor(max(1, min(MOST, cores() // max(1, threads_each))))
    try:
        futures = [pool.submit(task) for task in tasks]
        waiting = set(futures)
        while waiting:  # in short waits: an interruption that arrives just before a long one would be heard only after it
            done, waiting = wait(waiting, LISTEN_EVERY_S, FIRST_EXCEPTION)
            for future in done:
                future.result()
    except BaseException:
        halt.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
