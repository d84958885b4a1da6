"""Quality: how much a candidate loses against another, and whether the rows at hand are enough to say so.

Accuracy on independent rows follows Tango's score interval, from which rows each got right. Everything else follows the
replicates of the shared resamples. Where labels decide, replicates of fewer than 30 rows that differ say too little (at 300
rows the percentile bootstrap passed a worse model 24 % of the time): such a loss is bounded by how large a share of rows can
differ at all, so that a conversion without a single changed label passes on many rows, and not on few.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from effaudit.core.reading import Measurement
from effaudit.core.stats.agreement import Tango
from effaudit.core.stats.estimate import Estimate, of_measurement
from effaudit.core.stats.replicates import few_discordant, of_replicates
from effaudit.core.store import Array
from effaudit.core.text import counted, one_line
from effaudit.judge.estimates import Moved, Share
from effaudit.judge.evidence import Evidence, Pair, Undecidable
from effaudit.judge.scorers import Kind, kind_of

LEAST_DISCORDANT = 30
LEAST_OF_EACH_CLASS = 30
LEAST_ROWS = 30
LEAST_GROUPS = 20

LEAST_KNOWN = 0.95
"""Of the resamples, the share in which both scores must be defined."""
ACCURACY = "quality.accuracy"

Answer = Estimate | Undecidable
Bits = NDArray[np.uint8]


def quality_loss(pair: Pair, relative: bool) -> Answer:
    """How much worse a candidate scores than another; as a share of the other's |score| where `relative`."""
    kind = _kind(pair.evidence, pair.metric, pair.candidate, pair.versus)
    right = pair.right()
    if pair.metric == ACCURACY and pair.evidence.independent and not pair.evidence.weighted and right is not None:
        return _as_share(_tango(pair, *right), pair, relative)
    if kind.decides == "labels":
        differing = _differing(pair, kind)
        if differing is None or differing < LEAST_DISCORDANT:
            return _few(pair, kind, differing, relative)
    return _enough(pair.evidence, kind) or _by_replicates(pair, relative)


def quality_figure(evidence: Evidence, candidate: str, metric: str, found: Measurement) -> Answer:
    """A candidate's own score, for absolute limits."""
    kind = _kind(evidence, metric, candidate)
    rows = evidence.certify_rows
    right = _counted_right(evidence, candidate, metric, found) if kind.decides == "labels" else None
    if right is not None and kind.share and evidence.independent and not evidence.weighted:
        return Share(right, rows)
    if right is not None and min(right, rows - right) < LEAST_DISCORDANT:
        return _nearly_all(evidence, candidate, kind, found, right)
    return _enough(evidence, kind) or _drawn(evidence, kind, found)


def _kind(evidence: Evidence, metric: str, *candidates: str) -> Kind:
    """The metric's kind. Where a model names classes that no row has, one label more may bring a class into an average."""
    kind = kind_of(metric, evidence.workload)
    rows = (evidence.rows.get(name) for name in candidates)
    strange = any(note.code == "classes_absent" for row in rows if row for note in row.notes)
    return replace(kind, shift=None) if strange and metric.endswith("_macro") else kind


def _tango(pair: Pair, ours: Bits, theirs: Bits) -> Tango:
    count = pair.evidence.count
    return Tango(count(theirs & ~ours), count(ours & ~theirs), pair.evidence.certify_rows)


def _differing(pair: Pair, kind: Kind) -> int | None:
    """How many rows are labelled differently as far as this metric can tell; None where the record does not say.

    Between two classes, and for accuracy, a label differs where one is right and the other wrong. Among more classes two wrong
    labels may differ too, which only the agreement with the baseline counts.
    """
    right, workload = pair.right(), pair.evidence.workload
    rows = None if right is None else pair.evidence.count(right[0] ^ right[1])
    if rows is not None and (kind.share or len(workload.classes) == 2 or rows >= LEAST_DISCORDANT):
        return rows
    agreement = _agreement(pair)
    return None if agreement is None else max(rows or 0, round((1.0 - agreement) * pair.evidence.certify_rows))


def _agreement(pair: Pair) -> float | None:
    baseline, stored = pair.evidence.record.baseline, pair.evidence.stored
    if baseline not in (pair.candidate, pair.versus) or (stored is not None and pair.versus == stored.name):
        return None
    other = pair.candidate if pair.versus == baseline else pair.versus
    found = pair.evidence.value(other, "behaviour.agreement")
    return found if found is not None and 0.0 <= found <= 1.0 else None


def _few(pair: Pair, kind: Kind, differing: int | None, relative: bool) -> Answer:
    if differing is None:
        return Undecidable("too_few_samples", "the record does not say on how many rows the labels differ")
    if kind.shift is None:
        words = f"the labels differ on {counted(differing, 'row')}"
        return Undecidable("too_few_samples", f"{words}; comparing {pair.metric} needs {LEAST_DISCORDANT}")
    rows = _effective_rows(pair.evidence, pair.candidate, pair.versus)
    return _as_share(few_discordant(min(differing, rows), rows, kind.shift, pair.loss), pair, relative)


def _by_replicates(pair: Pair, relative: bool) -> Answer:
    arrays = _shared(pair.arrays())
    if arrays is None:
        return Undecidable("not_measured_together", f"{pair.candidate} and {pair.versus} share no resamples of {pair.metric}")
    ours, theirs = arrays
    loss, losses = pair.loss, pair.sign * (theirs - ours)
    if relative:
        if np.any(theirs * pair.theirs.value <= 0.0):
            return _nothing_to_share(pair)
        with np.errstate(over="ignore"):
            loss, losses = loss / abs(pair.theirs.value), losses / np.abs(theirs)
        if not np.isfinite(losses).all():
            return _nothing_to_share(pair)
    return of_replicates(loss, losses, pair.evidence.certify_groups)


def _shared(arrays: tuple[Array, Array] | None) -> tuple[Array, Array] | None:
    """The replicates of both in the resamples where both have one (a score may be undefined in a few)."""
    if arrays is None or arrays[0].ndim != 1 or arrays[0].shape != arrays[1].shape:
        return None
    ours, theirs = arrays
    known = np.isfinite(ours) & np.isfinite(theirs)
    if known.size < 2 or known.mean() < LEAST_KNOWN:
        return None
    return arrays if known.all() else (ours[known], theirs[known])


def _as_share(loss: Estimate, pair: Pair, relative: bool) -> Answer:
    if not relative:
        return loss
    return Moved(loss, 1.0 / abs(pair.theirs.value)) if pair.theirs.value else _nothing_to_share(pair)


def _nothing_to_share(pair: Pair) -> Undecidable:
    return Undecidable("baseline_missing", f"{pair.metric} of {pair.versus} may be 0, and a share of it means nothing")


def _counted_right(evidence: Evidence, candidate: str, metric: str, found: Measurement) -> int | None:
    """How many rows count: those labelled right, or those that a share of behaviour is made of."""
    if metric.startswith("behaviour."):
        known = evidence.certify_rows > 0 and 0.0 <= found.value <= 1.0
        return round(found.value * evidence.certify_rows) if known else None
    bits = evidence.right(candidate)
    return None if bits is None else evidence.count(bits)


def _nearly_all(evidence: Evidence, candidate: str, kind: Kind, found: Measurement, right: int) -> Answer:
    """Nearly every row is right, or wrong: how many are not bounds the distance to a perfect score, or of a share to 0."""
    rows = _effective_rows(evidence, candidate)
    wrong = evidence.certify_rows - right
    if kind.shift is not None and wrong < LEAST_DISCORDANT:
        return Moved(few_discordant(min(wrong, rows), rows, kind.shift, 1.0 - found.value), -1.0, 1.0)
    if kind.share and right < LEAST_DISCORDANT:
        return few_discordant(min(right, rows), rows, 1.0, found.value)
    words = f"{counted(min(right, wrong), 'row')} of the rarer outcome, right or wrong"
    return Undecidable("too_few_samples", f"{words}; {LEAST_DISCORDANT} are needed")


def _drawn(evidence: Evidence, kind: Kind, found: Measurement) -> Answer:
    """The drawn interval; where scores separate the classes wholly it has no width, and the rarest class bounds it."""
    if found.low == found.high and kind.decides == "scores":
        fewest = min(count for count in (*evidence.workload.class_rows, evidence.certify_groups) if count > 0)
        return Moved(few_discordant(0, fewest, 1.0), shift=found.value)
    return of_measurement(found)


def _enough(evidence: Evidence, kind: Kind) -> Undecidable | None:
    """Says what is missing when rows, classes or groups are too few for replicates to mean anything."""
    workload, groups, rows = evidence.workload, evidence.certify_groups, evidence.certify_rows
    if not evidence.independent and groups < LEAST_GROUPS:
        return Undecidable("too_few_samples", f"{counted(groups, 'group')} of certify rows; at least {LEAST_GROUPS} are needed")
    if rows < LEAST_ROWS:
        return Undecidable("too_few_samples", f"{counted(rows, 'certify row')}; at least {LEAST_ROWS} are needed")
    present = {name: count for name, count in zip(workload.classes, workload.class_rows, strict=False) if count}
    rarest = min(present, key=present.__getitem__) if kind.every_class and present else None
    if rarest is None or present[rarest] >= LEAST_OF_EACH_CLASS:
        return None
    words = f"{counted(present[rarest], 'certify row')} of class {one_line(rarest, 40)}"
    return Undecidable("too_few_samples", f"{words}; at least {LEAST_OF_EACH_CLASS} of each are needed")


def _effective_rows(evidence: Evidence, *candidates: str) -> int:
    """How many independent rows the certify rows are worth for counting labels that differ.

    Rows of a group resemble each other. How much, the grouped replicates of accuracy show: their variance over that of as many
    independent rows is the design effect (Kish 1965). Without such replicates every group counts as one row.
    """
    rows, groups = evidence.certify_rows, evidence.certify_groups
    if evidence.independent:
        return rows
    effects = [_design_effect(evidence, candidate) for candidate in candidates]
    known = [effect for effect in effects if effect is not None]
    return max(1, groups, int(rows / max(1.0, *known)) if len(known) == len(effects) else 0)


def _design_effect(evidence: Evidence, candidate: str) -> float | None:
    replicates, bits = evidence.array(candidate, "quality.accuracy"), evidence.right(candidate)
    if replicates is None or replicates.ndim != 1 or bits is None or not np.isfinite(replicates).all():
        return None
    right = evidence.count(bits) / evidence.certify_rows
    independent = right * (1.0 - right) / evidence.certify_rows
    return float(np.var(replicates)) / independent if independent > 0.0 else None
