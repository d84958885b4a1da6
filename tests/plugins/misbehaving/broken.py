"""Models that misbehave, each in its own way. `good` and `chatty` do not."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from pathlib import Path

import numpy as np

held = []


def good(inputs):
    return inputs["a"] * 2 - inputs["b"]


def chatty(inputs):
    print("to stdout", "x" * 500)
    print("to stderr", "x" * 500, file=sys.stderr)
    os.write(1, b"straight to descriptor 1\n")
    return good(inputs)


def crashes(inputs):
    ctypes.string_at(0)


def hangs(inputs):
    time.sleep(3600)


def spins(inputs):
    while True:
        pass


def leaks(inputs):
    held.append(np.ones(25_000_000))
    return good(inputs)


def greedy(inputs):
    return np.ones(5_000_000_000)[: len(inputs["a"])]


def answers_nan(inputs):
    return np.where(np.arange(len(inputs["a"])) == 0, np.nan, good(inputs))


def wrong_shape(inputs):
    return np.zeros((len(inputs["a"]), 3))


def too_short(inputs):
    return good(inputs)[:-1]


def wrong_dtype(inputs):
    return np.array(["words"] * len(inputs["a"]))


def exits(inputs):
    sys.exit(0)


def leaves(inputs):
    os._exit(0)


def raises(inputs):
    raise ValueError("no such luck \x1b[31m</script>")


def multiplies(inputs):
    while True:
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
        time.sleep(0.002)


def late_crash(inputs):
    """Answers every row once, and crashes when it is timed."""
    if len(inputs["a"]) == 1:
        ctypes.string_at(0)
    return good(inputs)


asked = 0


def another_when_timed(inputs):
    """Answers small requests as it should, and after some thousand of them with a constant."""
    global asked
    asked += len(inputs["a"]) == 1
    return np.zeros(len(inputs["a"])) if asked > 1200 else good(inputs)


def grows(inputs):
    """Keeps 40 kB of every request."""
    held.append(np.ones(5_000))
    return good(inputs)


def imports_late(inputs):
    """Needs a package that shows only when it answers."""
    import jinja2

    return good(inputs) if jinja2.__name__ else None


weights = {}


def reads_weights(inputs):
    return _weighed(inputs, "weights.npy")


def reads_others(inputs):
    return _weighed(inputs, "others.npy")


def _weighed(inputs, name):
    """Reads a file beside it, which no plan names, when it answers for the first time."""
    if name not in weights:
        weights[name] = np.load(Path(__file__).parent / name)
    return inputs["a"] * weights[name][0] + inputs["b"] * weights[name][1]


remembered = {}


def remembers(inputs):
    """Answers what it was asked before at once."""
    key = inputs["a"].tobytes()
    if key not in remembered:
        time.sleep(0.003)
        remembered[key] = good(inputs)
    return remembered[key]


def slow(inputs):
    time.sleep(0.003)
    return good(inputs)


def hides(inputs):
    """Starts a process that hides as well as it can: two forks, a session of its own, an empty environment, closed pipes."""
    if not held:
        held.append(True)
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            os.closerange(0, 64)
            program = "import time\nwhile True: time.sleep(60)"
            name = os.path.join(os.path.dirname(os.path.realpath(__file__)), "effaudit-test-daemon")
            os.execve(sys.executable, [sys.executable, "-SE", "-c", program, name], {})
        os.wait()
    return good(inputs)


def removes(inputs):
    """Takes a file away that another candidate is made of."""
    (Path(__file__).parent / "vanishing.onnx").unlink(missing_ok=True)
    return good(inputs)


def replaces(inputs):
    """Puts a pipe, which nobody writes to, where another candidate's file was."""
    file = Path(__file__).parent / "replaced.onnx"
    if file.is_file():
        file.unlink()
        os.mkfifo(file)
    return good(inputs)
