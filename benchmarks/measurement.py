"""effaudit beside the tools people time with today: the same callables, the same wall time, one run, one table.

    pip install pytest-benchmark pyperf mlcommons-loadgen
    python benchmarks/measurement.py                 # 400 trials of effaudit, 30 of each other tool: hours on one pair of cores
    python benchmarks/measurement.py --trials 40 --peer-trials 5 --seconds 4

`effaudit, until decided` starts everyone again until both verdicts are settled or five looks, which share the level, are spent.

In a trial each tool compares three callables: one, its exact copy, and one that is 10 % slower; first on a machine left alone, then
beside a neighbour that works in bursts. A gate allows 5 %: a false alarm is a copy that fails, a slowdown is found when it fails.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import selftest
from _peers import PEERS

from effaudit.core.observed import Answers, Block
from effaudit.core.stats import ratios
from effaudit.core.stats.estimate import Student
from effaudit.core.stats.student import binomial_upper
from effaudit.figures.blocks import evidence
from effaudit.measure.timed_answers import Expected
from effaudit.process import Fault

HERE = Path(__file__).parent
OWN, DECIDED = "effaudit", "effaudit, until decided"
TOOLS = [OWN, DECIDED, *PEERS]
CALLABLES = ["busy", "busy_twin", "busy_10_percent_more"]
MARGIN, LEVEL = 1.05, 0.95
LOOKS, ROUNDS_TO_LOOK = 5, 20
BURST_S = (0.3, 0.2)
"""The neighbour works so long and rests so long."""

Said = tuple[tuple[float, float], tuple[str, str], tuple[tuple[float, ...], ...]]
"""Both ratios, both verdicts, and the starts behind them."""
UNDECIDED: Said = ((math.nan, math.nan), ("inconclusive", "inconclusive"), ())


@dataclass(frozen=True)
class Trial:
    """One comparison to be made."""

    tool: str
    busy: bool
    number: int
    seconds: float


@dataclass(frozen=True)
class Found:
    """What a tool said: both ratios to the first callable, the gate's verdicts on them, and the wall time it took."""

    trial: Trial
    ratios: tuple[float, float]
    verdicts: tuple[str, str]
    wall_s: float
    starts: tuple[tuple[float, ...], ...] = ()
    """Of effaudit: each start's log-ratios, of the copy and of the slower one, to see afterwards what went wrong."""


def main() -> None:
    """Runs all trials, and prints the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--peer-trials", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=6.0, help="wall time of a trial")
    parser.add_argument("--cores", type=int, default=2, help="cores of a trial; so many trials run at once as there is room for")
    parser.add_argument("--conditions", nargs="*", default=["alone", "busy"], choices=["alone", "busy"])
    parser.add_argument("--only", nargs="*", default=TOOLS, choices=TOOLS, help="these tools")
    parser.add_argument("--save", type=Path, help="a file that keeps every trial; those that it has are not made again")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    places = [cores[first : first + options.cores] for first in range(0, len(cores) - options.cores + 1, options.cores)]
    tools = [tool for tool in options.only if _answers(tool)]
    print(f"{len(places)} trials at once, on {options.cores} cores each, {options.seconds:g} s of wall time\n", flush=True)
    found: list[Found] = []
    shuffled = random.Random(0)  # the tools take turns: whatever the machine does for an hour, it does to all
    for busy in [condition == "busy" for condition in options.conditions]:
        trials = [
            Trial(tool, busy, number, options.seconds)
            for tool in tools
            for number in range(options.trials if tool == OWN else options.peer_trials)
        ]
        shuffled.shuffle(trials)
        found += _run(trials, places, options.save)
        print(f"\n{'beside a busy neighbour' if busy else 'left alone'}\n")
        for line in table(each for each in found if each.trial.busy == busy):
            print(line, flush=True)
    print("\nthe cost of a call to nothing\n")
    for tool in (tool for tool in tools if tool != DECIDED):
        print(f"{tool:<22} {_overhead(tool)}", flush=True)
    print(f"\nwhat the checks of answers add to a call of 30 µs: {_checks()}", flush=True)


def table(found: Iterable[Found]) -> Iterator[str]:
    """One line per tool, markdown."""
    by_tool: dict[str, list[Found]] = {}
    for each in sorted(found, key=lambda each: TOOLS.index(each.trial.tool)):
        by_tool.setdefault(each.trial.tool, []).append(each)
    yield "| tool | trials | A/A: sd | A/A: largest | false alarms (95 % bound) | 10 % found (95 % bound) | copy passes | wall, s |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for tool, own in by_tool.items():
        apart = np.log([each.ratios[0] for each in own])
        alarms, caught, passed = (
            sum(each.verdicts[place] == said for each in own) for place, said in ((0, "fail"), (1, "fail"), (0, "pass"))
        )
        n = len(own)
        yield (
            f"| {tool} | {n} | {100 * np.sqrt(np.mean(apart**2)):.2f} % | {100 * np.abs(apart).max():.1f} % "
            f"| {100 * alarms / n:.1f} % (≤ {100 * binomial_upper(alarms, n, LEVEL):.1f}) "
            f"| {100 * caught / n:.1f} % (≥ {100 * (1 - binomial_upper(n - caught, n, LEVEL)):.1f}) "
            f"| {100 * passed / n:.1f} % | {np.median([each.wall_s for each in own]):.1f} |"
        )


def _run(trials: list[Trial], places: list[list[int]], save: Path | None) -> list[Found]:
    context = multiprocessing.get_context("spawn")
    free = context.Queue()
    for place in places:
        free.put(place)
    known = {each.trial: each for each in _saved(save)}
    found = [known[trial] for trial in trials if trial in known]
    todo = [trial for trial in trials if trial not in known]
    with ProcessPoolExecutor(len(places), context, initializer=_settle, initargs=(free,)) as pool:
        for done, future in enumerate(as_completed([pool.submit(_tried, trial) for trial in todo]), 1):
            found.append(future.result())
            if save is not None:
                with save.open("a") as file:
                    print(json.dumps(dataclasses.asdict(found[-1])), file=file)
            if sys.stderr.isatty() or done % 50 == 0:
                print(f"\r{done}/{len(todo)}", end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
    return found


def _saved(file: Path | None) -> Iterator[Found]:
    """Trials of an earlier run of the same code; a last line that was cut off is made again."""
    for line in file.read_text().splitlines() if file is not None and file.exists() else []:
        with suppress(json.JSONDecodeError):
            each = json.loads(line)
            yield Found(Trial(**each["trial"]), tuple(each["ratios"]), tuple(each["verdicts"]), each["wall_s"], each["starts"])


def _settle(free: Any) -> None:
    os.sched_setaffinity(0, free.get())


def _tried(trial: Trial) -> Found:
    with _neighbour(trial.busy), tempfile.TemporaryDirectory() as folder:
        idle = 0.0 if trial.tool == DECIDED else _START_S.get(trial.tool)
        if idle is None:
            idle = _START_S[trial.tool] = _compared(trial.tool, 0.0, Path(folder))[1]
        begun = time.monotonic()
        try:
            said, _ = _compared(trial.tool, max(0.5, trial.seconds - idle), Path(folder))
        except Fault as fault:
            raise RuntimeError(str(fault)) from None  # that one cannot be sent to the parent
        return Found(trial, *said[:2], time.monotonic() - begun, *said[2:])


_START_S: dict[str, float] = {}
"""What a tool needs before and after measuring, seen once in this process; it counts in the wall time."""


def _compared(tool: str, seconds: float, folder: Path) -> tuple[Said, float]:
    """What the tool says, and the seconds beside the measuring."""
    begun = time.monotonic()
    if tool == OWN:
        said = _own(seconds, folder)
    elif tool == DECIDED:
        said = _decided(folder)
    else:
        medians = _peer(tool, seconds, folder)
        both = (medians[CALLABLES[1]] / medians[CALLABLES[0]], medians[CALLABLES[2]] / medians[CALLABLES[0]])
        said = (both, ("fail" if both[0] > MARGIN else "pass", "fail" if both[1] > MARGIN else "pass"), ())
    return said, time.monotonic() - begun - seconds


def _own(seconds: float, folder: Path) -> Said:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        bench = selftest.Bench(selftest.site(Path(own)), 10**9, seconds / selftest.INCARNATIONS)
        return _judged(bench.blocks(CALLABLES), LEVEL)


def _decided(folder: Path) -> Said:
    """Looks after the usual starts of everyone, then after each further one."""
    blocks: dict[str, list[Block]] = {name: [] for name in CALLABLES}
    judged: Said = UNDECIDED
    with tempfile.TemporaryDirectory(dir=folder) as own:
        bench = selftest.Bench(selftest.site(Path(own)), ROUNDS_TO_LOOK)
        for incarnation in range(selftest.INCARNATIONS + LOOKS - 1):
            for name, more in bench.incarnation(incarnation, CALLABLES).items():
                blocks[name] += more
            if incarnation + 1 >= selftest.INCARNATIONS:
                judged = _judged(blocks, 1 - (1 - LEVEL) / LOOKS)
                if "inconclusive" not in judged[1]:
                    break
    return judged


def _judged(blocks: Mapping[str, list[Block]], level: float) -> Said:
    logs = [evidence(blocks[name], lambda block: float(np.median(block.nanos))) for name in CALLABLES]
    pairs = [ratios.paired(log, logs[0]) for log in logs[1:]]
    spread = ratios.spread_of(pairs)
    known = [each for log in logs[1:] if isinstance(each := ratios.ratio(log, logs[0], spread), Student)]
    if len(known) < len(pairs):
        return UNDECIDED
    copy, slower = known
    starts = tuple(tuple(np.round(pair.values, 4).tolist()) for pair in pairs)
    return (copy.value, slower.value), (_verdict(copy, level), _verdict(slower, level)), starts


def _verdict(ratio: Student, level: float) -> str:
    low, high = ratio.interval(level)
    return "pass" if high < MARGIN else "fail" if low > MARGIN else "inconclusive"


def _peer(tool: str, seconds: float, folder: Path, names: list[str] = CALLABLES) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        command = [sys.executable, str(HERE / "_peers.py"), tool, str(max(0.05, seconds)), *names]
        path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(command, cwd=own, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False)
    if done.returncode:
        raise RuntimeError(f"{tool} failed:\n{done.stderr[-1500:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def _neighbour(busy: bool) -> Iterator[None]:
    if not busy:
        yield
        return
    code = (
        "import time\nwhile True:\n"
        f"    until = time.monotonic() + {BURST_S[0]}\n    while time.monotonic() < until: pass\n    time.sleep({BURST_S[1]})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _overhead(tool: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        if tool != OWN:
            return f"{1e9 * _peer(tool, 1.0, Path(folder), ['nothing'])['nothing']:.0f} ns"
        blocks = selftest.Bench(selftest.site(Path(folder)), 30).blocks(["nothing"], bare=["nothing"])
    means = {name: np.median([block.nanos.mean() for block in own]) for name, own in blocks.items()}
    return f"{means['nothing']:.0f} ns (a bare timer around it: {means['bare nothing']:.0f} ns)"


def _checks() -> str:
    """Of a candidate whose answers are kept, made arrays and compared, against a bare loop that drops them: same rounds."""
    scored = Expected(Answers(np.zeros(2000), None))
    with tempfile.TemporaryDirectory() as folder:
        blocks = selftest.Bench(selftest.site(Path(folder)), 200, expected=scored).blocks(["busy_30us"], bare=["busy_30us"])
    ratio = selftest.median_ratio(blocks, "busy_30us", "bare busy_30us")
    low, high = ratio.interval(LEVEL)
    call = np.median(np.concatenate([block.nanos for block in blocks["bare busy_30us"]])) / 1000
    return f"×{ratio.value:.4f} [{low:.4f}, {high:.4f}] of the {call:.0f} µs that it takes on this machine"


def _answers(tool: str) -> bool:
    if tool in (OWN, DECIDED):
        return True
    try:
        with tempfile.TemporaryDirectory() as folder:
            _peer(tool, 0.1, Path(folder))
    except RuntimeError as error:
        print(f"{tool} is left out: {str(error).splitlines()[-1]}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    main()
