"""How often the intervals of core/stats hold what they promise: `python benchmarks/coverage.py` simulates, and prints one table.

Every line is a simulation with a known truth. `--runs` sets how many (2,000: about ten minutes on two cores).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from effaudit.core.settings import Settings
from effaudit.core.stats.agreement import Tango
from effaudit.core.stats.estimate import Student
from effaudit.core.stats.percentiles import Located, mean, percentile
from effaudit.core.stats.ranking import auc
from effaudit.core.stats.ratios import paired, ratio, spread_of
from effaudit.core.stats.replicates import difference, of_score
from effaudit.core.stats.resample import Resamples

Floats = NDArray[np.float64]
BLOCK_SDS = (0.02, 0.05, 0.10, 0.23)
INCARNATION_SD = 0.006
INCARNATIONS, BLOCKS, CALLS = Settings().restarts, 20, 5
KINDS = {
    "usual": (-1.0, 1.5, 1.0),
    "AUC near 1": (0.0, 4.0, 1.0),
    "8 % positive": (-3.0, 1.5, 1.0),
    "overconfident": (-1.0, 1.5, 1.5),
}
"""Data and models: the middle and width of the true logits, and how much too sure of itself the second model is."""


@dataclass(frozen=True)
class Line:
    """One simulation: what was asked, the share of runs in which it was so, and the share wanted (None: only shown)."""

    topic: str
    setting: str
    seen: float
    runs: int
    wanted: float | None
    sign: Literal["≥", "≤"]
    note: str = ""

    @property
    def holds(self) -> bool:
        """Is it what was wanted, three simulation errors allowed (there are seventy lines)?"""
        if self.wanted is None:
            return True
        slack = 3 * math.sqrt(self.wanted * (1 - self.wanted) / self.runs)
        return self.seen >= self.wanted - slack if self.sign == "≥" else self.seen <= self.wanted + slack


def main() -> int:
    """Runs every simulation and prints the table. 1 when a line does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    width = 100
    print(f"{'simulation':32}{'setting':38}{'seen':>7}{'wanted':>9}\n{'─' * width}")
    failed = 0
    with ProcessPoolExecutor() as pool:
        for simulated in [pool.submit(task, runs=runs) for task in tasks()]:
            for line in simulated.result():
                wanted = "shown" if line.wanted is None else f"{line.sign} {line.wanted:.0%}"
                failed += not line.holds
                mark = "" if line.holds else "  ✗"
                print(f"{line.topic:32}{line.setting:38}{line.seen:7.1%}{wanted:>9}{mark}  {line.note}", flush=True)
    print(
        f"{'─' * width}\n{runs:,} runs a line; coverage is that of 95 % two-sided intervals"
        + (f"; {failed} failed" if failed else "")
    )
    return 1 if failed else 0


def tasks() -> Iterator[Callable[..., list[Line]]]:
    """The simulations, each a function of `runs`."""
    for sd in BLOCK_SDS:
        yield partial(percentiles_of_blocks, sd)
    for sd in BLOCK_SDS:
        yield partial(ratios_of_timings, sd, candidates=6)
    for candidates in (1, 2, 14):
        yield partial(ratios_of_timings, 0.05, candidates=candidates)
    for rounds in (7, 1):
        yield partial(ratios_of_timings, 0.05, candidates=6, rounds=rounds)
    for sd in (0.02, 0.05):
        yield partial(ratios_of_timings, sd, candidates=6, apart=4.0)
    for rows in (300, 3000):
        for discordant in (0.02, 0.07):
            yield partial(tango, rows, discordant)
    for rows in (300, 1000, 3000):
        yield partial(non_inferiority, rows)
    for groups in (20, 50):
        yield partial(non_inferiority, 2000, groups)
    for groups in (20, 60, 100):
        yield partial(clustered_auc, groups)
    yield delong


def percentiles_of_blocks(sd: float, runs: int) -> list[Line]:
    """Coverage of p50, p95 and mean: 20 blocks of 5 calls in each incarnation."""
    rng = np.random.default_rng(round(sd * 100))
    numbers = np.repeat(np.arange(INCARNATIONS), BLOCKS)

    def calls(count: int) -> Floats:
        shape = (count, INCARNATIONS, BLOCKS, CALLS)
        logs = rng.normal(0, INCARNATION_SD, (*shape[:2], 1, 1)) + rng.normal(0, sd, (*shape[:3], 1)) + rng.gamma(2.0, 0.03, shape)
        return np.exp(logs.reshape(count, -1, CALLS))

    population = np.concatenate([calls(500).ravel() for _ in range(40)])
    asked: dict[str, tuple[float, Callable[[list[Floats]], object]]] = {
        "p50": (float(np.quantile(population, 0.5)), lambda b: percentile(b, 0.5, numbers, level=0.975)),
        "p95": (float(np.quantile(population, 0.95)), lambda b: percentile(b, 0.95, numbers, level=0.975)),
        "mean": (float(population.mean()), lambda b: mean(b, numbers, level=0.975)),
    }
    found: dict[str, list[bool]] = {name: [] for name in asked}
    widths: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(runs):
        blocks = list(calls(1)[0])
        for name, (truth, ask) in asked.items():
            located = ask(blocks)
            if isinstance(located, Located):
                found[name].append(located.low <= truth <= located.high)
                widths[name].append(math.log(located.high / located.low) / 2)
    wanted = 0.93 if sd <= 0.10 else None
    return [
        Line(f"coverage of {name}", f"block sd {sd:.0%}", float(np.mean(hits)), len(hits), wanted, "≥", _width(widths[name], runs))
        for name, hits in found.items()
    ]


def ratios_of_timings(sd: float, candidates: int, rounds: int = BLOCKS, apart: float = 1.0, *, runs: int) -> list[Line]:
    """A/A pairs among `candidates` and a baseline; the first one's incarnations are `apart` times as far apart."""
    rng = np.random.default_rng([round(sd * 100), candidates, rounds])
    covered, over, under, found, widths = [], [], [], [], []
    for _ in range(runs):
        base = _rounds(rng, sd, rounds, INCARNATION_SD)
        others = [_rounds(rng, sd, rounds, INCARNATION_SD * (apart if i == 0 else 1.0)) for i in range(candidates)]
        spread = spread_of([paired(other, base) for other in others])
        estimate = ratio(others[0], base, spread)
        low, high = estimate.interval(0.975)
        covered.append(low <= 1.0 <= high)
        over.append(estimate.tail_below(1.0) < 0.05)
        under.append(estimate.tail_above(1.0) < 0.05)
        slower = others[0] + np.array([0.0, 0.0, math.log(1.1)])
        found.append(ratio(slower, base, spread).tail_below(1.0) < 0.05)
        widths.append(math.log(high / low) / 2)
    setting = f"block sd {sd:.0%}, {candidates} candidates" + (f", {rounds} rounds" if rounds != BLOCKS else "")
    if apart != 1.0:
        setting = f"block sd {sd:.0%}, {apart:.0f}× incarnation sd"
        return [Line("coverage of a ratio", setting, float(np.mean(covered)), runs, 0.90, "≥", _width(widths))]
    return [
        Line("coverage of a ratio", setting, float(np.mean(covered)), runs, 0.93, "≥", _width(widths)),
        Line("A/A alarms at 5 %, one-sided", setting, float(max(np.mean(over), np.mean(under))), runs, 0.05, "≤"),
        Line("slowdown of 10 % found", setting, float(np.mean(found)), runs, 0.95 if sd <= 0.05 and rounds >= 20 else None, "≥"),
    ]


def tango(rows: int, discordant: float, runs: int) -> list[Line]:
    """Tango's interval and its false passes; the margin is the truth."""
    rng = np.random.default_rng([rows, round(discordant * 100)])
    margin = 0.01
    p = np.array([(discordant + margin) / 2, (discordant - margin) / 2, 1 - discordant])
    tables = [Tango(int(b), int(c), rows) for b, c, _ in rng.multinomial(rows, p, size=runs)]
    covered = np.mean([low <= margin <= high for low, high in (table.interval(0.975) for table in tables)])
    passed = np.mean([table.tail_above(margin) < 0.05 for table in tables])
    setting = f"{rows:,} rows, {discordant:.0%} discordant"
    return [
        Line("coverage of Tango's interval", setting, float(covered), runs, 0.94, "≥"),
        Line("false passes: accuracy", setting, float(passed), runs, 0.05, "≤"),
    ]


def non_inferiority(rows: int, groups: int | None = None, *, runs: int) -> list[Line]:
    """How often a model that loses exactly the margin passes at 5 %, by shared replicates; what others do stands beside it.

    With `groups` each of them shifts the second model: where they are few, the skewness of their losses is seen in part only.
    """
    rng = np.random.default_rng([rows, groups or 0])
    size = rows // groups if groups else 1
    resamples = Resamples(np.arange(rows) // size, 1000)
    lines = []
    for kind, (middle, width, confidence) in KINDS.items():
        if (rows == 300 and kind == "8 % positive") or (groups and kind != "usual"):
            continue  # 24 positive rows are refused before it comes to this
        sample = partial(_two_models, rng, middle, width, confidence, size)
        truths = [_losses(*sample(500_000), None) for _ in range(6)]
        margins = {name: float(np.mean([truth[name][0] for truth in truths])) for name in truths[0]}
        passed: dict[str, list[tuple[bool, bool, bool]]] = {name: [] for name in margins}
        for _ in range(runs):
            for name, (value, drawn) in _losses(*sample(rows), resamples).items():
                ours = difference(value, drawn, 0.0, np.zeros(len(drawn)), rows // size)
                plain = Student(value, ours.se, ours.dof).tail_above(margins[name]) < 0.05
                passed[name].append((ours.tail_above(margins[name]) < 0.05, plain, np.quantile(drawn, 0.95) < margins[name]))
        setting = f"{rows:,} rows in {groups} groups" if groups else f"{rows:,} rows, {kind}"
        for name, passes in passed.items():
            ours_, plain_, percentiles = np.mean(passes, axis=0)
            note = f"plain t {plain_:.1%}, percentiles {percentiles:.1%}"
            lines.append(Line(f"false passes: {name}", setting, float(ours_), runs, None if groups else 0.05, "≤", note))
    return lines


def clustered_auc(groups: int, runs: int) -> list[Line]:
    """Coverage of a grouped AUC: 20 rows a group, which share a lift of the score and of the answer."""
    rng = np.random.default_rng(groups)

    def sample(count: int) -> tuple[Floats, NDArray[np.bool_]]:
        lift = np.repeat(rng.normal(0, 0.7, count), 20)
        answers = rng.random(20 * count) < 1 / (1 + np.exp(1 - lift))
        return rng.normal(0, 1, 20 * count) + answers + 0.5 * lift, answers

    truth = float(np.mean([auc(*sample(20_000))[0] for _ in range(8)]))
    resamples = Resamples(np.repeat(np.arange(groups), 20), 1000)
    covered = []
    for _ in range(runs):
        value, influence = auc(*sample(groups))
        low, high = of_score(value, value + resamples.means(influence[:, None])[:, 0], groups).interval(0.975)
        covered.append(low <= truth <= high)
    return [Line("coverage of a clustered AUC", f"{groups} groups of 20 rows", float(np.mean(covered)), runs, 0.93, "≥")]


def delong(runs: int) -> list[Line]:
    """The spread of 2,000 replicates over DeLong's analytic standard error, for 40 samples."""
    rng = np.random.default_rng(0)
    shares = []
    for seed in range(min(40, runs)):
        answers = rng.random(3000) < 0.3
        value, influence = auc(rng.normal(size=3000) + answers, answers)
        replicates = value + Resamples(np.arange(3000), 2000, seed).means(influence[:, None])[:, 0]
        shares.append(float(replicates.std() / (math.sqrt((influence**2).sum()) / 3000)))
    within, note = np.abs(np.array(shares) - 1) < 0.05, f"from {min(shares):.3f} to {max(shares):.3f}"
    return [Line("replicates' sd over DeLong's", "3,000 rows, within 5 %", float(np.mean(within)), len(shares), 0.95, "≥", note)]


def _rounds(rng: np.random.Generator, sd: float, rounds: int, apart: float) -> Floats:
    numbers = np.repeat(np.arange(INCARNATIONS), rounds)
    keys = numbers * 1000 + np.tile(np.arange(rounds), INCARNATIONS)
    logs = rng.normal(0, apart, INCARNATIONS)[numbers] + rng.normal(0, sd, len(numbers))
    return np.column_stack([numbers, keys, logs])


def _two_models(
    rng: np.random.Generator, middle: float, width: float, confidence: float, size: int, rows: int
) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Answers and two models' logits; the second is the first with noise added, and surer of itself by `confidence`.

    Rows of a group of `size` share a lift, and where there are groups, part of the second model's noise.
    """
    truth = rng.normal(middle, width, rows)
    shared = np.repeat(rng.normal(0, 0.5 if size > 1 else 0.0, (2, rows // size)), size, axis=1)
    truth += shared[0]
    first = truth + rng.normal(0, 0.3, rows)
    return rng.random(rows) < 1 / (1 + np.exp(-truth)), first, confidence * (first + shared[1] + rng.normal(0, 0.5, rows))


def _losses(
    answers: NDArray[np.bool_], first: Floats, second: Floats, resamples: Resamples | None
) -> dict[str, tuple[float, Floats]]:
    """What the second loses against the first: (value, replicates) by metric."""
    (a, at), (b, bt) = auc(first, answers), auc(second, answers)
    signs = np.where(answers, 1.0, -1.0)
    costs = np.logaddexp(0, -signs * second) - np.logaddexp(0, -signs * first)
    flags = np.column_stack([answers & (first > 0), first > 0, answers & (second > 0), second > 0, answers]).astype(float)
    none = np.empty(0)
    drawn = None if resamples is None else resamples.means(np.column_stack([at - bt, costs, flags]))
    return {
        "ROC AUC": (a - b, none if drawn is None else a - b + drawn[:, 0]),
        "log loss": (float(costs.mean()), none if drawn is None else drawn[:, 1]),
        "F1": (float(_f1_loss(flags.mean(axis=0, keepdims=True))[0]), none if drawn is None else _f1_loss(drawn[:, 2:])),
    }


def _f1_loss(shares: Floats) -> Floats:
    first = 2 * shares[:, 0] / (shares[:, 1] + shares[:, 4])
    return np.asarray(first - 2 * shares[:, 2] / (shares[:, 3] + shares[:, 4]))


def _width(widths: Iterable[float], runs: int | None = None) -> str:
    kept = list(widths)
    refused = f", {1 - len(kept) / runs:.0%} refused" if runs and len(kept) < runs else ""
    return f"±{np.mean(kept):.1%}{refused}"


if __name__ == "__main__":
    sys.exit(main())
