"""From what was seen to what is recorded: every metric reads every candidate, and the noise is summed up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from effaudit.core import curves
from effaudit.core.notes import Note
from effaudit.core.observed import Answers, Seen
from effaudit.core.plugin import Metric, Result
from effaudit.core.reading import Failure, Meaning, Measurement, Reading, Spread
from effaudit.core.record import Floor, Made, Row
from effaudit.core.slices import CODES, SAMPLE, WEIGHTS, apart, sliced
from effaudit.core.stats import ratios
from effaudit.core.stats.estimate import DRAWN_ONE_SIDED, Student
from effaudit.core.store import Array
from effaudit.core.text import one_line

FEW_SLICES = 255
"""Fewer than so many are told apart by one byte a row; the last value stands for no slice."""


@dataclass(frozen=True)
class Assembled:
    """Rows with their readings, the evidence by name, and the noise between and within incarnations."""

    rows: tuple[Row, ...]
    arrays: Mapping[str, Array]
    spreads: Mapping[str, Spread]
    floors: Mapping[str, Floor]
    twins: Mapping[str, Measurement]


def assemble(
    seen: Mapping[str, Seen],
    twin: Seen | None,
    metrics: Mapping[str, Metric],
    baseline: str | None,
    made: Mapping[str, tuple[Made, ...]],
    planned: frozenset[str],
    tell: Callable[[float, str], None],
) -> Assembled:
    """Reads every metric of every candidate. `twin` is what was seen of the baseline's second copy."""
    ordered = in_order(metrics)
    rows: dict[str, Row] = {}
    arrays: dict[str, Array] = {}
    names = sorted(seen, key=lambda name: name != baseline)  # the baseline first: the others are compared with it
    read: dict[str, Seen] = {}
    for place, name in enumerate(names):
        tell(place / len(names), name)
        own = replace(seen[name], baseline=read.get(baseline) if baseline and name != baseline else seen[name])
        readings, evidence = _of_sample(own, *_read(own, metrics, ordered))
        read[name] = replace(own, readings=readings)
        arrays |= {f"{name}/{metric}": array for metric, array in evidence.items()}
        arrays |= _correct(name, own)
        row = Row(own.candidate, own.facts, own.sizes, readings, None, made.get(name, ()), name in planned)
        rows[name] = replace(
            row, doubts=own.doubts, sampled=own.sampled, notes=tuple(dict.fromkeys((*own.notes, *own.doubts, *_warnings(readings))))
        )
    arrays |= _of_rows(read.values())
    timed = _timed(arrays, rows)
    timing = {name: metrics[name] for name in {metric.partition(".")[0] for metric in timed}}
    copies = _read(replace(twin, baseline=read[baseline]), timing, in_order(timing))[1] if twin and baseline else {}
    spreads, floors, twins = _noise(timed, copies, baseline)
    first = Assembled(tuple(rows[name] for name in seen), arrays, spreads, floors, twins)
    return read_again(first, {name: replace(own, spreads=spreads) for name, own in read.items()}, timing)


def read_again(assembled: Assembled, seen: Mapping[str, Seen], metrics: Mapping[str, Metric]) -> Assembled:
    """Reads a few metrics of a few candidates anew, now that more is known."""
    rows = []
    for row in assembled.rows:
        own = seen.get(row.candidate.name)
        anew = _read(replace(own, readings=row.readings), metrics, in_order(metrics))[0] if own else {}
        rows.append(replace(row, readings={**row.readings, **anew}))
    return replace(assembled, rows=tuple(rows))


def remembering(metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    """The same metrics, of which those that timing has no part in are read once of each candidate, however often asked."""
    return {name: metric if _of_machine(metric) else _Once(metric) for name, metric in metrics.items()}


def _of_machine(metric: Metric) -> bool:
    return any((meaning := metric.meaning(example)) is None or meaning.machine for example in metric.examples())


class _Once(Metric):
    """A metric that remembers its readings."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._known: dict[str, Mapping[str, Result]] = {}
        self.__dict__["needs"] = metric.needs

    def meaning(self, metric: str) -> Meaning | None:
        return self._metric.meaning(metric)

    def examples(self) -> Sequence[str]:
        return self._metric.examples()

    def read(self, seen: Seen) -> Mapping[str, Result]:
        name = seen.candidate.name
        if name not in self._known:
            self._known[name] = self._metric.read(seen)
        return self._known[name]


def in_order(metrics: Mapping[str, Metric]) -> list[str]:
    """The metrics' names, each after those that it needs."""
    done: list[str] = []
    waiting = sorted(metrics)
    while waiting:
        ready = [name for name in waiting if all(need in done or need not in metrics for need in metrics[name].needs)]
        if not ready:
            raise ValueError(f"metrics that need each other: {', '.join(waiting)}")
        done += ready
        waiting = [name for name in waiting if name not in ready]
    return done


def _read(seen: Seen, metrics: Mapping[str, Metric], ordered: Sequence[str]) -> tuple[dict[str, Reading], dict[str, Array]]:
    readings: dict[str, Reading] = {}
    evidence: dict[str, Array] = {}
    for name in ordered:
        for metric, result in _of_metric(name, metrics[name], replace(seen, readings=readings)).items():
            readings[metric] = _doubted(_named(seen.candidate.name, metric, result), metric, seen.doubts)
            if result.evidence is not None:
                evidence[metric] = result.evidence
            evidence |= {curves.named(metric, curve): array for curve, array in result.others.items()}
    return readings, evidence


def _of_sample(seen: Seen, readings: dict[str, Reading], evidence: dict[str, Array]) -> tuple[dict[str, Reading], dict[str, Array]]:
    """Of a candidate that was asked about a sample of rows, quality is that of the sample, and behaviour is not known."""
    if not seen.sampled:
        return readings, evidence
    told = Failure("answers_depend_on_batch", "answer", "it could be asked about a sample of the rows only")
    for metric in [metric for metric in readings if not apart(metric)[1]]:
        if metric.startswith("quality."):
            readings[metric] = readings.get(sliced(metric, SAMPLE), told)
        elif metric.startswith("behaviour."):
            readings[metric] = told
        if metric.startswith(("quality.", "behaviour.")):
            evidence.pop(metric, None)
    return readings, evidence


def _of_metric(name: str, metric: Metric, seen: Seen) -> Mapping[str, Result]:
    """A metric may be somebody's plug-in: what it raises is a failure of its readings, not the end of the audit."""
    try:
        return metric.read(seen)
    except Exception as error:
        failure = Failure("raised", "metric", f"the metric {name} raised {type(error).__name__}: {one_line(str(error), 200)}")
        return {example: Result(failure) for example in metric.examples()}


def _named(candidate: str, metric: str, result: Result) -> Reading:
    if result.evidence is None or isinstance(result.reading, Failure):
        return result.reading
    return replace(result.reading, evidence=f"{candidate}/{metric}")


def _doubted(reading: Reading, metric: str, doubts: tuple[Note, ...]) -> Reading:
    """A figure of answers that are in doubt says so itself."""
    if not doubts or isinstance(reading, Failure) or not metric.startswith(("quality.", "behaviour.")):
        return reading
    return replace(reading, notes=(*reading.notes, *doubts))


def _warnings(readings: Mapping[str, Reading]) -> list[Note]:
    """What figures say that every reader of the candidate must know."""
    return [note for found in readings.values() if isinstance(found, Measurement) for note in found.notes if note.warns]


def _correct(name: str, seen: Seen) -> dict[str, Array]:
    answers: Answers = seen.answers
    if answers.labels is None:
        return {}
    right = np.asarray(answers.labels == seen.store.answers("certify"))
    return {f"{name}/correct": np.packbits(right.all(axis=1) if right.ndim == 2 else right)}


def _of_rows(seen: Iterable[Seen]) -> dict[str, Array]:
    """Which slices each certify row is in, and how much it counts: judging tells answers apart by them."""
    one = next((own for own in seen if own.workload), None)
    found: dict[str, Array] = {}
    if one is not None and one.workload.slices:
        codes = np.asarray(one.store.slices())
        found[CODES] = codes.astype(np.uint8) if len(one.workload.slices) < FEW_SLICES else codes
    if one is not None and one.workload.weights:
        found[WEIGHTS] = np.asarray(one.store.weights(), dtype=np.float32)
    return found


def _timed(arrays: Mapping[str, Array], rows: Mapping[str, Row]) -> dict[str, dict[str, Array]]:
    timed: dict[str, dict[str, Array]] = {}
    for name, row in rows.items():
        for metric in row.readings:
            array = arrays.get(f"{name}/{metric}")
            if array is not None and array.ndim == 2:
                timed.setdefault(metric, {})[name] = array
    return timed


def _noise(
    timed: Mapping[str, Mapping[str, Array]], copies: Mapping[str, Array], baseline: str | None
) -> tuple[dict[str, Spread], dict[str, Floor], dict[str, Measurement]]:
    spreads: dict[str, Spread] = {}
    floors: dict[str, Floor] = {}
    twins: dict[str, Measurement] = {}
    for metric, own in timed.items():
        reference = own.get(baseline or "")
        if reference is None:
            continue
        others = [array for name, array in own.items() if name != baseline] + ([copies[metric]] if metric in copies else [])
        spreads[metric] = ratios.spread_of([ratios.paired(array, reference) for array in others])
        twin = ratios.ratio(copies[metric], reference, spreads[metric]) if metric in copies else None
        floor = ratios.floor_of(spreads[metric], twin)
        if floor is not None:
            floors[metric] = floor
        if isinstance(twin, Student):
            low, high = twin.interval(DRAWN_ONE_SIDED)
            twins[metric] = Measurement(twin.value, low, high, "ratio", "lower", "measured", len(reference), twin.dof)
    return spreads, floors, twins
