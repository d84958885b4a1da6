"""How well scores rank the positive rows before the negative ones: ROC AUC and average precision, each with its resamples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from effaudit.core.stats.resample import Resamples

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def auc(scores: Floats, positive: Flags, weights: Floats | None = None) -> tuple[float, Floats]:
    """ROC AUC and each row's influence on it (rows,), which has mean zero; a weighted one where rows have weights (rows,).

    scores: (rows,), higher for rows thought positive; ties count half. positive: (rows,).
    `value + resamples.means(influence[:, None])[:, 0]` are its replicates: their variance is that of DeLong, DeLong &
    Clarke-Pearson (1988), and with grouped resamples Obuchowski's (1997) for clustered rows. Takes one sort of each class.
    Raises ValueError when a class has no rows, or a score is NaN.
    """
    ranked, flags = _checked(scores, positive)
    own = np.ones(len(ranked)) if weights is None else np.asarray(weights, dtype=np.float64)
    ups, downs = own[flags].sum(), own[~flags].sum()
    if ups <= 0.0 or downs <= 0.0:
        raise ValueError("ROC AUC needs rows of both classes")
    won = _share_below(ranked[~flags], own[~flags], ranked[flags])
    lost = 1.0 - _share_below(ranked[flags], own[flags], ranked[~flags])
    value = float(np.average(won, weights=own[flags]))
    influence = np.empty(len(ranked))
    influence[flags] = (won - value) * ((ups + downs) / ups)
    influence[~flags] = (lost - value) * ((ups + downs) / downs)
    return value, influence


def average_precision(scores: Floats, positive: Flags, weights: Floats | None = None) -> float:
    """Average precision as scikit-learn defines it: Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores, falling; ties are one step.

    weights: (rows,), not negative. Raises ValueError when no positive row has a weight, or a score is NaN.
    """
    steps = _Steps(*_checked(scores, positive))
    weighed = np.ones(len(steps.order)) if weights is None else np.asarray(weights, dtype=np.float64)
    value = steps.average(weighed)
    if np.isnan(value):
        raise ValueError("average precision needs positive rows with a weight")
    return value


def average_precision_replicates(scores: Floats, positive: Flags, resamples: Resamples, count: int) -> Floats:
    """Average precision in the first `count` resamples (count,), with one sort. NaN where one drew no positive row."""
    steps = _Steps(*_checked(scores, positive))
    return np.array([steps.average(weights) for weights in resamples.row_weights(count)])


class _Steps:
    """Rows sorted by falling score, and the places where the score changes."""

    def __init__(self, scores: Floats, positive: Flags) -> None:
        self.order = np.argsort(-scores, kind="stable")
        falling = scores[self.order]
        last = np.append(falling[1:] != falling[:-1], True)
        rising = np.cumsum(positive[self.order])[last]
        gains = np.diff(rising, prepend=0) > 0  # a step without a positive row adds nothing to the sum
        self._ends = np.flatnonzero(last)[gains]
        self._positives = self.order[positive[self.order]]
        self._positive_ends = rising[gains] - 1

    def average(self, weights: Floats) -> float:
        """Average precision under some weights; NaN when no positive row has one."""
        if not len(self._ends):
            return np.nan
        found = np.cumsum(weights[self._positives])[self._positive_ends]
        if found[-1] <= 0.0:
            return np.nan
        seen = np.cumsum(weights[self.order])[self._ends]
        precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0.0)
        return float(np.dot(np.diff(found, prepend=0.0), precision) / found[-1])


def _share_below(values: Floats, weights: Floats, of: Floats) -> Floats:
    """The weighted share of `values` below each of other ones, ties counting half."""
    order = np.argsort(values, kind="stable")
    ranked, risen = values[order], np.concatenate([[0.0], np.cumsum(weights[order])])
    twice = risen[np.searchsorted(ranked, of, "left")] + risen[np.searchsorted(ranked, of, "right")]
    return np.asarray(twice / (2.0 * risen[-1]))


def _checked(scores: Floats, positive: Flags) -> tuple[Floats, Flags]:
    ranked, flags = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    if ranked.ndim != 1 or ranked.shape != flags.shape:
        raise ValueError(f"scores of shape {ranked.shape} for answers of shape {flags.shape}")
    if np.isnan(ranked).any():
        raise ValueError("a score is NaN")
    return ranked, flags
