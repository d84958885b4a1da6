"""Audits of which the truth is known: candidates that equal the baseline, lose exactly the margin, or lose twice as much."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from judging import builders
from numpy.typing import NDArray

from effaudit.core.candidate import Artifact, Candidate
from effaudit.core.effective import Effective
from effaudit.core.policy import Limit, Policy, Rule
from effaudit.core.reading import Measurement, counted
from effaudit.core.record import Record, Row
from effaudit.core.slices import WEIGHTS
from effaudit.core.stats.ranking import auc
from effaudit.core.stats.ratios import paired, spread_of, variance_of_centre
from effaudit.core.stats.resample import Resamples

Floats = NDArray[np.float64]
Generator = np.random.Generator
MOST = 15
SCENARIOS = {"equal": 0.0, "margin": 1.0, "beyond": 2.0}
"""How many margins the candidates of each lose."""
ACCURACY, AUC, P50 = "quality.accuracy", "quality.roc_auc", "latency.batch_1.p50"
RIGHT, DISAGREE, ONE_POINT = 0.85, 0.06, 0.01
TENTH = 0.10
GROUP = 10
MIDDLE, WIDTH, LIFT, BLUR, SHIFT = -1.0, 1.5, 0.5, 0.5, 0.2
"""True logits and what rows of a group share of them; each model's noise, by row and by group."""
CVS = (0.5, 1.0, 2.0)
"""Coefficients of variation of rows' weights."""
BETWEEN = 0.006
"""How much the incarnations of one program differ."""
TIMED = ((4, 7, 0.05), (4, 20, 0.02), (4, 20, 0.05), (4, 20, 0.10), (4, 20, 0.23), (4, 60, 0.05), (3, 20, 0.05), (5, 20, 0.05))
"""Restarts, rounds of each, and how much blocks differ."""
FEW_RESTARTS = 3
"""From so few the standard error itself is so uncertain that intervals are wider than power needs."""


@dataclass(frozen=True)
class Audit:
    """One simulated audit of a baseline, and `MOST` candidates in each scenario."""

    record: Record
    """Without rows."""
    rows: Mapping[str, Row]

    def of(self, scenario: str, crowd: int) -> Record:
        """The baseline and so many candidates of one scenario."""
        return self._among([f"{scenario}-{place}" for place in range(crowd)])

    def mixed(self, crowd: int) -> Record:
        """The baseline, one candidate that loses the margin, and equal ones."""
        return self._among(["margin-0", *(f"equal-{place}" for place in range(1, crowd))])

    def _among(self, names: Sequence[str]) -> Record:
        """Judging knows nothing of those that are left out, not even through the variance that all of them show."""
        arrays, spreads = self.record.arrays, {}
        if f"base/{P50}" in arrays:
            timed = [arrays[f"{name}/{P50}"] for name in ("twin", *names)]
            spreads = {P50: spread_of([paired(one, arrays[f"base/{P50}"]) for one in timed])}
        return replace(self.record, rows=tuple(self.rows[name] for name in ("base", *names)), spreads=spreads)


@dataclass(frozen=True)
class Kind:
    """One kind and amount of evidence. Margins are of the rule; `three_errors` is three standard errors of an equal model."""

    name: str
    size: str
    metric: str
    unit: str
    margin: float
    three_errors: float
    audit: Callable[[Generator], Audit]
    most_runs: int = 10**6
    most: int = MOST
    promised: bool = True
    """Is an equal model promised to pass often enough at a margin of three standard errors?"""

    def policy(self, margin: float) -> Policy:
        """One rule against the baseline."""
        bound = "max_increase" if self.metric == P50 else "max_drop"
        return Policy("calibration", (Rule("r", self.metric, bound, Limit(margin, self.unit, "")),))  # type: ignore[arg-type]

    def crowds(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """The wanted numbers of candidates that there are."""
        return tuple(sorted({min(number, self.most) for number in wanted}))


def generator(kind: Kind) -> Generator:
    """The same audits at every run."""
    return np.random.default_rng(zlib.crc32(f"{kind.name} {kind.size}".encode()))


def kinds() -> Iterator[Kind]:
    """The simulated ones."""
    for rows in (300, 1000, 3000, 10_000, 50_000):
        three = 3.0 * math.sqrt(DISAGREE / rows)
        yield Kind("accuracy", f"{rows:,} rows", ACCURACY, "pp", ONE_POINT, three, partial(_accuracies, rows))
    for rows in (300, 1000, 3000, 10_000, 50_000):
        size = f"{rows:,} rows in {rows // GROUP:,} groups"
        three = 3.0 * _error_of_auc() / math.sqrt(rows)
        most = 400 if rows >= 10_000 else 10**6
        yield Kind("ROC AUC", size, AUC, "pp", ONE_POINT, three, partial(_aucs, rows), most)
    for cv in CVS:
        for rows in (1000, 3000, 10_000):
            three = 3.0 * math.sqrt(DISAGREE * (1.0 + cv * cv) / rows)
            size, most = f"{rows:,} rows, weights of CV {cv:g}", 400 if rows >= 10_000 else 10**6
            yield Kind(
                "weighted accuracy", size, ACCURACY, "pp", ONE_POINT, three, partial(_accuracies, rows, cv=cv), most, promised=False
            )
        rows = 3000
        size, three = (
            f"{rows:,} rows in {rows // GROUP:,} groups, CV {cv:g}",
            3.0 * _error_of_auc() * math.sqrt((1.0 + cv * cv) / rows),
        )
        yield Kind("weighted ROC AUC", size, AUC, "pp", ONE_POINT, three, partial(_aucs, rows, cv=cv), promised=False)
    for restarts, rounds, sd in TIMED:
        error = math.sqrt(2.0 * variance_of_centre(restarts) * (BETWEEN**2 + math.pi / 2 * sd**2 / rounds))
        size = f"{restarts} × {rounds} rounds, block sd {100 * sd:.0f} %"
        audit = partial(_latencies, restarts, rounds, sd)
        yield Kind("latency", size, P50, "%", TENTH, math.expm1(3.0 * error), audit, promised=restarts > FEW_RESTARTS)


def replays(record: Record) -> Iterator[Kind]:
    """A real audit's resamples, taken as what other rows would have shown of the same models."""
    for scorer in record.workload.quality:
        metric = f"quality.{scorer}"
        found = {row.candidate.name: record.arrays.get(f"{row.candidate.name}/{metric}") for row in record.rows}
        drawn = {name: one - one.mean() for name, one in found.items() if one is not None and np.isfinite(one).all()}
        reading = record.row(record.baseline).readings.get(metric)
        if record.baseline not in drawn or not isinstance(reading, Measurement) or reading.unit != "score":
            continue
        base = drawn.pop(record.baseline)
        error = float(np.median([np.std(one - base) for one in drawn.values()]))
        size = f"{record.workload.groups.get('certify', 0):,} groups, {record.name}"
        audit = partial(_replayed, record, metric, base, tuple(drawn.values()))
        yield Kind(f"replayed {scorer}", size, metric, "pp", ONE_POINT, 3.0 * error, audit, most=min(MOST, len(drawn)))


def _accuracies(rows: int, rng: Generator, cv: float = 0.0) -> Audit:
    """Labels that differ from the baseline's on 6 % of independent rows, more often to the worse where a candidate loses."""
    base = rng.random(rows) < RIGHT
    right = {"base": base}
    for scenario, margins in SCENARIOS.items():
        lost = (DISAGREE + margins * ONE_POINT) / 2
        odds = np.where(base, lost / RIGHT, (DISAGREE - lost) / (1.0 - RIGHT))
        right |= {f"{scenario}-{place}": base ^ (rng.random(rows) < odds) for place in range(MOST)}
    arrays: dict[str, Any] = {f"{name}/correct": np.packbits(one) for name, one in right.items()}
    if not cv:
        return _audit(ACCURACY, {name: float(one.mean()) for name, one in right.items()}, arrays, rows)
    weights = _weights(rows, cv, rng)
    columns = np.column_stack(list(right.values())).astype(np.float64)
    drawn = Resamples(np.arange(rows), weights=weights).means(columns)
    arrays |= {f"{name}/{ACCURACY}": drawn[:, place] for place, name in enumerate(right)}
    values = dict(zip(right, np.average(columns, axis=0, weights=weights).tolist(), strict=True))
    return _weighed(_audit(ACCURACY, values, arrays, rows), weights, np.arange(rows), np.arange(rows) % 3 == 0)


def _aucs(rows: int, rng: Generator, cv: float = 0.0) -> Audit:
    """Scores that are the true logit blurred, by row and by group; the more, the worse."""
    answers, logits = _answered(rows, rng)
    blurs = {"base": BLUR} | {
        f"{scenario}-{place}": _blur(margins * ONE_POINT) for scenario, margins in SCENARIOS.items() for place in range(MOST)
    }
    weights = _weights(rows, cv, rng) if cv else None
    ranked = {name: auc(_scored(logits, blur, rng), answers, weights) for name, blur in blurs.items()}
    resamples = _resamples(rows) if weights is None else Resamples(np.repeat(np.arange(rows // GROUP), GROUP), weights=weights)
    drawn = resamples.means(np.column_stack([influence for _, influence in ranked.values()]))
    arrays = {f"{name}/{AUC}": value + drawn[:, place] for place, (name, (value, _)) in enumerate(ranked.items())}
    values = {name: value for name, (value, _) in ranked.items()}
    made = _audit(AUC, values, arrays, rows, rows // GROUP, (int((~answers).sum()), int(answers.sum())))
    return made if weights is None else _weighed(made, weights, np.repeat(np.arange(rows // GROUP), GROUP), answers)


def _weights(rows: int, cv: float, rng: Generator) -> Floats:
    """Lognormal ones of this coefficient of variation, with a mean of 1."""
    weights = rng.lognormal(0.0, math.sqrt(math.log1p(cv * cv)), rows)
    return np.asarray(weights / weights.mean())


def _weighed(audit: Audit, weights: Floats, groups: NDArray[np.int64], positive: NDArray[np.bool_]) -> Audit:
    """The same audit of rows with weights."""
    effective = Effective.of(weights, groups, positive.astype(np.int64), 2)
    workload = replace(audit.record.workload, weights="w", effective=effective)
    arrays = {**audit.record.arrays, WEIGHTS: weights.astype(np.float32)}
    return replace(audit, record=replace(audit.record, workload=workload, arrays=arrays))


def _latencies(restarts: int, rounds: int, sd: float, rng: Generator) -> Audit:
    """Blocks of which incarnations, rounds and the blocks themselves each have their noise; rounds are shared by all."""
    numbers = np.repeat(np.arange(restarts), rounds)
    keys = numbers * 1000 + np.tile(np.arange(rounds), restarts)
    machine = rng.normal(0.0, 0.2, len(keys))
    ratios = {"base": 0.0, "twin": 0.0} | {
        f"{scenario}-{place}": margins * TENTH for scenario, margins in SCENARIOS.items() for place in range(MOST)
    }
    arrays, values = {}, {}
    for name, more in ratios.items():
        own = rng.normal(0.0, BETWEEN, restarts)[numbers] + rng.normal(0.0, sd, len(keys))
        arrays[f"{name}/{P50}"] = np.column_stack([numbers, keys, math.log(0.01 * (1.0 + more)) + machine + own])
        values[name] = 0.01 * (1.0 + more)
    return _audit(P50, values, arrays, 1000)


def _replayed(record: Record, metric: str, base: Floats, others: Sequence[Floats], rng: Generator) -> Audit:
    """One resample is what this audit happened to see, and all of them around it are its replicates."""
    seen = int(rng.integers(len(base)))
    order = rng.permutation(len(others))[:MOST]
    sign = -1.0 if record.row(record.baseline).readings[metric].better == "lower" else 1.0  # type: ignore[union-attr]
    own = float(0.7 + base[seen])
    values, arrays = {"base": own}, {f"base/{metric}": own + base}
    for scenario, margins in SCENARIOS.items():
        for place, which in enumerate(order):
            value = float(0.7 - sign * margins * ONE_POINT + others[which][seen])
            values[f"{scenario}-{place}"] = value
            arrays[f"{scenario}-{place}/{metric}"] = value + others[which]
    blank = _audit(metric, values, arrays, 1000)
    return replace(blank, record=replace(blank.record, workload=record.workload))


def _audit(
    metric: str,
    values: Mapping[str, float],
    arrays: Mapping[str, Any],
    rows: int,
    groups: int | None = None,
    class_rows: tuple[int, int] | None = None,
) -> Audit:
    blank: Record = builders().make_record(
        builders().Model("base"),
        rows=rows,
        groups=groups or rows,
        class_rows=class_rows or (rows - rows // 3, rows // 3),
    )
    unit, better = ("s", "lower") if metric == P50 else ("score", "higher")
    kept = {}
    for name, value in values.items():
        low, high = value * 0.9, value * 1.1  # relative rules look at the evidence only
        reading = Measurement(value, low, high, unit, better, "measured", 60, None, f"{name}/{metric}")  # type: ignore[arg-type]
        kept[name] = Row(Candidate(name, Artifact("m", "toy")), None, None, {metric: reading, "size.artifact": counted(1e6, "B")})
    return Audit(replace(blank, rows=(), arrays=arrays), kept)


def _answered(rows: int, rng: Generator) -> tuple[NDArray[np.bool_], Floats]:
    logits = rng.normal(MIDDLE, WIDTH, rows) + np.repeat(rng.normal(0.0, LIFT, rows // GROUP), GROUP)
    return rng.random(rows) < 1.0 / (1.0 + np.exp(-logits)), logits


def _scored(logits: Floats, blur: float, rng: Generator) -> Floats:
    shared = np.repeat(rng.normal(0.0, SHIFT, len(logits) // GROUP), GROUP)
    return np.asarray(logits + shared + rng.normal(0.0, blur, len(logits)))


@lru_cache(maxsize=1)
def _resamples(rows: int) -> Resamples:
    return Resamples(np.repeat(np.arange(rows // GROUP), GROUP))


@lru_cache
def _blur(loss: float) -> float:
    """The noise by row that makes a model lose so much AUC against the baseline, by bisection."""
    wanted, (low, high) = _true_auc(BLUR) - loss, (0.0, 5.0)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _true_auc(middle) > wanted else (low, middle)
    return (low + high) / 2


def _true_auc(blur: float) -> float:
    """How often a positive row's score is above a negative one's of another group: a sum over both logits."""
    spread = math.hypot(WIDTH, LIFT)
    logits = np.linspace(MIDDLE - 7 * spread, MIDDLE + 7 * spread, 801)
    density = np.exp(-0.5 * ((logits - MIDDLE) / spread) ** 2)
    up = density / (1.0 + np.exp(-logits))
    down = density - up
    sd = math.sqrt(2.0) * math.hypot(blur, SHIFT)
    above = np.array([0.5 * math.erfc(-step / sd / math.sqrt(2.0)) for step in np.arange(-800, 801) * (logits[1] - logits[0])])
    wins = above[800 + np.arange(801)[:, None] - np.arange(801)[None, :]]
    return float(up @ wins @ down / (up.sum() * down.sum()))


@lru_cache(maxsize=1)
def _error_of_auc() -> float:
    """The standard error of an equal model's loss in AUC, times the root of the rows: by groups, from one large sample."""
    rng, rows = np.random.default_rng(7), 100_000
    answers, logits = _answered(rows, rng)
    (_, first), (_, second) = (auc(_scored(logits, BLUR, rng), answers) for _ in range(2))
    summed = (first - second).reshape(-1, GROUP).sum(axis=1)
    return float(np.sqrt(np.mean(summed**2) / GROUP))
