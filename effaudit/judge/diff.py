"""Compares two records: counted figures exactly, quality by shared rows, timings only where they were measured together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from effaudit.core.diff import Apart, Change, Diff, How, Pair, Side
from effaudit.core.reading import Failure, Measurement, Reading
from effaudit.core.record import Record, Row
from effaudit.core.slices import apart
from effaudit.core.stats.estimate import Estimate, Exact
from effaudit.core.stats.holm import holm
from effaudit.core.store import Array
from effaudit.core.text import one_line
from effaudit.judge.compare import QUALITY, loss
from effaudit.judge.estimates import Moved
from effaudit.judge.evidence import Evidence, Undecidable
from effaudit.judge.surroundings import settings

CONFIDENCE = 0.95
"""Two-sided, over all comparisons together (Holm): so often a diff of two equal records shows no change at all."""
AGAINST_BASELINE = ("behaviour.flips_lost", "behaviour.flips_gained", "behaviour.agreement")
"""Figures that are told against the record's own baseline."""
TOGETHER = "not measured in the same rounds"
_BEFORE = "before "
"""Put before the first record's names where both stand in one; candidates' names hold no space."""

Names = tuple[str, str]


@dataclass(frozen=True)
class _Compared:
    """One figure of a pair, before the level is settled. `estimate` is of the change in the figure's own direction."""

    pair: Pair
    metric: str
    before: Measurement
    after: Measurement
    estimate: Estimate
    share: bool
    how: How

    @property
    def p_value(self) -> float | None:
        """Of the hypothesis that nothing changed, two-sided; None where both were counted."""
        if isinstance(self.estimate, Exact):
            return None
        return min(1.0, 2.0 * min(self.estimate.tail_above(0.0), self.estimate.tail_below(0.0)))


def diff(before: Record, after: Record, names: Names | None = None) -> Diff:
    """What changed from one record to another, in candidates of the same name, or in the two of `names`.

    Only what an interval shows is a change: intervals are drawn at the level at which Holm's procedure decided each, so that
    two records of equal models show a change at most 5 % of the time, however many figures they have. Raises KeyError for an
    unknown name.
    """
    pairs = _pairs(before, after, names)
    both = Evidence.of(_merged(before, after))
    found = [one for pair in pairs for one in _compared(both, before, after, pair)]
    compared = [one for one in found if isinstance(one, _Compared)]
    old, new = ([row.candidate.name for row in record.rows] for record in (before, after))
    return Diff(
        before=_side(before),
        after=_side(after),
        settings=settings(before, after),
        pairs=pairs,
        changes=tuple(_changes(compared)),
        apart=tuple(one for one in found if isinstance(one, Apart)),
        gone=() if names else tuple(name for name in old if name not in new),
        new=() if names else tuple(name for name in new if name not in old),
    )


def timed_together(before: Record, after: Record) -> bool:
    """Were all rounds of one record taken in sessions of the other: one record twice, or one audit that was gone on with?"""
    first, second = ({(one.id, one.started, tuple(sorted(one.host.items()))) for one in r.sessions} for r in (before, after))
    same_audit = before.plan_digest == after.plan_digest and before.name == after.name
    return same_audit and bool(first & second) and (first <= second or second <= first)


def certified_alike(before: Record, after: Record) -> str:
    """Why quality cannot be compared row by row; "" where it can."""
    ours, theirs = (record.workload.digests.get("certify") for record in (after, before))
    if not ours or ours != theirs:
        return "certified on other rows"
    if (before.seed, before.settings.resamples) != (after.seed, after.settings.resamples):
        return "resampled with another seed or count; audit both with the same `seed`"
    if before.workload.sampling != after.workload.sampling or before.workload.groups != after.workload.groups:
        return "rows were grouped otherwise"
    return ""


def _pairs(before: Record, after: Record, names: Names | None) -> tuple[Pair, ...]:
    if names is not None:
        return (_pair(before.row(names[0]), after.row(names[1])),)
    ours = {row.candidate.name: row for row in before.rows}
    return tuple(_pair(ours[row.candidate.name], row) for row in after.rows if row.candidate.name in ours)


def _pair(before: Row, after: Row) -> Pair:
    digests = [row.sizes.digest if row.sizes else "" for row in (before, after)]
    artifact = "unknown" if not all(digests) else "same" if digests[0] == digests[1] else "changed"
    told = [f"{word}: {row.failure.words}" for word, row in _sides(before, after) if row.failure]
    return Pair(before.candidate.name, after.candidate.name, artifact, one_line("; ".join(told)))  # type: ignore[arg-type]


def _sides(before: Row, after: Row) -> Iterator[tuple[str, Row]]:
    yield "before", before
    yield "after", after


def _merged(before: Record, after: Record) -> Record:
    """Both records' candidates in one, so that any two of them can be compared."""
    return replace(after, rows=(*after.rows, *map(_marked, before.rows)), arrays=_Both(before.arrays, after.arrays))


def _marked(row: Row) -> Row:
    readings = {metric: _marked_reading(reading) for metric, reading in row.readings.items()}
    return replace(row, candidate=replace(row.candidate, name=_BEFORE + row.candidate.name), readings=readings)


def _marked_reading(reading: Reading) -> Reading:
    if isinstance(reading, Failure) or reading.evidence is None:
        return reading
    return replace(reading, evidence=_BEFORE + reading.evidence)


class _Both(Mapping[str, Array]):
    """The arrays of two records, each read when it is asked for; the first record's names are marked."""

    def __init__(self, before: Mapping[str, Array], after: Mapping[str, Array]) -> None:
        self._before, self._after = before, after

    def __getitem__(self, name: str) -> Array:
        own = name.removeprefix(_BEFORE)
        return self._after[name] if own == name else self._before[own]

    def __iter__(self) -> Iterator[str]:
        yield from (_BEFORE + name for name in self._before)
        yield from self._after

    def __len__(self) -> int:
        return len(self._before) + len(self._after)


def _compared(both: Evidence, before: Record, after: Record, pair: Pair) -> Iterator[_Compared | Apart]:
    ours, theirs = before.row(pair.before).readings, after.row(pair.after).readings
    for metric in dict.fromkeys((*theirs, *ours)):
        found = _one(both, before, after, pair, metric, ours.get(metric), theirs.get(metric))
        if found is not None:
            yield found


def _one(
    both: Evidence, before: Record, after: Record, pair: Pair, metric: str, old: Reading | None, new: Reading | None
) -> _Compared | Apart | None:
    if not isinstance(old, Measurement) or not isinstance(new, Measurement):
        return _one_sided(pair, metric, old, new)
    reason = _barrier(before, after, metric, old, new)
    if not reason:
        share = not metric.startswith(QUALITY) and old.value != 0.0
        found = loss(both, pair.after, _BEFORE + pair.before, metric, relative=share)
        if not isinstance(found, Undecidable):
            grown = found if new.better == "lower" else Moved(found, -1.0)
            exact = Exact(grown.value) if isinstance(found, Exact) else grown
            return _Compared(pair, metric, old, new, exact, share, _how(metric, old, new))
        reason = TOGETHER if found.reason == "not_measured_together" else found.detail.replace(_BEFORE, "")
    return Apart(pair, metric, new.unit, old.value, new.value, one_line(reason))


def _one_sided(pair: Pair, metric: str, old: Reading | None, new: Reading | None) -> Apart | None:
    """A figure that one side has alone; None where neither has it."""
    found = old if isinstance(old, Measurement) else new
    if not isinstance(found, Measurement) or pair.failed:
        return None
    missing, side = (new, "after") if found is old else (old, "before")
    why = f": {missing.words}" if isinstance(missing, Failure) else ""
    before, after = (found.value, None) if side == "after" else (None, found.value)
    return Apart(pair, metric, found.unit, before, after, one_line(f"not measured {side}{why}"))


def _barrier(before: Record, after: Record, metric: str, old: Measurement, new: Measurement) -> str:
    if old.unit != new.unit or old.better != new.better:
        return f"in {old.unit or 'no unit'} before, in {new.unit or 'no unit'} after"
    if old.method == new.method == "counted":
        return ""
    if metric.startswith(QUALITY):
        if metric in AGAINST_BASELINE and _baseline_digest(before) != _baseline_digest(after):
            return "told against another baseline"
        return certified_alike(before, after) or _sliced_otherwise(before, after, metric)
    return "" if timed_together(before, after) else "measured in different sessions; put both models into one plan"


def _sliced_otherwise(before: Record, after: Record, metric: str) -> str:
    key = apart(metric)[1]
    slices = [[one for one in record.workload.slices if one.key == key] for record in (before, after)]
    return "" if slices[0] == slices[1] else "the slice has other rows"


def _baseline_digest(record: Record) -> str:
    row = next((row for row in record.rows if row.candidate.name == record.baseline), None)
    return (row.sizes.digest if row and row.sizes else "") or record.baseline


def _how(metric: str, old: Measurement, new: Measurement) -> How:
    if old.method == new.method == "counted":
        return "counted"
    return "same rows" if metric.startswith(QUALITY) else "same rounds"


def _changes(compared: list[_Compared]) -> Iterator[Change]:
    p_values = {str(place): p for place, one in enumerate(compared) if (p := one.p_value) is not None}
    # Slices are a family of their own: hundreds of them must not hide what changed in all rows.
    slices = {place: p for place, p in p_values.items() if apart(compared[int(place)].metric)[1]}
    whole = {place: p for place, p in p_values.items() if place not in slices}
    levels = {**holm(whole, 1.0 - CONFIDENCE), **holm(slices, 1.0 - CONFIDENCE)}
    for place, one in enumerate(compared):
        decided = levels.get(str(place))
        level = (1.0 + decided.level) / 2.0 if decided else None
        low, high = one.estimate.interval(level or CONFIDENCE)
        # Adding 0 makes a plain zero of −0.
        figures = (one.before.value, one.after.value, one.estimate.value + 0.0, low + 0.0, high + 0.0)
        yield Change(one.pair, one.metric, one.after.unit, one.after.better, *figures, one.share, one.how, level)


def _side(record: Record) -> Side:
    return Side(record.name, record.created, record.version, record.commit, record.plan_digest[:12])
