"""A bare loop in a process of its own: `time.perf_counter_ns` around a call, and nothing else. Reads counts, writes nanoseconds."""

from __future__ import annotations

import gc
import json
import sys
import time

import _models
import numpy as np


def main() -> None:
    """One line in: untimed calls, and the least nanoseconds and calls to time. One line out: the timed calls in nanoseconds."""
    function = getattr(_models, sys.argv[1])
    rows = np.zeros(1)
    gc.disable()
    for line in sys.stdin:
        untimed, least_nanos, least_calls = json.loads(line)
        for _ in range(untimed):
            function(rows)
        nanos = []
        while sum(nanos) < least_nanos or len(nanos) < least_calls:
            begun = time.perf_counter_ns()
            function(rows)
            nanos.append(time.perf_counter_ns() - begun)
        print(json.dumps(nanos), flush=True)


if __name__ == "__main__":
    main()
