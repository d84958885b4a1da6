"""How answers changed against the baseline, and how well probabilities are calibrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from effaudit.core.notes import coded
from effaudit.core.observed import Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Better, Failure, Meaning, Measurement
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED
from effaudit.core.stats.replicates import of_replicates, of_score
from effaudit.core.stats.student import binomial_upper, wilson
from effaudit.core.store import Array
from effaudit.scoring.rows import only_distances, weighted

BINS = 15
"""Of equal width, for the calibration error (Guo et al. 2017)."""

_TITLES: dict[str, tuple[Better, str]] = {
    "flips_lost": ("lower", "Rows that the baseline gets right and this candidate does not"),
    "flips_gained": ("higher", "Rows that this candidate gets right and the baseline does not"),
    "agreement": ("higher", "Rows that get the baseline's label"),
    "ece": ("lower", "Expected calibration error of the label's probability"),
    "brier": ("lower", "Mean squared error of the probabilities"),
}


@dataclass(frozen=True)
class Behaviour(Metric):
    """What a change of model changes for single rows.

    Two models of equal accuracy can disagree on many rows: `flips_lost` and `flips_gained` count both ways, `agreement` the
    rows with the same label. `ece` (15 equal bins) and `brier` tell how far probabilities can be believed.
    """

    def meaning(self, metric: str) -> Meaning | None:
        """Shares of certify rows."""
        found = _TITLES.get(metric.removeprefix("behaviour."))
        return Meaning("share", found[0], "measured", False, (), found[1]) if found else None

    def examples(self) -> Sequence[str]:
        """All of them."""
        return tuple(f"behaviour.{name}" for name in _TITLES)

    def read(self, seen: Seen) -> Mapping[str, Result]:
        """From the stored answers."""
        readings: dict[str, Callable[[Seen], Result]] = {
            "flips_lost": lambda s: _flips(s, lost=True),
            "flips_gained": lambda s: _flips(s, lost=False),
            "agreement": _agreement,
            "ece": _calibration,
            "brier": _brier,
        }
        return {f"behaviour.{name}": read(seen) for name, read in readings.items()}


def _flips(seen: Seen, *, lost: bool) -> Result:
    better: Better = "lower" if lost else "higher"
    pair = _pair(seen)
    if isinstance(pair, Failure):
        return Result(pair)
    answers = np.asarray(seen.store.answers("certify"))
    own, base = _same(pair[0], answers), _same(pair[1], answers)
    return _share(seen, (base & ~own) if lost else (own & ~base), better)


def _agreement(seen: Seen) -> Result:
    pair = _pair(seen)
    return Result(pair) if isinstance(pair, Failure) else _share(seen, _same(*pair), "higher")


def _pair(seen: Seen) -> tuple[Array, Array] | Failure:
    if seen.workload.task == "regression":
        return Failure("not_applicable", "task", "a regression has no labels to compare")
    if seen.baseline is None:
        return Failure("baseline_missing", "baseline", "the baseline could not be asked, so there is nothing to compare with")
    own, base = seen.answers.labels, seen.baseline.answers.labels_in(seen.answers.classes)
    if own is None or base is None:
        return Failure("no_labels", "answer", "there are no labels to compare")
    return own, base


def _same(labels: Array, others: Array) -> Array:
    equal = np.asarray(labels == others)
    return np.asarray(equal.all(axis=1) if equal.ndim == 2 else equal)


def _share(seen: Seen, rows: Array, better: Better) -> Result:
    weights, groups = seen.store.weights(), _groups(seen)
    share = float(np.average(rows, weights=weights))
    replicates = seen.resamples.means(rows.astype(np.float64)[:, None])[:, 0]
    if groups == len(rows) and weights is None:
        low, high = wilson(int(rows.sum()), len(rows), DRAWN_ONE_SIDED)
        dof = None
    else:
        estimate = of_score(share, replicates, groups)
        (low, high), dof = estimate.interval(DRAWN_ONE_SIDED), estimate.dof
    low, high = _seen(low, high, share, groups)
    notes = weighted(seen.workload, groups)
    return Result(Measurement(share, low, high, "share", better, "measured", len(rows), dof, notes=notes), replicates)


def _seen(low: float, high: float, value: float, groups: int) -> tuple[float, float]:
    """An interval around a share, never of no width because nothing was seen to differ."""
    reach = binomial_upper(0, groups, DRAWN_ONE_SIDED) if low == high else 0.0
    return max(0.0, min(low, value - reach)), min(max(1.0, value), max(high, value + reach))


def _groups(seen: Seen) -> int:
    """How many groups the rows fall into, or are worth."""
    effective = seen.workload.effective
    return int(effective.groups) if effective else seen.workload.groups["certify"]


def _probabilities(seen: Seen) -> Array | Failure:
    if seen.workload.task == "regression":
        return Failure("not_applicable", "task", "a regression has no probabilities")
    if (distances := only_distances(seen)) is not None:
        return distances
    if seen.answers.scores is None:
        return Failure("no_probabilities", "answer", f"{seen.candidate.name} gives labels only, no probabilities")
    return seen.answers.scores


def _brier(seen: Seen) -> Result:
    scores = _probabilities(seen)
    if isinstance(scores, Failure):
        return Result(scores)
    answers = np.asarray(seen.store.answers("certify"))
    if seen.workload.multilabel:
        errors = ((scores - answers) ** 2).mean(axis=1)
    elif scores.shape[1] == 2:
        errors = (scores[:, 1] - (answers == 1)) ** 2
    else:  # over all classes of the model
        errors = ((scores - np.eye(scores.shape[1])[answers]) ** 2).sum(axis=1)
    return _drawn(seen, float(np.average(errors, weights=seen.store.weights())), seen.resamples.means(errors[:, None])[:, 0])


def _calibration(seen: Seen) -> Result:
    scores = _probabilities(seen)
    if isinstance(scores, Failure):
        return Result(scores)
    if seen.workload.multilabel:
        return Result(Failure("not_applicable", "task", "the calibration error is read for one label a row only"))
    labels = seen.answers.labels
    assert labels is not None
    sure = scores[np.arange(len(labels)), labels]
    right = labels == np.asarray(seen.store.answers("certify"))
    bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    gaps = np.zeros((len(labels), BINS))
    gaps[np.arange(len(labels)), bins] = right - sure
    replicates = np.abs(seen.resamples.means(gaps)).sum(axis=1)
    value = float(np.abs(np.average(gaps, axis=0, weights=seen.store.weights())).sum())
    return _drawn(seen, value, replicates - float(np.mean(replicates) - value), note="replicates shifted by their own upward bias")


def _drawn(seen: Seen, value: float, replicates: Array, note: str = "") -> Result:
    estimate = of_replicates(value, replicates, _groups(seen))
    low, high = _seen(*estimate.interval(DRAWN_ONE_SIDED), value, _groups(seen))
    notes = (*coded("bias_removed", note), *weighted(seen.workload, _groups(seen)))
    reading = Measurement(
        value, low, high, "share", "lower", "measured", seen.workload.splits["certify"], estimate.dof, notes=notes
    )
    return Result(reading, replicates)
