"""Does the measuring core read known things right? One command, one table:  python benchmarks/selftest.py [--trials 400]

1. A sleep of 20 ms and a busy loop, read by effaudit and by a bare loop in the same rounds: the ratio should be 1 within 2 %.
2. Twice the work: the ratio of modelled processor energy should be 2 within its interval.
3. A/A: how often two copies of one model are called different (should be 5 % or less), and how often a slowdown of 10 % is
   found (should be 95 % or more), over many short trials. The upper or lower 95 % bound of each rate stands beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from effaudit.core.candidate import Artifact, Candidate, Contract, Trust
from effaudit.core.observed import Block
from effaudit.core.plan import Data
from effaudit.core.settings import Assumptions, Settings
from effaudit.core.stats import ratios
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, Student
from effaudit.core.stats.student import binomial_upper
from effaudit.engines.local import Local
from effaudit.figures.blocks import cpu_seconds_per_row, evidence
from effaudit.measure.counters import Counters
from effaudit.measure.environment import Watch
from effaudit.measure.residents import Resident, processors
from effaudit.measure.rounds import play
from effaudit.measure.timed_answers import Expected
from effaudit.process import Site
from effaudit.reading.data import build_store
from effaudit.worker.blocks import LEAST_CALLS, LEAST_NANOS, UNTIMED_CALLS

HERE = Path(__file__).parent
INCARNATIONS = Settings().restarts


@dataclass
class Bare:
    """A bare loop as a member of a panel."""

    process: subprocess.Popen[str]

    @classmethod
    def of(cls, function: str) -> Bare:
        """Starts it."""
        command = [sys.executable, str(HERE / "_bare.py"), function]
        return cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def blocks(self, number: int, incarnation: int, key: int) -> list[Block]:
        """A block as long as a candidate's, on the processor that candidates of the same round run on."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        cores = processors()
        os.sched_setaffinity(self.process.pid, {cores[number % len(cores)]})
        print(json.dumps([UNTIMED_CALLS, LEAST_NANOS, LEAST_CALLS]), file=self.process.stdin, flush=True)
        nanos = np.array(json.loads(self.process.stdout.readline()), dtype=np.float64)
        return [Block(incarnation, key, 1, nanos, int(nanos.sum()), len(nanos))]

    def end(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.wait()


@dataclass
class Bench:
    """Plays panels of callables and bare loops."""

    site: Site
    rounds: int
    seconds: float = float("inf")
    """An incarnation ends after so many rounds or seconds."""
    expected: Expected | None = None
    """What timed answers are compared with."""

    def blocks(self, names: list[str], bare: list[str] | None = None) -> dict[str, list[Block]]:
        """All blocks, by name; bare loops are called `bare NAME`."""
        found: dict[str, list[Block]] = {}
        for incarnation in range(INCARNATIONS):
            for name, own in self.incarnation(incarnation, names, bare).items():
                found.setdefault(name, []).extend(own)
        return found

    def incarnation(self, incarnation: int, names: list[str], bare: list[str] | None = None) -> dict[str, list[Block]]:
        """The blocks of one start of everyone."""
        watch = Watch(lambda: 1.0, read=Counters)
        workers = {name: self._worker(name, incarnation, watch) for name in names}
        loops = {f"bare {name}": Bare.of(name) for name in bare or []}
        until = time.monotonic() + self.seconds
        try:
            played = play(
                {**workers, **loops},
                incarnation,
                enough=lambda n, now, *_: n >= self.rounds or (n > 0 and now > until),
                baseline=None,
                watch=watch,
                clock=time.monotonic,
                order=random.Random(incarnation),
                keep=lambda _: None,
            )
        finally:
            for worker in workers.values():
                worker.worker.end()
            for loop in loops.values():
                loop.end()
        return played.blocks

    def _worker(self, name: str, incarnation: int, watch: Watch) -> Resident:
        artifact = Artifact(f"_models:{name.partition('#')[0]}", "python", Trust(everything=True), code=str(HERE))
        worker, _ = self.site.open(Candidate(name.replace("#", "-"), artifact, Contract(output="values")), "bench", incarnation)
        return Resident(worker, 60.0, watch, [1], cores=processors(), expected=self.expected)


def site(folder: Path) -> Site:
    """A thousand rows of one column."""
    values = np.random.default_rng(0).normal(size=2000)
    data = Data("regression", {"certify": {"x": values, "y": values}}, ("y",), independent=True)
    workload, _ = build_store(data, folder / "data", False, 0)
    return Site(Local(), workload, Settings(), Assumptions(watts_per_vcpu=4.0), 0, folder / "logs", f"selftest-{folder.name}")


def median_ratio(blocks: dict[str, list[Block]], one: str, other: str) -> Student:
    """Of block medians."""
    logs = {name: evidence(blocks[name], lambda block: float(np.median(block.nanos))) for name in (one, other)}
    found = ratios.ratio(logs[one], logs[other], None)
    assert isinstance(found, Student)
    return found


def known(bench: Bench) -> None:
    """Sleep, busy loop, and twice the work."""
    blocks = bench.blocks(["sleep_20ms", "busy", "busy_twice"], bare=["sleep_20ms", "busy"])
    print(f"{'known thing':<34}{'read':>8}  {'90 % interval':<18}wanted")
    for name in ("sleep_20ms", "busy"):
        shown(f"{name} / bare loop", median_ratio(blocks, name, f"bare {name}"), "1 ± 0.02")
    energy = {name: evidence(blocks[name], cpu_seconds_per_row) for name in ("busy", "busy_twice")}
    twice = ratios.ratio(energy["busy_twice"], energy["busy"], None)
    assert isinstance(twice, Student)
    shown("processor energy of twice the work", twice, "2 in the interval")


def shown(name: str, ratio: Student, wanted: str) -> None:
    """One line."""
    low, high = ratio.interval(DRAWN_ONE_SIDED)
    print(f"{name:<34}{ratio.value:>8.4f}  [{low:.4f}, {high:.4f}]  {wanted}", flush=True)


def alarms(bench: Bench, trials: int) -> None:
    """A/A and a planted slowdown, with the spread between incarnations pooled over trials as an audit pools it over candidates."""
    pairs, slower = [], []
    for trial in range(trials):
        blocks = bench.blocks(["busy#a", "busy_twin", "busy_10_percent_more"])
        logs = {name: evidence(own, lambda block: float(np.median(block.nanos))) for name, own in blocks.items()}
        pairs.append((logs["busy_twin"], logs["busy#a"]))
        slower.append((logs["busy_10_percent_more"], logs["busy#a"]))
        if trial % 20 == 19:
            report(pairs, slower)


def report(pairs: list, slower: list) -> None:  # type: ignore[type-arg]
    """The rates so far."""
    trials = len(pairs)
    centres, false, found = [], 0, 0
    for (twin, base), (slow, again) in zip(pairs, slower, strict=True):
        spread = ratios.spread_of([ratios.paired(twin, base), ratios.paired(slow, again)])
        same, more = ratios.ratio(twin, base, spread), ratios.ratio(slow, again, spread)
        assert isinstance(same, Student)
        assert isinstance(more, Student)
        centres.append(np.log(same.value))
        false += same.tail_below(1.0) < 0.05
        found += more.tail_below(1.0) < 0.05
    print(
        f"{trials} trials: A/A differences sd {100 * np.std(centres):.2f} %; false alarms {false / trials:.3f} "
        f"(upper bound {binomial_upper(false, trials, 0.95):.3f}); 10 % slowdown found {found / trials:.3f} "
        f"(lower bound {1 - binomial_upper(trials - found, trials, 0.95):.3f})",
        flush=True,
    )


def main() -> None:
    """Runs all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    sys.path.insert(0, str(HERE))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(site(Path(folder)), options.rounds)
        known(Bench(bench.site, 100))
        alarms(bench, options.trials)


if __name__ == "__main__":
    main()
