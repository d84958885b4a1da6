"""The estimates that rules are judged by: a candidate's own figure, and its loss against another candidate."""

from __future__ import annotations

import math

from effaudit.core import curves
from effaudit.core.scorers import clipped
from effaudit.core.stats import ratios
from effaudit.core.stats.estimate import Estimate, Exact, Student, TooFew, of_measurement
from effaudit.core.store import Array
from effaudit.judge.estimates import Moved, Within, agreed, change
from effaudit.judge.evidence import Evidence, Pair, Undecidable
from effaudit.judge.quality import quality_figure, quality_loss

QUALITY = ("quality.", "behaviour.")
_SUREST = 1.0 - 1e-5
"""No level that decides anything is higher: an interval that stays inside at this one does so at all."""


def figure(evidence: Evidence, candidate: str, metric: str) -> Estimate | Undecidable:
    """A candidate's figure, at any level of confidence."""
    evidence, metric = evidence.at(metric, candidate)
    found = evidence.reading(candidate, metric)
    if isinstance(found, Undecidable):
        return found
    if found.method != "counted" and metric.startswith(QUALITY):
        return _possible(quality_figure(evidence, candidate, metric, found), metric)
    return _under_every_curve(evidence, candidate, metric) if found.method == "modelled" else of_measurement(found)


def loss(evidence: Evidence, candidate: str, versus: str, metric: str, relative: bool) -> Estimate | Undecidable:
    """How much worse a candidate is than another in the metric's own direction; `relative`: as a share of |the other's figure|.

    Counted figures are compared exactly, quality by shared rows, everything else by rounds that both were timed in.
    """
    evidence, metric = evidence.at(metric, candidate, versus)
    pair = evidence.pair(candidate, versus, metric)
    if isinstance(pair, Undecidable):
        return pair
    if candidate == versus:
        return Exact(0.0)
    if pair.ours.method == pair.theirs.method == "counted":
        return _counted(pair, relative)
    arrays = pair.arrays()
    if metric.startswith(QUALITY) or (arrays is not None and arrays[0].ndim == 1):
        lost = quality_loss(pair, relative)
        return lost if relative else _possible(lost, metric, difference=True)
    return _timed(pair, arrays, relative)


def _possible(found: Estimate | Undecidable, metric: str, *, difference: bool = False) -> Estimate | Undecidable:
    """An interval of quality does not leave what the figure, or the difference of two, can be."""
    if isinstance(found, (Undecidable, Exact)) or not metric.startswith(QUALITY):
        return found
    least, most = clipped(-math.inf, math.inf, metric, difference=difference)
    low, high = found.interval(_SUREST)
    return found if least <= low and high <= most else Within(found, least, most)


def _counted(pair: Pair, relative: bool) -> Estimate | Undecidable:
    if not relative or pair.loss == 0.0:
        return Exact(pair.loss)
    if pair.theirs.value == 0.0:
        return Undecidable("baseline_missing", f"{pair.metric} of {pair.versus} is 0, and a share of it means nothing")
    return Exact(pair.loss / abs(pair.theirs.value))


def _under_every_curve(evidence: Evidence, candidate: str, metric: str) -> Estimate | Undecidable:
    """A modelled figure: what each power curve that its evidence was kept for makes of it."""
    found = evidence.reading(candidate, metric)
    if isinstance(found, Undecidable):
        return found
    spread = evidence.record.spreads.get(metric)
    try:
        others = [
            ratios.location(array, spread)
            for curve in curves.OTHERS
            if (array := evidence.array(candidate, metric, curve)) is not None
        ]
    except (ValueError, OverflowError) as error:
        return Undecidable("metric_missing", f"the evidence of {metric} cannot be read: {error}")
    few = next((other for other in others if isinstance(other, TooFew)), None)
    if few is not None:
        return Undecidable("too_few_samples", str(few))
    return agreed((of_measurement(found), *(other for other in others if not isinstance(other, TooFew))))


def _timed(pair: Pair, arrays: tuple[Array, Array] | None, relative: bool) -> Estimate | Undecidable:
    """The loss that the ratio of two timings, energies or memories shows; of modelled ones, under every power curve."""
    found = [_loss(pair, _ratio(pair, arrays), of_measurement(pair.theirs), relative)]
    for curve in curves.OTHERS if "modelled" in (pair.ours.method, pair.theirs.method) else ():
        others = pair.arrays(curve)
        if others is not None:
            found.append(_loss(pair, _ratio(pair, others, curve), ratios.location(others[1], None), relative))
    undecidable = next((one for one in found if isinstance(one, Undecidable)), None)
    return undecidable or agreed([one for one in found if not isinstance(one, Undecidable)])


def _loss(pair: Pair, ratio: Student | Undecidable, theirs: Estimate | TooFew, relative: bool) -> Estimate | Undecidable:
    if isinstance(ratio, Undecidable):
        return ratio
    if relative:
        return Moved(ratio, pair.sign * -1.0, pair.sign)
    if isinstance(theirs, TooFew):
        return Undecidable("too_few_samples", str(theirs))
    return Moved(change(ratio, theirs), pair.sign * -1.0)


def _ratio(pair: Pair, arrays: tuple[Array, Array] | None, curve: str | None = None) -> Student | Undecidable:
    record = pair.evidence.record
    if arrays is None:
        return _apart(pair)
    baseline = pair.evidence.array(record.baseline, pair.metric, curve)
    try:
        direct = pair.evidence.rounds_with(pair.versus, pair.metric, curve).get(pair.candidate)
        found = ratios.ratio(*arrays, record.spreads.get(pair.metric), baseline, direct)
    except (ValueError, OverflowError) as error:
        return Undecidable("not_measured_together", f"the evidence of {pair.metric} cannot be compared: {error}")
    if not isinstance(found, TooFew):
        return found
    return Undecidable("too_few_samples", str(found)) if found.got else _apart(pair)


def _apart(pair: Pair) -> Undecidable:
    return Undecidable("not_measured_together", f"{pair.candidate} and {pair.versus} share no rounds of {pair.metric}")
