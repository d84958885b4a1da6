"""How good the answers are, by scikit-learn's scorers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from effaudit.core.notes import coded
from effaudit.core.observed import Answers, Seen
from effaudit.core.plugin import Metric, Refused, Result
from effaudit.core.reading import Better, Failure, Meaning, Measurement
from effaudit.core.scorers import HIGHER, IN_ANSWER_UNITS, LOWER, NO_UNIT, OF_PROBABILITIES, SHARES, bounds, clipped
from effaudit.core.slices import SAMPLE, apart, sliced
from effaudit.core.stats import ranking
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, Skewed
from effaudit.core.stats.replicates import Leaning, of_replicates, of_score
from effaudit.core.stats.student import binomial_upper, wilson
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.core.workload import Workload
from effaudit.scoring import scorers as scoring_scorers
from effaudit.scoring.guess import worse_than_guess
from effaudit.scoring.ranks import upside_down
from effaudit.scoring.rows import Rows, all_rows, by_slice, only_distances, weighted
from effaudit.scoring.scorers import Part
from effaudit.scoring.statistics import statistic

FEW = 200
"""Resamples of scorers that must be called once for each."""

LEAST_KNOWN = 0.95
"""The share of the resamples in which a score must be defined."""


@dataclass(frozen=True)
class Quality(Metric):
    """Any scikit-learn scorer of classification or regression: `quality.accuracy`, `quality.roc_auc`, `quality.log_loss`…

    Errors keep their own sign (`neg_` is dropped, lower is better). Answers to all certify rows are scored by scikit-learn; the
    interval comes from resamples of rows, or of whole groups where the plan names them, which all candidates share. Where the
    plan names `slices`, so do the certify rows of each: `quality.roc_auc[carrier=UA]`.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """By the scorer's name, in all rows or in a slice."""
        name = apart(metric)[0].removeprefix("quality.")
        if name in HIGHER:
            unit = "number" if name in NO_UNIT else "score"
            return Meaning(unit, "higher", "measured", False, (), name)
        if name in LOWER:
            unit = "answer" if name in IN_ANSWER_UNITS else "number" if name in NO_UNIT else "score"
            return Meaning(unit, "lower", "measured", False, (), name)
        return None

    def examples(self) -> Sequence[str]:
        """All scorers."""
        return tuple(f"quality.{name}" for name in sorted(HIGHER | LOWER))

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the stored answers to certify rows."""
        scorers = seen.workload.quality
        whole = all_rows(seen)
        found = _with_ranks({f"quality.{name}": _reading(whole, name) for name in scorers}, whole)
        parts = ((rows, rows.slice) for rows in by_slice(seen))
        found |= {sliced(f"quality.{name}", own.key): _reading(rows, name) for rows, own in parts if own for name in scorers}
        distances = only_distances(seen)
        if distances is None:
            return found
        return {
            metric: Result(distances) if apart(metric)[0].removeprefix("quality.") in OF_PROBABILITIES else result
            for metric, result in found.items()
        }


def figure(name: str, answers: Answers, truth: Array, workload: Workload) -> float:
    """A scorer's figure of answers to some rows, whose true answers are `truth`. Raises Refused."""
    return scoring_scorers.score(name, Part.whole(answers, truth, workload))


def direction(name: str) -> Better:
    """Which way a scorer's figure is better."""
    return "lower" if name in LOWER else "higher"


def _reading(rows: Rows, name: str) -> Result:
    try:
        value, warned = scoring_scorers.scored(name, rows.part)
        replicates, note = _replicates(rows, name, value)
    except Refused as refused:
        return Result(Failure("undefined", "score", _why(rows, name, refused)))
    estimate = _estimate(rows, name, value, replicates)
    if isinstance(estimate, Failure):
        return Result(estimate)
    count = len(rows.truth)
    low, high = estimate.interval(DRAWN_ONE_SIDED)
    if name == "accuracy" and rows.groups == count and rows.weights is None and not rows.workload.multilabel:
        low, high = wilson(round(value * count), count, DRAWN_ONE_SIDED)
    grouped = f"{rows.groups:,} groups" if rows.groups < count else ""
    notes = (
        *coded("few_resamples", note),
        *(coded("groups", grouped) if rows.weights is None else weighted(rows.workload, rows.groups)),
        *coded("scikit_learn_warns", *warned),
    )
    if low == high and np.isfinite(bounds(f"quality.{name}")).all():
        reach = binomial_upper(0, rows.fewest, DRAWN_ONE_SIDED)
        low, high = value - reach, value + reach
    low, high = clipped(min(low, value), max(high, value), f"quality.{name}")
    unit = _unit(rows.workload, name)
    reading = Measurement(value, low, high, unit, direction(name), "measured", count, estimate.dof, notes=notes)
    if rows.slice is None or rows.slice.key == SAMPLE:
        reading = replace(reading, notes=(*notes, *worse_than_guess(name, rows, reading)))
    return Result(reading, replicates.astype(np.float32) if rows.slice else replicates)


def _with_ranks(found: dict[str, Result], rows: Rows) -> dict[str, Result]:
    """The figures, the first of which says so where classes are mixed up and no figure shows it."""
    measured = {metric: result.reading for metric, result in found.items() if isinstance(result.reading, Measurement)}
    if not measured or any(note.warns for reading in measured.values() for note in reading.notes):
        return found
    first, reading = next(iter(measured.items()))
    told = replace(reading, notes=(*reading.notes, *upside_down(rows)))
    return found | {first: replace(found[first], reading=told)}


def _estimate(rows: Rows, name: str, value: float, replicates: Array) -> Skewed | Leaning | Failure:
    """From the resamples in which the score is defined, which must be nearly all of them."""
    known = replicates[np.isfinite(replicates)]
    if rows.groups < 2:
        return Failure("too_few_samples", "score", "all rows are of one group, which gives no interval")
    if len(known) < LEAST_KNOWN * len(replicates):
        return Failure("too_few_samples", "score", f"{name} is defined in {len(known)} of {len(replicates)} resamples only")
    return (of_score if name in SHARES else of_replicates)(value, known, rows.groups)


def _why(rows: Rows, name: str, refused: Refused) -> str:
    if rows.only_class is None:
        return str(refused)
    return f"all {len(rows.truth):,} rows are of class {one_line(rows.only_class, 40)}, of which {name} says nothing"


def _replicates(rows: Rows, name: str, value: float) -> tuple[Array, str]:
    part, resamples, truth = rows.part, rows.resamples, rows.truth
    if name in ("roc_auc", "average_precision") and part.classes == 2:
        scores = part.scores[:, 1]
        if name == "average_precision":
            return ranking.average_precision_replicates(scores, truth == 1, resamples, FEW), f"{FEW} resamples"
        _, influence = ranking.auc(scores, truth == 1, part.weights)
        return value + resamples.means(influence[:, None])[:, 0], ""
    found = statistic(name, part)
    if found is not None:
        plain = float(found.figure(np.average(found.columns, axis=0, weights=part.weights)[None, :])[0])
        if np.isclose(plain, value, rtol=1e-6, atol=1e-9):
            return found.figure(resamples.means(found.columns)), ""
    each = np.arange(len(truth))
    drawn = (np.repeat(each, weights.astype(np.int64)) for weights in resamples.draws(FEW))
    return np.array([_score_or_nan(name, part.drawn(own)) for own in drawn]), f"{FEW} resamples"


def _score_or_nan(name: str, part: Part) -> float:
    """In a resample of few rows a score may be undefined."""
    try:
        return scoring_scorers.score(name, part)
    except Refused:
        return np.nan


def _unit(workload: Workload, name: str) -> str:
    if name in IN_ANSWER_UNITS:
        return workload.answer_unit or "number"
    return "number" if name in NO_UNIT else "score"
